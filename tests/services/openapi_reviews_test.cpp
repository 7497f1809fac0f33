// Access reviews: what is answered has the shape that the OpenAPI document gives it.
#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/catch.h"
#include "tests/services/openapi_answers.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::check_answer;

// What was sent in chunks, in one piece.
std::string without_chunks(const std::string& body) {
  std::string whole;
  for (std::size_t at = 0;;) {
    const std::size_t size = std::stoul(body.substr(at), nullptr, 16);
    if (size == 0) return whole;
    at = body.find("\r\n", at) + 2;
    whole += body.substr(at, size);
    at += size + 2;
  }
}

// An organization under review, and each answer looked at.
class Reviewed {
 public:
  Reviewed() {
    const std::string made = R"({"id":"acme","model":"github","mode":"observe","owner":"olga"})";
    REQUIRE(program.post("/v1/orgs", made).status == 201);
    json team = json::array();
    const auto tell = [&](const char* type, const json& data) {
      team.push_back({{"type", type}, {"actor", {{"kind", "member"}, {"id", "olga"}}}, {"data", data}});
    };
    tell("member.added", {{"member", "ana"}, {"role", "owner"}});
    tell("member.added", {{"member", "ben"}, {"role", "member"}});
    tell("group.created", {{"group", "sre"}});
    tell("group.member_added", {{"group", "sre"}, {"member", "ben"}});
    tell("role.granted", {{"principal", "member:ben"}, {"role", "admin"}, {"on", "repo:acme/web"}});
    tell("role.granted", {{"principal", "group:sre"}, {"role", "read"}, {"on", "repo:acme/web"}});
    tell("member.invited", {{"member", "cy"}, {"role", "member"}});
    REQUIRE(program.post("/v1/orgs/acme/events", team.dump()).status == 201);
  }

  // The status is what tells that the right answer was looked at.
  test::HttpAnswer ask(std::string method, const std::string& rest, const std::string& path, int status,
                       const std::string& body = {}) {
    auto answer = program.request(method, "/v1/orgs/acme" + rest, body);
    if (answer.headers.contains("transfer-encoding")) answer.body = without_chunks(answer.body);
    std::transform(method.begin(), method.end(), method.begin(), [](unsigned char c) { return std::tolower(c); });
    check_answer(answer, method, "/v1/orgs/{org}" + path);
    INFO(method << ' ' << rest << ": " << answer.body);
    CHECK(answer.status == status);
    return answer;
  }

  void define() {
    ask("POST", definitions, definitions, 201,
        R"({"id":"q","name":"Quarterly","carry_over":true,)"
        R"("schedule":{"rrule":"FREQ=YEARLY","start":"2030-01-01T09:00:00","tz":"Europe/Berlin"},)"
        R"("stages":[{"reviewers":[{"kind":"granted_by"}],"fallback":["ana","olga"]},)"
        R"({"reviewers":[{"kind":"holders_of","role":"owner"}],"fallback":["ana","olga"],)"
        R"("outcome":"all_agree","days":3,"remind_days":[1]}]})");
  }

  void open(const std::string& id) {
    ask("POST", reviews, reviews, 201, json{{"definition", "q"}, {"id", id}, {"reason", "it is time"}}.dump());
  }

  // A decision about the item of that kind and member, as it stands.
  json decision(const std::string& review, const std::string& kind, const std::string& member, const char* verb) {
    const json all = program.get("/v1/orgs/acme/reviews/" + review + "/items").json();
    for (const json& item : all.at("items")) {
      if (item.at("kind") != kind || item.at("member") != member) continue;
      return {{"item", item.at("item")}, {"state", item.at("state")}, {"decision", verb}, {"reason", "r"}};
    }
    throw std::runtime_error("no such item");
  }

  test::RunningProgram program;
  const std::string definitions = "/review-definitions", reviews = "/reviews", review = reviews + "/{review}";
};

}  // namespace

TEST_CASE("what access reviews answer has the shape that the OpenAPI document gives it") {
  Reviewed acme;
  acme.define();
  acme.ask("POST", acme.definitions, acme.definitions, 400, R"({"id":"q","stages":3})");
  acme.ask("GET", acme.definitions, acme.definitions, 200);
  acme.ask("GET", "/review-definitions/q", acme.definitions + "/{definition}", 200);
  acme.ask("GET", "/review-definitions/none", acme.definitions + "/{definition}", 404);
  const std::string shipped = "/shipped-review-definitions";
  acme.ask("GET", shipped, shipped, 200);
  acme.ask("GET", shipped + "/quarterly-basics", shipped + "/{definition}", 200);
  acme.ask("GET", shipped + "/none", shipped + "/{definition}", 404);
  const auto preview = acme.ask("POST", acme.reviews, acme.reviews, 200, R"({"definition":"q","dry_run":true})");
  CHECK(preview.json().at("items").size() == 6);
  const auto page =
      acme.ask("POST", acme.reviews + "?limit=4", acme.reviews, 200, R"({"definition":"q","dry_run":true})");
  acme.ask("POST", acme.reviews + "?cursor=" + page.json().at("next").get<std::string>(), acme.reviews, 200,
           R"({"definition":"q","dry_run":true})");
  acme.ask("POST", acme.reviews + "?limit=4", acme.reviews, 400, R"({"definition":"q"})");
  acme.open("one");
  acme.ask("POST", acme.reviews, acme.reviews, 400, R"({"definition":"none"})");
  acme.ask("GET", acme.reviews, acme.reviews, 200);
  acme.ask("GET", "/reviews?status=ended", acme.reviews, 200);
  acme.ask("GET", "/reviews/one", acme.review, 200);
  acme.ask("GET", "/reviews/none", acme.review, 404);
  const std::string items = acme.review + "/items", decisions = acme.review + "/decisions";
  for (const char* more : {"", "?view=mine", "?view=overdue", "?view=changed&by=power", "?detail=true"}) {
    acme.ask("GET", std::string("/reviews/one/items") + more, items, 200);
  }
  acme.ask("GET", "/reviews/one/items?view=yours", items, 400);
  json group = acme.decision("one", "group", "ben", "keep");
  acme.ask("GET", "/reviews/one/items/" + group.at("item").get<std::string>(), items + "/{item}", 200);
  acme.ask("GET", "/reviews/one/items/none", items + "/{item}", 404);
  const json several{group, {{"item", "none"}, {"state", "s"}, {"decision", "keep"}}};
  acme.ask("POST", "/reviews/one/decisions?reviewer=olga", decisions, 207, several.dump());
  json handed = acme.decision("one", "grant", "ben", "delegate");
  handed["to"] = "ana";
  handed["until"] = "2031-01-01T00:00:00Z";
  acme.ask("POST", "/reviews/one/decisions?reviewer=olga", decisions, 201, handed.dump());
  json change = acme.decision("one", "role", "ben", "change");
  change["role"] = "owner";
  acme.ask("POST", "/reviews/one/decisions?reviewer=olga", decisions, 201, change.dump());
  json stale = acme.decision("one", "grant", "ben", "keep");
  stale["state"] = "another";
  acme.ask("POST", "/reviews/one/decisions?reviewer=ana", decisions, 409, stale.dump());
  acme.ask("POST", "/reviews/one/reassign", acme.review + "/reassign", 201, R"({"from":"olga","to":"ana"})");
  acme.ask("POST", "/reviews/one/reassign", acme.review + "/reassign", 400, R"({"to":3})");
  acme.ask("POST", "/reviews/one/end-stage", acme.review + "/end-stage", 201, "{}");
  const std::string removed = R"({"type":"group.member_removed","actor":{"kind":"member","id":"olga"},)"
                              R"("data":{"group":"sre","member":"ben"}})";
  REQUIRE(acme.program.post("/v1/orgs/acme/events", removed).status == 201);
  const auto detailed = acme.ask("GET", "/reviews/one/items?detail=true", items, 200).json().at("items");
  CHECK(std::any_of(detailed.begin(), detailed.end(), [](const json& item) { return item.contains("touched_by"); }));
  acme.ask("POST", "/reviews/one/cancel", acme.review + "/cancel", 201, R"({"reason":"a mistake"})");
  acme.ask("POST", "/reviews/one/cancel", acme.review + "/cancel", 409, "{}");
  acme.ask("DELETE", "/review-definitions/q", acme.definitions + "/{definition}", 201, R"({"reason":"no more"})");
  acme.ask("DELETE", "/review-definitions/q", acme.definitions + "/{definition}", 404);
}

TEST_CASE("what ended reviews and reports answer has the shape that the OpenAPI document gives it") {
  Reviewed acme;
  acme.define();
  acme.open("one");
  for (const char* kind : {"grant", "group"}) {
    const json said = acme.decision("one", kind, "ben", std::string(kind) == "grant" ? "revoke" : "keep");
    acme.ask("POST", "/reviews/one/decisions?reviewer=olga", acme.review + "/decisions", 201, said.dump());
  }
  acme.ask("POST", "/reviews/one/remedy", acme.review + "/remedy", 409, "{}");
  acme.ask("POST", "/reviews/one/close", acme.review + "/close", 201, R"({"reason":"done"})");
  acme.ask("POST", "/reviews/one/close", acme.review + "/close", 409, "{}");
  acme.ask("GET", "/reviews/one", acme.review, 200);
  const auto tasks = acme.ask("GET", "/reviews/one/tasks", acme.review + "/tasks", 200).json().at("items");
  REQUIRE(tasks.size() == 1);
  CHECK(tasks.at(0).at("status") == "open");
  acme.ask("GET", "/reviews/one/tasks?status=shut", acme.review + "/tasks", 400);
  acme.ask("POST", "/reviews/one/remedy", acme.review + "/remedy", 200, "{}");
  acme.open("two");
  acme.ask("GET", "/reviews/two/items?detail=true", acme.review + "/items", 200);
  acme.ask("POST", "/reports", "/reports", 201, R"({"id":"r","period_days":30})");
  acme.ask("POST", "/reports", "/reports", 400, R"({"period_days":0})");
  acme.ask("GET", "/reports", "/reports", 200);
  for (const char* format : {"json", "csv", "xlsx", "pdf"}) {
    const std::string query = std::string("?format=") + format;
    acme.ask("GET", "/reviews/one/report" + query, acme.review + "/report", 200);
    acme.ask("GET", "/reviews/two/report" + query, acme.review + "/report", 200);
    acme.ask("GET", "/reports/r" + query, "/reports/{report}", 200);
  }
  acme.ask("GET", "/reviews/one/report?format=odt", acme.review + "/report", 400);
  acme.ask("GET", "/reports/none", "/reports/{report}", 404);
}
