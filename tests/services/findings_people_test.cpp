// What people do with findings, over HTTP: they state rules of duties, close what may rest, reopen it. And the findings
// that only records tell.
#include <algorithm>
#include <set>
#include <sstream>

#include "tests/catch.h"
#include "tests/services/team_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::by;
using test::TeamTold;

json approved_by(const char* member) { return {{"approved_by", {{"kind", "member"}, {"id", member}}}}; }

test::HttpAnswer post(TeamTold& team, const std::string& path, const json& body) {
  return team.program().post("/v1/orgs/acme" + path, body.dump());
}

std::string code(const test::HttpAnswer& answer) { return answer.json().value("code", ""); }
std::string field(const test::HttpAnswer& answer) { return answer.json().value("field", ""); }

json rule_of(const std::string& id) {
  return {{"id", id},
          {"name", "Whoever builds does not set"},
          {"first", {{"permission", "builder_access"}}},
          {"second", {{"permission", "settings_attributes_access"}, {"level", "yes"}}},
          {"reason", "four eyes"},
          {"occurred_at", "2024-02-01T00:00:00Z"}};
}

json role(const char* id, const char* permission) {
  return {{"role", id}, {"name", id}, {"grants", {{permission, "yes"}}}};
}

}  // namespace

TEST_CASE("a record against the model's rules is found with its rule and sentence until it is retracted") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto broke = team.happens("2024-01-02T00:00:00Z", "member.role_changed", {{"member", "ann"}, {"role", "owner"}},
                                  {}, by("ann"));
  const json found = findings(team, "rule_violation");
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("id") == "rule_violation." + std::to_string(broke));
  CHECK(found.at(0).at("member") == "ann");
  CHECK(found.at(0).at("since") == "2024-01-02T00:00:00Z");
  CHECK_FALSE(found.at(0).at("rule").get<std::string>().empty());
  CHECK_FALSE(found.at(0).at("because").get<std::string>().empty());
  CHECK(findings(team, "rule_violation", "&at=2024-01-01T23:59:59Z").empty());
  const auto retracted = team.happens("2024-01-03T00:00:00Z", "event.retracted", {{"position", broke}}, "wrong");
  CHECK(findings(team, "rule_violation").empty());
  CHECK(findings(team, "rule_violation", "&known_at=" + std::to_string(retracted - 1)).size() == 1);
}

TEST_CASE("whoever approves what they do or gain is found, and whoever approves another is not") {
  TeamTold team("github");
  for (const char* member : {"ann", "bob"}) {
    team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", member}, {"role", "member"}});
  }
  const json grant{{"principal", "member:bob"}, {"role", "write"}, {"on", "repo:a/b"}};
  team.happens("2024-01-02T00:00:00Z", "role.granted", grant, {}, approved_by("ann"));
  CHECK(findings(team, "self_approval").empty());
  const auto gained = team.happens("2024-01-03T00:00:00Z", "role.granted", grant, {}, approved_by("BOB"));
  json both = by("ann");
  both.update(approved_by("ann"));
  const auto did = team.happens("2024-01-04T00:00:00Z", "member.removed", {{"member", "bob"}}, {}, both);
  const json found = findings(team, "self_approval");
  REQUIRE(found.size() == 2);
  std::vector<std::uint64_t> opened;
  for (const json& item : found) opened.push_back(item.at("evidence").at(0).at("position").get<std::uint64_t>());
  std::sort(opened.begin(), opened.end());
  CHECK(opened == std::vector<std::uint64_t>{gained, did});
}

TEST_CASE("a power given and taken within the minutes asked for is found, and what was learnt late counts") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto given =
      team.happens("2024-01-02T10:00:00Z", "member.role_changed", {{"member", "ann"}, {"role", "owner"}});
  const auto taken =
      team.happens("2024-01-02T10:20:00Z", "member.role_changed", {{"member", "ann"}, {"role", "member"}});
  const json found = findings(team, "granted_and_revoked");
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("member") == "ann");
  CHECK(found.at(0).at("role") == "owner");
  CHECK(found.at(0).at("evidence").at(0).at("position") == taken);
  CHECK(found.at(0).at("evidence").at(1).at("position") == given);
  CHECK(findings(team, "granted_and_revoked", "&within_minutes=20").size() == 1);
  CHECK(findings(team, "granted_and_revoked", "&within_minutes=19").empty());
  // Learnt later: it was taken and given again in between, so what was taken at last had been held for two minutes.
  team.happens("2024-01-02T10:17:00Z", "member.role_changed", {{"member", "ann"}, {"role", "member"}});
  team.happens("2024-01-02T10:18:00Z", "member.role_changed", {{"member", "ann"}, {"role", "owner"}});
  CHECK(findings(team, "granted_and_revoked", "&within_minutes=2").size() == 2);
  CHECK(findings(team, "granted_and_revoked", "&known_at=" + std::to_string(taken)).size() == 1);
}

TEST_CASE("a record that is judged otherwise by what was learnt later is found as known since then") {
  TeamTold team("github");
  for (const char* member : {"ann", "bob"}) {
    team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", member}, {"role", "member"}});
  }
  const auto raised = team.happens("2024-02-01T00:00:00Z", "member.role_changed",
                                   {{"member", "bob"}, {"role", "owner"}}, {}, by("ann"));
  CHECK(findings(team, "judgement_changed").empty());
  const auto learnt =
      team.happens("2024-01-15T00:00:00Z", "member.role_changed", {{"member", "ann"}, {"role", "owner"}});
  const json found = findings(team, "judgement_changed");
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("evidence").at(0).at("position") == raised);
  CHECK(found.at(0).at("member") == "ann");
  const std::string because = found.at(0).at("because").get<std::string>();
  CHECK(because.find("recorded as a violation (") == 0);
  CHECK(because.find("it is allowed (owners_run_the_organization)") != std::string::npos);
  CHECK(findings(team, "judgement_changed", "&known_at=" + std::to_string(learnt - 1)).empty());
  CHECK(findings(team, "judgement_changed", "&at=2024-01-31T00:00:00Z").empty());
  // The verdict stays as it was recorded, and what was learnt may be taken back.
  CHECK(findings(team, "rule_violation").size() == 1);
  team.happens("2024-03-01T00:00:00Z", "event.retracted", {{"position", learnt}}, "wrong");
  CHECK(findings(team, "judgement_changed").empty());
}

TEST_CASE("two powers in one hand that a rule keeps apart are found since the later of them, or since the rule") {
  TeamTold team("newo");
  team.happens("2024-01-01T00:00:00Z", "role.created", role("builder", "builder_access"));
  team.happens("2024-01-01T00:00:00Z", "role.created", role("setter", "settings_attributes_access"));
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "builder"}});
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "tom"}, {"role", "technical_owner"}});
  CHECK(post(team, "/sod-rules", rule_of("apart")).status == 201);
  const auto held = [&](const std::string& more) {
    json all = findings(team, "duties_not_separated", more);
    std::erase_if(all.get_ref<json::array_t&>(), [](const json& item) { return item.at("member") != "ann"; });
    return all;
  };
  CHECK(held("").empty());
  const json scoped{{"principal", "member:ann"}, {"role", "setter"}, {"on", "org"}};
  const auto given = team.happens("2024-03-01T00:00:00Z", "role.granted", scoped);
  const json found = held("");
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("rule") == "apart");
  CHECK(found.at(0).at("since") == "2024-03-01T00:00:00Z");
  CHECK(found.at(0).at("evidence").at(0).at("position") == given);
  CHECK(found.at(0).at("evidence").size() == 3);
  CHECK(held("&at=2024-02-28T00:00:00Z").empty());
  // A technical owner had both before: since the rule.
  const json all = findings(team, "duties_not_separated", "&at=2024-02-10T00:00:00Z");
  REQUIRE(all.size() == 1);
  CHECK(all.at(0).at("member") == "tom");
  CHECK(all.at(0).at("since") == "2024-02-01T00:00:00Z");
  CHECK(findings(team, "duties_not_separated", "&at=2024-01-31T00:00:00Z").empty());
  const json rules = team.get("/sod-rules").at("items");
  REQUIRE(rules.size() == 1);
  CHECK(rules.at(0).at("first") == json{{"permission", "builder_access"}, {"level", "yes"}});
  CHECK(rules.at(0).at("applies") == true);
  CHECK(rules.at(0).at("added").at("reason") == "four eyes");
  CHECK(team.get("/sod-rules?at=2024-01-31T00:00:00Z").at("total") == 0);
  CHECK(team.program()
            .request("DELETE", "/v1/orgs/acme/sod-rules/apart", R"({"occurred_at":"2024-04-01T00:00:00Z"})")
            .status == 201);
  CHECK(findings(team, "duties_not_separated").empty());
  CHECK(held("&at=2024-03-31T00:00:00Z").size() == 1);
  CHECK(team.program().request("DELETE", "/v1/orgs/acme/sod-rules/apart").status == 404);
}

TEST_CASE("a rule about a kind of resource is broken on one and the same resource alone") {
  TeamTold team("cx-modules");
  const auto grant = [&](const char* role, const char* on, const char* permission) {
    team.happens("2024-01-01T00:00:00Z", "role.created",
                 {{"role", role}, {"name", role}, {"grants", {{permission, "all"}}}});
    team.happens("2024-01-02T00:00:00Z", "role.granted", {{"principal", "member:ann"}, {"role", role}, {"on", on}});
  };
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}});
  grant("reader", "analytics:one", "analytics.read");
  grant("deleter", "analytics:two", "analytics.delete");
  json rule{{"id", "r"},
            {"name", "reads or deletes"},
            {"first", {{"permission", "analytics.read"}}},
            {"second", {{"permission", "analytics.delete"}}},
            {"reason", "four eyes"},
            {"occurred_at", "2024-01-01T00:00:00Z"}};
  json on_one = rule;
  on_one["id"] = "one";
  on_one["resource"] = "analytics";
  REQUIRE(post(team, "/sod-rules", rule).status == 201);
  const auto stated = post(team, "/sod-rules", on_one);
  INFO(stated.body);
  REQUIRE(stated.status == 201);
  const auto of_ann = [&](const char* id) {
    json all = findings(team, "duties_not_separated");
    std::erase_if(all.get_ref<json::array_t&>(),
                  [&](const json& item) { return item.at("member") != "ann" || item.at("rule") != id; });
    return all;
  };
  CHECK(of_ann("r").size() == 1);
  CHECK(of_ann("one").empty());
  grant("deleter2", "analytics:one", "analytics.delete");
  REQUIRE(of_ann("one").size() == 1);
  CHECK(of_ann("one").at(0).at("on") == "analytics:one");
}

TEST_CASE("a rule of duties that the model cannot hold is refused, with the field and what to choose") {
  TeamTold team("newo");
  const auto refused = [&](const std::function<void(json&)>& change, const char* at, const char* why) {
    json body = rule_of("r");
    change(body);
    const auto answer = post(team, "/sod-rules", body);
    INFO(answer.body);
    CHECK(answer.status == 400);
    CHECK(code(answer) == why);
    CHECK(field(answer) == at);
    return answer.json().value("detail", "");
  };
  const std::string choice =
      refused([](json& b) { b["first"]["permission"] = "none"; }, "/first/permission", "unknown_permission");
  CHECK(choice.find("builder_access") != std::string::npos);
  const std::string level = refused([](json& b) { b["second"]["level"] = "full"; }, "/second/level", "unknown_level");
  CHECK(level.find("choose yes") != std::string::npos);
  refused([](json& b) { b["second"]["level"] = "no"; }, "/second/level", "invalid_field");
  refused([](json& b) { b["second"] = b["first"]; }, "/second/permission", "invalid_field");
  refused([](json& b) { b["resource"] = "repo"; }, "/resource", "unknown_resource");
  refused([](json& b) { b.erase("reason"); }, "/reason", "missing_field");
  refused([](json& b) { b.erase("name"); }, "/name", "missing_field");
  refused([](json& b) { b["id"] = "a/b"; }, "/id", "invalid_field");
  refused([](json& b) { b["first"] = "builder_access"; }, "/first", "invalid_field");
  refused([](json& b) { b["first"]["at"] = "yes"; }, "/first/at", "unknown_field");
  refused([](json& b) { b["forever"] = true; }, "/forever", "unknown_field");
  refused([](json& b) { b["occurred_at"] = "soon"; }, "/occurred_at", "invalid_field");
  CHECK(post(team, "/sod-rules", rule_of("r")).status == 201);
  const auto again = post(team, "/sod-rules", rule_of("r"));
  CHECK(again.status == 409);
  CHECK(code(again) == "already_exists");
  // What is about the record is sent by requests of its own.
  const json event{
      {"type", "sod_rule.removed"}, {"actor", {{"kind", "system"}, {"id", "x"}}}, {"data", {{"rule", "r"}}}};
  CHECK(code(post(team, "/events", event)) == "unknown_type");
}

TEST_CASE("a finding is closed with a reason by somebody whom it is not about, and reopened") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto broke = team.happens("2024-01-02T00:00:00Z", "member.role_changed", {{"member", "ann"}, {"role", "owner"}},
                                  {}, by("ann"));
  const std::string one = "/findings/rule_violation." + std::to_string(broke);
  CHECK(code(post(team, one + "/close", json::object())) == "missing_field");
  json own = by("ann");
  own["reason"] = "it was fine";
  CHECK(post(team, one + "/close", own).status == 403);
  json why = by("olga");
  why["reason"] = "agreed on the phone";
  why["occurred_at"] = "2024-02-01T00:00:00Z";
  CHECK(post(team, one + "/close", why).status == 201);
  CHECK(post(team, one + "/close", why).status == 409);
  const json closed = team.get("/findings?status=closed").at("items");
  REQUIRE(closed.size() == 1);
  CHECK(closed.at(0).at("status") == "closed");
  CHECK(closed.at(0).at("closed").at("actor").at("id") == "olga");
  CHECK(closed.at(0).at("closed").at("reason") == "agreed on the phone");
  CHECK(closed.at(0).at("closed").at("occurred_at") == "2024-02-01T00:00:00Z");
  CHECK(findings(team, "rule_violation", "&status=open").empty());
  CHECK(findings(team, "rule_violation", "&status=open&at=2024-01-31T00:00:00Z").size() == 1);
  CHECK(post(team, one + "/reopen", json::object()).status == 201);
  CHECK(findings(team, "rule_violation", "&status=open").size() == 1);
  CHECK(post(team, one + "/reopen", json::object()).status == 409);
  CHECK(post(team, "/findings/rule_violation.1/close", why).status == 404);
  CHECK(post(team, "/findings/none/close", why).status == 404);
  // By default whoever the token is for.
  CHECK(post(team, one + "/close", {{"reason", "looked at"}}).status == 201);
  CHECK(findings(team, "rule_violation").at(0).at("closed").at("actor").at("kind") == "support");
}

TEST_CASE("a token without the scope review neither closes a finding nor states a rule") {
  TeamTold team("newo");
  const auto made = team.program().post(
      "/v1/tokens", json{{"principal", "sync"}, {"scopes", {"append", "read"}}, {"orgs", {"acme"}}}.dump());
  REQUIRE(made.status == 201);
  team.program().speak_as(made.json().at("secret").get<std::string>());
  CHECK(post(team, "/sod-rules", rule_of("r")).status == 403);
  CHECK(post(team, "/findings/rule_violation.1/close", {{"reason", "x"}}).status == 403);
  CHECK(team.get("/sod-rules").at("total") == 0);
}

TEST_CASE("members who can raise themselves are found while they hold such a role and are not disabled") {
  TeamTold team("newo");
  const json analysis = team.program().get("/v1/models/newo/analysis").json();
  std::vector<std::string> alone;
  for (const json& each : analysis.at("escalations").at("items")) {
    if (each.at("alone") == true) alone.push_back(each.at("role").get<std::string>());
  }
  INFO(analysis.dump());
  std::size_t expected = 0;
  int number = 0;
  for (const char* role : {"owner", "technical_owner", "account_manager", "viewer"}) {
    team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "m" + std::to_string(number++)}, {"role", role}});
    expected += static_cast<std::size_t>(std::count(alone.begin(), alone.end(), role) > 0);
  }
  expected += static_cast<std::size_t>(std::count(alone.begin(), alone.end(), "owner") > 0);  // olga
  CHECK(findings(team, "can_raise_self").size() == expected);
  for (int i = 0; i < number; ++i) {
    team.happens("2024-01-02T00:00:00Z", "member.disabled", {{"member", "m" + std::to_string(i)}});
  }
  team.happens("2024-01-02T00:00:00Z", "member.disabled", {{"member", "olga"}});
  CHECK(findings(team, "can_raise_self").empty());
}

TEST_CASE("more holders than the model's one are found since the second of them") {
  TeamTold team("chatbot-team");
  CHECK(findings(team, "holders_over").empty());
  const auto second = team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "owner"}});
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "owner"}});
  const json found = findings(team, "holders_over");
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("role") == "owner");
  CHECK(found.at(0).at("since") == "2024-01-01T00:00:00Z");
  CHECK(found.at(0).at("evidence").at(0).at("position") == second);
  CHECK(found.at(0).at("evidence").size() == 3);
  // The id stays while there are too many, whoever they are.
  team.happens("2024-01-03T00:00:00Z", "member.removed", {{"member", "olga"}});
  CHECK(findings(team, "holders_over").at(0).at("id") == found.at(0).at("id"));
  team.happens("2024-01-04T00:00:00Z", "member.removed", {{"member", "bob"}});
  CHECK(findings(team, "holders_over").empty());
}

TEST_CASE("findings page to their end, stream as CSV and NDJSON, and are refused what they do not know") {
  TeamTold team("github");
  json events = json::array();
  for (int i = 0; i < 250; ++i) {
    events.push_back({{"type", "role.granted"},
                      {"actor", {{"kind", "system"}, {"id", "sync"}}},
                      {"approved_by", {{"kind", "member"}, {"id", "m" + std::to_string(i)}}},
                      {"occurred_at", "2024-01-01T00:00:00Z"},
                      {"data", {{"principal", "member:m" + std::to_string(i)}, {"role", "write"}, {"on", "repo:a"}}}});
  }
  REQUIRE(post(team, "/events", events).status == 201);
  std::vector<std::string> paged;
  std::string cursor;
  do {
    const json page = team.get("/findings?kind=self_approval&limit=100" + (cursor.empty() ? "" : "&cursor=" + cursor));
    CHECK(page.at("total") == 250);
    for (const json& item : page.at("items")) paged.push_back(item.at("id").get<std::string>());
    cursor = page.value("next", "");
  } while (!cursor.empty());
  CHECK(paged.size() == 250);
  std::sort(paged.begin(), paged.end());
  CHECK(std::adjacent_find(paged.begin(), paged.end()) == paged.end());
  for (const char* type : {"text/csv", "application/x-ndjson"}) {
    const auto answer = team.program().request("GET", "/v1/orgs/acme/findings?kind=self_approval", {},
                                               {std::string("Accept: ") + type});
    CHECK(answer.status == 200);
    std::size_t rows = 0;
    for (std::size_t at = 0; (at = answer.body.find("self_approval.", at)) != std::string::npos; ++at) ++rows;
    CHECK(rows == 250);
  }
  for (const char* wrong :
       {"status=shut", "within_minutes=1441", "within_minutes=-1", "kind=none", "pending_days=many", "minutes=5"}) {
    INFO(wrong);
    CHECK(team.program().get(std::string("/v1/orgs/acme/findings?") + wrong).status == 400);
  }
}

TEST_CASE("members who hold by a custom role or a group what lets them raise themselves are found") {
  TeamTold team("cx-modules");
  team.happens("2024-01-01T00:00:00Z", "role.created",
               {{"role", "deputy"}, {"name", "Deputy"}, {"grants", {{"admin.write", "all"}, {"admin.read", "all"}}}});
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "deputy"}});
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "bob"}});
  team.happens("2024-01-03T00:00:00Z", "group.created", {{"group", "deputies"}, {"role", "deputy"}});
  const auto joined =
      team.happens("2024-01-04T00:00:00Z", "group.member_added", {{"group", "deputies"}, {"member", "bob"}});
  const json found = findings(team, "can_raise_self");
  INFO(found.dump(2));
  std::set<std::string> members;
  for (const json& each : found) members.insert(each.value("member", ""));
  CHECK(members.contains("ann"));
  REQUIRE(members.contains("bob"));
  for (const json& each : found) {
    if (each.at("member") == "bob") CHECK(each.at("evidence").at(0).at("position") == joined);
  }
  team.happens("2024-01-05T00:00:00Z", "group.member_removed", {{"group", "deputies"}, {"member", "bob"}});
  for (const json& each : findings(team, "can_raise_self")) CHECK(each.at("member") != "bob");
}

TEST_CASE("who may take ownership by what they hold can raise themselves, and the finding shows what lets them") {
  TeamTold team("ccai");
  team.happens("2024-01-01T00:00:00Z", "role.created",
               {{"role", "dev"}, {"name", "Dev"}, {"grants", {{"app_developers", "full"}}}});
  const auto came = team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "dev"}});
  json found = findings(team, "can_raise_self");
  std::erase_if(found.get_ref<json::array_t&>(), [](const json& item) { return item.at("member") != "ann"; });
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("since") == "2024-01-02T00:00:00Z");
  CHECK(found.at(0).at("evidence").at(0).at("position") == came);
  CHECK(found.at(0).at("because").get<std::string>().find("can come to have app_owner alone") != std::string::npos);
}

TEST_CASE("who can raise themselves since there is more to have is found with the event that made that role") {
  test::RunningProgram program;
  const json model = json::parse(R"({
    "id": "rz", "title": "Users and more", "owner_role": "owner", "custom_roles": true,
    "scales": {"l": ["none", "view", "full"]},
    "permissions": [{"id": "users", "name": "Users", "module": "A", "scale": "l"},
                    {"id": "x", "name": "X", "module": "A", "scale": "l"}],
    "roles": [{"id": "owner", "name": "O", "rank": 5, "grants": {"users": "full"}},
              {"id": "user", "name": "U", "rank": 1, "grants": {}}],
    "rules": [{"id": "u", "because": "U.", "actions": ["member.role_changed"],
               "actor": {"kinds": ["member"], "permission": "users", "level": "full"}}]})");
  REQUIRE(program.post("/v1/models", model.dump()).status == 201);
  const json org{
      {"id", "acme"}, {"model", "rz"}, {"mode", "observe"}, {"owner", "olga"}, {"occurred_at", "2023-01-01T00:00:00Z"}};
  REQUIRE(program.post("/v1/orgs", org.dump()).status == 201);
  const auto happens = [&](const char* at, const char* type, const json& data) {
    const json event{{"type", type}, {"actor", {{"kind", "system"}, {"id", "s"}}}, {"occurred_at", at}, {"data", data}};
    const auto answer = program.post("/v1/orgs/acme/events", event.dump());
    REQUIRE(answer.status == 201);
    return answer.json().at("items").at(0).at("position");
  };
  happens("2024-01-01T00:00:00Z", "role.created", {{"role", "adm"}, {"name", "A"}, {"grants", {{"users", "full"}}}});
  const json came = happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "adm"}});
  const auto of_ann = [&] {
    json found = program.get("/v1/orgs/acme/findings?kind=can_raise_self").json().at("items");
    std::erase_if(found.get_ref<json::array_t&>(), [](const json& item) { return item.at("member") != "ann"; });
    return found;
  };
  CHECK(of_ann().empty());
  const json made =
      happens("2024-03-01T00:00:00Z", "role.created", {{"role", "c"}, {"name", "C"}, {"grants", {{"x", "full"}}}});
  const json found = of_ann();
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("since") == "2024-03-01T00:00:00Z");
  REQUIRE(found.at(0).at("evidence").size() == 2);
  CHECK(found.at(0).at("evidence").at(0).at("position") == made);
  CHECK(found.at(0).at("evidence").at(1).at("position") == came);
}

TEST_CASE("where a model has too many kinds of roles to be searched, the list of findings says what it does not tell") {
  test::RunningProgram program;
  json model = json::parse(R"({
    "id": "vast", "title": "Four hundred ranks", "owner_role": "r399",
    "scales": {"yes_no": ["no", "yes"]},
    "permissions": [{"id": "p", "name": "P", "module": "M", "scale": "yes_no"}],
    "roles": [],
    "rules": [{"id": "down", "because": "Ranks.", "actions": ["member.role_changed"], "target": {"below_actor": true},
               "gives": {"at_most_actor": true}}]})");
  for (int i = 0; i < 400; ++i) {
    model["roles"].push_back({{"id", "r" + std::to_string(i)}, {"name", "R"}, {"rank", i + 1}});
  }
  const auto published = program.post("/v1/models", model.dump());
  INFO(published.body);
  REQUIRE(published.status == 201);
  const json org{{"id", "acme"}, {"model", "vast"}, {"mode", "observe"}, {"owner", "olga"}};
  REQUIRE(program.post("/v1/orgs", org.dump()).status == 201);
  CHECK(program.get("/v1/orgs/acme/findings").json().at("not_searched") == json::array({"can_raise_self"}));
  CHECK_FALSE(program.get("/v1/orgs/acme/findings?kind=rule_violation").json().contains("not_searched"));
}
