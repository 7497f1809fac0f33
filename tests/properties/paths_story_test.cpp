// What an answer rests on, each a story in which Tenure and the naive fold once differed.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

TEST_CASE("an edge shows its event's reason also where the event names no person") {
  ShortStory s;
  s.happens(1, "group.created", {{"group", "g"}});
  s.happens(2, "member.added", {{"member", "ann"}});
  s.happens(3, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  s.happens(4, "role.granted", {{"principal", "group:g"}, {"role", "reader"}, {"on", "org"}},
            {{"reason", "they asked for it"}});
  const json found = s.ask("can", {{"at_us", 9}, {"member", "ann"}, {"permission", "code"}, {"explain", true}});
  CHECK(found.at("row").at("paths").at(0).at("edges").back().at("reason") == "they asked for it");
}

TEST_CASE("what everyone has is the best of all settings, and each shows its path") {
  json model = tenure::test::small_team();
  model["settings"].push_back({{"id", "extra"},
                               {"name", "Extra"},
                               {"on_kind", "repo"},
                               {"initial", "none"},
                               {"values", {{"none", nullptr}, {"write", "writer"}}}});
  ShortStory s(model);
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(2, "org.setting_changed", {{"setting", "base"}, {"value", "read"}});
  s.happens(3, "org.setting_changed", {{"setting", "extra"}, {"value", "write"}});
  const json row = s.ask("can", {{"at_us", 9}, {"member", "ann"}, {"permission", "code"}, {"explain", true}}).at("row");
  CHECK(row.at("level") == "write");
  CHECK(row.at("paths").size() == 2);
  CHECK(s.ask("who_can", {{"at_us", 9}, {"permission", "code"}, {"level", "write"}}).at("rows").size() == 1);
}

TEST_CASE("an edge names the event since which its link stands, not one whose work an ending undid") {
  ShortStory s;
  const auto positions = [&](const json& asked) {
    std::vector<std::int64_t> found;
    const json row = s.ask("can", asked).at("row");
    for (const json& edge : row.at("paths").at(0).at("edges")) {
      found.push_back(edge.at("position").get<std::int64_t>());
    }
    return found;
  };
  const auto ann = s.happens(1, "member.added", {{"member", "ann"}});
  SECTION("a group that was deleted, with its place below another and its role") {
    for (const std::int64_t at : {10, 30}) {
      s.happens(at, "group.created", {{"group", "top"}, {"role", "reader"}});
      s.happens(at + 1, "group.created", {{"group", "sub"}, {"parent", "top"}});
      s.happens(at + 2, "group.member_added", {{"group", "sub"}, {"member", "ann"}});
      if (at == 10) s.happens(20, "group.deleted", {{"group", "sub"}});
      if (at == 10) s.happens(20, "group.deleted", {{"group", "top"}});
    }
    const json asked{{"at_us", 40}, {"member", "ann"}, {"permission", "code"}, {"explain", true}};
    CHECK(positions(asked) == std::vector<std::int64_t>{ann, 10, 9, 8});
  }
  SECTION("a role and a resource that were") {
    s.happens(2, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "write"}}}});
    s.happens(3, "role.granted", {{"principal", "member:ann"}, {"role", "cust"}, {"on", "repo:a"}});
    s.happens(4, "role.deleted", {{"role", "cust"}});
    s.happens(5, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "write"}}}});
    const auto second = s.happens(6, "role.granted", {{"principal", "member:ann"}, {"role", "cust"}, {"on", "repo:a"}});
    const json asked{{"at_us", 6}, {"member", "ann"}, {"permission", "code"}, {"explain", true}};
    CHECK(positions(asked) == std::vector<std::int64_t>{ann, second});
    s.happens(7, "resource.removed", {{"resource", "repo:a"}});
    s.happens(8, "resource.added", {{"resource", "repo:a"}});
    const auto third = s.happens(9, "role.granted", {{"principal", "member:ann"}, {"role", "cust"}, {"on", "repo:a"}});
    const json later{{"at_us", 9}, {"member", "ann"}, {"permission", "code"}, {"explain", true}};
    CHECK(positions(later) == std::vector<std::int64_t>{ann, third});
  }
  SECTION("a role of the member's own that was deleted and came back") {
    s.happens(2, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "write"}}}});
    s.happens(3, "member.role_changed", {{"member", "ann"}, {"role", "cust"}});
    s.happens(4, "role.deleted", {{"role", "cust"}, {"reassign_to", "reader"}});
    s.happens(5, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"code", "write"}}}});
    const auto second = s.happens(6, "member.role_changed", {{"member", "ann"}, {"role", "cust"}});
    const json asked{{"at_us", 6}, {"member", "ann"}, {"permission", "code"}, {"explain", true}};
    CHECK(positions(asked) == std::vector<std::int64_t>{ann, second});
    const json moved{{"at_us", 4}, {"member", "ann"}, {"permission", "code"}, {"explain", true}};
    CHECK(positions(moved) == std::vector<std::int64_t>{ann, 4, 5});
  }
}

TEST_CASE("a path names the event that made its custom role what it is at that time, not what was learnt last") {
  ShortStory s;
  const auto defined_by = [&](std::int64_t at_us) {
    const json asked{{"at_us", at_us}, {"member", "ann"}, {"permission", "code"}, {"explain", true}};
    return s.ask("can", asked).at("row").at("paths").at(0).at("role").at("defined_by");
  };
  const auto made = s.happens(1, "role.created", {{"role", "x"}, {"name", "X"}, {"grants", {{"code", "read"}}}});
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "x"}});
  CHECK(defined_by(3) == made);
  const auto edited = s.happens(20, "role.edited", {{"role", "x"}, {"grants", {{"code", "write"}}}});
  const auto late = s.happens(10, "role.edited", {{"role", "x"}, {"grants", {{"code", "admin"}}}});
  CHECK(defined_by(15) == late);
  CHECK(defined_by(30) == edited);
  const auto reset = s.happens(40, "role.reset", {{"role", "x"}});
  CHECK(defined_by(50) == reset);
  // A deletion before the creation, learnt late, is of an earlier role.
  s.happens(0, "role.deleted", {{"role", "x"}});
  CHECK(defined_by(30) == edited);
}

TEST_CASE("where enough is held and counts as less because its children are off, the no says so") {
  json model = tenure::test::small_team();
  model["permissions"][2]["when_children_off"] = "no";
  model["permissions"].push_back(
      {{"id", "desk"}, {"name", "Desk"}, {"module", "Work"}, {"scale", "access"}, {"when_children_off", "read"}});
  model["permissions"].push_back(
      {{"id", "drawer"}, {"name", "Drawer"}, {"module", "Work"}, {"scale", "access"}, {"parent", "desk"}});
  ShortStory s(model);
  s.happens(1, "role.created", {{"role", "x"}, {"name", "X"}, {"grants", {{"desk", "write"}}}});
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "x"}});
  const auto why = [&](const char* level) {
    const json asked{{"at_us", 3}, {"member", "ann"}, {"permission", "desk"}, {"level", level}, {"explain", true}};
    return s.ask("can", asked);
  };
  CHECK(why("write").at("reasons").at(0).at("reason") == "children_off");
  CHECK(why("write").at("denied_because") == "all that hangs below it is off");
  CHECK(why("admin").at("reasons").at(0).at("reason") == "too_low");
  CHECK(why("admin").at("denied_because") == "the level held is lower than the one asked for");
}

TEST_CASE("a disabled member who would have it from everyone's is told to be enabled, and nothing else") {
  ShortStory s;
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(2, "role.granted", {{"principal", "everyone"}, {"role", "reader"}, {"on", "org"}});
  s.happens(3, "member.disabled", {{"member", "ann"}});
  const json no = s.ask("can", {{"at_us", 4}, {"member", "ann"}, {"permission", "code"}, {"explain", true}});
  REQUIRE(no.at("reasons").size() == 1);
  CHECK(no.at("reasons").at(0).at("reason") == "disabled");
  CHECK(no.at("denied_because") == "the member is disabled");
}

namespace {

// Why the member may not, and what would have to change: "disabled: enable the member".
std::vector<std::string> changes(ShortStory& s, std::int64_t at_us, const char* permission,
                                 json more = json::object()) {
  json asked{{"at_us", at_us}, {"member", "ann"}, {"permission", permission}, {"explain", true}};
  asked.update(more);
  std::vector<std::string> all;
  const json answer = s.ask("can", asked);
  for (const json& each : answer.value("reasons", json::array())) {
    all.push_back(each.at("reason").get<std::string>() + ": " + each.at("change").get<std::string>());
  }
  return all;
}

using Changes = std::vector<std::string>;

}  // namespace

TEST_CASE("a no for want of a parent says all that would have to change for the parent") {
  json model = tenure::test::small_team();
  model["permissions"].push_back({{"id", "vault"}, {"name", "Vault"}, {"module", "Safe"}, {"scale", "yes"}});
  model["permissions"].push_back(
      {{"id", "box"}, {"name", "Box"}, {"module", "Work"}, {"scale", "yes"}, {"parent", "vault"}});
  model["permissions"].push_back(
      {{"id", "key"}, {"name", "Key"}, {"module", "Work"}, {"scale", "yes"}, {"parent", "secret"}});
  model["permissions"].push_back(
      {{"id", "desk"}, {"name", "Desk"}, {"module", "Work"}, {"scale", "yes"}, {"parent", "lab"}});
  ShortStory s(model);
  s.happens(1, "role.created",
            {{"role", "x"},
             {"name", "X"},
             {"grants", {{"vault", "yes"}, {"box", "yes"}, {"key", "yes"}, {"lab", "yes"}, {"desk", "yes"}}}});
  s.happens(2, "member.added", {{"member", "ann"}, {"role", "x"}});
  CHECK(changes(s, 3, "box").empty());
  // The parent's feature is off, in each of the two places of the chain.
  CHECK(changes(s, 3, "desk") == Changes{"parent: for Lab: switch the feature lab on"});
  s.happens(4, "member.disabled", {{"member", "ann"}, {"area", "Safe"}});
  CHECK(changes(s, 5, "box") == Changes{"parent: for Vault: enable the member in Safe"});
  // The parent is the owner's alone, and nothing gives it.
  CHECK(changes(s, 5, "key") ==
        Changes{"parent: for Secret: give a role that has at least yes: owner; transfer ownership to the member"});
}

TEST_CASE("a no for being disabled in several areas names each") {
  json model = tenure::test::small_team();
  model["areas"] = {{{"id", "floor"}, {"name", "The floor"}, {"modules", {"Money"}}}};
  ShortStory s(model);
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  s.happens(2, "member.disabled", {{"member", "ann"}, {"area", "floor"}});
  s.happens(3, "member.disabled", {{"member", "ann"}, {"area", "Money"}});
  s.happens(3, "member.disabled", {{"member", "ann"}, {"area", "Lab"}});
  CHECK(changes(s, 4, "invoices") ==
        Changes{"disabled: enable the member in floor", "disabled: enable the member in Money"});
}

TEST_CASE("a no for want of an assignment says what to assign, whichever way the role came") {
  const json on_one{{"resource", "bot:1"}, {"level", "write"}};
  const std::string assign = "assign bot:1 to the member";
  ShortStory s;
  s.happens(1, "resource.added", {{"resource", "bot:1"}});
  s.happens(1, "member.added", {{"member", "ann"}});
  SECTION("through a group") {
    s.happens(2, "group.created", {{"group", "g"}, {"role", "guide"}});
    s.happens(2, "group.member_added", {{"group", "g"}, {"member", "ann"}});
    CHECK(changes(s, 3, "talk", on_one) == Changes{"nothing_given: " + assign});
    CHECK(changes(s, 3, "talk") == Changes{"nothing_given: assign a resource of kind bot to the member"});
  }
  SECTION("by a grant on the resource alone") {
    s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "guide"}, {"on", "bot:1"}});
    CHECK(changes(s, 3, "talk", on_one) == Changes{"nothing_given: " + assign});
    CHECK(changes(s, 3, "talk") == Changes{"nothing_given: " + assign});
  }
  SECTION("of a higher level than what is held") {
    s.happens(2, "member.role_changed", {{"member", "ann"}, {"role", "guide"}});
    s.happens(2, "role.granted", {{"principal", "everyone"}, {"role", "roamer"}, {"on", "org"}});
    CHECK(changes(s, 3, "talk", on_one) == Changes{"too_low: " + assign});
  }
  SECTION("or which roles give it on what is assigned alone") {
    CHECK(changes(s, 3, "talk", on_one) ==
          Changes{"nothing_given: give a role that has at least write: guide (and assign bot:1 to the member)"});
    CHECK(changes(s, 3, "talk", {{"resource", "bot:1"}, {"level", "read"}}) ==
          Changes{"nothing_given: give a role that has at least read: guide (and assign bot:1 to the member), roamer"});
    s.happens(2, "assignment.added", {{"member", "ann"}, {"resource", "bot:1"}});
    CHECK(changes(s, 3, "talk", on_one) ==
          Changes{"nothing_given: give a role that has at least write: guide (on what is assigned)"});
  }
}

TEST_CASE("a no tells that what is given is too low also where something else cuts it") {
  ShortStory s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(2, "member.disabled", {{"member", "ann"}});
  CHECK(changes(s, 3, "code", {{"level", "admin"}}) ==
        Changes{"too_low: give a role that has that level: owner", "disabled: enable the member"});
}
