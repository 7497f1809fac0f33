// Timelines of what lost a link because what the link led to ended.
#include "tests/catch.h"
#include "tests/services/timeline_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::Positions;
using test::positions;
using test::TeamTold;

json grant(const char* principal, const char* role, const char* on) {
  return {{"principal", principal}, {"role", role}, {"on", on}};
}

}  // namespace

TEST_CASE("the end of a parent group stands in the timelines of the groups below it, with what it took") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "above"}});
  const auto made = team.happens("2024-01-03T00:00:00Z", "group.created", {{"group", "below"}, {"parent", "above"}});
  const auto joined =
      team.happens("2024-01-04T00:00:00Z", "group.member_added", {{"group", "below"}, {"member", "ann"}});
  const auto given = team.happens("2024-01-05T00:00:00Z", "role.granted", grant("group:above", "write", "repo:a/b"));
  const auto gone = team.happens("2024-01-06T00:00:00Z", "group.deleted", {{"group", "above"}});
  team.happens("2024-01-07T00:00:00Z", "group.created", {{"group", "above"}});
  team.happens("2024-01-08T00:00:00Z", "group.deleted", {{"group", "above"}});  // nothing is below it any more
  const json list = team.get("/timeline?group=below");
  INFO(list.dump(2));
  REQUIRE(positions(list) == Positions{made, joined, given, gone});
  CHECK(list.at("items").back().at("about") == false);
  CHECK_FALSE(list.at("items").back().at("effects").empty());
}

TEST_CASE("the end of a resource stands in the timelines of the groups and roles that were granted there") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto made = team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  const auto joined =
      team.happens("2024-01-03T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  team.happens("2024-01-04T00:00:00Z", "resource.added", {{"resource", "repo:a/b"}});
  const auto granted = team.happens("2024-01-05T00:00:00Z", "role.granted", grant("group:core", "write", "repo:a/b"));
  team.happens("2024-01-06T00:00:00Z", "resource.removed", {{"resource", "repo:a/c"}});  // nothing was given there
  const auto removed = team.happens("2024-01-07T00:00:00Z", "resource.removed", {{"resource", "repo:a/b"}});
  CHECK(positions(team.get("/timeline?group=core")) == Positions{made, joined, granted, removed});
  CHECK(positions(team.get("/timeline?role=write")) == Positions{granted, removed});

  // A retraction of it is told where it was.
  const auto back = test::retract(team, "2024-02-01T00:00:00Z", removed);
  CHECK(positions(team.get("/timeline?group=core")) == Positions{made, joined, granted, back});
  CHECK(positions(team.get("/timeline?role=write")) == Positions{granted, back});
}

TEST_CASE("the end of a role stands in the timelines of the groups that had it and of what it was granted on") {
  TeamTold team("newo");
  const auto make_role = [&](const char* at, const char* id) {
    team.happens(at, "role.created", {{"role", id}, {"name", id}, {"grants", {{"builder_access", "yes"}}}});
  };
  make_role("2024-01-01T00:00:00Z", "a");
  make_role("2024-01-01T00:00:01Z", "b");
  make_role("2024-01-01T00:00:02Z", "c");
  const auto made = team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  const auto given = team.happens("2024-01-03T00:00:00Z", "group.edited", {{"group", "core"}, {"role", "a"}});
  const auto granted = team.happens("2024-01-04T00:00:00Z", "role.granted", grant("group:core", "c", "org"));
  const auto to_b = team.happens("2024-01-05T00:00:00Z", "role.deleted", {{"role", "a"}, {"reassign_to", "b"}});
  const auto no_c = team.happens("2024-01-06T00:00:00Z", "role.deleted", {{"role", "c"}});
  const auto no_b = team.happens("2024-01-07T00:00:00Z", "role.deleted", {{"role", "b"}});
  make_role("2024-01-08T00:00:00Z", "c");
  team.happens("2024-01-09T00:00:00Z", "role.deleted", {{"role", "c"}});  // nobody holds this one
  CHECK(positions(team.get("/timeline?group=core")) == Positions{made, given, granted, to_b, no_c, no_b});
  CHECK(positions(team.get("/timeline?resource=org")) == Positions{granted, no_c});
}

TEST_CASE("what brings a link into force that was there before stands in the timelines of what it links") {
  TeamTold team("newo");
  const auto made = team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  const auto granted = team.happens("2024-01-03T00:00:00Z", "role.granted", grant("group:core", "c", "org"));
  const auto to_ann = team.happens("2024-01-04T00:00:00Z", "role.granted", grant("member:ann", "c", "org"));
  const auto created = team.happens("2024-01-05T00:00:00Z", "role.created",
                                    {{"role", "c"}, {"name", "c"}, {"grants", {{"builder_access", "yes"}}}});
  const auto came = team.happens("2024-01-06T00:00:00Z", "member.added", {{"member", "ann"}});
  team.happens("2024-01-07T00:00:00Z", "member.added", {{"member", "ann"}});  // she is there
  CHECK(positions(team.get("/timeline?group=core")) == Positions{made, granted, created});
  CHECK(positions(team.get("/timeline?role=c")) == Positions{granted, to_ann, created, came});
  CHECK(positions(team.get("/timeline?resource=org")) == Positions{granted, to_ann, created, came});
  const json of_role = team.get("/timeline?role=c");
  CHECK_FALSE(of_role.at("items").back().at("effects").empty());

  const auto back = test::retract(team, "2024-02-01T00:00:00Z", created);
  CHECK(positions(team.get("/timeline?group=core")) == Positions{made, granted, back});
}
