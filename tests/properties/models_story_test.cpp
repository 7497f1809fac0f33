// What access models say of levels and of custom roles, each a story in which Tenure and the naive fold once differed.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

namespace {

// Two permissions on one scale; in one of two models the second takes its level from the first.
json two_levels(const char* id, bool follows) {
  json model = json::parse(R"({
    "scales": {"access": ["none", "view", "full"]}, "owner_role": "boss", "custom_roles": true,
    "permissions": [{"id": "lead", "name": "Lead", "module": "M", "scale": "access"},
                    {"id": "follow", "name": "Follow", "module": "M", "scale": "access"}],
    "roles": [{"id": "boss", "name": "Boss", "grants": {"lead": "full"}}]})");
  model["id"] = id;
  if (follows) model["permissions"][1]["level_from"] = "lead";
  return model;
}

}  // namespace

TEST_CASE("what counts as no access while all that hangs below it is off is no, and the reason says so") {
  json model = two_levels("gated", false);
  model["permissions"][0]["when_children_off"] = "none";
  model["permissions"][1]["parent"] = "lead";
  ShortStory s(model);
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "boss"}});
  const json no = s.ask("can", {{"member", "ann"}, {"permission", "lead"}, {"at_us", 2}, {"explain", true}});
  CHECK(no.at("row").is_null());
  CHECK(no.at("denied_because") == "all that hangs below it is off");
  s.happens(3, "role.created", {{"role", "both"}, {"name", "B"}, {"grants", {{"lead", "view"}, {"follow", "view"}}}});
  s.happens(4, "member.added", {{"member", "bob"}, {"role", "both"}});
  CHECK(s.ask("can", {{"member", "bob"}, {"permission", "lead"}, {"at_us", 5}}).at("row").at("level") == "view");
}

TEST_CASE("a copy of a custom role has what that role granted by the model of that time") {
  const json before = two_levels("before", false), after = two_levels("after", true);
  ShortStory s(std::vector<json>{before, after});
  s.happens(1, "role.created", {{"role", "first"}, {"name", "F"}, {"grants", {{"lead", "full"}}}});
  s.happens(2, "role.created", {{"role", "copy"}, {"name", "C"}, {"based_on", "first"}, {"grants", json::object()}});
  s.happens(3, "member.added", {{"member", "ann"}, {"role", "copy"}});
  s.happens(4, "member.added", {{"member", "bob"}, {"role", "first"}});
  s.happens(5, "org.model_changed", {{"model", "after"}});
  const auto held = [&](const char* who) {
    return s.ask("can", {{"member", who}, {"permission", "follow"}, {"at_us", 6}});
  };
  CHECK(held("ann").at("row").is_null());
  CHECK(held("bob").at("row").at("level") == "full");
}

TEST_CASE("a transfer of ownership to who already has it is retracted, though it names one member twice") {
  ShortStory s;
  s.happens(1, "member.added", {{"member", "zoe"}, {"role", "owner"}});
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "reader"}});
  const auto transferred = s.happens(2, "ownership.transferred", {{"from", "ann"}, {"to", "ann"}});
  const json owner = s.ask("can", {{"member", "ann"}, {"permission", "code"}, {"at_us", 3}});
  const auto retracted = s.happens(10, "event.retracted", {{"position", transferred}});
  const json reader = s.ask("can", {{"member", "ann"}, {"permission", "code"}, {"at_us", 3}});
  CHECK(owner.at("row").at("level") != reader.at("row").at("level"));
  s.happens(11, "event.retracted", {{"position", retracted}});
  CHECK(s.ask("can", {{"member", "ann"}, {"permission", "code"}, {"at_us", 3}}) == owner);
}
