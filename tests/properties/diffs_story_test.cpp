// Causes of diffs, each a story in which Tenure and the naive fold once differed: the question itself compares them.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

TEST_CASE(
    "the cause of what was learnt is the last event that brought it, be it by a link that was known only in between") {
  ShortStory s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "guide"}});
  s.happens(1, "resource.added", {{"resource", "box:a"}});
  s.happens(1, "assignment.added", {{"member", "ann"}, {"resource", "box:a"}});
  s.happens(2, "resource.added", {{"resource", "bot:c"}});
  const auto known = s.happens(10, "member.added", {{"member", "zoe"}});
  s.happens(3, "role.granted", {{"principal", "member:ann"}, {"role", "roamer"}, {"on", "bot:*"}});
  const auto wrong = s.happens(4, "resource.added", {{"resource", "bot:c"}, {"parent", "box:a"}});
  s.happens(10, "event.retracted", {{"position", wrong}});
  const json diff = s.ask("diff_known", {{"at_us", 10}, {"known_from", known}, {"permission", "talk"}});
  CHECK(diff.dump().find("ann") != std::string::npos);
}

TEST_CASE("a link that was known before and stood only in between leads to what its group did then") {
  ShortStory s;
  s.happens(1, "group.created", {{"group", "g"}});
  s.happens(1, "member.added", {{"member", "ann"}});
  s.happens(2, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  const auto gone = s.happens(3, "member.removed", {{"member", "ann"}});
  s.happens(4, "member.added", {{"member", "ann"}});
  const auto known = s.happens(10, "member.added", {{"member", "zoe"}});
  const auto back = s.happens(11, "event.retracted", {{"position", gone}});
  s.happens(5, "role.granted", {{"principal", "group:g"}, {"role", "reader"}, {"on", "org"}});
  s.happens(6, "role.granted", {{"principal", "member:ann"}, {"role", "reader"}, {"on", "org"}});
  s.happens(12, "event.retracted", {{"position", back}});
  const json diff = s.ask("diff_known", {{"at_us", 10}, {"known_from", known}, {"permission", "code"}});
  CHECK(diff.dump().find("ann") != std::string::npos);
}

TEST_CASE("what was kept on one resource has the event that brought it back, where it was lost in between") {
  ShortStory s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  s.happens(3, "member.role_changed", {{"member", "ann"}, {"role", "reader"}});
  const auto granted = s.happens(5, "role.granted", {{"principal", "member:ann"}, {"role", "owner"}, {"on", "repo:y"}});
  const auto cause = [&](std::int64_t from) {
    const json rows = s.ask("diff", {{"from_us", from}, {"to_us", 9}, {"permission", "code"}}).at("rows");
    for (const json& row : rows) {
      if (row.value("resource", "") == "repo:y") return std::pair(row.at("change"), row.at("cause").at("position"));
    }
    return std::pair(json(), json());
  };
  CHECK(cause(2) == std::pair(json("kept"), json(granted)));
  // Held all the time, it goes with what was lost on every other.
  s.happens(1, "role.granted", {{"principal", "member:ann"}, {"role", "owner"}, {"on", "repo:y"}});
  CHECK(cause(2) == std::pair(json("kept"), json(granted - 1)));
}
