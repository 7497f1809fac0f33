// Timelines of roles, groups and resources leave nothing out: what happened to the whole organization, and links of
// people who never were there.
#include <algorithm>

#include "tests/catch.h"
#include "tests/services/timeline_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::Positions;
using test::positions;
using test::retract;
using test::TeamTold;

Positions timeline(TeamTold& team, const std::string& of) { return positions(team.get("/timeline?" + of)); }

std::vector<bool> about(const json& list) {
  std::vector<bool> found;
  for (const json& item : list.at("items")) found.push_back(item.at("about").get<bool>());
  return found;
}

json grant(const char* principal, const char* role, const char* on) {
  return {{"principal", principal}, {"role", role}, {"on", on}};
}

// A group, a repository and a member who writes to it by the group.
struct Core {
  TeamTold team{"github"};
  // The organization's creation comes before it: its owner may do everything everywhere.
  std::uint64_t made = team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
  std::uint64_t came = team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  std::uint64_t joined =
      team.happens("2024-01-03T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  std::uint64_t granted =
      team.happens("2024-01-04T00:00:00Z", "role.granted", grant("group:core", "write", "repo:a/b"));
  std::uint64_t began = made - 1;
};

}  // namespace

TEST_CASE(
    "an organization's end stands in the timeline of every role, group and resource that was there or linked to") {
  Core core;
  TeamTold& team = core.team;
  const auto early = team.happens("2024-01-05T00:00:00Z", "group.member_added", {{"group", "soon"}, {"member", "ann"}});
  team.happens("2024-01-06T00:00:00Z", "group.created", {{"group", "gone"}});
  const auto gone = team.happens("2024-01-07T00:00:00Z", "group.deleted", {{"group", "gone"}});
  const auto end = team.happens("2024-02-01T00:00:00Z", "org.deleted", json::object());
  const auto later = team.happens("2024-02-02T00:00:00Z", "group.created", {{"group", "later"}});
  const json list = team.get("/timeline?group=core");
  INFO(list.dump(2));
  CHECK(positions(list) == Positions{core.made, core.joined, core.granted, end});
  CHECK(about(list).back() == false);
  CHECK(list.at("total") == 4);
  CHECK(list.at("items").back().at("effects").at(0).at("change") == "lost");
  CHECK(timeline(team, "resource=repo:a/b") == Positions{core.began, core.granted, end});
  CHECK(timeline(team, "role=write") == Positions{core.granted, end});
  CHECK(timeline(team, "role=read").back() == end);
  CHECK(timeline(team, "group=soon") == Positions{early, end});
  CHECK(timeline(team, "group=gone").back() == gone);
  CHECK(timeline(team, "group=later") == Positions{later});
  CHECK(timeline(team, "group=core&known_at=" + std::to_string(end - 1)).back() == core.granted);
  CHECK(timeline(team, "group=core&from=2024-02-02T00:00:00Z&to=2025-01-01T00:00:00Z").empty());
  SECTION("and so does its retraction") {
    const auto retracted = retract(team, "2024-03-01T00:00:00Z", end);
    for (const char* of : {"group=core", "resource=repo:a/b", "role=write", "group=soon"}) {
      INFO(of);
      CHECK(timeline(team, of).back() == retracted);
    }
    CHECK(timeline(team, "group=gone").back() == gone);
    CHECK(timeline(team, "group=later") == Positions{later});
  }
}

TEST_CASE("another model stands in the timeline of every role, group and resource that was there or came to be") {
  Core core;
  TeamTold& team = core.team;
  const auto same = team.happens("2024-01-10T00:00:00Z", "org.model_changed", {{"model", "github"}});
  const auto other = team.happens("2024-02-01T00:00:00Z", "org.model_changed", {{"model", "newo"}});
  const auto later = team.happens("2024-02-02T00:00:00Z", "group.created", {{"group", "later"}});
  for (const char* of : {"group=core", "resource=repo:a/b", "role=write", "role=viewer"}) {
    INFO(of);
    const json list = team.get(std::string("/timeline?") + of);
    INFO(list.dump(2));
    const Positions found = positions(list);
    CHECK(found.back() == other);
    CHECK(about(list).back() == false);
    // It came with the same rules: nothing is another thing by it.
    CHECK(std::count(found.begin(), found.end(), same) == 0);
  }
  CHECK(timeline(team, "group=later") == Positions{later});
  const auto retracted = retract(team, "2024-03-01T00:00:00Z", other);
  CHECK(timeline(team, "role=viewer") == Positions{retracted});
  CHECK(timeline(team, "group=core") == Positions{core.made, core.joined, core.granted, retracted});
}

TEST_CASE(
    "a feature that is switched stands in the timelines of the roles that grant something of it, and only there") {
  TeamTold team("ccai");
  const json builder{{"role", "mailer"}, {"name", "Mailer"}, {"grants", {{"outbound_email", "yes"}}}};
  const auto made = team.happens("2024-01-01T00:00:00Z", "role.created", builder);
  const auto bare = team.happens("2024-01-01T00:00:01Z", "role.created",
                                 {{"role", "bare"}, {"name", "Bare"}, {"grants", json::object()}});
  const auto group = team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  const auto off = team.happens("2024-01-03T00:00:00Z", "feature.disabled", {{"feature", "outbound_email"}});
  const auto again = team.happens("2024-01-04T00:00:00Z", "feature.disabled", {{"feature", "outbound_email"}});
  const auto on = team.happens("2024-01-05T00:00:00Z", "feature.enabled", {{"feature", "outbound_email"}});
  CHECK(again > off);
  const json list = team.get("/timeline?role=mailer");
  INFO(list.dump(2));
  CHECK(positions(list) == Positions{made, off, on});
  CHECK(timeline(team, "role=bare") == Positions{bare});
  CHECK(timeline(team, "group=core") == Positions{group});
  const auto retracted = retract(team, "2024-02-01T00:00:00Z", on);
  CHECK(timeline(team, "role=mailer") == Positions{made, off, retracted});
  CHECK(timeline(team, "role=bare") == Positions{bare});
}

TEST_CASE("a setting that gives everyone a role stands in the timelines of the roles that it gave and gives") {
  Core core;
  TeamTold& team = core.team;
  const auto set = [&](const char* at, const char* value) {
    return team.happens(at, "org.setting_changed", {{"setting", "base_permission"}, {"value", value}});
  };
  const auto read = set("2024-02-01T00:00:00Z", "read");
  const auto write = set("2024-02-02T00:00:00Z", "write");
  set("2024-02-03T00:00:00Z", "write");
  const auto any = team.happens("2024-02-04T00:00:00Z", "role.granted", grant("group:core", "triage", "repo:*"));
  CHECK(timeline(team, "role=read") == Positions{read, write});
  CHECK(timeline(team, "role=write") == Positions{core.granted, write});
  CHECK(timeline(team, "role=triage") == Positions{any});
  CHECK(timeline(team, "resource=repo:*") == Positions{core.began, read, write, any});
  // Ann had as much there by her group, and the owner more.
  CHECK(timeline(team, "resource=repo:a/b") == Positions{core.began, core.granted});
}

TEST_CASE("a timeline has the links of whoever never was there") {
  Core core;
  TeamTold& team = core.team;
  const json ghost{{"group", "core"}, {"member", "ghost"}};
  const auto joined = team.happens("2024-02-01T00:00:00Z", "group.member_added", ghost);
  const auto left = team.happens("2024-02-02T00:00:00Z", "group.member_removed", ghost);
  const auto given =
      team.happens("2024-02-03T00:00:00Z", "member.role_changed", {{"member", "ghost"}, {"role", "member"}});
  const auto assigned =
      team.happens("2024-02-04T00:00:00Z", "assignment.added", {{"member", "ghost"}, {"resource", "repo:a/b"}});
  const auto unmade = team.happens("2024-02-05T00:00:00Z", "role.granted", grant("group:none", "write", "repo:a/b"));
  const auto below = team.happens("2024-02-06T00:00:00Z", "group.edited", {{"group", "none"}, {"parent", "core"}});
  const json list = team.get("/timeline?group=core");
  INFO(list.dump(2));
  CHECK(positions(list) == Positions{core.made, core.joined, core.granted, joined, left, below});
  CHECK(about(list) == std::vector<bool>(6, true));
  CHECK(timeline(team, "role=member") == Positions{core.came, given});
  CHECK(timeline(team, "role=write") == Positions{core.granted, unmade});
  CHECK(timeline(team, "resource=repo:a/b") == Positions{core.began, core.granted, assigned, unmade});
  CHECK(timeline(team, "group=core&known_at=" + std::to_string(joined)).back() == joined);
  CHECK(timeline(team, "group=core&known_at=" + std::to_string(joined - 1)).back() == core.granted);
  SECTION("but for what was retracted, which its retraction tells") {
    const auto retracted = retract(team, "2024-03-01T00:00:00Z", joined);
    CHECK(timeline(team, "group=core") == Positions{core.made, core.joined, core.granted, left, below, retracted});
    CHECK(timeline(team, "group=core&known_at=" + std::to_string(below)) ==
          Positions{core.made, core.joined, core.granted, joined, left, below});
  }
  SECTION("also once they come, with something else") {
    const auto other =
        team.happens("2024-03-01T00:00:00Z", "member.role_changed", {{"member", "ghost"}, {"role", "owner"}});
    team.happens("2024-03-02T00:00:00Z", "member.added", {{"member", "ghost"}});
    CHECK(timeline(team, "role=member") == Positions{core.came, given});
    CHECK(timeline(team, "role=owner").back() > other);
    CHECK(timeline(team, "group=core") == Positions{core.made, core.joined, core.granted, joined, left, below});
  }
}

TEST_CASE("a timeline has what was taken from somebody who did not have it") {
  Core core;
  TeamTold& team = core.team;
  team.happens("2024-02-01T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const auto out = team.happens("2024-02-02T00:00:00Z", "group.member_removed", {{"group", "core"}, {"member", "bob"}});
  const auto revoked = team.happens("2024-02-03T00:00:00Z", "role.revoked", grant("member:bob", "write", "repo:a/b"));
  CHECK(timeline(team, "group=core") == Positions{core.made, core.joined, core.granted, out});
  CHECK(timeline(team, "resource=repo:a/b") == Positions{core.began, core.granted, revoked});
  CHECK(timeline(team, "role=write") == Positions{core.granted, revoked});
}

TEST_CASE("a timeline has the links of whoever turned out never to have been there, at every knowledge") {
  Core core;
  TeamTold& team = core.team;
  const auto write = team.happens("2024-01-04T00:00:00Z", "role.granted", grant("member:ann", "write", "repo:a/c"));
  const auto gone = retract(team, "2024-03-01T00:00:00Z", core.came);
  // She was in the group by what was known until then; now she never was.
  CHECK(timeline(team, "group=core") == Positions{core.made, core.joined, core.granted, gone});
  CHECK(timeline(team, "role=member") == Positions{gone});
  const auto out = retract(team, "2024-03-02T00:00:00Z", core.joined);
  CHECK(timeline(team, "group=core") == Positions{core.made, core.granted, out});
  CHECK(timeline(team, "group=core&known_at=" + std::to_string(gone)) ==
        Positions{core.made, core.joined, core.granted, gone});
  CHECK(timeline(team, "group=core&known_at=" + std::to_string(write)) ==
        Positions{core.made, core.joined, core.granted});
  SECTION("late events among them") {
    const auto late =
        team.happens("2024-01-03T12:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
    CHECK(timeline(team, "group=core") == Positions{core.made, late, core.granted, gone, out});
    const auto came = team.happens("2024-01-03T18:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
    CHECK(timeline(team, "group=core") == Positions{core.made, late, came, core.granted, out});
    CHECK(timeline(team, "group=core&known_at=" + std::to_string(late)) ==
          Positions{core.made, late, core.granted, gone, out});
  }
}

TEST_CASE("ownership that went to somebody before they came stands in the owner's timeline, or who never did") {
  TeamTold team("github");
  const auto first = timeline(team, "role=owner");
  const auto to_ghost =
      team.happens("2024-01-01T00:00:00Z", "ownership.transferred", {{"from", "olga"}, {"to", "ghost"}});
  const auto to_ann = team.happens("2024-01-02T00:00:00Z", "ownership.transferred", {{"from", "ghost"}, {"to", "ann"}});
  const auto came = team.happens("2024-01-03T00:00:00Z", "member.added", {{"member", "ann"}});
  Positions all = first;
  all.insert(all.end(), {to_ghost, to_ann, came});
  const json list = team.get("/timeline?role=owner");
  INFO(list.dump(2));
  CHECK(positions(list) == all);
}

TEST_CASE(
    "a link that stood by a later coming stays in the timeline when that coming is retracted, however much lies "
    "between") {
  Core core;
  TeamTold& team = core.team;
  const auto came = team.happens("2024-02-01T10:00:00Z", "member.added", {{"member", "mia"}});
  const auto joined =
      team.happens("2024-02-01T08:00:00Z", "group.member_added", {{"group", "core"}, {"member", "mia"}});
  for (int minute = 10; minute < 40; ++minute) {
    team.happens("2024-02-01T08:" + std::to_string(minute) + ":00Z", "member.role_changed",
                 {{"member", "mia"}, {"role", minute % 2 == 0 ? "member" : "owner"}});
  }
  CHECK(timeline(team, "group=core") == Positions{core.made, core.joined, core.granted, joined, came});
  SECTION("retracted") {
    const auto retracted = retract(team, "2024-03-01T00:00:00Z", came);
    CHECK(timeline(team, "group=core") == Positions{core.made, core.joined, core.granted, joined, retracted});
  }
  SECTION("or undone just before it") {
    team.happens("2024-02-01T09:59:00Z", "member.removed", {{"member", "mia"}});
    const Positions found = timeline(team, "group=core");
    CHECK(std::count(found.begin(), found.end(), joined) == 1);
  }
}

TEST_CASE("what a setting gives everyone on every resource of a kind ends with the organization, and is told of them") {
  TeamTold team("github");
  const Positions began = timeline(team, "role=owner");
  CHECK(timeline(team, "resource=repo:*") == began);
  const json read{{"setting", "base_permission"}, {"value", "write"}};
  const auto set = team.happens("2024-02-01T00:00:00Z", "org.setting_changed", read);
  const auto end = team.happens("2024-03-01T00:00:00Z", "org.deleted", json::object());
  CHECK(timeline(team, "resource=repo:*") == Positions{began.front(), set, end});
}

TEST_CASE("a grant to everyone that is given again counts where its resource or role had ended in between") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const json everyone = grant("everyone", "write", "repo:a/b");
  team.happens("2024-01-02T00:00:00Z", "resource.added", {{"resource", "repo:a/b"}});
  team.happens("2024-01-03T00:00:00Z", "role.granted", everyone);
  const auto gone = team.happens("2024-01-04T00:00:00Z", "resource.removed", {{"resource", "repo:a/b"}});
  team.happens("2024-01-05T00:00:00Z", "resource.added", {{"resource", "repo:a/b"}});
  const auto again = team.happens("2024-01-06T00:00:00Z", "role.granted", everyone);
  const std::string can = "/can?member=ann&permission=repository&level=write&resource=repo:a/b&at=";
  REQUIRE(team.get(can + "2024-01-05T12:00:00Z").at("allowed") == false);
  REQUIRE(team.get(can + "2024-01-06T12:00:00Z").at("allowed") == true);
  const json diff = team.get("/diff?by=change&member=ann&from=2024-01-05T12:00:00Z&to=2024-01-06T12:00:00Z");
  INFO(diff.dump(2));
  CHECK(!diff.at("items").empty());
  CHECK(!team.get("/diff?by=change&from=2024-01-05T12:00:00Z&to=2024-01-06T12:00:00Z").at("items").empty());
  const Positions story = timeline(team, "permission=repository&from=2024-01-04T00:00:00Z&to=2025-01-01T00:00:00Z");
  CHECK(story == Positions{gone, again});
  const json told = team.get("/timeline?resource=repo:a/b").at("items").back();
  CHECK(told.at("event").at("position") == again);
  CHECK(told.at("members") != 0);
}
