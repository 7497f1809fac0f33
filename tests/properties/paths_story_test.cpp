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
