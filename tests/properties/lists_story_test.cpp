// What lists of groups, members and invitations show, each a story in which Tenure and the naive fold once differed.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

TEST_CASE("a group shows the role and the parent that it has, and none that is gone or never was") {
  ShortStory s;
  s.happens(1, "group.created", {{"group", "top"}});
  s.happens(2, "group.created", {{"group", "sub"}, {"parent", "top"}, {"role", "cust"}});
  CHECK(s.ask("groups", {{"at_us", 2}}).at("rows").at("sub").at("role") == "");
  s.happens(3, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", json::object()}});
  CHECK(s.ask("groups", {{"at_us", 3}}).at("rows").at("sub").at("role") == "cust");
  s.happens(4, "role.deleted", {{"role", "cust"}, {"reassign_to", "reader"}});
  CHECK(s.ask("groups", {{"at_us", 4}}).at("rows").at("sub").at("role") == "reader");
  s.happens(5, "group.deleted", {{"group", "top"}});
  s.happens(6, "group.created", {{"group", "top"}});
  CHECK(s.ask("groups", {{"at_us", 4}}).at("rows").at("sub").at("parent") == "top");
  CHECK(s.ask("groups", {{"at_us", 6}}).at("rows").at("sub").at("parent") == "");
}

TEST_CASE("an invitation that had run out by the instant asked about is not pending, whatever was known when") {
  ShortStory s;
  const json offer{{"member", "ann"}, {"expires_at", "1970-01-01T00:00:00.00005Z"}};
  const auto known = s.happens(1, "member.invited", offer);
  s.happens(90, "member.added", {{"member", "bob"}});
  const auto pending = [&](std::int64_t at_us) {
    return s.ask("invitations", {{"at_us", at_us}, {"known_position", known}}).at("rows").size();
  };
  CHECK(pending(49) == 1);
  CHECK(pending(50) == 0);
  CHECK(s.ask("member", {{"at_us", 60}, {"member", "ann"}, {"known_position", known}}).at("status") == "not a member");
}

TEST_CASE("creating a role that the model of its time had as its own makes nothing, also under a later model") {
  const json first = tenure::test::small_team();
  json second = first;
  second["id"] = "second";
  std::erase_if(second["roles"].get_ref<json::array_t&>(), [](const json& role) { return role.at("id") == "payer"; });
  ShortStory s(std::vector<json>{first, second});
  const json as_made{{"kind", "custom"}, {"grants", {{"code", "read"}}}};
  SECTION("neither over a custom role of that name, nor as the base of another") {
    s.happens(10, "org.model_changed", {{"model", "second"}});
    s.happens(11, "role.created", {{"role", "payer"}, {"name", "P"}, {"grants", {{"code", "read"}}}});
    s.happens(20, "org.model_changed", {{"model", "small"}});
    s.happens(21, "role.created", {{"role", "payer"}, {"name", "P"}, {"grants", {{"code", "admin"}}}});
    s.happens(30, "org.model_changed", {{"model", "second"}});
    s.happens(31, "role.created", {{"role", "copy"}, {"name", "C"}, {"based_on", "payer"}, {"grants", json::object()}});
    const json roles = s.ask("roles", {{"at_us", 40}}).at("rows");
    CHECK(roles.at("payer") == as_made);
    CHECK(roles.at("copy") == as_made);
  }
  SECTION("nor as a base where it made nothing and nothing else did") {
    s.happens(11, "role.created", {{"role", "payer"}, {"name", "P"}, {"grants", {{"code", "admin"}}}});
    s.happens(20, "org.model_changed", {{"model", "second"}});
    s.happens(21, "role.created",
              {{"role", "copy"}, {"name", "C"}, {"based_on", "payer"}, {"grants", {{"code", "read"}}}});
    s.happens(22, "role.reset", {{"role", "copy"}});
    const json roles = s.ask("roles", {{"at_us", 40}}).at("rows");
    CHECK_FALSE(roles.contains("payer"));
    CHECK(roles.at("copy").at("grants").empty());
  }
}
