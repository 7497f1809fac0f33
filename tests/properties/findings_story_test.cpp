// What deserves a look and since when, each a story told to Tenure and to the naive fold.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

namespace {

// Small positions are small instants: nothing waits, and unless minutes are given nothing is short-lived.
json found_at(ShortStory& s, std::int64_t at_us, int within_minutes = 0) {
  return s
      .ask("findings", {{"at_us", at_us},
                        {"pending_days", 0},
                        {"within_minutes", within_minutes},
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

TEST_CASE("whoever can raise themselves by one way and then by another can since the later way was opened") {
  json model = managed_by_permission();
  model["permissions"].push_back({{"id", "keys"}, {"name", "Keys"}, {"module", "M"}, {"scale", "access"}});
  model["roles"][1]["grants"] = {{"team", "all"}};
  ShortStory s(model);
  s.happens(1, "role.created", role("deputy", {{"team", "all"}}));
  s.happens(2, "role.created", role("first", {{"money", "all"}}));
  s.happens(3, "role.created", role("second", json::object()));
  const auto first = [&](std::int64_t at, const char* what) {
    s.happens(at, what, {{"principal", "member:ann"}, {"role", "first"}, {"on", "org"}});
  };
  // Of what is to be had ann has it all, until there is more.
  first(4, "role.granted");
  s.happens(5, "member.added", {{"member", "ann"}, {"role", "deputy"}});
  CHECK_FALSE(found_at(s, 6).contains("can_raise_self|ann|"));
  s.happens(80, "role.edited", {{"role", "second"}, {"grants", {{"keys", "all"}}}});
  const json more = found_at(s, 82).at("can_raise_self|ann|");
  CHECK(more.at("since_us") == 80);
  // Without the grant she may also take what it gave: the way that was open stays so.
  first(85, "role.revoked");
  CHECK(found_at(s, 90).at("can_raise_self|ann|").at("id") == more.at("id"));
}

TEST_CASE("whoever can raise themselves again by another way is found anew, not as what somebody closed") {
  json model = managed_by_permission();
  model["roles"][1]["grants"] = {{"team", "all"}};
  ShortStory s(model);
  s.happens(1, "role.created", role("deputy", {{"team", "all"}}));
  s.happens(2, "role.created", role("first", {{"money", "all"}}));
  s.happens(3, "role.created", role("second", json::object()));
  s.happens(5, "member.added", {{"member", "ann"}, {"role", "deputy"}});
  const json closed = found_at(s, 6).at("can_raise_self|ann|");
  s.happens(10, "role.edited", {{"role", "first"}, {"grants", {{"money", "none"}}}});
  CHECK_FALSE(found_at(s, 11).contains("can_raise_self|ann|"));
  s.happens(80, "role.edited", {{"role", "second"}, {"grants", {{"money", "all"}}}});
  s.happens(85, "role.edited", {{"role", "first"}, {"grants", {{"money", "all"}}}});
  s.happens(90, "role.edited", {{"role", "second"}, {"grants", {{"money", "none"}}}});
  const json again = found_at(s, 91).at("can_raise_self|ann|");
  CHECK(again.at("since_us") == 80);
  CHECK(again.at("id") != closed.at("id"));
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

TEST_CASE("whoever may take ownership by what they hold can raise themselves while somebody has it to pass on") {
  json model = managed_by_permission();
  model["rules"][0]["actions"] = {"ownership.transferred"};
  model["roles"][1]["cardinality"] = "at_least_one";
  ShortStory s(model);
  s.happens(1, "role.created", role("deputy", {{"team", "all"}}));
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "deputy"}});
  s.happens(3, "member.added", {{"member", "olga"}, {"role", "boss"}});
  const json found = found_at(s, 4);
  CHECK(found.contains("can_raise_self|ann|"));
  CHECK_FALSE(found.contains("can_raise_self|olga|"));
  s.happens(10, "ownership.transferred", {{"from", "olga"}, {"to", "ann"}},
            {{"actor", {{"kind", "member"}, {"id", "ann"}}}});
  CHECK(s.verdict() == "allowed managers");
  CHECK_FALSE(found_at(s, 11).contains("can_raise_self|ann|"));
}

TEST_CASE("whoever may give a role to a group that they are in can raise themselves by it") {
  for (const char* action : {"group.edited", "role.granted"}) {
    json model = managed_by_permission();
    model["groups"] = {{"inherit_from_parents", true}};
    model["rules"][0]["actions"] = {action};
    if (std::string(action) == "role.granted") model["rules"][0]["target"] = {{"self", false}};
    ShortStory s(model);
    s.happens(1, "role.created", role("deputy", {{"team", "all"}}));
    for (const char* who : {"ann", "bob", "cal"}) s.happens(2, "member.added", {{"member", who}, {"role", "deputy"}});
    s.happens(3, "group.created", {{"group", "above"}});
    s.happens(3, "group.created", {{"group", "below"}, {"parent", "above"}});
    s.happens(4, "group.member_added", {{"group", "below"}, {"member", "ann"}});
    s.happens(5, "group.member_added", {{"group", "above"}, {"member", "bob"}});
    json found = found_at(s, 6);
    CHECK(found.at("can_raise_self|ann|").at("since_us") == 4);
    CHECK(found.at("can_raise_self|bob|").at("since_us") == 5);
    CHECK_FALSE(found.contains("can_raise_self|cal|"));
    // Through the group above alone.
    s.happens(7, "group.deleted", {{"group", "above"}});
    s.happens(8, "group.member_removed", {{"group", "below"}, {"member", "ann"}});
    found = found_at(s, 9);
    for (const char* who : {"ann", "bob"}) CHECK_FALSE(found.contains("can_raise_self|" + std::string(who) + "|"));
  }
}

TEST_CASE("a member can raise themselves since there is more to have, each time under another id") {
  json model = managed_by_permission();
  model["roles"][1]["grants"] = {{"team", "all"}};
  ShortStory s(model);
  const std::string what = "can_raise_self|ann|";
  s.happens(1, "role.created", role("deputy", {{"team", "all"}}));
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "deputy"}});
  CHECK_FALSE(found_at(s, 3).contains(what));
  s.happens(10, "role.created", role("rich", {{"money", "all"}}));
  const json first = found_at(s, 11).at(what);
  CHECK(first.at("since_us") == 10);
  s.happens(20, "role.deleted", {{"role", "rich"}});
  CHECK_FALSE(found_at(s, 21).contains(what));
  s.happens(30, "role.created", role("richer", {{"money", "some"}}));
  const json second = found_at(s, 31).at(what);
  CHECK(second.at("since_us") == 30);
  CHECK(second.at("id") != first.at("id"));
  // While another role is there to be had it is the same finding.
  s.happens(40, "role.created", role("richest", {{"money", "all"}}));
  s.happens(50, "role.deleted", {{"role", "richer"}});
  CHECK(found_at(s, 51).at(what).at("id") == second.at("id"));
}

TEST_CASE("whether a role for one may be taken turns with whoever else holds it") {
  json model = managed_by_permission();
  model["roles"][1]["cardinality"] = "exactly_one";
  ShortStory s(model);
  const std::string what = "can_raise_self|ann|";
  s.happens(1, "role.created", role("deputy", {{"team", "all"}}));
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "deputy"}});
  const json first = found_at(s, 2).at(what);
  s.happens(5, "member.added", {{"member", "olga"}, {"role", "boss"}});
  CHECK_FALSE(found_at(s, 6).contains(what));
  s.happens(7, "member.removed", {{"member", "olga"}});
  const json second = found_at(s, 8).at(what);
  CHECK(second.at("since_us") == 7);
  CHECK(second.at("id") != first.at("id"));
}

TEST_CASE("a member whose inviter was removed is found since the first removal, however often that is said") {
  ShortStory s;
  const std::string what = "inviter_removed|bob|ann";
  const auto invites = [&](std::int64_t at_us) {
    s.happens(at_us, "member.invited", {{"member", "bob"}}, {{"actor", {{"kind", "member"}, {"id", "ann"}}}});
  };
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  invites(2);
  s.happens(3, "invitation.accepted", {{"member", "bob"}});
  s.happens(10, "member.removed", {{"member", "ann"}});
  const json first = found_at(s, 11).at(what);
  CHECK(first.at("since_us") == 10);
  s.happens(20, "member.removed", {{"member", "ann"}});
  CHECK(found_at(s, 21).at(what).at("id") == first.at("id"));
  s.happens(30, "member.added", {{"member", "ann"}});
  CHECK_FALSE(found_at(s, 31).contains(what));
  s.happens(40, "member.removed", {{"member", "ann"}});
  s.happens(41, "member.removed", {{"member", "ann"}});
  const json second = found_at(s, 42).at(what);
  CHECK(second.at("since_us") == 40);
  CHECK(second.at("id") != first.at("id"));
}

TEST_CASE("what was granted to somebody before they were there is held, and taken, since they came") {
  const std::int64_t came = 600'000'000, after = 700'000'000;
  const json grant{{"principal", "member:ann"}, {"role", "reader"}, {"on", "org"}};
  const auto told = [](json rows) {
    std::vector<std::string> all;
    for (const auto& [what, row] : rows.items()) {
      if (what.rfind("granted_and_revoked|", 0) == 0) all.push_back(what.substr(what.find("member:")));
    }
    return all;
  };
  const std::vector<std::string> held{"member:ann|role reader on org|" + std::to_string(came)};
  SECTION("taken by the removal of the member") {
    ShortStory s;
    s.happens(1, "role.granted", grant);
    s.happens(came, "member.added", {{"member", "ann"}});
    s.happens(came + 5, "member.removed", {{"member", "ann"}});
    CHECK(told(found_at(s, after, 1)) == held);
  }
  SECTION("taken by its revocation, and the joining learnt late") {
    ShortStory s;
    s.happens(1, "role.granted", grant);
    s.happens(came + 5, "role.revoked", grant);
    CHECK(told(found_at(s, after, 1)).empty());
    s.happens(came, "member.added", {{"member", "ann"}});
    CHECK(told(found_at(s, after, 1)) == held);
  }
  SECTION("never held by who never came") {
    ShortStory s;
    s.happens(came, "role.granted", grant);
    s.happens(came + 5, "role.revoked", grant);
    CHECK(told(found_at(s, after, 1)).empty());
  }
  SECTION("held all the same where the model lets it reach whoever is no member") {
    json model = tenure::test::small_team();
    model["outsiders_hold_scoped_grants"] = true;
    ShortStory s(model);
    s.happens(came, "role.granted", grant);
    s.happens(came + 5, "role.revoked", grant);
    CHECK(told(found_at(s, after, 1)) == held);
  }
}

TEST_CASE("a setting that gives everyone a role for a moment is told like a grant to everyone") {
  const std::int64_t set = 600'000'000, after = 700'000'000;
  const json read{{"setting", "base"}, {"value", "read"}}, none{{"setting", "base"}, {"value", "none"}};
  const std::string what = "|everyone|role reader on repo:*|" + std::to_string(set);
  const json grant{{"principal", "everyone"}, {"role", "reader"}, {"on", "repo:*"}};
  const auto told = [&](const json& rows) {
    std::size_t count = 0;
    for (const auto& [row, more] : rows.items()) count += row.ends_with(what) ? 1 : 0;
    return count;
  };
  ShortStory s;
  s.happens(set, "org.setting_changed", read);
  s.happens(set + 3, "org.setting_changed", read);
  s.happens(set + 5, "org.setting_changed", none);
  CHECK(told(found_at(s, after, 1)) == 1);
  // Granted as well before and after, it was neither given by the setting nor taken with it.
  s.happens(set - 1, "role.granted", grant);
  CHECK(told(found_at(s, after, 1)) == 0);
}

TEST_CASE("a grant on one resource that depends on an assignment has no effect while that is not there") {
  ShortStory s;
  const std::string what = "grant_without_effect|member:ann|guide|bot:1";
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(1, "resource.added", {{"resource", "box:1"}});
  s.happens(1, "resource.added", {{"resource", "bot:1"}, {"parent", "box:1"}});
  s.happens(5, "role.granted", {{"principal", "member:ann"}, {"role", "guide"}, {"on", "bot:1"}});
  const json first = found_at(s, 6).at(what);
  CHECK(first.at("since_us") == 5);
  s.happens(10, "assignment.added", {{"member", "ann"}, {"resource", "box:1"}});
  CHECK_FALSE(found_at(s, 11).contains(what));
  s.happens(20, "resource.removed", {{"resource", "box:1"}});
  const json second = found_at(s, 21).at(what);
  CHECK(second.at("since_us") == 20);
  CHECK(second.at("id") != first.at("id"));
}

TEST_CASE("after the organization's end a role that came to somebody before they did is unheld since they left") {
  ShortStory s;
  const std::string what = "custom_role_unheld|x";
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(2, "org.deleted", json::object());
  s.happens(15, "role.created", role("x", {{"code", "read"}}));
  s.happens(20, "member.role_changed", {{"member", "ann"}, {"role", "x"}});
  const json first = found_at(s, 25).at(what);
  CHECK(first.at("since_us") == 15);
  s.happens(30, "member.added", {{"member", "ann"}});
  CHECK_FALSE(found_at(s, 35).contains(what));
  s.happens(40, "member.removed", {{"member", "ann"}});
  const json second = found_at(s, 45).at(what);
  CHECK(second.at("since_us") == 40);
  CHECK(second.at("id") != first.at("id"));
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
