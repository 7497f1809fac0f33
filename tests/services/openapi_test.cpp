// The OpenAPI document: whole in itself, and true to what a running server answers.
#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "services/api/parts.h"
#include "storage/memory/key_vault.h"
#include "storage/memory/store.h"
#include "tests/catch.h"
#include "tests/services/feed_client.h"
#include "tests/services/openapi_answers.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::check_answer;
using test::faults_of;
using test::resolved;

const json& document() { return test::openapi(); }

void find_refs(const json& value, std::vector<std::string>& refs) {
  if (value.is_object() && value.contains("$ref")) refs.push_back(value.at("$ref").get<std::string>());
  if (!value.is_structured()) return;
  for (const json& member : value) find_refs(member, refs);
}

// Every route that the server has, with its scope, from the router itself.
std::map<std::string, std::string> routes_of_the_router() {
  storage::MemoryStore store;
  storage::People people(std::make_unique<storage::MemoryKeyVault>(), storage::MasterKey{});
  projections::Models models;
  projections::DirectoryCache names;
  projections::TimelineCache timelines;
  services::Tokens tokens;
  services::Recorder recorder(store, people, models, services::system_clock_now);
  services::AppendQueue appends(recorder, store);
  services::Parts parts{store,
                        people,
                        models,
                        names,
                        timelines,
                        appends,
                        tokens,
                        services::Identities(people, names),
                        services::system_clock_now};
  http::Router router;
  services::add_routes(router, parts);
  std::map<std::string, std::string> routes;
  for (const http::Route& route : router.routes()) {
    std::string method(http::to_text(route.method));
    std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::tolower(c); });
    routes[method + " " + route.path] = route.scope;
  }
  return routes;
}

}  // namespace

TEST_CASE("the OpenAPI document refers only to what it has, and leaves no schema unused") {
  CHECK(document().at("openapi") == "3.1.0");
  std::vector<std::string> refs;
  find_refs(document(), refs);
  CHECK(refs.size() > 50);
  for (const std::string& ref : refs) {
    INFO(ref);
    REQUIRE(ref.starts_with("#/"));
    CHECK(document().contains(json::json_pointer(ref.substr(1))));
  }
  for (const auto& [name, unused] : document().at("components").at("schemas").items()) {
    INFO(name);
    CHECK(std::find(refs.begin(), refs.end(), "#/components/schemas/" + name) != refs.end());
  }
}

TEST_CASE("the OpenAPI document has the router's routes and no others, each with its parameters, problem and scope") {
  std::map<std::string, std::string> documented;  // method and path, scope
  for (const auto& [path, operations] : document().at("paths").items()) {
    for (const auto& [method, operation] : operations.items()) {
      INFO(method << " " << path);
      const json& security = operation.at("security");
      documented[method + " " + path] = security.empty() ? "" : security.at(0).at("bearer").at(0).get<std::string>();
      CHECK(operation.contains("summary"));
      std::set<std::string> in_path;
      for (const json& parameter : operation.at("parameters")) {
        CHECK(resolved(parameter).contains("name"));
        if (resolved(parameter).at("in") == "path")
          in_path.insert("{" + resolved(parameter).at("name").get<std::string>() + "}");
      }
      for (std::size_t open = path.find('{'); open != std::string::npos; open = path.find('{', open + 1)) {
        CHECK(in_path.contains(path.substr(open, path.find('}', open) - open + 1)));
      }
      if (path.starts_with("/v1")) CHECK(operation.at("responses").contains("default"));
    }
  }
  CHECK(documented == routes_of_the_router());
}

TEST_CASE("what the server answers has the shape that the OpenAPI document gives it") {
  test::RunningProgram program({.demo = true});
  const std::string org = "/v1/orgs/demo";
  const auto get = [&](const std::string& target, const std::string& path) {
    check_answer(program.get(target), "get", path);
  };
  get("/healthz", "/healthz");
  get("/readyz", "/readyz");
  get("/v1/models", "/v1/models");
  get("/v1/models/github", "/v1/models/{model}");
  for (const char* model : {"newo", "chatbot-team", "answering-agent", "ccai", "cx-modules"}) {
    get(std::string("/v1/models/") + model, "/v1/models/{model}");
    get(std::string("/v1/models/") + model + "/analysis", "/v1/models/{model}/analysis");
  }
  get("/v1/models/none", "/v1/models/{model}");
  get("/v1/models/none/analysis", "/v1/models/{model}/analysis");
  get("/v1/models/github?form=picture", "/v1/models/{model}");
  get("/v1/orgs?limit=1", "/v1/orgs");
  get(org, "/v1/orgs/{org}");
  get("/v1/orgs/none", "/v1/orgs/{org}");
  get(org + "/events?limit=3", "/v1/orgs/{org}/events");
  get(org + "/events/1", "/v1/orgs/{org}/events/{version}");
  get(org + "/events/0", "/v1/orgs/{org}/events/{version}");
  const std::string who = org + "/who-can?permission=repository";
  get(who, "/v1/orgs/{org}/who-can");
  get(who + "&explain=true&limit=1", "/v1/orgs/{org}/who-can");
  get(who + "&on=2023-06-01&tz=Europe/Berlin", "/v1/orgs/{org}/who-can");
  get(who + "&at=1999-01-01T00:00:00Z&known_at=2", "/v1/orgs/{org}/who-can");
  get(who + "&level=none-such", "/v1/orgs/{org}/who-can");
  for (const char* more : {"", "&explain=true", "&at=1999-01-01T00:00:00Z", "&level=admin"}) {
    get(org + "/can?permission=repository&member=ana@demo.test" + more, "/v1/orgs/{org}/can");
  }
  const std::string diff = org + "/diff?from=2023-01-01T00:00:00Z&to=2024-06-01T00:00:00Z";
  for (const char* more : {"", "&by=change", "&member=ben@demo.test", "&by=day"}) {
    get(diff + more, "/v1/orgs/{org}/diff");
  }
  get(org + "/diff?known_from=3", "/v1/orgs/{org}/diff");
  for (const char* of : {"member=ben@demo.test", "role=member", "permission=repository", "group=none", "limit=3"}) {
    get(org + "/timeline?" + of, "/v1/orgs/{org}/timeline");
  }
  get(org + "/findings?pending_days=1", "/v1/orgs/{org}/findings");
  get(org + "/findings?kind=none", "/v1/orgs/{org}/findings");
  get(org + "/findings?kind=judgement_changed", "/v1/orgs/{org}/findings");
  get(org + "/findings?status=shut", "/v1/orgs/{org}/findings");
  get(org + "/findings?within_minutes=1440", "/v1/orgs/{org}/findings");
  get(org + "/sod-rules", "/v1/orgs/{org}/sod-rules");
  get(org + "/sod-rules?at=yesterday", "/v1/orgs/{org}/sod-rules");
  for (const char* more : {"?card=true", "?explain=true", "?explain=perhaps"}) {
    get(org + "/members/ana@demo.test" + more, "/v1/orgs/{org}/members/{member}");
  }
  get(org + "/can?permission=repository&member=ben@demo.test&explain=true", "/v1/orgs/{org}/can");
  get(org + "/members?limit=1", "/v1/orgs/{org}/members");
  get(org + "/members?status=invited", "/v1/orgs/{org}/members");
  for (const char* member : {"ana@demo.test", "ben@demo.test", "nobody"}) {
    get(org + "/members/" + member, "/v1/orgs/{org}/members/{member}");
  }
  get(org + "/groups", "/v1/orgs/{org}/groups");
  const auto groups = program.get(org + "/groups?at=2023-06-01T00:00:00Z").json().at("items");
  REQUIRE_FALSE(groups.empty());
  const std::string group = groups.at(0).at("group").get<std::string>();
  get(org + "/groups/" + test::percent(group) + "/members?at=2023-06-01T00:00:00Z",
      "/v1/orgs/{org}/groups/{group}/members");
  get(org + "/roles", "/v1/orgs/{org}/roles");
  get(org + "/roles/owner", "/v1/orgs/{org}/roles/{role}");
  get("/v1/tokens", "/v1/tokens");
}

TEST_CASE("what the server answers to a change has the shape that the OpenAPI document gives it") {
  test::RunningProgram program;
  const auto post = [&](const std::string& target, const std::string& path, const std::string& body,
                        const std::vector<std::string>& headers = {}) {
    auto answer = program.post(target, body, headers);
    check_answer(answer, "post", path);
    return answer;
  };
  post("/v1/orgs", "/v1/orgs", R"({"id":"acme","model":"github","mode":"observe","owner":"ana"})");
  post("/v1/orgs", "/v1/orgs", R"({"id":"acme","model":"github","mode":"observe","owner":"ana"})");
  const std::string events = "/v1/orgs/{org}/events";
  const auto added = post("/v1/orgs/acme/events", events,
                          R"({"id":"a","type":"member.added","actor":{"kind":"member","id":"ana"},)"
                          R"("data":{"member":"bob","role":"member"}})");
  CHECK(added.status == 201);
  CHECK(added.headers.contains("etag"));
  const auto refused = post("/v1/orgs/acme/events", events, R"([{"type":"none"},{"type":"member.added"}])");
  CHECK(refused.status == 400);
  CHECK(refused.json().at("errors").size() == 2);
  post("/v1/orgs/acme/events", events, "{", {});
  post("/v1/orgs/acme/events", events, R"({"type":"org.deleted","actor":{"kind":"system","id":"x"}})",
       {"If-Match: \"99\""});
  const std::string rules = "/v1/orgs/{org}/sod-rules", finding = "/v1/orgs/{org}/findings/{finding}/";
  post("/v1/orgs", "/v1/orgs", R"({"id":"n","model":"newo","mode":"observe","owner":"ana"})");
  const auto rule = post("/v1/orgs/n/sod-rules", rules,
                         R"({"id":"r","name":"apart","first":{"permission":"assign_other_roles"},)"
                         R"("second":{"permission":"settings_attributes_access"},"reason":"four eyes"})");
  INFO(rule.body);
  CHECK(rule.status == 201);
  post("/v1/orgs/n/sod-rules", rules, R"({"id":"r"})");
  check_answer(program.get("/v1/orgs/n/sod-rules"), "get", rules);
  const auto found = program.get("/v1/orgs/n/findings?kind=duties_not_separated");
  check_answer(found, "get", "/v1/orgs/{org}/findings");
  REQUIRE(found.json().at("items").size() == 1);
  const std::string one = "/v1/orgs/n/findings/" + found.json().at("items").at(0).at("id").get<std::string>();
  const std::string why = R"({"reason":"one of two founders","actor":{"kind":"support","id":"auditor"}})";
  CHECK(post(one + "/close", finding + "close", why).status == 201);
  CHECK(post(one + "/close", finding + "close", why).status == 409);
  check_answer(program.get("/v1/orgs/n/findings?status=closed"), "get", "/v1/orgs/{org}/findings");
  CHECK(post(one + "/reopen", finding + "reopen", "").status == 201);
  post("/v1/orgs/n/findings/none/close", finding + "close", why);
  check_answer(program.request("DELETE", "/v1/orgs/n/sod-rules/r"), "delete", "/v1/orgs/{org}/sod-rules/{rule}");
  check_answer(program.request("DELETE", "/v1/orgs/n/sod-rules/r"), "delete", "/v1/orgs/{org}/sod-rules/{rule}");
  const std::string line = R"({"_document_id":"d","@timestamp":1,"action":"org.create","actor":"ana","org":"lines"})";
  post("/v1/orgs/lines/import?format=github-audit", "/v1/orgs/{org}/import", line + "\nnot json\n");
  post("/v1/orgs/lines/import?format=none", "/v1/orgs/{org}/import", line);
  const auto token = post("/v1/tokens", "/v1/tokens", R"({"principal":"auditor","scopes":["read"],"orgs":["acme"]})");
  REQUIRE(token.status == 201);
  const std::string id = token.json().at("token").get<std::string>();
  check_answer(program.request("DELETE", "/v1/tokens/" + id), "delete", "/v1/tokens/{token}");
  check_answer(program.request("DELETE", "/v1/tokens/none"), "delete", "/v1/tokens/{token}");
}

TEST_CASE("what the feed and its consumers answer has the shape that the OpenAPI document gives it") {
  test::RunningProgram program({.demo = true});
  const auto lines = test::poll(program, "?cursor=1&wait=0&consumer=siem&include=record");
  CHECK(lines.size() > 10);
  const json& message = document()
                            .at("paths")
                            .at("/v1/feed")
                            .at("get")
                            .at("responses")
                            .at("200")
                            .at("content")
                            .at("application/x-ndjson")
                            .at("schema");
  for (const json& line : lines) {
    INFO(line.dump());
    CHECK(faults_of(line, message, "") == std::vector<std::string>());
  }
  check_answer(program.get("/v1/feed"), "get", "/v1/feed");
  check_answer(program.get("/v1/consumers"), "get", "/v1/consumers");
  const std::string name = "/v1/consumers/{name}";
  for (const char* one : {"siem", "none"}) {
    const std::string target = std::string("/v1/consumers/") + one;
    check_answer(program.get(target), "get", name);
    check_answer(program.post(target + "/ack", R"({"position":3})"), "post", name + "/ack");
    check_answer(program.post(target + "/ack", "{}"), "post", name + "/ack");
    check_answer(program.post(target + "/reset", R"({"position":3})"), "post", name + "/reset");
    check_answer(program.request("DELETE", target), "delete", name);
  }
}

TEST_CASE("what is answered about sinks has the shape that the OpenAPI document gives it") {
  test::RunningProgram program({.demo = true});
  const std::string all = "/v1/sinks", one = "/v1/sinks/{sink}";
  const std::string wish =
      R"({"sink":"siem","kind":"splunk_hec","url":"http://127.0.0.1:1","token":"t","orgs":["demo"]})";
  check_answer(program.post(all, wish), "post", all);
  check_answer(program.post(all, wish), "post", all);
  check_answer(program.post(all, "{}"), "post", all);
  // Nobody listens at its address: in the end it says so.
  for (int i = 0; i < 5'000 && program.get("/v1/sinks/siem").json().at("attempts") == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  CHECK(program.get("/v1/sinks/siem").json().contains("error"));
  check_answer(program.get(all), "get", all);
  for (const char* sink : {"siem", "none"}) {
    const std::string target = std::string("/v1/sinks/") + sink;
    check_answer(program.get(target), "get", one);
    check_answer(program.post(target + "/pause", ""), "post", one + "/pause");
    check_answer(program.post(target + "/resume", ""), "post", one + "/resume");
    check_answer(program.request("DELETE", target), "delete", one);
  }
}
