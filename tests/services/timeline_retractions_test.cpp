// Retractions in timelines: what is believed of a thing changes with them, so they stand in its timeline.
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

std::vector<std::string> told(const json& effects) {
  std::vector<std::string> texts;
  for (const json& effect : effects) texts.push_back(effect.at("text").get<std::string>());
  return texts;
}
using Texts = std::vector<std::string>;

// Group core with ann in it; the group may write to a repository.
struct Core {
  TeamTold team{"github"};
  std::uint64_t made = team.happens("2024-01-01T00:00:00Z", "group.created", {{"group", "core"}});
  std::uint64_t came = team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  std::uint64_t joined =
      team.happens("2024-01-03T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  std::uint64_t granted = team.happens("2024-01-04T00:00:00Z", "role.granted",
                                       {{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}});
};

}  // namespace

TEST_CASE("a retraction stands in the timelines of what the retracted event touched, with what it did to access") {
  Core core;
  TeamTold& team = core.team;
  const auto other = team.happens("2024-01-20T00:00:00Z", "member.disabled", {{"member", "ann"}});
  team.happens("2024-01-21T00:00:00Z", "member.enabled", {{"member", "ann"}});
  const auto retracted = retract(team, "2024-01-10T00:00:00Z", core.granted);
  SECTION("of the member whom it reached through the group, at its own time") {
    const json list = team.get("/timeline?member=ann");
    INFO(list.dump(2));
    REQUIRE(positions(list) == Positions{core.came, core.joined, retracted, other, other + 1});
    CHECK(list.at("total") == 5);
    const json& item = list.at("items").at(2);
    CHECK(item.at("event").at("type") == "event.retracted");
    CHECK(item.at("event").at("reason") == "it never happened");
    CHECK(item.at("about") == false);
    const json& retracts = item.at("retracts");
    CHECK(retracts.at("position") == core.granted);
    CHECK(retracts.at("event").at("position") == core.granted);
    CHECK(retracts.at("event").at("type") == "role.granted");
    CHECK(retracts.at("event").at("occurred_at") == "2024-01-04T00:00:00Z");
    CHECK(retracts.at("counts") == false);
    CHECK(told(item.at("effects")) ==
          Texts{"took repository from 1 member", "took repository on repo:a/b from 1 member"});
    CHECK(item.at("members") == 1);
    CHECK(item.at("changes") == 2);
    CHECK(told(item.at("by_now").at("effects")) == told(item.at("effects")));
  }
  SECTION("of the group, the role, the resource and the permission") {
    CHECK(positions(team.get("/timeline?group=core")) == Positions{core.made, core.joined, retracted});
    CHECK(positions(team.get("/timeline?role=write")) == Positions{retracted});
    CHECK(positions(team.get("/timeline?resource=repo:a/b")) == Positions{core.made - 1, retracted});
    for (const char* of : {"group=core", "role=write", "resource=repo:a/b"}) {
      const json list = team.get(std::string("/timeline?") + of);
      CHECK(list.at("items").back().at("about") == true);
    }
    const json list = team.get("/timeline?permission=repository&from=2023-06-01T00:00:00Z&to=2025-01-01T00:00:00Z");
    INFO(list.dump(2));
    CHECK(positions(list) == Positions{retracted});
  }
  SECTION("not of what it did not touch, nor as known before it, nor out of the range that is asked about") {
    CHECK(positions(team.get("/timeline?member=olga")).size() == 1);
    CHECK(positions(team.get("/timeline?role=read")).empty());
    const std::string known = "&known_at=" + std::to_string(retracted - 1);
    CHECK(positions(team.get("/timeline?group=core" + known)) == Positions{core.made, core.joined, core.granted});
    CHECK(positions(team.get("/timeline?group=core&at=2024-01-09T00:00:00Z")) == Positions{core.made, core.joined});
    const json range = team.get("/timeline?group=core&from=2024-01-09T00:00:00Z&to=2024-01-11T00:00:00Z");
    CHECK(positions(range) == Positions{retracted});
  }
}

TEST_CASE("a retraction of a retraction stands beside it, and each tells what it did") {
  Core core;
  TeamTold& team = core.team;
  const auto first = retract(team, "2024-02-01T00:00:00Z", core.granted);
  const auto second = retract(team, "2024-02-02T00:00:00Z", first);
  for (const char* of : {"group=core", "member=ann"}) {
    const json list = team.get(std::string("/timeline?") + of);
    INFO(list.dump(2));
    const auto& items = list.at("items");
    REQUIRE(items.size() == 5);
    CHECK(items.at(2).at("event").at("position") == core.granted);
    CHECK(items.at(3).at("event").at("position") == first);
    CHECK(items.at(3).at("retracts").at("counts") == false);
    CHECK(told(items.at(3).at("effects")).front() == "took repository from 1 member");
    const json& again = items.at(4);
    CHECK(again.at("event").at("position") == second);
    CHECK(again.at("retracts").at("position") == first);
    CHECK(again.at("retracts").at("event").at("position") == core.granted);
    CHECK(again.at("retracts").at("counts") == true);
    CHECK(told(again.at("effects")).front() == "gave 1 member repository (write)");
  }
}

TEST_CASE("a retraction of what was retracted already turns nothing and stands all the same") {
  Core core;
  TeamTold& team = core.team;
  const auto first = retract(team, "2024-02-01T00:00:00Z", core.granted);
  const auto again = team.program().post("/v1/orgs/acme/events", json{{"type", "event.retracted"},
                                                                      {"actor", {{"kind", "system"}, {"id", "sync"}}},
                                                                      {"occurred_at", "2024-02-02T00:00:00Z"},
                                                                      {"reason", "once more"},
                                                                      {"data", {{"position", core.granted}}}}
                                                                     .dump());
  if (again.status != 201) {
    CHECK(again.json().at("detail").get<std::string>().find(std::to_string(first)) != std::string::npos);
    return;
  }
  const json list = team.get("/timeline?group=core");
  INFO(list.dump(2));
  REQUIRE(positions(list) == Positions{core.made, core.joined, first, first + 1});
  const json& item = list.at("items").back();
  CHECK(item.at("retracts").at("counts") == false);
  CHECK(item.at("effects").empty());
  CHECK(item.at("by_now").at("effects").empty());
}

TEST_CASE("a retraction of an event that only bore on a thing stands in its timeline, too") {
  Core core;
  TeamTold& team = core.team;
  const auto gone = team.happens("2024-01-10T00:00:00Z", "member.removed", {{"member", "ann"}});
  CHECK(positions(team.get("/timeline?group=core")) == Positions{core.made, core.joined, core.granted, gone});
  const auto back = retract(team, "2024-02-01T00:00:00Z", gone);
  const json list = team.get("/timeline?group=core");
  INFO(list.dump(2));
  REQUIRE(positions(list) == Positions{core.made, core.joined, core.granted, back});
  CHECK(list.at("items").back().at("about") == false);
  CHECK(list.at("items").back().at("retracts").at("counts") == false);
  CHECK(told(list.at("items").back().at("effects")).front() == "gave 1 member repository (write)");
  const json of_role = team.get("/timeline?role=member");
  CHECK(of_role.at("items").back().at("event").at("position") == back);
  const json of_member = team.get("/timeline?member=ann");
  CHECK(of_member.at("items").back().at("event").at("position") == back);
  CHECK(of_member.at("items").back().at("about") == true);
}

TEST_CASE("a retraction tells of now, where the retracted event took effect only later") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto joined =
      team.happens("2024-01-02T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  team.happens("2024-01-03T00:00:00Z", "group.created", {{"group", "core"}});
  team.happens("2024-01-04T00:00:00Z", "role.granted",
               {{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}});
  const auto retracted = retract(team, "2024-02-01T00:00:00Z", joined);
  for (const char* of : {"member=ann", "permission=repository"}) {
    const json list = team.get(std::string("/timeline?") + of);
    INFO(list.dump(2));
    const json& item = list.at("items").back();
    CHECK(item.at("event").at("position") == retracted);
    CHECK(item.at("effects").empty());
    CHECK(told(item.at("by_now").at("effects")).front() == "took repository from 1 member");
  }
}

TEST_CASE("a retraction of a change to an organization's roles or model tells of all whom it bore on") {
  TeamTold team("newo");
  const auto role = [](const char* id, const char* level) {
    return json{{"role", id}, {"name", id}, {"grants", {{"builder_access", level}}}};
  };
  team.happens("2024-01-01T00:00:00Z", "role.created", role("a", "no"));
  json on_it = role("b", "no");
  on_it["based_on"] = "a";
  on_it.erase("grants");
  on_it["grants"] = json::object();
  const auto edited =
      team.happens("2024-01-02T00:00:00Z", "role.edited", {{"role", "a"}, {"grants", {{"builder_access", "yes"}}}});
  team.happens("2024-01-03T00:00:00Z", "role.created", on_it);
  team.happens("2024-01-04T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "b"}});
  team.happens("2024-01-05T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "a"}});
  const auto retracted = retract(team, "2024-02-01T00:00:00Z", edited);
  for (const char* of : {"permission=builder_access", "role=a"}) {
    const json list = team.get(std::string("/timeline?") + of);
    INFO(list.dump(2));
    const json& item = list.at("items").back();
    CHECK(item.at("event").at("position") == retracted);
    CHECK(item.at("effects").empty());
    // Also of the role that was based on it then.
    CHECK(item.at("by_now").at("members") == 2);
  }
  CHECK(positions(team.get("/timeline?member=ann")).back() == retracted);
}

TEST_CASE("a retraction that changed only what came after the event and was gone again is told, with when and what") {
  TeamTold team("github");
  const auto ann = team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  team.happens("2024-01-02T00:00:00Z", "group.created", {{"group", "core"}});
  const auto granted = team.happens("2024-01-03T00:00:00Z", "role.granted",
                                    {{"principal", "group:core"}, {"role", "write"}, {"on", "repo:a/b"}});
  const auto in = team.happens("2024-01-10T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "ann"}});
  const auto out = team.happens("2024-01-20T00:00:00Z", "group.member_removed", {{"group", "core"}, {"member", "ann"}});
  const auto back = retract(team, "2024-02-01T00:00:00Z", granted);
  for (const char* of : {"member=ann", "permission=repository", "resource=repo:a/b", "resource=repo:a/b&limit=1"}) {
    INFO(of);
    json list = team.get(std::string("/timeline?") + of);
    const json first = list;
    while (list.contains("next")) {
      list = team.get(std::string("/timeline?") + of + "&cursor=" + list.at("next").get<std::string>());
    }
    INFO(list.dump(2));
    const json& item = list.at("items").back();
    REQUIRE(item.at("event").at("position") == back);
    CHECK(item.at("effects").empty());
    CHECK(item.at("by_now").at("effects").empty());
    const json& between = item.at("retracts").at("in_between");
    CHECK(between.at("at") == "2024-01-10T00:00:00Z");
    CHECK(between.at("members") == 1);
    CHECK(told(between.at("effects")).back() == "took repository on repo:a/b from 1 member");
    test::check_answer(team.program().get(std::string("/v1/orgs/acme/timeline?") + of), "get",
                       "/v1/orgs/{org}/timeline");
  }
  CHECK(positions(team.get("/timeline?member=ann")) == Positions{ann, in, out, back});
  // Not of one whom it changed nothing for, nor before it was so.
  CHECK(positions(team.get("/timeline?member=olga")) == Positions{ann - 1});
  CHECK(positions(team.get("/timeline?member=ann&known_at=" + std::to_string(out))) == Positions{ann, in, out});
}

TEST_CASE("a timeline with a retraction has the shape that the OpenAPI document gives it, and the columns of CSV") {
  Core core;
  TeamTold& team = core.team;
  const auto retracted = retract(team, "2024-02-01T00:00:00Z", core.granted);
  const std::string target = "/v1/orgs/acme/timeline?group=core";
  test::check_answer(team.program().get(target), "get", "/v1/orgs/{org}/timeline");
  const auto csv = team.program().request("GET", target, {}, {"Accept: text/csv"});
  INFO(csv.body);
  REQUIRE(csv.status == 200);
  CHECK(csv.body.find(std::to_string(core.granted) + ",role.granted,2024-01-04T00:00:00Z") != std::string::npos);
  CHECK(csv.body.find(std::to_string(retracted) + ",event.retracted,") != std::string::npos);
}
