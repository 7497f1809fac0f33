// What deserves a look and since when, each a story told to Tenure and to the naive fold.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

namespace {

// Small positions are small instants: nothing waits, nothing is short-lived.
json found_at(ShortStory& s, std::int64_t at_us) {
  return s
      .ask("findings", {{"at_us", at_us},
                        {"pending_days", 0},
                        {"within_minutes", 0},
                        {"raising", {{"small", json::array()}, {"wide", json::array()}, {"other", json::array()}}}})
      .at("rows");
}

json role(const char* id, json grants) { return {{"role", id}, {"name", id}, {"grants", std::move(grants)}}; }

// Whoever has the permission "team" may give any role, and nobody is kept from giving one to themselves.
json managed_by_permission() {
  return json::parse(R"({
    "id": "wide", "title": "Managed by who has a permission", "owner_role": "boss", "custom_roles": true,
    "scales": {"access": ["none", "some", "all"]},
    "permissions": [{"id": "team", "name": "Team", "module": "M", "scale": "access"},
                    {"id": "money", "name": "Money", "module": "M", "scale": "access"}],
    "roles": [{"id": "helper", "name": "Helper", "rank": 1, "grants": {}},
              {"id": "boss", "name": "Boss", "rank": 2, "grants": {"team": "all", "money": "all"}}],
    "rules": [{"id": "managers", "because": "Whoever has all of the team manages it.",
               "actions": ["member.role_changed"], "actor": {"permission": "team", "level": "all"}}]})");
}

}  // namespace

TEST_CASE("whoever holds what a rule asks for, by whatever gives it, is found to be able to raise themselves") {
  ShortStory s(managed_by_permission());
  s.happens(1, "role.created", role("deputy", {{"team", "all"}}));
  s.happens(1, "role.created", role("clerk", {{"team", "some"}}));
  for (const char* who : {"ann", "bob", "cal", "dan", "eve"}) s.happens(2, "member.added", {{"member", who}});
  CHECK(found_at(s, 3).contains("custom_role_unheld|deputy"));
  s.happens(10, "member.role_changed", {{"member", "ann"}, {"role", "deputy"}});
  s.happens(11, "group.created", {{"group", "g"}, {"role", "deputy"}});
  s.happens(12, "group.member_added", {{"group", "g"}, {"member", "bob"}});
  s.happens(13, "role.granted", {{"principal", "member:cal"}, {"role", "deputy"}, {"on", "org"}});
  s.happens(14, "member.role_changed", {{"member", "dan"}, {"role", "clerk"}});
  s.happens(14, "member.role_changed", {{"member", "eve"}, {"role", "boss"}});
  const json found = found_at(s, 15);
  for (const char* who : {"ann", "bob", "cal"}) CHECK(found.contains("can_raise_self|" + std::string(who) + "|"));
  // Who has too little of it cannot, and who has everything has nothing to gain.
  for (const char* who : {"dan", "eve"}) CHECK_FALSE(found.contains("can_raise_self|" + std::string(who) + "|"));
  CHECK(found.at("can_raise_self|bob|").at("since_us") == 12);
  // It keeps its id while it stands, and comes back under another.
  const json id = found.at("can_raise_self|ann|").at("id");
  s.happens(20, "role.edited", {{"role", "deputy"}, {"grants", {{"team", "some"}}}});
  s.happens(30, "role.edited", {{"role", "deputy"}, {"grants", {{"team", "all"}}}});
  CHECK(found_at(s, 19).at("can_raise_self|ann|").at("id") == id);
  CHECK_FALSE(found_at(s, 25).contains("can_raise_self|ann|"));
  CHECK(found_at(s, 31).at("can_raise_self|ann|").at("id") != id);
}

TEST_CASE("whoever holds on one resource what they may give themselves on all of them can raise themselves") {
  json model = managed_by_permission();
  model["resource_kinds"] = {{{"id", "till"}, {"name", "Till"}}};
  model["permissions"][1]["resource"] = "till";
  ShortStory s(model);
  s.happens(1, "role.created", role("deputy", {{"team", "all"}}));
  s.happens(1, "role.created", role("cashier", {{"money", "all"}}));
  for (const char* who : {"ann", "bob", "cal", "dan"})
    s.happens(2, "member.added", {{"member", who}, {"role", "deputy"}});
  const auto cashier = [&](const char* who, const char* on) {
    s.happens(3, "role.granted", {{"principal", "member:" + std::string(who)}, {"role", "cashier"}, {"on", on}});
  };
  cashier("ann", "till:1");
  cashier("bob", "till:*");
  cashier("cal", "org");
  s.happens(4, "member.role_changed", {{"member", "dan"}, {"role", "helper"}});
  cashier("dan", "till:1");
  const json found = found_at(s, 5);
  CHECK(found.contains("can_raise_self|ann|"));
  // Who has it on every one has nothing to gain, and who may give nothing cannot.
  for (const char* who : {"bob", "cal", "dan"}) CHECK_FALSE(found.contains("can_raise_self|" + std::string(who) + "|"));
  cashier("ann", "till:*");
  CHECK_FALSE(found_at(s, 6).contains("can_raise_self|ann|"));
}

TEST_CASE("whoever may edit the custom role that they have can raise themselves by it") {
  json model = managed_by_permission();
  model["rules"][0]["actions"] = {"role.edited"};
  ShortStory s(model);
  s.happens(1, "role.created", role("deputy", {{"team", "all"}}));
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "deputy"}});
  CHECK(found_at(s, 3).contains("can_raise_self|ann|"));
  // With all that a custom role may have there is nothing to gain.
  s.happens(4, "role.edited", {{"role", "deputy"}, {"grants", {{"money", "all"}}}});
  CHECK_FALSE(found_at(s, 5).contains("can_raise_self|ann|"));
}

TEST_CASE("a role that nobody has is found since the event that left it so, whatever happens to others") {
  ShortStory s;
  s.happens(5, "role.created", role("x", {{"code", "read"}}));
  s.happens(6, "member.added", {{"member", "ann"}, {"role", "owner"}});
  const json id = found_at(s, 10).at("custom_role_unheld|x").at("id");
  s.happens(20, "ownership.transferred", {{"from", "ann"}, {"to", "bob"}});
  CHECK(found_at(s, 25).at("custom_role_unheld|x").at("id") == id);
  // It was granted on a resource, and that was removed.
  s.happens(30, "role.granted", {{"principal", "everyone"}, {"role", "x"}, {"on", "repo:a"}});
  CHECK_FALSE(found_at(s, 35).contains("custom_role_unheld|x"));
  s.happens(40, "resource.removed", {{"resource", "repo:a"}});
  const json again = found_at(s, 45).at("custom_role_unheld|x");
  CHECK(again.at("since_us") == 40);
  CHECK(again.at("id") != id);
}

TEST_CASE("a role that came to its holders by deletions is unheld since the last of them left") {
  ShortStory s;
  s.happens(1, "role.created", role("x", {{"code", "read"}}));
  s.happens(1, "role.created", role("y", {{"talk", "read"}}));
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "y"}});
  s.happens(10, "role.deleted", {{"role", "y"}, {"reassign_to", "x"}});
  CHECK_FALSE(found_at(s, 15).contains("custom_role_unheld|x"));
  s.happens(20, "member.removed", {{"member", "ann"}});
  CHECK(found_at(s, 25).at("custom_role_unheld|x").at("since_us") == 20);
}

TEST_CASE("a grant without effect is found since what took its effect, each time under another id") {
  ShortStory s;
  const std::string what = "grant_without_effect|member:ann|x|org";
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(2, "role.created", role("x", {{"code", "read"}}));
  s.happens(5, "role.granted", {{"principal", "member:ann"}, {"role", "x"}, {"on", "org"}});
  CHECK_FALSE(found_at(s, 6).contains(what));
  s.happens(7, "role.edited", {{"role", "x"}, {"grants", {{"code", "none"}}}});
  const json first = found_at(s, 8).at(what);
  CHECK(first.at("since_us") == 7);
  s.happens(9, "role.edited", {{"role", "x"}, {"grants", {{"code", "write"}}}});
  CHECK_FALSE(found_at(s, 10).contains(what));
  s.happens(11, "role.edited", {{"role", "x"}, {"grants", {{"code", "none"}}}});
  const json second = found_at(s, 12).at(what);
  CHECK(second.at("since_us") == 11);
  CHECK(second.at("id") != first.at("id"));
  // Granted again, it is no other finding.
  s.happens(15, "role.granted", {{"principal", "member:ann"}, {"role", "x"}, {"on", "org"}});
  CHECK(found_at(s, 16).at(what).at("id") == second.at("id"));
}

TEST_CASE("a role is another's twin since it last became so, also by a reset or by another model") {
  json other = tenure::test::small_team();
  other["id"] = "other";
  for (json& each : other.at("roles")) {
    if (each.at("id") == "reader") each["grants"]["code"] = "write";
  }
  ShortStory s(std::vector<json>{tenure::test::small_team(), other});
  const std::string what = "custom_role_duplicate|x";
  s.happens(5, "role.created", role("x", {{"code", "read"}}));
  const json first = found_at(s, 6).at(what);
  CHECK(first.at("since_us") == 5);
  s.happens(7, "role.edited", {{"role", "x"}, {"grants", {{"code", "admin"}}}});
  CHECK_FALSE(found_at(s, 8).contains(what));
  s.happens(9, "role.reset", {{"role", "x"}});
  const json second = found_at(s, 10).at(what);
  CHECK(second.at("since_us") == 9);
  CHECK(second.at("id") != first.at("id"));
  s.happens(11, "role.edited", {{"role", "x"}, {"grants", {{"code", "write"}}}});
  s.happens(12, "org.model_changed", {{"model", "other"}});
  // Under the first model the role "writer" was its twin; under the second the role "reader" is.
  CHECK(found_at(s, 11).at(what).at("since_us") == 11);
  CHECK(found_at(s, 13).at(what).at("since_us") == 12);
}

TEST_CASE("somebody who is invited again has been waiting since the first invitation that still stands") {
  ShortStory s;
  const std::string what = "invitation_pending|ann";
  s.happens(10, "member.invited", {{"member", "ann"}, {"expires_at", "1970-01-01T00:00:00.00003Z"}});
  s.happens(20, "member.invited", {{"member", "ann"}});
  CHECK(found_at(s, 25).at(what).at("since_us") == 10);
  CHECK(found_at(s, 35).at(what).at("since_us") == 20);
  s.happens(40, "invitation.cancelled", {{"member", "ann"}});
  CHECK_FALSE(found_at(s, 45).contains(what));
}
