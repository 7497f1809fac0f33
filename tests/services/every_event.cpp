#include "tests/services/every_event.h"

#include "events/digest.h"
#include "events/model/actions.h"
#include "events/people.h"
#include "events/wire/record_wire.h"
#include "tests/catch.h"
#include "tests/events/review_words.h"

namespace tenure::test {

using nlohmann::json;

namespace {

class Teller {
 public:
  Teller(RunningProgram& program, std::string org, const char* mode) : program_(program), org_(std::move(org)) {
    const json body{{"id", org_}, {"model", "github"}, {"mode", mode}, {"owner", "olga@acme.test"}};
    const auto made = program_.post("/v1/orgs", body.dump());
    INFO(made.body);
    REQUIRE(made.status == 201);
  }

  int tell(const std::string& type, const json& data, const json& more = json::object()) {
    json event{{"type", type}, {"actor", {{"kind", "member"}, {"id", "olga@acme.test"}}}, {"data", data}};
    event.update(more);
    const auto answer = program_.post("/v1/orgs/" + org_ + "/events", event.dump());
    INFO(event.dump() << ": " << answer.body);
    REQUIRE((answer.status == 201 || answer.status == 403));
    return answer.status;
  }

 private:
  RunningProgram& program_;
  const std::string org_;
};

const json support{{"actor", {{"kind", "support"}, {"id", "sam@vendor.test"}}},
                   {"session", "s-1 \"quoted\""},
                   {"source_ip", "203.0.113.7"}};
const json integration{{"actor", {{"kind", "integration"}, {"id", "okta"}}},
                       {"source_ip", "2001:db8::7"},
                       {"correlation_id", "change=7|a\\b"}};

void people(Teller& acme) {
  acme.tell("member.invited", {{"member", "ivy@acme.test"}, {"role", "member"}, {"groups", {"sre", "ops"}}},
            {{"approved_by", {{"kind", "member"}, {"id", "ana@acme.test"}}},
             {"reason", "new in the team,\nstarts on Monday"},
             {"ticket", "HR-1|2"},
             {"id", "client-1"},
             {"occurred_at", "1969-12-31T23:59:59.999999Z"}});
  acme.tell("invitation.accepted", {{"member", "ivy@acme.test"}});
  acme.tell("member.invited", {{"member", "Їжак \"ü\" \\ | = 😀"}, {"expires_at", "2030-01-01T00:00:00Z"}});
  acme.tell("invitation.cancelled", {{"member", "Їжак \"ü\" \\ | = 😀"}}, support);
  acme.tell("member.invited", {{"member", "late"}}, integration);
  acme.tell("invitation.expired", {{"member", "late"}}, {{"actor", {{"kind", "system"}, {"id", "clock"}}}});
  acme.tell("member.added", {{"member", "ben@acme.test"}, {"role", "member"}}, {{"source_ip", "from the office"}});
  acme.tell("member.added", {{"member", "cleo"}}, {{"basis", "baseline"}});
  acme.tell("member.added", {{"member", "ben@acme.test"}, {"role", "owner"}});
  acme.tell("member.disabled", {{"member", "ben@acme.test"}});
  acme.tell("member.enabled", {{"member", "ben@acme.test"}});
  acme.tell("member.disabled", {{"member", "ben@acme.test"}, {"area", "billing"}});
  acme.tell("member.enabled", {{"member", "ben@acme.test"}, {"area", "billing"}});
  acme.tell("member.role_changed", {{"member", "ben@acme.test"}, {"role", "member"}}, support);
}

void groups_and_powers(Teller& acme) {
  acme.tell("role.created", {{"role", "release"},
                             {"name", "Release manager"},
                             {"description", "May release"},
                             {"based_on", "read"},
                             {"grants", {{"repository", "write"}}}});
  acme.tell("role.edited", {{"role", "release"}, {"grants", {{"repository", "maintain"}}}, {"name", "Releaser"}});
  acme.tell("role.reset", {{"role", "release"}});
  acme.tell("resource.added", {{"resource", "repo:acme/web"}, {"parent", "org:acme"}});
  acme.tell("group.created", {{"group", "eng"}, {"name", "Engineering"}});
  acme.tell("group.created", {{"group", "sre"}, {"parent", "eng"}, {"role", "read"}});
  acme.tell("group.created", {{"group", "night"}, {"parent", "sre"}});
  acme.tell("group.edited", {{"group", "sre"}, {"name", "Reliability"}, {"role", "write"}});
  acme.tell("group.edited", {{"group", "night"}, {"parent", "eng"}});
  acme.tell("group.edited", {{"group", "night"}, {"parent", nullptr}});
  acme.tell("group.edited", {{"group", "night"}, {"role", nullptr}});
  acme.tell("group.edited", {{"group", "night"}, {"parent", "sre"}});
  for (const char* member : {"ben@acme.test", "cleo", "ivy@acme.test"}) {
    acme.tell("group.member_added", {{"group", "sre"}, {"member", member}});
  }
  acme.tell("group.member_removed", {{"group", "sre"}, {"member", "ivy@acme.test"}});
  for (const char* to : {"member:ben@acme.test", "group:sre", "everyone"}) {
    acme.tell("role.granted", {{"principal", to}, {"role", "admin"}, {"on", "repo:acme/web"}});
  }
  acme.tell("role.granted", {{"principal", "member:ben@acme.test"}, {"role", "read"}, {"on", "repo:*"}});
  acme.tell("role.granted", {{"principal", "member:cleo"}, {"role", "owner"}, {"on", "org"}});
  for (const char* to : {"member:cleo", "group:eng", "everyone"}) {
    acme.tell("role.revoked", {{"principal", to}, {"role", "admin"}, {"on", "repo:acme/web"}});
  }
  acme.tell("assignment.added", {{"member", "ben@acme.test"}, {"resource", "repo:acme/web"}});
  acme.tell("assignment.added", {{"member", "cleo"}, {"resource", "repo:acme/web"}});
  acme.tell("assignment.removed", {{"member", "cleo"}, {"resource", "repo:acme/web"}});
}

// What is said about the record, by requests of its own.
void words_about_the_record(RunningProgram& program) {
  const json olga{{"kind", "member"}, {"id", "olga@acme.test"}};
  const auto ask = [&](const std::string& method, const std::string& path, const json& body, int status) {
    const auto answer = program.request(method, "/v1/orgs/acme" + path, body.dump());
    INFO(method << ' ' << path << ": " << answer.body);
    REQUIRE(answer.status == status);
  };
  const auto power = [](const char* level) { return json{{"permission", "repository"}, {"level", level}}; };
  ask("POST", "/sod-rules",
      {{"id", "apart"},
       {"name", "Who merges does not own"},
       {"reason", "four eyes"},
       {"actor", olga},
       {"first", power("write")},
       {"second", {{"permission", "organization"}, {"level", "yes"}}}},
      201);
  ask("DELETE", "/sod-rules/apart", {{"actor", olga}, {"reason", "one pair will do"}}, 201);
  const json found = program.get("/v1/orgs/acme/findings?kind=custom_role_unheld").json().at("items");
  REQUIRE_FALSE(found.empty());
  const std::string finding = "/findings/" + found.front().at("id").get<std::string>();
  ask("POST", finding + "/close", {{"actor", olga}, {"reason", "kept for the next release"}}, 201);
  ask("POST", finding + "/reopen", {{"actor", olga}}, 201);
}

void endings(Teller& acme) {
  acme.tell("ownership.transferred",
            {{"from", "olga@acme.test"}, {"to", "ben@acme.test"}, {"previous_owner_role", "member"}});
  acme.tell("ownership.transferred", {{"from", "ben@acme.test"}, {"to", "olga@acme.test"}});
  acme.tell("member.role_changed", {{"member", "ben@acme.test"}, {"role", "owner"}});
  acme.tell("member.removed", {{"member", "ben@acme.test"}}, {{"reason", "left"}});
  acme.tell("group.deleted", {{"group", "sre"}});
  acme.tell("role.deleted", {{"role", "release"}, {"reassign_to", "read"}});
  acme.tell("resource.removed", {{"resource", "repo:acme/web"}});
  acme.tell("feature.enabled", {{"feature", "codespaces"}});
  acme.tell("feature.disabled", {{"feature", "codespaces"}});
  acme.tell("org.setting_changed", {{"setting", "base_permission"}, {"value", "write"}});
  acme.tell("org.model_changed", {{"model", "newo"}});
  acme.tell("event.retracted", {{"position", 9}}, {{"reason", "it was somebody else"}});
  acme.tell("source.recorded",
            {{"source", "github-audit"}, {"action", "git.clone"}, {"raw", "{\"action\":\"git.clone\",\"n\":1}"}});
  acme.tell("org.deleted", json::object());
}

// Access reviews by their routes, in an organization of their own and mode `enforce`: one is given up, one is closed
// and carried out.
void reviews(RunningProgram& program) {
  Teller certified(program, "certified", "enforce");
  certified.tell("member.added", {{"member", "ana@acme.test"}, {"role", "owner"}});
  certified.tell("member.added", {{"member", "ben@acme.test"}, {"role", "member"}});
  certified.tell("role.granted", {{"principal", "member:ben@acme.test"}, {"role", "write"}, {"on", "repo:acme/web"}});
  const std::string org = "/v1/orgs/certified";
  const auto ask = [&](const std::string& method, const std::string& path, const json& body, int status) {
    const auto answer = program.request(method, org + path, body.dump());
    INFO(method << ' ' << path << ": " << answer.body);
    REQUIRE(answer.status == status);
  };
  const auto decide = [&](const std::string& review, json more) {
    const auto found = program.get(org + "/reviews/" + review + "/items?kind=grant").json().at("items");
    REQUIRE(found.size() == 1);
    more.update({{"item", found[0].at("item")}, {"state", found[0].at("state")}, {"reason", "left \"web\" in May"}});
    ask("POST", "/reviews/" + review + "/decisions?reviewer=ana@acme.test", more, 201);
  };
  const json stage{{"reviewers", {{{"kind", "named"}, {"people", {"ana@acme.test"}}}}},
                   {"fallback", {"olga@acme.test"}}};
  ask("POST", "/review-definitions", {{"id", "q"}, {"name", "Quarterly"}, {"stages", {stage, stage}}}, 201);
  ask("POST", "/reviews", {{"definition", "q"}, {"id", "q1"}}, 201);
  decide("q1", {{"decision", "delegate"}, {"to", "olga@acme.test"}, {"until", "2040-01-01T00:00:00Z"}});
  ask("POST", "/reviews/q1/reassign", {{"from", "ana@acme.test"}, {"to", "olga@acme.test"}}, 201);
  ask("POST", "/reviews/q1/end-stage", json::object(), 201);
  ask("POST", "/reviews/q1/cancel", {{"reason", "the wrong scope"}}, 201);
  ask("POST", "/reviews", {{"definition", "q"}, {"id", "q2"}}, 201);
  decide("q2", {{"decision", "revoke"}});
  ask("POST", "/reviews/q2/close", {{"reason", "all is said"}}, 201);
  ask("POST", "/reports", {{"id", "r1"}}, 201);
  ask("DELETE", "/review-definitions/q", {{"reason", "another comes"}}, 201);
}

// What access reviews do by the clock, which nobody can be told to do over HTTP, as the API shows it.
std::vector<json> events_by_the_clock() {
  std::vector<json> shown;
  for (const EventPayload& words :
       {EventPayload(said::skipped()), EventPayload(said::reminded()), EventPayload(said::escalated())}) {
    Record record;
    record.event.data = words;
    each_person_in_data(record.event,
                        [](Person& who) { who.identity = "p" + std::to_string(who.subject.bytes[15]) + "@acme.test"; });
    record.org = OrgId("reviewed");
    record.position = Position(100'000 + shown.size());
    record.version = Version(1 + shown.size());
    record.recorded_at = record.event.occurred_at.emplace(said::begin);
    record.recorded_by = {"tok_1", "siem@acme.test", Channel::api, {}};
    record.model = ModelId("github");
    record.model_version = "v";
    record.event.actor = {ActorKind::system, {"review:q1", {}}};
    record.event.reason = PrivateText{"left the team"};
    record.verdict = {VerdictResult::allowed, "lifecycle.record_only", "no rule speaks of it"};
    shown.push_back(json::parse(wire::show_record(record, "{}")));
  }
  return shown;
}

}  // namespace

std::vector<json> shown_events(RunningProgram& program, const std::string& org) {
  std::vector<json> events;
  std::string cursor;
  do {
    const auto answer =
        program.get("/v1/orgs/" + org + "/events?limit=1000" + (cursor.empty() ? "" : "&cursor=") + percent(cursor));
    INFO(answer.body.substr(0, 400));
    REQUIRE(answer.status == 200);
    json page = answer.json();
    for (json& event : page.at("items")) events.push_back(std::move(event));
    cursor = page.value("next", std::string());
  } while (!cursor.empty());
  return events;
}

std::vector<json> every_event(RunningProgram& program) {
  Teller acme(program, "acme", "observe");
  people(acme);
  groups_and_powers(acme);
  words_about_the_record(program);
  endings(acme);
  Teller gate(program, "gate", "enforce");
  gate.tell("member.added", {{"member", "bob"}, {"role", "member"}});
  const json by_bob{{"actor", {{"kind", "member"}, {"id", "bob"}}}, {"reason", "why not"}, {"session", "s-2"}};
  REQUIRE(gate.tell("member.role_changed", {{"member", "bob"}, {"role", "owner"}}, by_bob) == 403);
  REQUIRE(gate.tell("member.added", {{"member", "mallory"}, {"role", "owner"}}, by_bob) == 403);
  REQUIRE(gate.tell("group.created", {{"group", "mine"}, {"role", "admin"}}, by_bob) == 403);
  reviews(program);
  const auto made = program.request("GET", "/v1/feed?consumer=siem&wait=0", {}, {"Accept: application/x-ndjson"});
  INFO(made.body);
  REQUIRE(made.status == 200);
  REQUIRE(program.post("/v1/consumers/siem/reset", R"({"position":1})").status == 200);
  REQUIRE(program.request("DELETE", "/v1/consumers/siem").status == 200);
  // Nobody listens there: it is made, paused, resumed and deleted.
  REQUIRE(program.post("/v1/sinks", R"({"sink":"splunk","kind":"splunk_hec","url":"http://127.0.0.1:1","token":"t"})")
              .status == 201);
  REQUIRE(program.post("/v1/sinks/splunk/pause", "").status == 200);
  REQUIRE(program.post("/v1/sinks/splunk/resume", "").status == 200);
  REQUIRE(program.request("DELETE", "/v1/sinks/splunk").status == 200);
  const json wish{{"principal", "siem@acme.test"}, {"scopes", {"feed"}}, {"orgs", {"acme"}}};
  const auto token = program.post("/v1/tokens", wish.dump());
  INFO(token.body);
  REQUIRE(token.status == 201);
  const auto revoked = program.request("DELETE", "/v1/tokens/" + token.json().at("token").get<std::string>());
  INFO(revoked.body);
  REQUIRE(revoked.status < 300);
  std::vector<json> events;
  for (const char* org : {"acme", "gate", "certified", "_tenure"}) {
    for (json& event : shown_events(program, org)) events.push_back(std::move(event));
  }
  for (json& event : events_by_the_clock()) events.push_back(std::move(event));
  return events;
}

std::set<std::string> every_type() {
  std::set<std::string> types;
  for (std::size_t i = 0; i < action_count; ++i) types.emplace(action_type(i).name);
  return types;
}

std::optional<Digest> record_hash(const std::vector<json>& events, std::size_t index) {
  if (index + 1 == events.size() || events[index + 1].at("org") != events[index].at("org")) return std::nullopt;
  return digest_from_hex(events[index + 1].at("prev").get<std::string>());
}

}  // namespace tenure::test
