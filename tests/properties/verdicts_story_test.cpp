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

TEST_CASE("enabling a member altogether who is disabled in one area changes something") {
  ShortStory s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(2, "member.disabled", {{"member", "ann"}, {"area", "Work"}});
  s.happens(3, "member.enabled", {{"member", "ann"}});
  CHECK(s.verdict() == "unspecified");
  s.happens(4, "member.enabled", {{"member", "ann"}});
  CHECK(s.verdict() == "allowed lifecycle.changes_nothing");
}

TEST_CASE("removing somebody again who was given something since changes something") {
  ShortStory s;
  s.happens(1, "member.added", {{"member", "ann"}, {"role", "reader"}});
  s.happens(2, "member.removed", {{"member", "ann"}});
  s.happens(3, "role.granted", {{"principal", "member:ann"}, {"role", "writer"}, {"on", "org"}});
  s.happens(4, "member.removed", {{"member", "ann"}});
  CHECK(s.verdict() == "unspecified");
  s.happens(5, "member.removed", {{"member", "ann"}});
  CHECK(s.verdict() == "allowed lifecycle.changes_nothing");
}

TEST_CASE("deleting a role again that moves its holders changes something") {
  ShortStory s;
  s.happens(1, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", json::object()}});
  s.happens(2, "role.deleted", {{"role", "cust"}});
  s.happens(3, "role.deleted", {{"role", "cust"}});
  CHECK(s.verdict() == "allowed lifecycle.changes_nothing");
  s.happens(4, "role.deleted", {{"role", "cust"}, {"reassign_to", "owner"}});
  CHECK(s.verdict() == "violation lifecycle.role_deleted");
}

TEST_CASE("enabling altogether somebody who came by an inviter disabled in an area changes something") {
  json model = tenure::test::small_team();
  model["invitees_share_disabling"] = true;
  ShortStory s(model);
  const json by_bob{{"actor", {{"kind", "member"}, {"id", "bob"}}}};
  s.happens(1, "member.added", {{"member", "bob"}, {"role", "reader"}});
  s.happens(2, "member.disabled", {{"member", "bob"}, {"area", "Work"}});
  s.happens(3, "member.invited", {{"member", "ann"}, {"role", "reader"}}, by_bob);
  s.happens(4, "invitation.accepted", {{"member", "ann"}});
  s.happens(5, "member.enabled", {{"member", "ann"}});
  CHECK(s.verdict() == "unspecified");
  s.happens(6, "member.enabled", {{"member", "ann"}});
  CHECK(s.verdict() == "allowed lifecycle.changes_nothing");
}

TEST_CASE("what a role said of a permission counts before what an edit says of where that takes its level from") {
  json model = tenure::test::small_team();
  const auto permission = [](const char* id, json more) {
    json all{{"id", id}, {"name", id}, {"module", "Work"}, {"scale", "yes"}};
    all.update(more);
    return all;
  };
  model["permissions"].push_back(permission("source", json::object()));
  model["permissions"].push_back(permission("above", {{"level_from", "source"}}));
  model["permissions"].push_back(permission("below", {{"parent", "above"}, {"parent_level", "yes"}}));
  model["rules"] = json::array({{{"id", "all"}, {"because", "Anyone may."}, {"actions", {"role.*"}}}});
  const auto edited = [&](const char* above, const char* source) {
    ShortStory s(model);
    s.happens(1, "role.created", {{"role", "cust"}, {"name", "C"}, {"grants", {{"above", above}}}});
    s.happens(2, "role.edited", {{"role", "cust"}, {"grants", {{"below", "yes"}, {"source", source}}}});
    return s.verdict();
  };
  CHECK(edited("no", "yes").ends_with(", without effect in part"));
  CHECK_FALSE(edited("yes", "no").ends_with(", without effect in part"));
}
