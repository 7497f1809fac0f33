// Timelines read page by page while others append, and what invitations do in them.
#include "tests/catch.h"
#include "tests/services/timeline_told.h"

namespace {

using nlohmann::json;
using tenure::test::Positions;
using tenure::test::positions;
using tenure::test::TeamTold;

}  // namespace

TEST_CASE("a late event between two pages of a role's timeline shifts nothing") {
  TeamTold team("github");
  // She has another one by the time that she comes.
  const auto ann = team.happens("2024-01-01T00:00:00Z", "member.role_changed", {{"member", "ann"}, {"role", "write"}});
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto bob = team.happens("2024-01-03T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "write"}});
  const auto cem = team.happens("2024-01-04T00:00:00Z", "member.added", {{"member", "cem"}, {"role", "write"}});
  const json first = team.get("/timeline?role=write&limit=2");
  INFO(first.dump(2));
  REQUIRE(positions(first) == Positions{ann, bob});
  REQUIRE(first.at("total") == 3);
  team.happens("2024-01-01T12:00:00Z", "member.disabled", {{"member", "ann"}});
  const json second = team.get("/timeline?role=write&limit=2&cursor=" + first.at("next").get<std::string>());
  INFO(second.dump(2));
  CHECK(positions(second) == Positions{cem});
}

TEST_CASE("a timeline has what ended an invitation, and not what did not") {
  TeamTold team("github");
  const auto made = team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
  const json invitation{{"member", "ann"}, {"role", "admin"}, {"groups", {"core"}}};
  const auto invited = team.happens("2024-01-02T00:00:00Z", "member.invited", invitation);
  team.happens("2024-01-03T00:00:00Z", "member.enabled", {{"member", "ann"}});
  const auto cancelled = team.happens("2024-01-04T00:00:00Z", "invitation.cancelled", {{"member", "ann"}});
  const json of_group = team.get("/timeline?group=core");
  INFO(of_group.dump(2));
  CHECK(positions(of_group) == Positions{made, invited, cancelled});
  CHECK(positions(team.get("/timeline?role=admin")) == Positions{invited, cancelled});
}

TEST_CASE("a permission of the model has a timeline, however little was known") {
  TeamTold team("github");
  CHECK(team.get("/timeline?permission=repository&known_at=0").at("items").empty());
}

TEST_CASE("a timeline's cursor goes on behind its event, whatever is learnt afterwards") {
  TeamTold team("github");
  const auto first = team.happens("2024-01-01T00:00:00Z", "resource.added", {{"resource", "repo:r1"}});
  Positions rows{team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}})};
  for (const char* resource : {"repo:r2", "repo:r3"}) {
    const json data{{"member", "bob"}, {"resource", resource}};
    rows.push_back(team.happens("2024-01-03T00:00:00Z", "assignment.added", data));
  }
  json page = team.get("/timeline?member=bob&limit=1");
  const json position = page.at("position");
  Positions told = positions(page);
  // Of resources that are nothing to bob: late ones, and one that never was.
  team.happens("2024-01-01T12:00:00Z", "resource.added", {{"resource", "repo:r1"}});
  team.happens("2024-01-02T12:00:00Z", "resource.added", {{"resource", "repo:r4"}});
  tenure::test::retract(team, "2024-01-04T00:00:00Z", first);
  while (page.contains("next")) {
    page = team.get("/timeline?member=bob&limit=1&cursor=" + page.at("next").get<std::string>());
    CHECK(page.at("total") == rows.size());
    CHECK(page.at("position") == position);
    for (const std::uint64_t each : positions(page)) told.push_back(each);
  }
  CHECK(told == rows);
}

TEST_CASE("an acceptance gives and shows what was offered, also when the offer had run out") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
  const json offer{{"member", "ann"}, {"role", "owner"}, {"groups", {"core"}}, {"expires_at", "2024-01-05T00:00:00Z"}};
  team.happens("2024-01-02T00:00:00Z", "member.invited", offer);
  const auto accepted = team.happens("2024-01-06T00:00:00Z", "invitation.accepted", {{"member", "ann"}});
  CHECK(team.get("/members?at=2024-01-05T12:00:00Z").at("total") == 1);
  const json card = team.get("/members/ann?at=2024-01-07T00:00:00Z");
  INFO(card.dump(2));
  CHECK(card.at("member").at("role") == "owner");
  CHECK(card.at("member").at("groups").size() == 1);
  const json events = team.get("/events?type=invitation.accepted");
  REQUIRE(positions({{"items", {{{"event", events.at("items").at(0)}}}}}) == Positions{accepted});
  CHECK(events.at("items").at(0).at("before") == json{{"role", "owner"}, {"groups", {"core"}}});
}
