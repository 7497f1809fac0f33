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
