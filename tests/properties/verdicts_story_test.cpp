// What the access model's judge says by the projections' state, each a story in which Tenure and the naive judge once
// differed. The judge alone is tested in tests/events/.
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

using nlohmann::json;
using tenure::test::ShortStory;

namespace {

json with_cardinality(const char* cardinality) {
  json model = tenure::test::small_team();
  model["roles"][0]["cardinality"] = cardinality;  // the owner's
  return model;
}

}  // namespace

TEST_CASE("an owner who is disabled does not keep the last active owner from being the last") {
  ShortStory s(with_cardinality("at_least_one"));
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  s.happens(2, "member.added", {{"member", "bob"}, {"role", "owner"}});
  s.happens(3, "member.disabled", {{"member", "bob"}});
  s.happens(4, "member.removed", {{"member", "ann"}});
  CHECK(s.verdict() == "violation lifecycle.last_holder");
}

TEST_CASE("a disabled owner still is the one owner that there may be") {
  ShortStory s(with_cardinality("exactly_one"));
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  s.happens(2, "member.disabled", {{"member", "ann"}});
  s.happens(3, "member.added", {{"member", "bob"}, {"role", "owner"}});
  CHECK(s.verdict() == "violation lifecycle.exactly_one_holder");
}

TEST_CASE("ownership that goes to somebody who is no member leaves the team without an owner") {
  ShortStory s(with_cardinality("at_least_one"));
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  s.happens(2, "ownership.transferred", {{"from", "ann"}, {"to", "bob"}});
  CHECK(s.verdict() == "violation lifecycle.last_holder");
}

TEST_CASE("the creation of an organization is allowed as what begins a history") {
  ShortStory s;
  CHECK(s.verdict() == "allowed lifecycle.begins");
}
