// Exact intervals, each a story in which Tenure and the naive fold once differed.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

namespace {

json over(ShortStory& s, std::int64_t from_us, std::int64_t to_us, json more) {
  more["from_us"] = from_us;
  more["to_us"] = to_us;
  return s.ask("who_can_over", more).at("rows");
}

}  // namespace

TEST_CASE("an interval runs on through an instant that takes the level and gives it back") {
  ShortStory s;
  const auto given = s.happens(10, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(20, "member.removed", {{"member", "ann"}});
  s.happens(20, "member.added", {{"member", "ann"}, {"role", "reader"}});
  const auto taken = s.happens(30, "member.removed", {{"member", "ann"}});
  for (const std::int64_t from : {5, 15, 20, 25}) {
    const json row = over(s, from, 40, {{"permission", "code"}}).at("ann");
    const json whole{{"from_us", 10},      {"to_us", 30},        {"level", "read"},   {"opened_by", given},
                     {"closed_by", taken}, {"opened_basis", ""}, {"closed_basis", ""}};
    CHECK(row.at("intervals") == json::array({whole}));
  }
}

TEST_CASE("where an instant brings several changes, the last one that brought the level opened it") {
  ShortStory s;
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "writer"}});
  s.happens(10, "member.role_changed", {{"member", "ann"}, {"role", "reader"}});
  s.happens(10, "member.role_changed", {{"member", "ann"}, {"role", "member"}});
  const auto given = s.happens(10, "member.role_changed", {{"member", "ann"}, {"role", "reader"}});
  s.happens(10, "org.setting_changed", {{"setting", "base"}, {"value", "none"}});
  const json intervals = over(s, 0, 40, {{"permission", "code"}}).at("ann").at("intervals");
  REQUIRE(intervals.size() == 1);
  CHECK(intervals.at(0).at("opened_by") == given);
  CHECK(intervals.at(0).at("closed_by").is_null());
}

TEST_CASE("a row over a range shows the widest reach of its best level within the range") {
  ShortStory s;
  s.happens(10, "member.added", {{"member", "ann"}});
  s.happens(10, "role.granted", {{"principal", "member:ann"}, {"role", "reader"}, {"on", "repo:a"}});
  s.happens(20, "role.granted", {{"principal", "member:ann"}, {"role", "reader"}, {"on", "repo:*"}});
  CHECK(over(s, 10, 20, {{"permission", "code"}}).at("ann").at("reach") == "listed");
  const json row = over(s, 10, 21, {{"permission", "code"}}).at("ann");
  CHECK(row.at("reach") == "all");
  CHECK(row.at("intervals").size() == 1);
}

TEST_CASE("a resource that comes to lie in an assigned one, or leaves it, turns the answer") {
  ShortStory s;
  s.happens(1, "resource.added", {{"resource", "box:1"}});
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "guide"}});
  s.happens(2, "assignment.added", {{"member", "ann"}, {"resource", "box:1"}});
  const auto opened = s.happens(10, "resource.added", {{"resource", "bot:1"}, {"parent", "box:1"}});
  const auto closed = s.happens(20, "resource.removed", {{"resource", "bot:1"}});
  const json whole{{"from_us", 10},       {"to_us", 20},        {"level", "write"},  {"opened_by", opened},
                   {"closed_by", closed}, {"opened_basis", ""}, {"closed_basis", ""}};
  CHECK(over(s, 0, 40, {{"permission", "talk"}}).at("ann").at("intervals") == json::array({whole}));
  const json on_one = over(s, 0, 40, {{"permission", "talk"}, {"resource", "bot:1"}}).at("ann").at("intervals");
  CHECK(on_one == json::array({whole}));
}

TEST_CASE("who came to a power within the range and kept it long after is in the answer") {
  constexpr std::int64_t second = 1'000'000;
  ShortStory s;
  s.happens(1, "group.created", {{"group", "g"}, {"role", "reader"}});
  s.happens(2, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  s.happens(75 * second, "member.added", {{"member", "ann"}});
  s.happens(105 * second, "member.removed", {{"member", "ann"}});
  // Ranges of every sort, so that some lie in other parts of the interval index than the end of the membership.
  for (std::int64_t from = 5; from < 75; from += 5) {
    for (std::int64_t to = 76; to < 110; to += 3) {
      CHECK(over(s, from * second, to * second, {{"permission", "code"}}).contains("ann"));
    }
  }
}

TEST_CASE("in a range after all that was known then, whoever held a power last still held it") {
  ShortStory s;
  const auto known = s.happens(10, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(10, "member.removed", {{"member", "ann"}});
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(20, "member.removed", {{"member", "ann"}});
  const json row = over(s, 30, 40, {{"permission", "code"}, {"known_position", known}}).at("ann");
  CHECK(row.at("intervals").at(0).at("to_us").is_null());
  CHECK(over(s, 30, 40, {{"permission", "code"}}).empty());
}

TEST_CASE(
    "in a range in which the organization's end puts a setting back, whoever has it from everyone is in the answer") {
  json model = tenure::test::small_team();
  model["settings"][0]["initial"] = "read";
  ShortStory s(model);
  s.happens(1, "org.setting_changed", {{"setting", "base"}, {"value", "none"}});
  s.happens(10, "org.deleted", json::object());
  const auto came = s.happens(20, "member.added", {{"member", "ann"}});
  const json row = over(s, 5, 30, {{"permission", "code"}}).at("ann");
  CHECK(row.at("intervals").at(0).at("from_us") == 20);
  CHECK(row.at("intervals").at(0).at("opened_by") == came);
}

namespace {

// One permission on a scale that grows from one model to the next, which brings a kind of resource as well.
json growing(const char* id, const json& levels, bool has_rooms) {
  json model{{"id", id},
             {"scales", {{"access", levels}}},
             {"owner_role", "boss"},
             {"resource_kinds", json::array({{{"id", "repo"}, {"name", "Repo"}, {"declared", false}}})},
             {"permissions", json::array({{{"id", "work"}, {"name", "Work"}, {"module", "M"}, {"scale", "access"}}})},
             {"roles", json::array({{{"id", "boss"}, {"name", "Boss"}, {"grants", {{"work", levels.back()}}}}})}};
  if (has_rooms) {
    model["resource_kinds"].push_back({{"id", "room"}, {"name", "Room"}, {"declared", false}});
    model["permissions"][0]["resource"] = "room";
  }
  return model;
}

}  // namespace

TEST_CASE("over a range the highest level is shown, also one that only a later model of the range has") {
  ShortStory s(
      std::vector<json>{growing("small", {"none", "view"}, false), growing("large", {"none", "view", "full"}, true)});
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "boss"}});
  s.happens(5, "member.added", {{"member", "bob"}, {"role", "boss"}});
  s.happens(8, "member.removed", {{"member", "bob"}});
  s.happens(10, "org.model_changed", {{"model", "large"}});
  const json rows = over(s, 2, 20, {{"permission", "work"}});
  CHECK(rows.at("ann").at("level") == "full");
  CHECK(rows.at("ann").at("intervals").size() == 2);
  CHECK(rows.at("bob").at("level") == "view");
  CHECK(over(s, 2, 10, {{"permission", "work"}}).at("ann").at("level") == "view");
}

TEST_CASE("a level and a kind of resource that only a later model of the range has can be asked for") {
  ShortStory s(
      std::vector<json>{growing("small", {"none", "view"}, false), growing("large", {"none", "view", "full"}, true)});
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "boss"}});
  s.happens(10, "org.model_changed", {{"model", "large"}});
  const json full = over(s, 2, 20, {{"permission", "work"}, {"level", "full"}});
  CHECK(full.at("ann").at("intervals").at(0).at("from_us") == 10);
  const json room = over(s, 2, 20, {{"permission", "work"}, {"resource", "room:1"}});
  CHECK(room.at("ann").at("level") == "full");
  // Where no model of the range has it, the question is refused.
  const json no = s.ask("who_can_over", {{"permission", "work"}, {"level", "full"}, {"from_us", 2}, {"to_us", 9}});
  CHECK(no.at("refused") == "unknown_level");
}
