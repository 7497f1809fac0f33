// Of whom and of what an organization has heard: by any name that somebody was given, and as of what was known then.
#include "tests/catch.h"
#include "tests/services/team_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::TeamTold;

std::string as_known(std::uint64_t position) { return "&known_at=" + std::to_string(position); }

void never_heard(TeamTold& team, const std::string& question, const char* code) {
  const auto answer = team.program().get("/v1/orgs/acme" + question);
  INFO(question << ": " << answer.body);
  CHECK(answer.status == 404);
  if (answer.status == 404) {
    CHECK(answer.json().at("code") == code);
    CHECK(answer.json().at("detail").get<std::string>().find("had never heard of") != std::string::npos);
  }
}

}  // namespace

TEST_CASE("a member or a group that nobody had heard of at a position is not answered as nobody or as empty") {
  TeamTold team("github");
  const auto before = team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "bob"}});
  const auto came = team.happens("2023-06-01T00:00:00Z", "member.added", {{"member", "late"}, {"role", "owner"}});
  const auto made = team.happens("2023-06-01T00:00:00Z", "group.created", {{"group", "g"}});
  never_heard(team, "/can?member=late&permission=repository" + as_known(before), "unknown_member");
  never_heard(team, "/members/late?card=true" + as_known(before), "unknown_member");
  never_heard(team, "/timeline?member=late" + as_known(before), "unknown_member");
  const std::string diff = "/diff?member=late&from=2023-02-01T00:00:00Z&to=2024-01-01T00:00:00Z";
  never_heard(team, diff + as_known(before), "unknown_member");
  never_heard(team, "/groups/g/members?limit=5" + as_known(came), "unknown_group");
  never_heard(team, "/timeline?group=g" + as_known(came), "unknown_group");
  CHECK(team.get("/members/late?card=true" + as_known(came)).at("member").at("status") == "active");
  CHECK(team.get(diff + as_known(came)).at("total") == 1);
  CHECK(team.get("/groups/g/members?limit=5" + as_known(made)).at("total") == 0);
  CHECK(team.get("/timeline?group=g" + as_known(made)).at("total") == 1);
  // A comparison of two knowledges knows what the second one does.
  const std::string learnt = "/diff?member=late&known_from=" + std::to_string(before) + "&known_to=";
  CHECK(team.get(learnt + std::to_string(came)).at("total") == 1);
  never_heard(team, learnt + std::to_string(before), "unknown_member");
}

TEST_CASE("a group that was only named, and is not there, has been heard of") {
  TeamTold team("github");
  const auto named = team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}});
  const auto joined = team.happens("2024-01-02T00:00:00Z", "group.member_added", {{"group", "g"}, {"member", "ann"}});
  team.happens("2024-01-03T00:00:00Z", "group.created", {{"group", "g"}});
  never_heard(team, "/groups/g/members?limit=5" + as_known(named), "unknown_group");
  CHECK(team.get("/groups/g/members?limit=5" + as_known(joined)).at("total") == 0);
  CHECK(team.get("/groups/g/members").at("total") == 1);
}

TEST_CASE("somebody whose identity begins like a subject is found by it, and a subject's own form names nobody new") {
  TeamTold team("github");
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "subject:abc"}, {"role", "owner"}});
  CHECK(team.get("/can?member=subject:abc&permission=repository").at("allowed") == true);
  CHECK(team.get("/members/subject:abc?card=true").at("member").at("status") == "active");
  CHECK(team.get("/timeline?member=subject:abc").at("total") == 1);
  const std::string form = "subject:s_0123456789abcdef0123456789abcdef";
  for (const json& event : {json{{"type", "member.added"}, {"data", {{"member", form}}}},
                            json{{"type", "role.granted"},
                                 {"data", {{"principal", "member:" + form}, {"role", "write"}, {"on", "repo:x"}}}}}) {
    json whole = event;
    whole["actor"] = {{"kind", "system"}, {"id", "sync"}};
    const auto refused = team.program().post("/v1/orgs/acme/events", whole.dump());
    INFO(refused.body);
    CHECK(refused.status == 400);
    CHECK(refused.json().at("code") == "invalid_field");
  }
}
