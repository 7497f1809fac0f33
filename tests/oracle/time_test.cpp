// The two clocks of the oracle: instants, late arrivals, retractions, models in force, before history.
#include "tests/catch.h"
#include "tests/oracle/story.h"

using namespace tenure::oracle;

TEST_CASE("a role counts from its instant on and not a microsecond earlier") {
  Story s;
  s.happens(10, "member.added", {{"member", "ann"}});
  s.happens(20, "member.role_changed", {{"member", "ann"}, {"role", "writer"}});
  CHECK(s.who(19, "code") == "nobody");
  CHECK(s.who(20, "code") == "ann write all");
}

TEST_CASE("an event that arrives late takes its right place, and what was known before stays answerable") {
  Story s;
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "reader"}});
  const auto before = s.happens(30, "member.role_changed", {{"member", "ann"}, {"role", "member"}});
  s.happens(20, "member.role_changed", {{"member", "ann"}, {"role", "writer"}});
  CHECK(s.who(25, "code") == "ann write all");
  CHECK(s.who(35, "code") == "nobody");
  CHECK(s.who(25, "code", {}, {}, before) == "ann read all");
}

TEST_CASE("at one instant the later position wins") {
  Story s;
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "writer"}});
  s.happens(20, "member.removed", {{"member", "ann"}});
  s.happens(20, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(20, "member.added", {{"member", "bob"}, {"role", "reader"}});
  s.happens(20, "member.removed", {{"member", "bob"}});
  CHECK(s.who(20, "code") == "ann read all");
}

TEST_CASE("a retracted event leaves the fold from the retraction's position on, whatever its instant") {
  Story s;
  const auto wrong = s.happens(10, "member.added", {{"member", "ann"}, {"role", "writer"}});
  const auto retraction = s.retract(wrong);
  CHECK(s.who(15, "code") == "nobody");
  CHECK(s.who(15, "code", {}, {}, wrong) == "ann write all");
  SECTION("and is back once the retraction is retracted") {
    const auto second = s.retract(retraction);
    CHECK(s.who(15, "code") == "ann write all");
    CHECK(s.who(15, "code", {}, {}, second - 1) == "nobody");
  }
}

TEST_CASE("a retracted ending ended nothing") {
  Story s;
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "writer"}});
  const auto wrong = s.happens(20, "member.removed", {{"member", "ann"}});
  CHECK(s.who(25, "code") == "nobody");
  s.retract(wrong);
  CHECK(s.who(25, "code") == "ann write all");
}

TEST_CASE("history begins with the earliest instant known then, and retracted events do not move it") {
  Story s;
  const auto first = s.happens(20, "member.added", {{"member", "ann"}, {"role", "writer"}});
  CHECK(s.who(-1, "code") == "before history");
  CHECK(s.who(0, "code") == "nobody");
  const auto late = s.happens(-50, "member.added", {{"member", "bob"}, {"role", "reader"}});
  CHECK(s.who(-1, "code") == "bob read all");
  CHECK(s.who(-51, "code") == "before history");
  CHECK(s.who(-1, "code", {}, {}, first) == "before history");
  CHECK(s.fold().history_from(0) == std::nullopt);
  CHECK(s.who(20, "code", {}, {}, 0) == "before history");
  s.retract(late);
  CHECK(s.who(-1, "code") == "before history");
  s.happens(-80, "event.retracted", {{"position", 777}});
  CHECK(s.fold().history_from(s.last()) == 0);
}

TEST_CASE("another model holds from its instant on, and the first one also before the organization was created") {
  Story s;
  auto second = small_model();
  second["id"] = "second";
  second["roles"][2]["grants"]["code"] = "admin";  // reader
  s.fold().add_model(second);
  s.happens(-10, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(50, "org.model_changed", {{"model", "second"}});
  CHECK(s.who(-5, "code") == "ann read all");
  CHECK(s.who(49, "code") == "ann read all");
  CHECK(s.who(50, "code") == "ann admin all");
}

TEST_CASE("a model is named by its id and version, or by its id alone for the newest one added by then") {
  auto second = small_model();
  second["roles"][2]["grants"]["code"] = "write";
  NaiveFold fold(small_model(), "v1");
  fold.append({{"type", "org.created"}, {"occurred_us", 0}, {"data", {{"model", "small"}, {"mode", "observe"}}}}, 1, 0);
  fold.add_model(second, "v2");
  fold.append({{"type", "member.added"}, {"occurred_us", 1}, {"data", {{"member", "ann"}, {"role", "reader"}}}}, 2, 1);
  fold.append({{"type", "org.model_changed"}, {"occurred_us", 10}, {"data", {{"model", "small"}}}}, 3, 2);
  fold.append(
      {{"type", "org.model_changed"}, {"occurred_us", 20}, {"data", {{"model", "small"}, {"model_version", "v1"}}}}, 4,
      3);
  CHECK(fold.can("ann", "code", {}, {}, 9, 4) == Row{"read", "all"});
  CHECK(fold.can("ann", "code", {}, {}, 10, 4) == Row{"write", "all"});
  CHECK(fold.can("ann", "code", {}, {}, 20, 4) == Row{"read", "all"});
}

TEST_CASE("a deleted organization leaves nobody anything, until things are created again") {
  Story s;
  s.happens(10, "member.added", {{"member", "ann"}, {"role", "writer"}});
  s.happens(11, "org.setting_changed", {{"setting", "base"}, {"value", "read"}});
  s.happens(12, "group.created", {{"group", "g"}, {"role", "reader"}});
  s.happens(13, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  s.happens(20, "org.deleted", nlohmann::json::object());
  CHECK(s.who(19, "code") == "ann write all");
  CHECK(s.who(20, "code") == "nobody");
  s.happens(30, "member.added", {{"member", "ann"}});
  s.happens(31, "group.created", {{"group", "g"}});
  CHECK(s.who(35, "code") == "nobody");
  CHECK(s.members(35) == "ann active - since 30");
}

TEST_CASE(
    "an instant is read with its offset and cut to the microsecond, and without one it is when the event was "
    "recorded") {
  CHECK(instant_us("1970-01-01T00:00:01Z") == 1'000'000);
  CHECK(instant_us("1970-01-01T02:00:00.0000019+02:00") == 1);
  CHECK(instant_us("2024-02-29T00:00:00-01:30") == 1'709'170'200'000'000);
  CHECK_THROWS(instant_us("2023-02-29T00:00:00Z"));
  CHECK_THROWS(instant_us("yesterday"));
  NaiveFold fold(small_model());
  fold.append({{"type", "member.added"}, {"data", {{"member", "ann"}}}}, 1, 70);
  CHECK(fold.history_from(1) == 70);
}

TEST_CASE("a type that the oracle does not know stops it") {
  Story s;
  s.happens(10, "member.promoted", {{"member", "ann"}});
  CHECK_THROWS(s.who(10, "code"));
  CHECK(s.who(9, "code") == "nobody");
}

TEST_CASE("one person in two spellings is one person, shown as first sent") {
  Story s;
  s.happens(10, "member.added", {{"member", "Ann@x.test"}});
  s.happens(11, "member.role_changed", {{"member", "ann@X.test"}, {"role", "reader"}});
  s.happens(12, "role.granted", {{"principal", "member:ANN@x.test"}, {"role", "writer"}, {"on", "org"}});
  CHECK(s.who(12, "code") == "Ann@x.test write all");
  CHECK(s.fold().can("aNN@x.test", "code", {}, {}, 12, s.last()).has_value());
}
