// Everything that an answer rests on stands in its paths: who invited, who let in, each way through groups, who
// assigned, and which model began to give. Each story is told to the naive fold as well.
#include "tests/catch.h"
#include "tests/properties/paths_told.h"

using nlohmann::json;
using tenure::test::edge;
using tenure::test::Paths;
using tenure::test::paths;
using tenure::test::ShortStory;

namespace {

json by(const char* who) { return {{"actor", {{"kind", "member"}, {"id", who}}}}; }

json reads_at_first() {
  json model = tenure::test::small_team();
  model["settings"][0]["initial"] = "read";
  return model;
}

json for_outsiders() {
  json model = tenure::test::small_team();
  model["outsiders_hold_scoped_grants"] = true;
  return model;
}

}  // namespace

// ---- invitations ---------------------------------------------------------------------------------

TEST_CASE("what came by an accepted invitation tells the invitation before the acceptance") {
  ShortStory s;
  s.happens(1, "group.created", {{"group", "g"}});
  const auto grant = s.happens(2, "role.granted", {{"principal", "group:g"}, {"role", "writer"}, {"on", "repo:a"}});
  const json offer{{"member", "ann"}, {"role", "reader"}, {"groups", {"g"}}};
  const auto invited = s.happens(3, "member.invited", offer, by("olga"));
  const auto accepted = s.happens(4, "invitation.accepted", {{"member", "ann"}}, by("ann"));
  const std::string invitation = edge("invited", invited) + ", ";
  CHECK(paths(s, 5, "code") ==
        Paths{invitation + edge("in group g", accepted) + ", " + edge("role writer on repo:a", grant),
              invitation + edge("role reader", accepted)});
}

TEST_CASE("of several invitations the one that the acceptance took is told") {
  ShortStory s;
  s.happens(1, "member.invited", {{"member", "ann"}, {"role", "writer"}}, by("bob"));
  const auto latest = s.happens(2, "member.invited", {{"member", "ann"}, {"role", "reader"}}, by("cid"));
  s.happens(3, "member.invited", {{"member", "ann"}, {"role", "owner"}, {"expires_at", "1970-01-01T00:00:00.000004Z"}});
  const auto accepted = s.happens(5, "invitation.accepted", {{"member", "ann"}}, by("ann"));
  CHECK(paths(s, 6, "code") == Paths{edge("invited", latest) + ", " + edge("role reader", accepted)});
}

TEST_CASE("a membership that came by an invitation tells it also for a role that was given later") {
  ShortStory s;
  const auto invited = s.happens(1, "member.invited", {{"member", "ann"}}, by("olga"));
  const auto accepted = s.happens(2, "invitation.accepted", {{"member", "ann"}}, by("ann"));
  const auto given = s.happens(3, "member.role_changed", {{"member", "ann"}, {"role", "reader"}});
  CHECK(paths(s, 4, "code") ==
        Paths{edge("invited", invited) + ", " + edge("member", accepted) + ", " + edge("role reader", given)});
}

TEST_CASE("a role that came by an invitation and was moved on by a deletion tells the invitation still") {
  ShortStory s;
  s.happens(1, "role.created", {{"role", "x"}, {"name", "X"}, {"grants", {{"code", "read"}}}});
  const auto invited = s.happens(2, "member.invited", {{"member", "ann"}, {"role", "x"}}, by("olga"));
  const auto accepted = s.happens(3, "invitation.accepted", {{"member", "ann"}}, by("ann"));
  const auto deleted = s.happens(4, "role.deleted", {{"role", "x"}, {"reassign_to", "writer"}});
  CHECK(paths(s, 5, "code") == Paths{edge("invited", invited) + ", " + edge("role x", accepted) + ", " +
                                     edge("role deleted, its holders moved", deleted)});
}

TEST_CASE("an invitation of before is not told of somebody who was removed and added again") {
  ShortStory s;
  s.happens(1, "member.invited", {{"member", "ann"}, {"role", "reader"}}, by("olga"));
  s.happens(2, "invitation.accepted", {{"member", "ann"}}, by("ann"));
  s.happens(3, "member.removed", {{"member", "ann"}});
  const auto added = s.happens(4, "member.added", {{"member", "ann"}, {"role", "reader"}});
  CHECK(paths(s, 5, "code") == Paths{edge("role reader", added)});
}

TEST_CASE("somebody who was a member already tells the invitation of their new role alone") {
  ShortStory s;
  const auto added = s.happens(1, "member.added", {{"member", "ann"}});
  const auto invited = s.happens(2, "member.invited", {{"member", "ann"}, {"role", "reader"}}, by("olga"));
  const auto accepted = s.happens(3, "invitation.accepted", {{"member", "ann"}}, by("ann"));
  CHECK(paths(s, 4, "code") ==
        Paths{edge("member", added) + ", " + edge("invited", invited) + ", " + edge("role reader", accepted)});
}

// ---- every way -----------------------------------------------------------------------------------

TEST_CASE("each way through groups to one that gives a power is a path of its own") {
  ShortStory s;
  const auto added = s.happens(1, "member.added", {{"member", "ann"}});
  const auto g = s.happens(1, "group.created", {{"group", "g"}, {"role", "reader"}});
  const auto h = s.happens(2, "group.created", {{"group", "h"}, {"parent", "g"}});
  const auto i = s.happens(2, "group.created", {{"group", "i"}, {"parent", "h"}});
  const auto in_i = s.happens(3, "group.member_added", {{"group", "i"}, {"member", "ann"}});
  const auto in_h = s.happens(4, "group.member_added", {{"group", "h"}, {"member", "ann"}});
  const auto in_g = s.happens(5, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  const std::string first = edge("member", added) + ", ", last = ", " + edge("group role reader", g);
  const std::string below_g = ", " + edge("below group g", h);
  const std::string by_h = first + edge("in group h", in_h) + below_g + last;
  const std::string by_i = first + edge("in group i", in_i) + ", " + edge("below group h", i) + below_g + last;
  CHECK(paths(s, 6, "code") == Paths{first + edge("in group g", in_g) + last, by_h, by_i});
  s.happens(7, "group.member_removed", {{"group", "g"}, {"member", "ann"}});
  CHECK(paths(s, 8, "code") == Paths{by_h, by_i});
}

TEST_CASE("groups that lie in a circle are each reached once by each way") {
  ShortStory s;
  const auto added = s.happens(1, "member.added", {{"member", "ann"}});
  const auto g = s.happens(2, "group.created", {{"group", "g"}, {"parent", "h"}, {"role", "reader"}});
  const auto h = s.happens(3, "group.created", {{"group", "h"}, {"parent", "g"}});
  const auto in_g = s.happens(4, "group.member_added", {{"group", "g"}, {"member", "ann"}});
  const auto in_h = s.happens(5, "group.member_added", {{"group", "h"}, {"member", "ann"}});
  const std::string first = edge("member", added) + ", ", last = ", " + edge("group role reader", g);
  CHECK(paths(s, 6, "code") == Paths{first + edge("in group g", in_g) + last,
                                     first + edge("in group h", in_h) + ", " + edge("below group g", h) + last});
}

// ---- membership ----------------------------------------------------------------------------------

TEST_CASE("what only members have tells since when they are one") {
  ShortStory s(reads_at_first());
  const auto changed = s.happens(1, "member.role_changed", {{"member", "ann"}, {"role", "writer"}});
  const auto everyone = s.happens(2, "role.granted", {{"principal", "everyone"}, {"role", "reader"}, {"on", "org"}});
  const auto grant = s.happens(3, "role.granted", {{"principal", "member:ann"}, {"role", "reader"}, {"on", "repo:a"}});
  const auto added = s.happens(4, "member.added", {{"member", "ann"}});
  const std::string member = edge("member", added) + ", ";
  CHECK(paths(s, 5, "code") == Paths{member + edge("role writer", changed),
                                     member + edge("role reader on org", everyone),
                                     member + edge("setting base = read, as the model begins", 1),
                                     member + edge("role reader on repo:a", grant)});
}

TEST_CASE("a grant that reaches whoever is no member tells no membership") {
  ShortStory s(for_outsiders());
  s.happens(1, "member.added", {{"member", "ann"}});
  const auto grant = s.happens(2, "role.granted", {{"principal", "member:ann"}, {"role", "reader"}, {"on", "repo:a"}});
  CHECK(paths(s, 3, "code") == Paths{edge("role reader on repo:a", grant)});
  SECTION("but for what has to be assigned") {
    const auto guide = s.happens(3, "role.granted", {{"principal", "member:ann"}, {"role", "guide"}, {"on", "org"}});
    s.happens(4, "resource.added", {{"resource", "bot:1"}});
    const auto to_ann = s.happens(5, "assignment.added", {{"member", "ann"}, {"resource", "bot:1"}});
    CHECK(
        paths(s, 6, "talk").at(0).ends_with(edge("role guide on org", guide) + ", " + edge("assigned bot:1", to_ann)));
    CHECK(paths(s, 6, "talk").at(0).starts_with("member "));
  }
}

// ---- assignments ---------------------------------------------------------------------------------

TEST_CASE("what reaches only what is assigned tells the assignment, and how the resource came to lie in it") {
  ShortStory s;
  s.happens(1, "resource.added", {{"resource", "box:1"}});
  const auto placed = s.happens(2, "resource.added", {{"resource", "bot:1"}, {"parent", "box:1"}});
  const auto ann = s.happens(3, "member.added", {{"member", "ann"}, {"role", "guide"}});
  CHECK(paths(s, 4, "talk", {{"resource", "bot:1"}}).empty());
  const auto assigned = s.happens(5, "assignment.added", {{"member", "ann"}, {"resource", "box:1"}});
  const std::string whole =
      edge("role guide", ann) + ", " + edge("assigned box:1", assigned) + ", " + edge("bot:1 in box:1", placed);
  CHECK(paths(s, 6, "talk", {{"resource", "bot:1"}}) == Paths{whole});
  CHECK(paths(s, 6, "talk") == Paths{whole});
  SECTION("the one that has stood longest, if nobody asks about a resource") {
    s.happens(6, "resource.added", {{"resource", "bot:3"}});
    s.happens(6, "resource.added", {{"resource", "bot:2"}});
    const auto third = s.happens(7, "assignment.added", {{"member", "ann"}, {"resource", "bot:3"}});
    const auto second = s.happens(8, "assignment.added", {{"member", "ann"}, {"resource", "bot:2"}});
    CHECK(paths(s, 9, "talk") == Paths{edge("role guide", ann) + ", " + edge("assigned bot:3", third)});
    s.happens(10, "assignment.removed", {{"member", "ann"}, {"resource", "bot:3"}});
    const auto again = s.happens(11, "assignment.added", {{"member", "ann"}, {"resource", "bot:3"}});
    CHECK(paths(s, 12, "talk") == Paths{edge("role guide", ann) + ", " + edge("assigned bot:2", second)});
    CHECK(paths(s, 12, "talk", {{"resource", "bot:3"}}) ==
          Paths{edge("role guide", ann) + ", " + edge("assigned bot:3", again)});
  }
  SECTION("the way that has stood longest, if the resource is assigned in several") {
    const auto itself = s.happens(7, "assignment.added", {{"member", "ann"}, {"resource", "bot:1"}});
    CHECK(paths(s, 8, "talk", {{"resource", "bot:1"}}) == Paths{whole});
    s.happens(9, "resource.added", {{"resource", "box:2"}});
    s.happens(9, "assignment.added", {{"member", "ann"}, {"resource", "box:2"}});
    s.happens(10, "resource.added", {{"resource", "bot:1"}, {"parent", "box:2"}});
    CHECK(paths(s, 11, "talk", {{"resource", "bot:1"}}) ==
          Paths{edge("role guide", ann) + ", " + edge("assigned bot:1", itself)});
  }
  SECTION("of a role on that very resource") {
    s.happens(7, "member.role_changed", {{"member", "ann"}, {"role", "member"}});
    const auto on = s.happens(8, "role.granted", {{"principal", "member:ann"}, {"role", "guide"}, {"on", "bot:1"}});
    CHECK(paths(s, 9, "talk") == Paths{edge("member", ann) + ", " + edge("role guide on bot:1", on) + ", " +
                                       edge("assigned box:1", assigned) + ", " + edge("bot:1 in box:1", placed)});
  }
  SECTION("and not where nothing needs it") {
    const auto everything = s.happens(7, "member.role_changed", {{"member", "ann"}, {"role", "roamer"}});
    const json on_bot{{"resource", "bot:1"}};
    CHECK(paths(s, 8, "talk", on_bot) == Paths{edge("member", ann) + ", " + edge("role roamer", everything)});
    const auto narrowed = s.happens(9, "assignment.added", {{"member", "ann"}, {"resource", "bot:1"}});
    s.happens(9, "assignment.removed", {{"member", "ann"}, {"resource", "box:1"}});
    CHECK(paths(s, 10, "talk", on_bot) == Paths{edge("member", ann) + ", " + edge("role roamer", everything) + ", " +
                                                edge("assigned bot:1", narrowed)});
  }
}

TEST_CASE("a resource that counts as assigned to whoever added it tells that") {
  json model = tenure::test::small_team();
  model["resource_kinds"][1]["owned_by_creator"] = true;
  ShortStory s(model);
  const auto ann = s.happens(1, "member.added", {{"member", "ann"}, {"role", "guide"}});
  const auto added = s.happens(2, "resource.added", {{"resource", "bot:1"}}, by("ann"));
  s.happens(3, "assignment.added", {{"member", "ann"}, {"resource", "bot:1"}});
  const std::string whole = edge("role guide", ann) + ", " + edge("added bot:1", added);
  CHECK(paths(s, 4, "talk", {{"resource", "bot:1"}}) == Paths{whole});
  CHECK(paths(s, 4, "talk") == Paths{whole});
}

// ---- settings ------------------------------------------------------------------------------------

TEST_CASE("what a setting gives by its initial value tells the event since which that model is in force") {
  json other = reads_at_first();
  other["id"] = "other";
  ShortStory s(std::vector<json>{tenure::test::small_team(), other});
  const auto added = s.happens(1, "member.added", {{"member", "ann"}});
  CHECK(paths(s, 2, "code").empty());
  const auto changed = s.happens(3, "org.model_changed", {{"model", "other"}});
  const std::string member = edge("member", added) + ", ";
  const Paths initial{member + edge("setting base = read, as the model begins", changed)};
  CHECK(paths(s, 4, "code") == initial);
  // The same model once more changes nothing.
  s.happens(5, "org.model_changed", {{"model", "other"}});
  CHECK(paths(s, 6, "code") == initial);
  const auto set = s.happens(7, "org.setting_changed", {{"setting", "base"}, {"value", "read"}});
  CHECK(paths(s, 8, "code") == Paths{member + edge("setting base = read", set)});
}
