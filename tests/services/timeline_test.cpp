// Timelines, a member's card and the reasons of a no, over HTTP.
#include <algorithm>

#include "tests/catch.h"
#include "tests/services/team_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::TeamTold;

std::vector<std::uint64_t> positions(const json& list) {
  std::vector<std::uint64_t> found;
  for (const json& item : list.at("items")) found.push_back(item.at("event").at("position").get<std::uint64_t>());
  return found;
}

}  // namespace

TEST_CASE("a timeline tells the events that touched a thing and what each did to effective access") {
  TeamTold team("github");
  const auto made = team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
  const auto came = team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto joined =
      team.happens("2024-01-03T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  const auto granted = team.happens("2024-01-04T00:00:00Z", "role.granted",
                                    {{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}});
  team.happens("2024-01-05T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const auto left =
      team.happens("2024-01-06T00:00:00Z", "group.member_removed", {{"group", "core"}, {"member", "ann"}});
  using Positions = std::vector<std::uint64_t>;
  SECTION("of a member, also what came through a group") {
    const json list = team.get("/timeline?member=ann");
    INFO(list.dump(2));
    CHECK(positions(list) == Positions{came, joined, granted, left});
    CHECK(list.at("total") == 4);
    const json& gift = list.at("items").at(2);
    CHECK(gift.at("about") == false);
    CHECK(gift.at("effects").at(0).at("change") == "gained");
    CHECK(list.at("items").at(3).at("effects").at(0).at("change") == "lost");
    CHECK(positions(team.get("/timeline?member=ann&limit=3")) == Positions{came, joined, granted});
  }
  SECTION("of a group, a role, a resource and a permission") {
    CHECK(positions(team.get("/timeline?group=core")) == Positions{made, joined, granted, left});
    CHECK(positions(team.get("/timeline?role=write")) == Positions{granted});
    CHECK(positions(team.get("/timeline?resource=repo:a/b")) == Positions{granted});
    const json list = team.get("/timeline?permission=repository&from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z");
    CHECK(positions(list) == Positions{granted, left});
  }
  SECTION("as known before an event, without it") {
    CHECK(positions(team.get("/timeline?group=core&known_at=" + std::to_string(joined))) == Positions{made, joined});
  }
}

TEST_CASE("a member's card has groups, grants, assignments and every permission's level with its path") {
  TeamTold team("github");
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto granted = team.happens("2024-01-04T00:00:00Z", "role.granted",
                                    {{"principal", "member:ann"}, {"role", "write"}, {"on", "repo:a/b"}});
  const json card = team.get("/members/ann?explain=true");
  INFO(card.dump(2));
  REQUIRE(card.at("grants").size() == 1);
  CHECK(card.at("grants").at(0).at("role") == "write");
  CHECK(card.at("grants").at(0).at("on") == "repo:a/b");
  CHECK(card.at("grants").at(0).at("event").at("position") == granted);
  bool found = false;
  for (const json& power : card.at("permissions")) {
    if (power.at("permission") != "repository") continue;
    found = true;
    CHECK(power.at("level") == "write");
    CHECK(power.at("paths").at(0).at("role").at("id") == "write");
    CHECK(power.at("paths").at(0).at("model").at("id") == "github");
  }
  CHECK(found);
  CHECK_FALSE(team.get("/members/ann").contains("permissions"));
  CHECK(team.get("/members/ann?card=true&at=2024-01-03T00:00:00Z").at("grants").empty());
}

TEST_CASE("a no tells every reason and what would have to change") {
  TeamTold team("github");
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const json answer = team.get("/can?member=ann&permission=repository&level=write&explain=true");
  REQUIRE(answer.at("reasons").size() == 1);
  CHECK(answer.at("reasons").at(0).at("reason") == "nothing_given");
  CHECK(answer.at("reasons").at(0).at("change").get<std::string>().find("write") != std::string::npos);
  team.happens("2024-02-01T00:00:00Z", "member.removed", {{"member", "ann"}});
  const json gone = team.get("/can?member=ann&permission=repository&explain=true");
  CHECK(gone.at("reasons").at(0).at("change") == "add the person as a member");
  CHECK_FALSE(team.get("/can?member=ann&permission=repository").contains("reasons"));
}

TEST_CASE("a timeline has every event that names the thing, also one that came before whoever was given it") {
  TeamTold team("github");
  const auto joined =
      team.happens("2024-01-01T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  const auto made = team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  const auto came = team.happens("2024-01-03T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto invited = team.happens("2024-01-04T00:00:00Z", "member.invited",
                                    {{"member", "bob"}, {"role", "member"}, {"groups", {"core"}}});
  const auto cancelled = team.happens("2024-01-05T00:00:00Z", "invitation.cancelled", {{"member", "bob"}});
  const auto gone = team.happens("2024-01-06T00:00:00Z", "member.removed", {{"member", "ann"}});
  using Positions = std::vector<std::uint64_t>;
  const json list = team.get("/timeline?group=core");
  INFO(list.dump(2));
  CHECK(positions(list) == Positions{joined, made, came, invited, cancelled, gone});
  CHECK(list.at("total") == 6);
  std::vector<bool> about;
  for (const json& item : list.at("items")) about.push_back(item.at("about").get<bool>());
  CHECK(about == std::vector<bool>{true, true, false, true, false, false});
  const Positions of_role = positions(team.get("/timeline?role=member"));
  for (const auto each : {invited, cancelled}) CHECK(std::count(of_role.begin(), of_role.end(), each) == 1);
}

TEST_CASE("a deletion that gave a role's holders another one stands in that one's timeline, as does what follows") {
  TeamTold team("newo");
  const auto role = [](const char* id) {
    return json{{"role", id}, {"name", id}, {"grants", {{"builder_access", "yes"}}}};
  };
  team.happens("2024-01-01T00:00:00Z", "role.created", role("a"));
  const auto made = team.happens("2024-01-01T00:00:01Z", "role.created", role("b"));
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "a"}});
  const auto moved = team.happens("2024-01-03T00:00:00Z", "role.deleted", {{"role", "a"}, {"reassign_to", "b"}});
  const auto gone = team.happens("2024-01-04T00:00:00Z", "member.removed", {{"member", "ann"}});
  const json list = team.get("/timeline?role=b");
  INFO(list.dump(2));
  CHECK(positions(list) == std::vector<std::uint64_t>{made, moved, gone});
  CHECK(list.at("items").at(1).at("about") == true);
  CHECK(list.at("items").at(2).at("about") == false);
}

TEST_CASE("a card names the event since which a grant stands, as the path to the power does") {
  TeamTold team("github");
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const json grant{{"principal", "member:ann"}, {"role", "write"}, {"on", "repo:a/b"}};
  team.happens("2024-01-05T00:00:00Z", "role.granted", grant);
  team.happens("2024-01-08T00:00:00Z", "resource.removed", {{"resource", "repo:a/b"}});
  team.happens("2024-01-09T00:00:00Z", "resource.added", {{"resource", "repo:a/b"}});
  const auto again = team.happens("2024-01-10T00:00:00Z", "role.granted", grant);
  const json card = team.get("/members/ann?explain=true");
  CHECK(card.at("grants").at(0).at("event").at("position") == again);
}

TEST_CASE("whom deletions moved on from role to role stands in each one's timeline for the time that they had it") {
  TeamTold team("newo");
  const auto role = [&](const char* id) {
    return team.happens("2024-01-01T00:00:00Z", "role.created",
                        {{"role", id}, {"name", id}, {"grants", {{"builder_access", "yes"}}}});
  };
  role("a");
  const auto made_b = role("b"), made_c = role("c");
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "a"}});
  team.happens("2024-01-02T00:00:01Z", "member.added", {{"member", "bob"}, {"role", "a"}});
  // Cid is given the role before he is there.
  team.happens("2024-01-02T00:00:02Z", "member.role_changed", {{"member", "cid"}, {"role", "a"}});
  const auto to_b = team.happens("2024-01-03T00:00:00Z", "role.deleted", {{"role", "a"}, {"reassign_to", "b"}});
  const auto ann_gone = team.happens("2024-01-04T00:00:00Z", "member.removed", {{"member", "ann"}});
  const auto cid_came = team.happens("2024-01-04T00:00:01Z", "member.added", {{"member", "cid"}});
  const auto to_c = team.happens("2024-01-05T00:00:00Z", "role.deleted", {{"role", "b"}, {"reassign_to", "c"}});
  const auto bob_gone = team.happens("2024-01-06T00:00:00Z", "member.removed", {{"member", "bob"}});
  using Positions = std::vector<std::uint64_t>;
  CHECK(positions(team.get("/timeline?role=b")) == Positions{made_b, to_b, ann_gone, cid_came, to_c});
  CHECK(positions(team.get("/timeline?role=c")) == Positions{made_c, to_c, bob_gone});
}
