// A request that is refused leaves nothing behind, also of what its first events said to those that were judged after
// them.
#include "tests/catch.h"
#include "tests/services/team_told.h"

namespace {

using nlohmann::json;
using tenure::test::by;
using tenure::test::TeamTold;

json event(const std::string& type, const json& data, const std::string& at, json more = json::object()) {
  json made{{"type", type}, {"actor", {{"kind", "system"}, {"id", "sync"}}}, {"occurred_at", at}, {"data", data}};
  made.update(more);
  return made;
}

// Ann, who is in group core, which may write to a repository.
struct Core {
  TeamTold team{"github"};
  std::uint64_t joined = 0;

  Core() {
    team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
    team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
    joined = team.happens("2024-01-03T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
    team.happens("2024-01-04T00:00:00Z", "role.granted",
                 {{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}});
  }
  bool can() {
    return team.get("/can?member=ann&permission=repository&level=write&resource=repo:a/b").at("allowed").get<bool>();
  }
  // The first event is about Ann's past, the second is hers, and the third cannot be.
  void refused(const json& first) {
    const json events =
        json::array({first, event("member.added", {{"member", "bob"}}, "2024-02-02T00:00:00Z", by("ann")),
                     event("member.added", {{"member", "cal"}}, "2124-01-01T00:00:00Z")});
    const auto answer = team.program().post("/v1/orgs/acme/events", events.dump());
    INFO(answer.body);
    REQUIRE(answer.status == 422);
    REQUIRE(answer.body.find("in_the_future") != std::string::npos);
  }
};

}  // namespace

TEST_CASE("what a refused request retracted counts on, though somebody was judged by it meanwhile") {
  Core core;
  REQUIRE(core.can());
  core.refused(event("event.retracted", {{"position", core.joined}}, "2024-02-01T00:00:00Z", {{"reason", "an error"}}));
  CHECK(core.can());
  // Nor does it come in with the next event.
  core.team.happens("2024-02-03T00:00:00Z", "group.member_added", {{"group", "ops"}, {"member", "ann"}});
  CHECK(core.can());
}

TEST_CASE("a late event of a refused request never was, though somebody was judged by it meanwhile") {
  Core core;
  // Enough that the late event cuts her timeline.
  for (int i = 0; i < 40; ++i) {
    const std::string day = "2024-01-" + std::to_string(10 + i / 4) + "T0" + std::to_string(i % 4) + ":00:00Z";
    core.team.happens(day, i % 2 == 0 ? "role.granted" : "role.revoked",
                      {{"principal", "member:ann"}, {"role", "read"}, {"on", "repo:a/c"}});
  }
  core.refused(event("group.member_removed", {{"group", "core"}, {"member", "ann"}}, "2024-01-05T00:00:00Z"));
  CHECK(core.can());
  core.team.happens("2024-02-03T00:00:00Z", "group.member_added", {{"group", "ops"}, {"member", "ann"}});
  CHECK(core.can());
  for (const char* at : {"2024-01-06T00:00:00Z", "2024-01-12T00:30:00Z", "2024-01-18T12:00:00Z"}) {
    const json card = core.team.get(std::string("/members/ann?card=true&at=") + at);
    INFO(at << ": " << card.dump(2));
    CHECK(card.dump().find("core") != std::string::npos);
  }
}

TEST_CASE("a hundred retractions, each of the one before, are the most, and the refusal says what to do") {
  Core core;
  std::uint64_t last = core.joined;
  for (int i = 0; i < 100; ++i) {
    last = core.team.happens("2024-03-01T00:00:00Z", "event.retracted", {{"position", last}}, "again");
  }
  CHECK(core.can());
  const json one_more = event("event.retracted", {{"position", last}}, "2024-03-02T00:00:00Z", {{"reason", "again"}});
  const auto answer = core.team.program().post("/v1/orgs/acme/events", one_more.dump());
  INFO(answer.body);
  CHECK(answer.status == 400);
  CHECK(answer.body.find("append the event itself anew") != std::string::npos);
  CHECK(core.can());
}
