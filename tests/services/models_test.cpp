// Access models over HTTP: the shipped ones, one's own, what is refused of them, and organizations that move between
// them.
#include <algorithm>
#include <atomic>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "tests/catch.h"
#include "tests/services/organization.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::HttpAnswer;
using test::is_refused;
using test::is_violation;
using test::Organization;
using test::RunningProgram;

// A small platform; `level` is what its hands may do.
json shop(const char* level) {
  json document = json::parse(R"json({
    "id": "shop", "scales": {"access": ["none", "view", "full"]}, "owner_role": "boss",
    "permissions": [{"id": "till", "name": "Till", "module": "Shop", "scale": "access"}],
    "roles": [{"id": "boss", "name": "Boss", "grants": {"till": "full"}}, {"id": "hand", "name": "Hand"}],
    "rules": [
      {"id": "boss_rules", "because": "The boss rules.", "actions": ["*"], "actor": {"roles": ["boss"]}}]})json");
  document["roles"][1]["grants"]["till"] = level;
  return document;
}

std::set<std::string> fields_of(const HttpAnswer& answer) {
  INFO(answer.body);
  REQUIRE(answer.status == 400);
  std::set<std::string> fields;
  const json problem = answer.json();
  for (const json& error : problem.at("errors")) {
    CHECK_FALSE(error.at("detail").get<std::string>().empty());
    fields.insert(error.at("field").get<std::string>());
  }
  return fields;
}

constexpr const char* own_role = R"({"role": "own", "name": "Own", "grants": {"tasks": "view"}})";

}  // namespace

TEST_CASE("all six models are published at the first start, listed and readable, and not again at the second") {
  RunningProgram program;
  const auto listed = [&] {
    std::map<std::string, std::string> versions;
    const json list = program.get("/v1/models").json();
    for (const json& item : list.at("items")) {
      versions[item.at("id").get<std::string>()] = item.at("version").get<std::string>();
    }
    return versions;
  };
  const auto models = listed();
  const std::set<std::string> expected{"answering-agent", "ccai", "chatbot-team", "cx-modules", "github", "newo"};
  std::set<std::string> found;
  for (const auto& [id, version] : models) {
    found.insert(id);
    const json model = program.get("/v1/models/" + id).json();
    CHECK(model.at("version") == version);
    CHECK_FALSE(model.at("permissions").empty());
    CHECK_FALSE(model.at("rules").empty());
  }
  CHECK(found == expected);
  const auto position = program.get("/v1/models").json().at("position");
  program.restart();
  CHECK(listed() == models);
  CHECK(program.get("/v1/models").json().at("position") == position);
}

TEST_CASE("a model's document can be taken, changed and published as one's own") {
  RunningProgram program;
  json document = program.get("/v1/models/chatbot-team?form=document").json();
  document["id"] = "our-team";
  document["roles"][2]["grants"]["create_chatbots"] = "yes";
  const auto published = program.post("/v1/models", document.dump());
  INFO(published.body);
  REQUIRE(published.status == 201);
  CHECK(program.post("/v1/models", document.dump()).status == 200);
  const Organization org(program, "ours", "our-team", "observe");
  org.send("member.added", R"({"member": "mia", "role": "member"})");
  CHECK(org.level("mia", "create_chatbots") == "yes");
}

TEST_CASE("of versions that were published at once the newest is the same before and after a restart") {
  RunningProgram program;
  constexpr int ids = 40, versions = 4;
  const auto id_of = [](int number) { return "shop-" + std::to_string(number); };
  std::vector<std::jthread> publishers;
  std::atomic<int> published{0};
  for (int version = 0; version < versions; ++version) {
    publishers.emplace_back([&, version] {
      for (int number = 0; number < ids; ++number) {
        json document = shop("view");
        document["id"] = id_of(number);
        document["permissions"][0]["name"] = "Till " + std::to_string(version);
        published += program.post("/v1/models", document.dump()).status == 201;
      }
    });
  }
  publishers.clear();
  REQUIRE(published == ids * versions);
  const auto newest = [&] {
    std::vector<std::string> all;
    for (int number = 0; number < ids; ++number) {
      all.push_back(program.get("/v1/models/" + id_of(number)).json().at("version").get<std::string>());
    }
    return all;
  };
  const auto before = newest();
  program.restart();
  CHECK(newest() == before);
}

TEST_CASE("every fault of a model is reported with its place, not only the first") {
  RunningProgram program;
  json document = shop("view");
  document["permissions"].push_back(
      {{"id", "safe"}, {"name", "Safe"}, {"module", "Shop"}, {"scale", "access"}, {"parent", "safe"}});
  document["roles"][1]["grants"] = {{"till", "most"}};
  document["roles"][0]["inherits"] = json::array({"hand"});
  document["roles"][1]["inherits"] = json::array({"boss"});
  document["rules"][0]["actor"]["roles"] = json::array({"nobody"});
  document["rules"][0]["gives"] = {{"not_roles", json::array({"hand"})}};
  const auto fields = fields_of(program.post("/v1/models", document.dump()));
  for (const char* field : {"/permissions/1/parent", "/roles/1/grants/till", "/roles/0/inherits", "/roles/1/inherits",
                            "/rules/0/actor/roles/0", "/roles/1"}) {
    INFO(field);
    CHECK(fields.contains(field));
  }
}

TEST_CASE("a role that nobody may give is refused where it stands") {
  RunningProgram program;
  json document = shop("view");
  document["rules"][0]["gives"] = {{"roles", json::array({"boss"})}};
  CHECK(fields_of(program.post("/v1/models", document.dump())) == std::set<std::string>{"/roles/1"});
}

TEST_CASE("an organization moves to a new version at a moment, and answers of before follow the old one") {
  RunningProgram program;
  const std::string old_version =
      program.post("/v1/models", shop("view").dump()).json().at("version").get<std::string>();
  const Organization org(program, "store", "shop", "observe", {{"occurred_at", "2024-01-01T00:00:00Z"}});
  org.send("member.added", R"({"member": "hal", "role": "hand"})", "2024-01-02T00:00:00Z");
  const std::string next = program.post("/v1/models", shop("full").dump()).json().at("version").get<std::string>();
  REQUIRE(next != old_version);
  // Publishing moves nobody.
  CHECK(org.level("hal", "till") == "view");
  CHECK(org.verdict("org.model_changed", R"({"model": "shop"})", "2024-03-01T00:00:00Z").at("rule") == "boss_rules");
  CHECK(org.level("hal", "till", "2024-02-29T23:59:59.999999Z") == "view");
  CHECK(org.level("hal", "till", "2024-03-01T00:00:00Z") == "full");
  CHECK(org.level("hal", "till") == "full");
  const json record = program.get(org.path("/events/3")).json();
  INFO(record.dump());
  CHECK(record.at("data").at("model_version") == next);
  CHECK(record.at("before").at("model_version") == old_version);
  // Each event names the model that it was judged by.
  org.send("member.added", R"({"member": "ivy", "role": "hand"})", "2024-02-01T00:00:00Z");
  CHECK(program.get(org.path("/events/4")).json().at("model").at("version") == old_version);
  // Back again, learnt late: between the two moments the new version held.
  const std::string back = json{{"model", "shop"}, {"model_version", old_version}}.dump();
  org.send("org.model_changed", back.c_str(), "2024-04-01T00:00:00Z");
  CHECK(org.level("hal", "till", "2024-03-15T00:00:00Z") == "full");
  CHECK(org.level("hal", "till", "2024-04-01T00:00:00Z") == "view");
  // Over the whole time, with the exact moments.
  const auto spans =
      program.get(org.path("/who-can?permission=till&level=full&from=2024-01-01T00:00:00Z&to=2024-05-01T00:00:00Z"));
  INFO(spans.body);
  const json rows = spans.json();
  REQUIRE(rows.at("total") == 3);  // the boss always, hal and ivy while the new version held
  for (const json& item : rows.at("items")) {
    if (item.at("member") == "oda@team.test") continue;
    REQUIRE(item.at("intervals").size() == 1);
    CHECK(item.at("intervals").at(0).at("from") == "2024-03-01T00:00:00Z");
    CHECK(item.at("intervals").at(0).at("to") == "2024-04-01T00:00:00Z");
  }
}

TEST_CASE(
    "a custom role and a group are shown by the name that they had then, and an event says which name it replaced") {
  RunningProgram program;
  const Organization org(program, "named", "github", "observe", {{"occurred_at", "2024-01-01T00:00:00Z"}});
  org.send("role.created", R"({"role": "rel", "name": "Release", "grants": {"repository": "write"}})",
           "2024-01-02T00:00:00Z");
  org.send("group.created", R"({"group": "sre", "name": "Reliability"})", "2024-01-02T00:00:00Z");
  org.send("group.created", R"({"group": "plain"})", "2024-01-02T00:00:00Z");
  org.send("role.edited", R"({"role": "rel", "name": "Shipping", "grants": {}})", "2024-02-01T00:00:00Z");
  org.send("group.edited", R"({"group": "sre", "name": "Uptime"})", "2024-02-01T00:00:00Z");
  const auto name_of = [&](const char* list, const char* key, const char* id, const std::string& at) {
    const json items = org.get(std::string(list) + "?limit=100&at=" + at).at("items");
    for (const json& item : items) {
      if (item.at(key) == id) return item.value("name", "");
    }
    return std::string("not there");
  };
  CHECK(name_of("/roles", "role", "rel", "2024-01-15T00:00:00Z") == "Release");
  CHECK(name_of("/roles", "role", "rel", "2024-03-01T00:00:00Z") == "Shipping");
  CHECK(name_of("/groups", "group", "sre", "2024-01-15T00:00:00Z") == "Reliability");
  CHECK(name_of("/groups", "group", "sre", "2024-03-01T00:00:00Z") == "Uptime");
  CHECK(name_of("/groups", "group", "plain", "2024-03-01T00:00:00Z").empty());
  const json events = org.get("/events?limit=100").at("items");
  CHECK(events.at(4).at("before").at("name") == "Release");
  CHECK(events.at(5).at("before").at("name") == "Reliability");
}

TEST_CASE("over a range who could is asked by a permission that only one of the range's models has") {
  RunningProgram program;
  const Organization org(program, "moved", "newo", "observe", {{"occurred_at", "2024-01-01T00:00:00Z"}});
  org.send("member.added", R"({"member": "vic", "role": "technical_owner"})", "2024-01-02T00:00:00Z");
  org.send("org.model_changed", R"({"model": "chatbot-team"})", "2024-03-01T00:00:00Z");
  org.send("member.added", R"({"member": "ada", "role": "admin"})", "2024-03-02T00:00:00Z");
  const std::string range = "&from=2024-02-01T00:00:00Z&to=2024-04-01T00:00:00Z";
  const auto one = [&](const std::string& permission, const std::string& member) {
    const json list = org.get("/who-can?explain=true&permission=" + permission + range).at("items");
    for (const json& item : list) {
      if (item.at("member") == member) return item.at("intervals");
    }
    return json::array();
  };
  // Of the model that came, by a member of after it; and of the one that went, by one of before.
  REQUIRE(one("delete_chatbots", "ada").size() == 1);
  CHECK(one("delete_chatbots", "ada").at(0).at("from") == "2024-03-02T00:00:00Z");
  CHECK(one("delete_chatbots", "ada").at(0).at("to").is_null());
  REQUIRE(one("builder_access", "vic").size() == 1);
  CHECK(one("builder_access", "vic").at(0).at("from") == "2024-01-02T00:00:00Z");
  CHECK(one("builder_access", "vic").at(0).at("to") == "2024-03-01T00:00:00Z");
  CHECK(one("delete_chatbots", "vic").empty());
  CHECK(program.get(org.path("/who-can?permission=fly" + range)).status == 400);
  // Of a range in which no model had it, it is as unknown as ever.
  CHECK(program.get(org.path("/who-can?permission=delete_chatbots&from=2024-01-05T00:00:00Z&to=2024-02-01T00:00:00Z"))
            .status == 400);
}

TEST_CASE("the timeline of a permission goes back to the models that had it, when the one of today has not") {
  RunningProgram program;
  const Organization org(program, "moved", "newo", "observe", {{"occurred_at", "2024-01-01T00:00:00Z"}});
  org.send("member.added", R"({"member": "vic", "role": "technical_owner"})", "2024-01-02T00:00:00Z");
  org.send("org.model_changed", R"({"model": "chatbot-team"})", "2024-03-01T00:00:00Z");
  const auto events_of = [&](const char* question) {
    std::vector<std::string> types;
    const json told = org.get(question);
    for (const json& item : told.at("items")) types.push_back(item.at("event").at("type").get<std::string>());
    std::sort(types.begin(), types.end());
    return types;
  };
  CHECK(events_of("/timeline?permission=builder_access") ==
        std::vector<std::string>{"member.added", "org.model_changed"});
  CHECK(events_of("/timeline?permission=access_billing&from=2024-01-01T00:00:00Z&to=2024-05-01T00:00:00Z") ==
        std::vector<std::string>{"org.model_changed"});
  const auto unknown = program.get(org.path("/timeline?permission=builder"));
  CHECK(unknown.status == 400);
  CHECK(unknown.json().at("code") == "unknown_permission");
  // What is to come had no such permission then.
  CHECK(program.get(org.path("/timeline?permission=access_billing&at=2024-02-01T00:00:00Z")).status == 400);
}

TEST_CASE("an organization cannot move to a model that nobody published") {
  RunningProgram program;
  const Organization org(program, "team", "newo", "observe");
  for (const char* data : {R"({"model": "nothing"})", R"({"model": "newo", "model_version": "00"})"}) {
    const auto answer = org.send("org.model_changed", data);
    INFO(answer.body);
    CHECK(answer.status >= 400);
    CHECK(answer.json().at("code") == "unknown_model");
  }
}

TEST_CASE("an organization that observes records what its model forbids as a verdict") {
  RunningProgram program;
  const Organization org(program, "centre", "ccai", "observe");
  const json beyond =
      org.verdict("role.created", R"({"role": "own", "name": "Own", "grants": {"audit_allocation_creation": "view"}})");
  is_violation(beyond, "lifecycle.level_not_offered");
  CHECK(beyond.at("because") ==
        R"(A custom role cannot have "audit_allocation_creation" at "view"; it may choose "no", "full".)");
  is_violation(org.verdict("role.edited", R"({"role": "agent", "grants": {"tasks": "full"}})"),
               "lifecycle.system_role_fixed");
  is_violation(org.verdict("role.deleted", R"({"role": "agent"})"), "lifecycle.system_role_fixed");
  org.send("role.deleted", R"({"role": "own"})");
  is_violation(org.verdict("role.created", own_role), "lifecycle.role_deleted");
  org.send("member.added", R"({"member": "dev", "role": "app_developer"})");
  is_violation(org.verdict("member.role_changed", R"({"member": "dev", "role": "app_owner"})"),
               "lifecycle.exactly_one_holder");
  const json car = org.verdict("assignment.added", R"({"member": "dev", "resource": "car:1"})");
  is_violation(car, "lifecycle.unknown_resource_kind");
  CHECK(car.at("because") == R"(The model has no kind of resource "car"; it has "queue", "skill".)");
  const json fax = org.verdict("feature.enabled", R"({"feature": "fax"})");
  is_violation(fax, "lifecycle.unknown_feature");
  CHECK(fax.at("because") == R"(The model has no feature "fax"; it has "outbound_email".)");
  // Each of them is there, with its verdict.
  std::size_t violations = 0;
  const json events = program.get(org.path("/events?limit=100")).json();
  for (const json& item : events.at("items")) {
    violations += item.at("verdict").at("result") == "violation";
  }
  CHECK(violations == 7);
}

TEST_CASE("an organization that enforces refuses what its model forbids, and keeps the attempt") {
  RunningProgram program;
  const Organization org(program, "centre", "ccai", "enforce");
  is_refused(
      org.send("role.created", R"({"role": "own", "name": "Own", "grants": {"audit_allocation_creation": "view"}})"),
      "lifecycle.level_not_offered");
  is_refused(org.send("role.edited", R"({"role": "agent", "grants": {"tasks": "full"}})"),
             "lifecycle.system_role_fixed");
  is_refused(org.send("role.deleted", R"({"role": "agent"})"), "lifecycle.system_role_fixed");
  CHECK(org.send("role.created", own_role).status == 201);
  CHECK(org.send("role.deleted", R"({"role": "own"})").status == 201);
  is_refused(org.send("role.created", own_role), "lifecycle.role_deleted");
  CHECK(org.send("member.added", R"({"member": "dev", "role": "app_developer"})").status == 201);
  is_refused(org.send("member.role_changed", R"({"member": "dev", "role": "app_owner"})"),
             "lifecycle.exactly_one_holder");
  // Names that mean nothing are the sender's mistake, not an attempt.
  const auto kind = org.send("assignment.added", R"({"member": "dev", "resource": "car:1"})");
  CHECK(kind.json().at("code") == "unknown_resource");
  CHECK(kind.json().at("errors").at(0).at("field") == "/data/resource");
  const auto feature = org.send("feature.enabled", R"({"feature": "fax"})");
  CHECK(feature.json().at("code") == "not_found");
  CHECK(feature.json().at("errors").at(0).at("field") == "/data/feature");
  const json denied = program.get(org.path("/events?type=action.denied")).json().at("items");
  CHECK(denied.size() == 5);
  for (const json& item : denied) CHECK_FALSE(item.at("data").at("rule").get<std::string>().empty());
}

TEST_CASE(
    "a grant whose parent is off is recorded and said to be without effect, in the verdict, the role and the answer") {
  RunningProgram program;
  const Organization org(program, "centre", "ccai", "observe");
  const json verdict =
      org.verdict("role.created",
                  R"({"role": "own", "name": "Own", "grants": {"monitor_console": "no", "join_conversation": "yes"}})");
  CHECK(verdict.at("result") == "allowed");
  CHECK(verdict.at("because") ==
        "Without effect in this role: \"Join Conversation\" (needs \"Monitor Console\" at \"yes\").");
  const json role = program.get(org.path("/roles/own")).json().at("role");
  CHECK(role.at("grants").at("join_conversation") == "yes");
  CHECK(role.at("without_effect") == json::array({"join_conversation"}));
  org.send("member.added", R"({"member": "cleo", "role": "own"})");
  CHECK(org.level("cleo", "join_conversation") == "no");
  const json can = program.get(org.path("/can?member=cleo&permission=join_conversation")).json();
  CHECK(can.at("denied_because") == "it needs Monitor Console at yes first");
  org.send("role.edited", R"({"role": "own", "grants": {"monitor_console": "yes"}})");
  CHECK(org.level("cleo", "join_conversation") == "yes");
  CHECK_FALSE(program.get(org.path("/roles/own")).json().at("role").contains("without_effect"));
}

TEST_CASE("what the text leaves blank is reported as such with the role and with the answer") {
  RunningProgram program;
  const Organization org(program, "care", "cx-modules", "observe");
  org.send("member.added", R"({"member": "aud", "role": "auditor"})");
  const json role = program.get(org.path("/roles/auditor")).json().at("role");
  CHECK(std::count(role.at("unspecified").begin(), role.at("unspecified").end(), json("quality.read")) == 1);
  const json can = program.get(org.path("/can?member=aud&permission=quality.read")).json();
  CHECK(can.at("denied_because") == "the model's text does not say whether the role auditor has it");
}

TEST_CASE("a model of ten thousand permissions and a thousand roles is taken, shown, analysed and asked about") {
  RunningProgram program;
  json document = shop("view");
  for (int i = 0; i < 9'999; ++i) {
    document["permissions"].push_back(
        {{"id", "p" + std::to_string(i)}, {"name", "Permission"}, {"module", "Large"}, {"scale", "access"}});
  }
  for (int i = 0; i < 998; ++i) {
    json role{{"id", "r" + std::to_string(i)}, {"name", "Role"}};
    for (int j = 0; j < 40; ++j) role["grants"]["p" + std::to_string((i * 31 + j * 97) % 9'999)] = "full";
    document["roles"].push_back(role);
  }
  const auto published = program.post("/v1/models", document.dump());
  INFO(published.body);
  REQUIRE(published.status == 201);
  const Organization org(program, "large", "shop", "observe");
  CHECK(org.verdict("member.added", R"({"member": "hal", "role": "r7"})").at("result") == "allowed");
  CHECK(org.level("hal", "p217") == "full");
  CHECK(org.level("hal", "p218") == "none");
  const json who = program.get(org.path("/who-can?permission=p217")).json();
  CHECK(who.at("total") == 1);
  CHECK(program.get("/v1/models/shop").json().at("permissions").size() == 10'000);
  const json analysis = program.get("/v1/models/shop/analysis").json();
  CHECK(analysis.at("escalations").at("searched") == "together");
  CHECK(program.get(org.path("/roles?limit=10")).json().at("total") == 1'000);
  program.restart();
  CHECK(org.level("hal", "p217") == "full");
}

TEST_CASE("five megabytes of nesting are no model, and the server stands") {
  RunningProgram program;
  const std::size_t deep = 2'500'000;
  for (const auto& [open, close] : {std::pair<std::string, std::string>{"[", "]"}, {R"({"a":)", "}"}}) {
    std::string body;
    for (std::size_t i = 0; body.size() < deep; ++i) body += open;
    body += "1";
    for (std::size_t i = 0; i < deep / open.size(); ++i) body += close;
    body.resize(5'000'000, close.front());
    const auto answer = program.post("/v1/models", body);
    INFO(answer.body.substr(0, 500));
    CHECK(answer.status == 400);
    CHECK(answer.body.size() < 2'000);
  }
  const std::string inside = R"({"id": "deep", "scales": {}, "permissions": [], "roles": )" + std::string(100, '[') +
                             std::string(100, ']') + "}";
  CHECK(program.post("/v1/models", inside).status == 400);
  CHECK(program.get("/v1/models/deep").status == 404);
  CHECK(program.get("/healthz").status == 200);
}

TEST_CASE("the analysis tells how a Viewer of newo comes to any role, and of a version that is asked for") {
  RunningProgram program;
  const json analysis = program.get("/v1/models/newo/analysis").json();
  std::set<std::string> to;
  for (const json& found : analysis.at("escalations").at("items")) {
    if (found.at("role") != "viewer") continue;
    to.insert(found.at("to").get<std::string>());
    CHECK(found.at("steps").at(0).at("actions") == json::array({"member.role_changed"}));
    CHECK(found.at("alone") == true);
  }
  CHECK(to == std::set<std::string>{"account_manager", "owner", "technical_owner"});
  const std::string version = analysis.at("version").get<std::string>();
  CHECK(program.get("/v1/models/newo/analysis?version=" + version).status == 200);
  CHECK(program.get("/v1/models/newo/analysis?version=00").status == 404);
  CHECK(program.get("/v1/models/newo/analysis?colour=red").status == 400);
}
