// Mode `enforce` over HTTP: Tenure is the gate. What the model does not allow is refused whole and each attempt is on
// record; the server says when an event took effect; names that mean nothing are refused.

#include "events/instant.h"
#include "services/record/recorder.h"
#include "tests/catch.h"
#include "tests/services/wrong_request.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::HttpAnswer;
using test::RunningProgram;
using test::Wrong;

const std::string to_gate = "/v1/orgs/gate/events";

std::string sent(const std::string& actor, const std::string& type, const std::string& data,
                 const std::string& more = {}) {
  return R"({"type":")" + type + R"(","actor":{"kind":"member","id":")" + actor + R"("},)" + more + R"("data":)" +
         data + "}";
}
std::string id(const std::string& text) { return R"("id":")" + text + "\","; }
std::string at(const std::string& time) { return R"("occurred_at":")" + time + "\","; }

const std::string take_power = sent("bob", "member.role_changed", R"({"member":"bob","role":"owner"})");
const std::string add_zoe = R"({"member":"zoe","role":"member"})";

// An organization whose gate Tenure is, with an owner, ana, and a member, bob.
struct Gate {
  RunningProgram program;

  explicit Gate(const std::string& model = "github") {
    REQUIRE(
        program.post("/v1/orgs", R"({"id":"gate","model":")" + model + R"(","mode":"enforce","owner":"ana"})").status ==
        201);
    append(sent("ana", "member.added", R"({"member":"bob","role":"member"})"));
  }
  HttpAnswer post(const std::string& body) { return program.post(to_gate, body); }
  json append(const std::string& body) {
    const auto answer = post(body);
    INFO(body << " answered " << answer.body);
    REQUIRE(answer.status == 201);
    return answer.json().at("items");
  }
  std::uint64_t version() { return program.get("/v1/orgs/gate").json().at("version").get<std::uint64_t>(); }
  json record(std::uint64_t version) { return program.get(to_gate + "/" + std::to_string(version)).json(); }

  // Refused by a rule: the answer, once it is known to be one.
  json denied(const std::string& body) {
    const auto answer = post(body);
    INFO(body << " answered " << answer.body);
    REQUIRE(answer.status == 403);
    const json problem = answer.json();
    CHECK(problem.at("code") == "not_allowed");
    CHECK_FALSE(problem.at("rule").get<std::string>().empty());
    CHECK_FALSE(problem.at("detail").get<std::string>().empty());
    return problem;
  }
};

}  // namespace

TEST_CASE("in enforce a violation is 403 with its rule, and is recorded as one denied action by the one who tried") {
  Gate gate;
  const auto before = gate.version();
  const json problem = gate.denied(take_power);
  REQUIRE(gate.version() == before + 1);
  const json kept = gate.record(before + 1);
  CHECK(kept.at("type") == "action.denied");
  CHECK(kept.at("actor").at("id") == "bob");
  CHECK(kept.at("verdict").at("result") == "violation");
  CHECK(kept.at("verdict").at("rule") == problem.at("rule"));
  CHECK(kept.at("data").at("rule") == problem.at("rule"));
  CHECK(kept.at("data").at("because") == problem.at("detail"));
  CHECK(kept.at("data").at("refused") == "member.role_changed");
  const json refused = json::parse(kept.at("data").at("event").get<std::string>());
  CHECK(refused.at("data") == json({{"member", "bob"}, {"role", "owner"}}));
  CHECK(gate.program.get("/v1/orgs/gate/members/bob").json().at("member").at("role") == "member");
}

TEST_CASE("in enforce one violation refuses its batch whole, each offender is recorded once and every id stays free") {
  Gate gate;
  const auto before = gate.version();
  const std::string good = sent("ana", "member.added", add_zoe, id("good"));
  const std::string bad = sent("bob", "member.removed", R"({"member":"ana"})", id("bad"));
  const std::string worse = sent("bob", "group.member_added", R"({"group":"ops","member":"bob"})", id("worse"));
  gate.append(sent("ana", "group.created", R"({"group":"ops"})"));
  const json problem = gate.denied("[" + good + "," + bad + "," + sent("ana", "member.enabled", R"({"member":"bob"})") +
                                   "," + worse + "]");
  REQUIRE(problem.at("errors").size() == 2);
  CHECK(problem.at("errors").at(0).at("index") == 1);
  CHECK(problem.at("errors").at(1).at("index") == 3);
  REQUIRE(gate.version() == before + 3);
  CHECK(gate.record(before + 2).at("data").at("refused") == "member.removed");
  CHECK(gate.record(before + 3).at("data").at("refused") == "group.member_added");
  CHECK(gate.program.get("/v1/orgs/gate/members/zoe").status == 404);

  CHECK(gate.append(good).at(0).at("version") == before + 4);
  CHECK(gate.append(sent("ana", "member.removed", R"({"member":"bob"})", id("bad"))).at(0).at("version") == before + 5);
  CHECK(gate.post(sent("ana", "member.removed", R"({"member":"zoe"})", id("bad"))).status == 409);
  REQUIRE(gate.version() == before + 5);
}

TEST_CASE("in enforce the server says when an event took effect, whatever the client says, and a retry finds it") {
  Gate gate;
  for (const char* time : {"2019-05-01T00:00:00Z", "2999-01-01T00:00:00Z"}) {
    const std::string one = sent("ana", "member.added", add_zoe, id(time) + at(time));
    const json first = gate.append(one);
    const json kept = gate.record(first.at(0).at("version").get<std::uint64_t>());
    CHECK(kept.at("occurred_at") == kept.at("recorded_at"));
    CHECK(gate.append(one) == first);
  }
}

TEST_CASE("in enforce nobody uses a power of the past by dating an event back") {
  Gate gate;
  gate.append(sent("ana", "member.role_changed", R"({"member":"bob","role":"owner"})"));
  const std::string then = gate.record(gate.version()).at("occurred_at").get<std::string>();
  gate.append(sent("ana", "member.role_changed", R"({"member":"bob","role":"member"})"));
  gate.denied(sent("bob", "member.added", add_zoe, at(then)));
}

TEST_CASE("in enforce what the model does not speak of is refused as unspecified, and recorded") {
  const std::string document = R"({"id":"terse","title":"Terse","scales":{"yes_no":["no","yes"]},
    "permissions":[{"id":"all","name":"All","module":"All","scale":"yes_no"}],
    "roles":[{"id":"owner","name":"Owner","kind":"system","rank":2,"grants":{"all":"yes"}},
             {"id":"member","name":"Member","kind":"system","rank":1,"grants":{}}],
    "owner_role":"owner",
    "rules":[{"id":"owners_add","actions":["member.added"],"actor":{"kinds":["member"],"roles":["owner"]},
              "because":"Owners add members."}]})";
  RunningProgram program;
  const auto published = program.post("/v1/models", document);
  INFO(published.body);
  REQUIRE(published.status == 201);
  REQUIRE(program.post("/v1/orgs", R"({"id":"gate","model":"terse","mode":"enforce","owner":"ana"})").status == 201);
  const auto refused = program.post(to_gate, sent("ana", "group.created", R"({"group":"ops"})"));
  CHECK(refused.status == 403);
  CHECK(refused.json().at("rule") == "unspecified");
  CHECK(program.get(to_gate + "/2").json().at("data").at("rule") == "unspecified");
}

TEST_CASE("in enforce a name in the data that means nothing is refused, named and not recorded") {
  Gate gate;
  const auto before = gate.version();
  const auto refuse = [&](const std::string& type, const std::string& data, const std::string& code,
                          const std::string& field, const std::string& way_out) {
    const std::string body = sent("ana", type, data);
    test::check_refusal({"an unknown name", "POST", to_gate, body, {}, 400, code, field, way_out}, gate.post(body));
    CHECK(gate.version() == before);
  };
  refuse("member.role_changed", R"({"member":"zoe","role":"owner"})", "unknown_member", "/data/member",
         "Add or invite the person first");
  refuse("member.added", R"({"member":"zoe","role":"king"})", "unknown_role", "/data/role", "/roles lists them");
  refuse("member.removed", R"({"member":"zoe"})", "unknown_member", "/data/member", "Check the spelling");
  refuse("group.member_added", R"({"group":"web","member":"bob"})", "unknown_group", "/data/group",
         "Send group.created first");
  refuse("role.granted", R"({"principal":"group:web","role":"read","on":"repo:a/b"})", "unknown_group",
         "/data/principal", "Send group.created first");
  refuse("role.granted", R"({"principal":"member:bob","role":"read","on":"car:1"})", "unknown_resource", "/data/on",
         "It has repo.");
  refuse("role.created", R"({"role":"pilot","name":"Pilot","grants":{"fly":"yes"}})", "unknown_permission",
         "/data/grants/fly", "It has repository, organization.");
  refuse("role.created", R"({"role":"pilot","name":"Pilot","grants":{"repository":"own"}})", "unknown_level",
         "/data/grants/repository", "It has none, read, triage, write, maintain, admin.");
  refuse("org.setting_changed", R"({"setting":"colour","value":"red"})", "not_found", "/data/setting",
         "It has base_permission.");
  refuse("org.setting_changed", R"({"setting":"base_permission","value":"all"})", "invalid_field", "/data/value",
         "It has ");
  refuse("feature.enabled", R"({"feature":"radio"})", "not_found", "/data/feature", "It has none.");
  refuse("invitation.accepted", R"({"member":"zoe"})", "unknown_member", "/data/member", "Send member.invited first");
  const std::string twice = sent("ana", "invitation.accepted", R"({"member":"ana"})");
  test::check_refusal(
      {"a member who accepts", "POST", to_gate, twice, {}, 409, "already_exists", "/data/member", "already"},
      gate.post(twice));
  refuse("org.model_changed", R"({"model":"none"})", "unknown_model", "/data/model", "no ");
}

TEST_CASE("in enforce an attempt of any size is recorded") {
  Gate gate;
  // 180 KB of names; they must exist, or the names are refused before anything is judged.
  std::string groups, creations;
  for (int i = 0; i < 900; ++i) {
    const std::string name = "g" + std::to_string(i) + std::string(200, 'x');
    groups += (i == 0 ? "\"" : ",\"") + name + "\"";
    creations += (i == 0 ? "[" : ",") + sent("ana", "group.created", R"({"group":")" + name + "\"}");
  }
  gate.append(creations + "]");
  const auto before = gate.version();
  gate.denied(sent("bob", "member.invited", R"({"member":"zoe","groups":[)" + groups + "]}"));
  REQUIRE(gate.version() == before + 1);
  CHECK(gate.record(before + 1).at("data").at("event").get<std::string>().size() > 180'000);
}
