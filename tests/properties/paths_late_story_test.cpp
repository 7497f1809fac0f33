// What gave a power after the links to it were made stands in its paths: what came to be there later, who enabled
// somebody again, what was switched on. Each story is told to the naive fold as well.
#include "tests/catch.h"
#include "tests/properties/paths_told.h"

using nlohmann::json;
using tenure::test::edge;
using tenure::test::Paths;
using tenure::test::ShortStory;

namespace {

// As things are once everything has happened.
Paths paths(ShortStory& s, const char* permission, const json& more = json::object()) {
  return tenure::test::paths(s, 100, permission, more);
}

json grant(const char* principal, const char* role, const char* on) {
  return {{"principal", principal}, {"role", role}, {"on", on}};
}

const json role_x{{"role", "x"}, {"name", "X"}, {"grants", {{"code", "write"}, {"lab", "yes"}}}};

}  // namespace

TEST_CASE("a custom role that was created after it was given stands behind the link, the last time that it was") {
  ShortStory s;
  const auto ann = s.happens(1, "member.added", {{"member", "ann"}, {"role", "x"}});
  const auto made = s.happens(2, "role.created", role_x);
  CHECK(paths(s, "code") == Paths{edge("role x", ann) + ", " + edge("role x created", made)});
  s.happens(3, "role.created", role_x);  // defines it anew, and it was there
  CHECK(paths(s, "code") == Paths{edge("role x", ann) + ", " + edge("role x created", made)});
  s.happens(4, "role.deleted", {{"role", "x"}});
  const auto again = s.happens(5, "member.role_changed", {{"member", "ann"}, {"role", "x"}});
  const auto anew = s.happens(6, "role.created", role_x);
  CHECK(paths(s, "code") ==
        Paths{edge("member", ann) + ", " + edge("role x", again) + ", " + edge("role x created", anew)});
}

TEST_CASE("a role to which a deletion moved its holders before it was there stands behind the deletion") {
  ShortStory s;
  s.happens(1, "role.created", {{"role", "y"}, {"name", "Y"}, {"grants", json::object()}});
  const auto ann = s.happens(2, "member.added", {{"member", "ann"}, {"role", "y"}});
  const auto moved = s.happens(3, "role.deleted", {{"role", "y"}, {"reassign_to", "x"}});
  const auto made = s.happens(4, "role.created", role_x);
  CHECK(paths(s, "code") == Paths{edge("role y", ann) + ", " + edge("role deleted, its holders moved", moved) + ", " +
                                  edge("role x created", made)});
}

TEST_CASE("groups that were created after somebody was in them, or another hung on them, stand behind those links") {
  ShortStory s;
  const auto ann = s.happens(1, "member.added", {{"member", "ann"}});
  const auto in = s.happens(2, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  const auto held = s.happens(3, "group.edited", {{"group", "above"}, {"role", "x"}});
  const auto tied = s.happens(4, "group.edited", {{"group", "g"}, {"parent", "above"}});
  const auto role = s.happens(5, "role.created", role_x);
  const auto above = s.happens(6, "group.created", {{"group", "above"}});
  const auto made = s.happens(7, "group.created", {{"group", "g"}});
  CHECK(paths(s, "code") ==
        Paths{edge("member", ann) + ", " + edge("in group g", in) + ", " + edge("group g created", made) + ", " +
              edge("below group above", tied) + ", " + edge("group above created", above) + ", " +
              edge("group role x", held) + ", " + edge("role x created", role)});
}

TEST_CASE("a resource that was added after something was granted on it or it was assigned is told once a path") {
  ShortStory s;
  const auto ann = s.happens(1, "member.added", {{"member", "ann"}});
  const auto assigned = s.happens(2, "assignment.added", {{"member", "ann"}, {"resource", "bot:1"}});
  const auto given = s.happens(3, "role.granted", grant("member:ann", "guide", "bot:1"));
  const auto added = s.happens(4, "resource.added", {{"resource", "bot:1"}});
  CHECK(paths(s, "talk") == Paths{edge("member", ann) + ", " + edge("role guide on bot:1", given) + ", " +
                                  edge("bot:1 added", added) + ", " + edge("assigned bot:1", assigned)});
  const auto role = s.happens(5, "member.role_changed", {{"member", "ann"}, {"role", "guide"}});
  CHECK(paths(s, "talk").front() == edge("member", ann) + ", " + edge("role guide", role) + ", " +
                                        edge("assigned bot:1", assigned) + ", " + edge("bot:1 added", added));
  // What needs not be added is there without it.
  s.happens(6, "role.granted", grant("member:ann", "writer", "repo:a"));
  s.happens(7, "resource.added", {{"resource", "repo:a"}});
  CHECK(paths(s, "code").front().find("added") == std::string::npos);
}

TEST_CASE("what a resource lies in and was added after that stands behind the tie") {
  ShortStory s;
  const auto ann = s.happens(1, "member.added", {{"member", "ann"}, {"role", "guide"}});
  const auto assigned = s.happens(2, "assignment.added", {{"member", "ann"}, {"resource", "box:1"}});
  const auto tied = s.happens(3, "resource.added", {{"resource", "bot:1"}, {"parent", "box:1"}});
  const auto added = s.happens(4, "resource.added", {{"resource", "box:1"}});
  const std::string way = edge("role guide", ann) + ", " + edge("assigned box:1", assigned) + ", " +
                          edge("box:1 added", added) + ", " + edge("bot:1 in box:1", tied);
  CHECK(paths(s, "talk") == Paths{way});
  CHECK(paths(s, "talk", {{"resource", "bot:1"}}) == Paths{way});
}

TEST_CASE("an enabling stands in the paths of what being disabled had cut, and in no other") {
  json model = tenure::test::small_team();
  model["areas"] = {{{"id", "floor"}, {"name", "The floor"}, {"modules", {"Money"}}}};
  ShortStory s(model);
  const auto ann = s.happens(1, "member.added", {{"member", "ann"}, {"role", "owner"}});
  s.happens(2, "member.enabled", {{"member", "ann"}});  // she was not disabled
  s.happens(3, "member.disabled", {{"member", "ann"}, {"area", "floor"}});
  const auto again = s.happens(4, "member.enabled", {{"member", "ann"}, {"area", "floor"}});
  const auto everyone = s.happens(5, "role.granted", grant("everyone", "payer", "org"));
  CHECK(paths(s, "code") == Paths{edge("role owner", ann)});
  CHECK(paths(s, "invoices") == Paths{edge("role owner", ann) + ", " + edge("enabled again", again)});
  // A disabled member keeps it, but not what everyone has.
  s.happens(6, "member.disabled", {{"member", "ann"}});
  s.happens(7, "member.enabled", {{"member", "ann"}, {"area", "floor"}});
  const auto whole = s.happens(8, "member.enabled", {{"member", "ann"}});
  CHECK(paths(s, "billing") ==
        Paths{edge("role owner", ann),
              edge("member", ann) + ", " + edge("role payer on org", everyone) + ", " + edge("enabled again", whole)});
  CHECK(paths(s, "invoices") == Paths{edge("role owner", ann) + ", " + edge("enabled again", whole)});
  // A new membership begins without any of it.
  s.happens(9, "member.removed", {{"member", "ann"}});
  const auto back = s.happens(10, "member.added", {{"member", "ann"}, {"role", "owner"}});
  CHECK(paths(s, "invoices") == Paths{edge("role owner", back)});
}

TEST_CASE("a feature that was off tells who switched it on, since when it has been") {
  ShortStory s;
  s.happens(1, "role.created", role_x);
  const auto ann = s.happens(2, "member.added", {{"member", "ann"}, {"role", "x"}});
  const auto on = s.happens(3, "feature.enabled", {{"feature", "lab"}});
  s.happens(4, "feature.enabled", {{"feature", "lab"}});
  CHECK(paths(s, "lab") == Paths{edge("role x", ann) + ", " + edge("feature lab enabled", on)});
  CHECK(paths(s, "code") == Paths{edge("role x", ann)});
  s.happens(5, "feature.disabled", {{"feature", "lab"}});
  CHECK(paths(s, "lab").empty());
  const auto again = s.happens(6, "feature.enabled", {{"feature", "lab"}});
  CHECK(paths(s, "lab") == Paths{edge("role x", ann) + ", " + edge("feature lab enabled", again)});
}
