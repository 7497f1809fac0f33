// Timelines of resources, groups and roles have what reaches them otherwise than by their own name.
#include <algorithm>

#include "tests/catch.h"
#include "tests/services/openapi_answers.h"
#include "tests/services/timeline_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::Positions;
using test::positions;
using test::retract;
using test::TeamTold;

json grant(const char* principal, const char* role, const char* on) {
  return {{"principal", principal}, {"role", role}, {"on", on}};
}

using Texts = std::vector<std::string>;

// What the event at a position did, as the list tells it.
Texts did(const json& list, std::uint64_t position) {
  for (const json& item : list.at("items")) {
    if (item.at("event").at("position") != position) continue;
    Texts texts;
    for (const json& effect : item.at("effects")) texts.push_back(effect.at("text").get<std::string>());
    return texts;
  }
  return {"it is not in the list"};
}

}  // namespace

TEST_CASE("a resource's timeline has every event that changed what somebody holds on it, whatever it names") {
  TeamTold team("github");
  const auto ann = team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto began = ann - 1;  // the organization's creation, with its owner
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  team.happens("2024-01-03T00:00:00Z", "group.created", {{"group", "all"}});
  team.happens("2024-01-04T00:00:00Z", "group.created", {{"group", "core"}, {"parent", "all"}});
  const auto named = team.happens("2024-01-05T00:00:00Z", "resource.added", {{"resource", "repo:a/b"}});
  const auto any = team.happens("2024-01-06T00:00:00Z", "role.granted", grant("member:ann", "read", "repo:*"));
  team.happens("2024-01-07T00:00:00Z", "role.granted", grant("member:bob", "admin", "repo:a/other"));
  team.happens("2024-01-08T00:00:00Z", "role.granted", grant("group:all", "write", "org"));  // nobody is in it
  const auto in = team.happens("2024-01-09T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "bob"}});
  const auto up = team.happens("2024-01-10T00:00:00Z", "member.role_changed", {{"member", "ann"}, {"role", "owner"}});
  const auto off = team.happens("2024-01-11T00:00:00Z", "member.disabled", {{"member", "bob"}});
  const auto on = team.happens("2024-01-12T00:00:00Z", "member.enabled", {{"member", "bob"}});
  team.happens("2024-01-13T00:00:00Z", "group.edited", {{"group", "all"}, {"name", "All of us"}});
  const auto gone = team.happens("2024-01-14T00:00:00Z", "group.deleted", {{"group", "all"}});
  const json list = team.get("/timeline?resource=repo:a/b");
  INFO(list.dump(2));
  CHECK(positions(list) == Positions{began, named, any, in, up, off, on, gone});
  CHECK(list.at("total") == 8);
  CHECK(list.at("items").at(2).at("about") == false);
  CHECK(did(list, any) == Texts{"gave 1 member repository (read) on repo:a/b"});
  CHECK(did(list, in) == Texts{"gave 1 member repository (write) on repo:a/b"});
  CHECK(did(list, up) == Texts{"raised 1 member to repository (admin) on repo:a/b"});
  CHECK(did(list, gone) == Texts{"took repository on repo:a/b from 1 member"});

  // What is held on every one has the same, without what names the one alone.
  CHECK(positions(team.get("/timeline?resource=repo:*")) == Positions{began, any, in, up, off, on, gone});
  // As it was known, and within a time.
  CHECK(positions(team.get("/timeline?resource=repo:a/b&known_at=" + std::to_string(in - 1))) ==
        Positions{began, named, any});
  CHECK(positions(team.get("/timeline?resource=repo:a/b&from=2024-01-09T00:00:00Z&to=2024-01-11T00:00:00Z")) ==
        Positions{in, up});
  SECTION("page by page") {
    Positions found;
    json page = team.get("/timeline?resource=repo:a/b&limit=3");
    for (;; page = team.get("/timeline?resource=repo:a/b&limit=3&cursor=" + page.at("next").get<std::string>())) {
      for (const std::uint64_t position : positions(page)) found.push_back(position);
      if (!page.contains("next")) break;
    }
    CHECK(found == positions(list));
  }
  SECTION("and a retraction of such an event") {
    const auto back = retract(team, "2024-02-01T00:00:00Z", any);
    CHECK(positions(team.get("/timeline?resource=repo:a/b")) == Positions{began, named, in, up, off, on, gone, back});
  }
}

TEST_CASE("a resource that no event names is answered by what reached every one of its kind, and said to be unnamed") {
  TeamTold team("github");
  const auto bob = team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const auto any = team.happens("2024-01-02T00:00:00Z", "role.granted", grant("member:bob", "write", "repo:*"));
  const json list = team.get("/timeline?resource=repo:never/named");
  INFO(list.dump(2));
  CHECK(positions(list) == Positions{bob - 1, any});
  CHECK(list.at("named") == false);
  CHECK(did(list, any) == Texts{"gave 1 member repository (write) on repo:never/named"});
  test::check_answer(team.program().get("/v1/orgs/acme/timeline?resource=repo:never/named"), "get",
                     "/v1/orgs/{org}/timeline");
  CHECK_FALSE(team.get("/timeline?resource=repo:*").contains("named"));
}

TEST_CASE("a role's edit stands in the timeline of a group that it gives something to") {
  TeamTold team("newo");
  const auto made = team.happens("2024-01-01T00:00:00Z", "role.created",
                                 {{"role", "clerk"}, {"name", "Clerk"}, {"grants", json::object()}});
  team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  team.happens("2024-01-03T00:00:00Z", "member.added", {{"member", "ann"}});
  team.happens("2024-01-04T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  team.happens("2024-01-05T00:00:00Z", "role.granted", grant("group:core", "clerk", "org"));
  const auto edited =
      team.happens("2024-01-06T00:00:00Z", "role.edited", {{"role", "clerk"}, {"grants", {{"builder_access", "yes"}}}});
  const Positions of_group = positions(team.get("/timeline?group=core"));
  CHECK(std::count(of_group.begin(), of_group.end(), edited) == 1);
  CHECK(std::count(of_group.begin(), of_group.end(), made) == 0);
}

TEST_CASE("a group's timeline has what those above it give to whoever is in it, and who comes to it from below") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  team.happens("2024-01-01T01:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "above"}});
  const auto made = team.happens("2024-01-03T00:00:00Z", "group.created", {{"group", "core"}, {"parent", "above"}});
  const auto below = team.happens("2024-01-04T00:00:00Z", "group.created", {{"group", "low"}, {"parent", "core"}});
  const auto in = team.happens("2024-01-05T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  const auto given = team.happens("2024-01-06T00:00:00Z", "role.granted", grant("group:above", "write", "repo:a/b"));
  const auto low = team.happens("2024-01-07T00:00:00Z", "group.member_added", {{"group", "low"}, {"member", "bob"}});
  team.happens("2024-01-08T00:00:00Z", "role.granted", grant("member:bob", "admin", "repo:a/b"));  // not by a group
  const auto taken = team.happens("2024-01-09T00:00:00Z", "role.revoked", grant("group:above", "write", "repo:a/b"));
  const json list = team.get("/timeline?group=core");
  INFO(list.dump(2));
  CHECK(positions(list) == Positions{made, below, in, given, low, taken});
  CHECK(did(list, given) == Texts{"gave 1 member repository (write)", "gave 1 member repository (write) on repo:a/b"});
  // Who is in a group above alone is not told there.
  team.happens("2024-01-10T00:00:00Z", "group.member_added", {{"group", "above"}, {"member", "bob"}});
  CHECK(positions(team.get("/timeline?group=core")) == positions(list));
}

TEST_CASE("a role's timeline has who came to it through a group") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  team.happens("2024-01-02T01:00:00Z", "group.created", {{"group", "low"}, {"parent", "core"}});
  team.happens("2024-01-02T02:00:00Z", "group.created", {{"group", "other"}});
  const auto given = team.happens("2024-01-03T00:00:00Z", "role.granted", grant("group:core", "write", "repo:a/b"));
  team.happens("2024-01-03T01:00:00Z", "role.granted", grant("group:other", "read", "repo:a/b"));
  const auto in = team.happens("2024-01-04T00:00:00Z", "group.member_added", {{"group", "low"}, {"member", "ann"}});
  team.happens("2024-01-05T00:00:00Z", "group.member_added", {{"group", "other"}, {"member", "ann"}});
  const auto out = team.happens("2024-01-06T00:00:00Z", "group.member_removed", {{"group", "low"}, {"member", "ann"}});
  CHECK(positions(team.get("/timeline?role=write")) == Positions{given, in, out});
  const auto back = retract(team, "2024-02-01T00:00:00Z", in);
  CHECK(positions(team.get("/timeline?role=write")) == Positions{given, back});
}
