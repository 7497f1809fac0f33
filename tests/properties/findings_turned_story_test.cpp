// What was given and taken again within minutes by no event of a link, each a story told to Tenure and to the naive
// fold.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

namespace {

constexpr std::int64_t second = 1'000'000, long_after = 900 * second;

// What was held for a minute or less, without the position.
std::vector<std::string> told(ShortStory& s, std::int64_t at_us = long_after) {
  const json rows = s.ask("findings", {{"at_us", at_us},
                                       {"pending_days", 0},
                                       {"within_minutes", 1},
                                       {"raising", {{"small", json::array()}, {"other", json::array()}}}})
                        .at("rows");
  std::vector<std::string> all;
  for (const auto& [what, row] : rows.items()) {
    if (what.rfind("granted_and_revoked|", 0) == 0) all.push_back(what.substr(what.find('|', 20) + 1));
  }
  return all;
}

using All = std::vector<std::string>;
std::string since(std::int64_t at_us) { return "|" + std::to_string(at_us); }
json role(json grants) { return {{"role", "x"}, {"name", "x"}, {"grants", std::move(grants)}}; }
json edit(json grants) { return {{"role", "x"}, {"grants", std::move(grants)}}; }

}  // namespace

TEST_CASE("a role whose definition granted more for a moment is found where somebody had it") {
  ShortStory s;
  const std::int64_t raised = 100 * second;
  s.happens(second, "role.created", role({{"code", "read"}}));
  s.happens(raised, "role.edited", edit({{"code", "admin"}}));
  s.happens(raised + 5 * second, "role.edited", edit({{"code", "read"}}));
  CHECK(told(s).empty());
  SECTION("by a member") {
    s.happens(2 * second, "member.added", {{"member", "ann"}, {"role", "x"}});
    CHECK(told(s) == All{"role:x|code at admin" + since(raised)});
    CHECK(told(s, raised + 5 * second - 1).empty());
  }
  SECTION("through a group") {
    s.happens(2 * second, "group.created", {{"group", "g"}, {"role", "x"}});
    CHECK(told(s) == All{"role:x|code at admin" + since(raised)});
  }
  SECTION("since it was given that level, not since it was given one at all") {
    s.happens(2 * second, "member.added", {{"member", "ann"}, {"role", "x"}});
    s.happens(raised + 5 * second, "role.edited", edit({{"code", "none"}}));
    CHECK(told(s) == All{"role:x|code at admin" + since(raised)});
  }
  SECTION("and not where it was given long before") {
    s.happens(2 * second, "member.added", {{"member", "ann"}, {"role", "x"}});
    s.happens(3 * second, "role.edited", edit({{"code", "admin"}}));
    CHECK(told(s).empty());
  }
}

TEST_CASE("a role that was reset or deleted soon after it was edited took what the edit gave") {
  const char* end = GENERATE("role.reset", "role.deleted");
  ShortStory s;
  s.happens(second, "role.created", role(json::object()));
  s.happens(2 * second, "member.added", {{"member", "ann"}, {"role", "x"}});
  s.happens(100 * second, "role.edited", edit({{"code", "write"}}));
  s.happens(101 * second, end, {{"role", "x"}});
  CHECK(told(s) == All{"role:x|code at write" + since(100 * second)});
}

TEST_CASE("what a change of the model gives or takes of a role nobody gave or took") {
  json other = tenure::test::small_team();
  other["id"] = "other";
  ShortStory s(std::vector<json>{tenure::test::small_team(), other});
  s.happens(second, "role.created", role({{"code", "read"}}));
  s.happens(2 * second, "member.added", {{"member", "ann"}, {"role", "x"}});
  s.happens(100 * second, "role.edited", edit({{"code", "admin"}}));
  s.happens(101 * second, "org.model_changed", {{"model", "other"}});
  s.happens(102 * second, "role.edited", edit({{"code", "read"}}));
  CHECK(told(s).empty());
}

TEST_CASE("a member who was enabled for a moment is found, everywhere and in an area") {
  ShortStory s;
  s.happens(second, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(2 * second, "member.disabled", {{"member", "ann"}});
  s.happens(100 * second, "member.enabled", {{"member", "ann"}});
  s.happens(104 * second, "member.disabled", {{"member", "ann"}});
  CHECK(told(s) == All{"member:ann|enabled" + since(100 * second)});
  SECTION("and not whoever was disabled soon after they came") {
    s.happens(100 * second, "member.added", {{"member", "bob"}, {"role", "reader"}});
    s.happens(101 * second, "member.disabled", {{"member", "bob"}});
    CHECK(told(s).size() == 1);
  }
  SECTION("nor whoever was removed in between") {
    s.happens(101 * second, "member.removed", {{"member", "ann"}});
    s.happens(102 * second, "member.added", {{"member", "ann"}});
    CHECK(told(s).empty());
  }
  SECTION("learnt late, too") {
    s.happens(102 * second, "member.disabled", {{"member", "ann"}});
    CHECK(told(s) == All{"member:ann|enabled" + since(100 * second)});
    s.happens(103 * second, "member.enabled", {{"member", "ann"}});
    CHECK(told(s).size() == 2);
  }
  SECTION("after the organization's end, too") {
    s.happens(200 * second, "org.deleted", json::object());
    s.happens(201 * second, "member.added", {{"member", "cal"}});
    s.happens(202 * second, "member.disabled", {{"member", "cal"}});
    s.happens(300 * second, "member.enabled", {{"member", "cal"}});
    s.happens(301 * second, "member.disabled", {{"member", "cal"}});
    CHECK(told(s).size() == 2);
  }
}

TEST_CASE("a group that was put into another for a moment is found where groups inherit") {
  const bool inherit = GENERATE(true, false);
  json model = tenure::test::small_team();
  model["groups"]["inherit_from_parents"] = inherit;
  ShortStory s(model);
  for (const char* group : {"g", "above"}) s.happens(second, "group.created", {{"group", group}});
  s.happens(100 * second, "group.edited", {{"group", "g"}, {"parent", "above"}});
  s.happens(103 * second, "group.edited", {{"group", "g"}, {"parent", nullptr}});
  CHECK(told(s) == (inherit ? All{"group:g|parent above" + since(100 * second)} : All{}));
  s.happens(102 * second, "group.deleted", {{"group", "above"}});
  CHECK(told(s).empty());
}

TEST_CASE("a feature that was on for a moment is found") {
  ShortStory s;
  const json feature{{"feature", tenure::test::small_team().at("features").at(0).at("id")}};
  const std::string what = "feature:" + feature.at("feature").get<std::string>() + "|on";
  s.happens(second, "feature.disabled", feature);
  s.happens(100 * second, "feature.enabled", feature);
  s.happens(102 * second, "feature.enabled", feature);
  s.happens(110 * second, "feature.disabled", feature);
  CHECK(told(s) == All{what + since(100 * second)});
  s.happens(105 * second, "feature.disabled", feature);
  CHECK(told(s) == All{what + since(100 * second)});
  s.happens(106 * second, "feature.enabled", feature);
  CHECK(told(s).size() == 2);
}
