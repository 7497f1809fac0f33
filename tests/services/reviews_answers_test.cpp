// Reports of access reviews, and what is refused: a row each, with the code, the field and a way out.
#include <atomic>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "tests/services/reviews_told.h"
#include "tests/services/running_program.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::ben;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

void a_team_under_review(ReviewsTold& acme) {
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("role.granted", {{"principal", "member:ben@acme.test"}, {"role", "write"}, {"on", "repo:acme/web"}});
  acme.told("/review-definitions", named_review("q", {olga, ana}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
}

// What is sent, and what the no says.
struct Refused {
  const char* what;
  std::string path;
  json body;
  unsigned status;
  const char* code;
  const char* field;
  const char* said;
};

std::vector<Refused> refused_openings() {
  const auto scope = [](const json& value) {
    return json{{"definition", named_review("x", {olga, ana}, {{"scope", value}})}};
  };
  const json alone{{"definition", named_review("x", {olga})}};
  const json never{{"rrule", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}, {"start", "2026-01-01T09:00:00"}, {"tz", "UTC"}};
  return {

      {"an unknown role", "/reviews", scope({{"roles", {"nope"}}}), 400, "unknown_role", "/scope/roles/0", "nope"},
      {"an unknown group", "/reviews", scope({{"groups", {"nope"}}}), 400, "unknown_group", "/scope/groups/0", "nope"},
      {"an unknown permission", "/reviews",
       scope({{"permissions", json::array({{{"permission", "nope"}, {"level", "yes"}}})}}), 400, "unknown_permission",
       "/scope/permissions/0/permission", "nope"},
      {"an unknown kind of resource", "/reviews", scope({{"resources", {"boat:x"}}}), 400, "unknown_resource",
       "/scope/resources/0", "boat"},
      {"a resource of which nobody has heard", "/reviews", scope({{"resources", {"repo:acme/wbe"}}}), 400,
       "unknown_resource", "/scope/resources/0", "repo:acme/wbe"},
      {"no kind of finding", "/reviews", scope({{"findings", {"rule_violation", "nonsense"}}}), 400, "invalid_field",
       "/scope/findings/1", "self_approval, granted_and_revoked, duties_not_separated or judgement_changed"},
      {"a scope that matches nothing", "/reviews", scope({{"resources", {"repo:acme/web"}}, {"kinds", {"group"}}}), 400,
       "invalid_field", "/scope", "nothing was opened"},
      {"nobody to ask", "/reviews", alone, 400, "invalid_field", "/stages", "olga@acme.test"},
      {"a schedule that never fires", "/review-definitions", named_review("n", {olga}, {{"schedule", never}}), 400,
       "invalid_field", "/schedule/rrule", ""},
      {"an id that is taken", "/reviews", {{"id", "q1"}, {"definition", "q"}}, 409, "already_exists", "/id", "q1"},
      {"an unknown definition", "/reviews", {{"definition", "none"}}, 400, "not_found", "/definition", "none"},
      {"an unknown review", "/reviews/none/close", json::object(), 404, "not_found", "review", "none"},
      {"decisions on an unknown review",
       "/reviews/none/decisions",
       {{"item", "x"}, {"state", "y"}, {"decision", "keep"}},
       404,
       "not_found",
       "review",
       "none"}};
}

std::vector<Refused> refused_decisions(const json& grant, const json& own_role, const json& own, const json& over) {
  json stale = ReviewsTold::decision(grant, "keep");
  stale["state"] = "0000000000000000";
  json no_reason = ReviewsTold::decision(grant, "revoke");
  no_reason.erase("reason");
  json many = json::array();
  for (int i = 0; i < 1'001; ++i) many.push_back(ReviewsTold::decision(grant, "keep"));
  const auto named = [&](const json& one, const char* verb, const json& more = json::object()) {
    return ReviewsTold::decision(one, verb, more);
  };
  const std::string by_ana = "/reviews/q1/decisions?reviewer=ana@acme.test";
  const std::string by_olga = "/reviews/q1/decisions?reviewer=olga@acme.test";
  const std::string by_cy = "/reviews/q1/decisions?reviewer=cy@acme.test";
  return {
      {"a decision on an ended review", "/reviews/over/decisions?reviewer=ana@acme.test", named(over, "keep"), 409,
       "review_ended", "review", "over"},
      {"a decision on another's item", by_cy, named(grant, "keep"), 403, "forbidden", "/reviewer", "reassign"},
      {"a decision on one's own access", by_ana, named(own, "keep"), 403, "forbidden", "/reviewer", "themselves"},
      {"a decision on another state", by_ana, stale, 409, "stale_state", "/state", "read the item again"},
      {"a change without a role", by_ana, named(grant, "change"), 400, "missing_field", "/role", "role"},
      {"a role without a change", by_ana, named(grant, "keep", {{"role", "read"}}), 400, "invalid_field", "/role",
       "change"},
      {"a change to a role that there is not", by_ana, named(grant, "change", {{"role", "nope"}}), 400, "unknown_role",
       "/role", "nope"},
      {"a change to the role that it is", by_ana, named(grant, "change", {{"role", "write"}}), 400, "invalid_field",
       "/role", "keep"},
      {"a change to the member's own role", by_ana, named(own_role, "change", {{"role", "member"}}), 400,
       "invalid_field", "/role", "already"},
      {"a delegation to nobody", by_ana, named(grant, "delegate"), 400, "missing_field", "/to", "to"},
      {"a delegation to oneself", by_ana, named(grant, "delegate", {{"to", ana}}), 400, "invalid_field", "/to",
       "yours"},
      {"a delegation to whom it is about", by_ana, named(grant, "delegate", {{"to", ben}}), 403, "forbidden", "/to",
       "themselves"},
      {"a delegation until yesterday", by_ana,
       named(grant, "delegate", {{"to", "cy@acme.test"}, {"until", "2026-01-04T00:00:00Z"}}), 400, "invalid_field",
       "/until", "ahead"},
      {"a revocation without a reason", by_ana, no_reason, 400, "missing_field", "/reason", "reason"},
      {"no such verb", by_ana, named(grant, "maybe"), 400, "invalid_field", "/decision", "keep, revoke"},
      {"no such item",
       by_ana,
       {{"item", "none"}, {"state", "x"}, {"decision", "keep"}},
       404,
       "not_found",
       "/item",
       "none"},
      {"too many decisions", by_olga, many, 400, "too_large", "", "1000"},
      {"no decisions", by_olga, json::array(), 400, "too_large", "", "1000"},
      {"a remedy of an open review", "/reviews/q1/remedy", json::object(), 409, "review_ended", "review", "not closed"},
      {"a reassignment from a stranger",
       "/reviews/q1/reassign",
       {{"from", "none@x.test"}, {"to", ana}},
       400,
       "unknown_member",
       "/from",
       "none@x.test"},
      {"a reassignment of no item",
       "/reviews/q1/reassign",
       {{"to", ana}, {"item", "none"}},
       400,
       "not_found",
       "/item",
       "none"},
  };
}

}  // namespace

TEST_CASE("a report of a review at a position is the same to the byte, whatever came later, from any process") {
  ReviewsTold acme;
  a_team_under_review(acme);
  acme.clock("2026-01-06T09:00:00Z");
  acme.decided("q1", olga,
               {ReviewsTold::decision(acme.item("q1", ben, "grant"), "revoke"),
                ReviewsTold::decision(acme.item("q1", ben, "role"), "keep")});
  const auto open_at = std::to_string(acme.happens("group.created", {{"group", "sre"}}));
  acme.told("/reviews/q1/close", json::object());
  const auto closed_at = std::to_string(acme.happens("group.created", {{"group", "dev"}}));
  std::map<std::string, std::string> before;
  const std::vector<std::string> formats{"json", "csv", "csv&table=decisions", "xlsx", "pdf"};
  for (const std::string& at : {open_at, closed_at}) {
    for (const std::string& format : formats) {
      const std::string path = "/reviews/q1/report?position=" + at + "&format=" + format;
      const auto answer = acme.ask("GET", path);
      INFO(path << answer.body.substr(0, 300));
      REQUIRE(answer.status == 200);
      before[path] = answer.body;
    }
  }
  CHECK(json::parse(before.at("/reviews/q1/report?position=" + open_at + "&format=json")) !=
        json::parse(before.at("/reviews/q1/report?position=" + closed_at + "&format=json")));
  acme.clock("2026-03-06T09:00:00Z");
  acme.happens("member.removed", {{"member", ben}});
  acme.told("/reviews", {{"id", "q2"}, {"definition", "q"}});
  for (int n = 0; n < 2; ++n) {
    for (const auto& [path, bytes] : before) {
      INFO(path);
      CHECK(acme.ask("GET", path).body == bytes);
    }
    acme.restart();
  }
}

TEST_CASE("a report's items are those of the items' own list, and its population can be asked for again") {
  ReviewsTold acme;
  a_team_under_review(acme);
  acme.clock("2026-01-06T09:00:00Z");
  acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", ben, "grant"), "revoke"));
  acme.told("/reviews/q1/close", json::object());
  const json report = json::parse(acme.ask("GET", "/reviews/q1/report").body);
  const json rows = report.at("tables").at("items");
  const auto items = acme.items("q1");
  REQUIRE(rows.size() == items.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    INFO(rows[i].dump() << items[i].dump());
    CHECK(rows[i].at("item") == items[i].at("item"));
    CHECK(rows[i].at("member") == items[i].at("member"));
    CHECK(rows[i].at("kind") == items[i].at("kind"));
    CHECK(rows[i].at("status") == items[i].at("status"));
    CHECK(rows[i].at("outcome") == items[i].at("result").at("outcome"));
    CHECK(rows[i].at("because") == items[i].at("result").at("because"));
    CHECK(rows[i].at("state_now") == items[i].at("state"));
    CHECK(rows[i].at("since") == items[i].at("since"));
    CHECK(rows[i].at("granted_at_position") == items[i].at("granted").at("position"));
    const json by = items[i].at("result").value("by", json::object());
    CHECK(rows[i].at("decision") == by.value("position", json()));
  }
  const json population = acme.get("/reviews/q1").at("population");
  CHECK(population.at("items") == items.size());
  CHECK_FALSE(population.at("digest").get<std::string>().empty());
  CHECK(report.at("facts").at("population_digest") == population.at("digest"));
  CHECK(report.at("facts").at("population") == items.size());
  CHECK(report.at("facts").at("pinned_position") == population.at("position"));
  // The same definition on the same state gives the same list.
  ReviewsTold again;
  a_team_under_review(again);
  CHECK(again.get("/reviews/q1").at("population").at("items") == population.at("items"));
}

TEST_CASE("no cell of a report's CSV begins with what a spreadsheet takes for a formula") {
  ReviewsTold acme;
  a_team_under_review(acme);
  acme.decided("q1", olga,
               ReviewsTold::decision(acme.item("q1", ben, "grant"), "revoke", {{"reason", "=cmd|' /C calc'!A0"}}));
  const std::string text = acme.ask("GET", "/reviews/q1/report?format=csv&table=decisions").body;
  CHECK(text.find("cmd|") != std::string::npos);
  CHECK(text.find(",=cmd") == std::string::npos);
  CHECK(text.find(",\"=cmd") == std::string::npos);
}

TEST_CASE("what cannot be reviewed or decided is refused with its code, field and way out, and nothing is recorded") {
  ReviewsTold acme;
  a_team_under_review(acme);
  acme.told("/reviews", {{"id", "over"}, {"definition", "q"}});
  acme.told("/reviews/over/close", json::object());
  std::vector<Refused> rows = refused_openings();
  for (Refused& row : refused_decisions(acme.item("q1", ben, "grant"), acme.item("q1", ben, "role"),
                                        acme.item("q1", ana, "role"), acme.item("over", ben, "grant"))) {
    rows.push_back(std::move(row));
  }
  const auto total = acme.get("/events?limit=1").at("total");
  for (const Refused& row : rows) {
    const auto answer = acme.post(row.path, row.body);
    INFO(row.what << ": " << answer.body);
    CHECK(answer.status == row.status);
    if (answer.status / 100 == 2) continue;
    CHECK(answer.code() == row.code);
    CHECK(answer.field() == row.field);
    CHECK(answer.body.find(row.said) != std::string::npos);
  }
  CHECK(acme.get("/events?limit=1").at("total") == total);
  for (const char* path : {"/reviews/none", "/reviews/none/items", "/reviews/q1/items/none", "/review-definitions/none",
                           "/reviews/none/report", "/reviews/none/tasks", "/reports/none"}) {
    INFO(path);
    CHECK(acme.ask("GET", path).status == 404);
  }
}

TEST_CASE("an event of a review is not retracted") {
  ReviewsTold acme;
  a_team_under_review(acme);
  const auto position = acme.events("review.opened").front().at("position");
  const auto answer = acme.post("/events", {{"type", "event.retracted"},
                                            {"actor", {{"kind", "member"}, {"id", olga}}},
                                            {"reason", "undo"},
                                            {"data", {{"position", position}}}});
  INFO(answer.body);
  CHECK(answer.status == 400);
  CHECK(acme.get("/reviews/q1").at("status") == "open");
}

TEST_CASE("who may review is a matter of scopes, and a decision for another is both people's") {
  ReviewsTold acme;
  a_team_under_review(acme);
  const json grant = acme.item("q1", ben, "grant"), role = acme.item("q1", ben, "role");
  acme.token("reader", ana, {"read"});
  acme.token("ana", ana, {"read", "review"});
  acme.speak_as("reader");
  CHECK(acme.post("/reviews/q1/decisions", ReviewsTold::decision(grant, "keep")).status == 403);
  CHECK(acme.post("/reviews/q1/close", json::object()).code() == "forbidden");
  acme.speak_as("ana");
  const auto others = acme.decide("q1", olga, ReviewsTold::decision(grant, "keep"));
  CHECK(others.status == 403);
  CHECK(others.field() == "reviewer");
  CHECK(acme.post("/reviews/q1/decisions", ReviewsTold::decision(grant, "keep")).status == 201);
  CHECK(acme.items("q1", "view=mine").size() == 2);
  acme.speak_as("admin");
  acme.decided("q1", olga, ReviewsTold::decision(role, "keep"));
  std::map<std::string, std::string> by;
  for (const json& event : acme.events("review.decided")) {
    by[event.at("actor").at("id").get<std::string>()] = event.at("recorded_by").at("principal").get<std::string>();
  }
  CHECK(by == std::map<std::string, std::string>{{ana, ana}, {olga, "admin"}});
}

TEST_CASE("decisions, pages and reports at once with a close: what is acknowledged counts, and no answer breaks") {
  tenure::test::RunningProgram program;
  const json made{{"id", "acme"}, {"model", "github"}, {"mode", "observe"}, {"owner", olga}};
  REQUIRE(program.post("/v1/orgs", made.dump()).status == 201);
  json team = json::array();
  for (int n = 0; n < 40; ++n) {
    team.push_back({{"type", "member.added"},
                    {"actor", {{"kind", "member"}, {"id", olga}}},
                    {"data", {{"member", "m" + std::to_string(n)}, {"role", "member"}}}});
  }
  REQUIRE(program.post("/v1/orgs/acme/events", team.dump()).status == 201);
  const std::string review = "/v1/orgs/acme/reviews/q1";
  const json definition = named_review("q", {"admin"});
  REQUIRE(program.post("/v1/orgs/acme/reviews", json{{"id", "q1"}, {"definition", definition}}.dump()).status == 201);
  const json items = program.get(review + "/items").json().at("items");
  REQUIRE(items.size() == 41);
  std::mutex guard;
  std::map<std::string, std::uint64_t> acknowledged;  // by item
  std::multiset<int> statuses;
  std::atomic<bool> over{false};
  const auto heard = [&](int status) {
    const std::lock_guard lock(guard);
    statuses.insert(status);
  };
  std::vector<std::thread> people;
  for (std::size_t who = 0; who < 4; ++who) {
    people.emplace_back([&, who] {
      for (std::size_t i = who; i < items.size(); i += 4) {
        const auto answer = program.post(review + "/decisions", ReviewsTold::decision(items[i], "keep").dump());
        heard(answer.status);
        if (answer.status != 201) continue;
        const std::lock_guard lock(guard);
        acknowledged[items[i].at("item").get<std::string>()] = answer.json().at("position").get<std::uint64_t>();
      }
    });
  }
  for (const char* what : {"/items", "", "/report?format=csv"}) {
    people.emplace_back([&, what] {
      while (!over) heard(program.get(review + what).status);
    });
  }
  std::size_t so_far = 0;
  while (so_far < 12) {
    const std::lock_guard lock(guard);
    so_far = acknowledged.size();
  }
  const auto closed = program.post(review + "/close", "{}");
  INFO(closed.body);
  CHECK(closed.status == 201);
  for (std::size_t who = 0; who < 4; ++who) people[who].join();
  over = true;
  for (std::size_t who = 4; who < people.size(); ++who) people[who].join();
  const std::set<int> kinds(statuses.begin(), statuses.end());
  INFO(json(kinds).dump());
  CHECK((kinds == std::set<int>{200, 201} || kinds == std::set<int>{200, 201, 409}));
  std::size_t lost = 0;
  const json listed = program.get(review + "/items").json();
  for (const json& item : listed.at("items")) {
    const auto said = acknowledged.find(item.at("item").get<std::string>());
    if (said == acknowledged.end()) continue;
    const json& result = item.at("result");
    lost += !result.contains("by") || result.at("by").at("position") != said->second;
  }
  CHECK(lost == 0);
}

TEST_CASE("over HTTP a shipped definition is defined as it is answered, for the organization's own owner role") {
  tenure::test::RunningProgram program;
  for (const auto& [org, model] : {std::pair("acme", "github"), std::pair("flat", "chatbot-team")}) {
    INFO(org);
    const std::string path = std::string("/v1/orgs/") + org;
    const json made{{"id", org}, {"model", model}, {"mode", "observe"}, {"owner", olga}};
    REQUIRE(program.post("/v1/orgs", made.dump()).status == 201);
    const json all = program.get(path + "/shipped-review-definitions").json();
    REQUIRE(all.at("total") == 1);
    const auto one = program.get(path + "/shipped-review-definitions/quarterly-basics");
    REQUIRE(one.status == 200);
    CHECK(one.json() == all.at("items").at(0));
    const json members = program.get(path + "/members").json();
    const json asked = one.json().at("stages").at(0).at("reviewers").at(0);
    CHECK(asked == json{{"kind", "holders_of"}, {"role", members.at("items").at(0).at("role")}});
    REQUIRE(program.post(path + "/review-definitions", one.body).status == 201);
    CHECK(program.get(path + "/review-definitions/quarterly-basics").json().at("name") == one.json().at("name"));
    CHECK(program.get(path + "/shipped-review-definitions/none").status == 404);
  }
  CHECK(program.get("/v1/orgs/none/shipped-review-definitions").status == 404);
}

TEST_CASE("over HTTP a review goes on after a restart as if there had been none") {
  tenure::test::RunningProgram program;
  const auto post = [&](const std::string& path, const json& body) {
    const auto answer = program.post("/v1/orgs" + path, body.dump());
    INFO(path << ": " << answer.body);
    REQUIRE(answer.status / 100 == 2);
    return answer.json();
  };
  post("", {{"id", "acme"}, {"model", "github"}, {"mode", "enforce"}, {"owner", olga}});
  for (const char* member : {ana, ben}) {
    post("/acme/events", {{"type", "member.added"},
                          {"actor", {{"kind", "member"}, {"id", olga}}},
                          {"data", {{"member", member}, {"role", "member"}}}});
  }
  json definition = named_review("q", {olga, "admin"}, {{"scope", {{"roles", {"member"}}}}});
  post("/acme/review-definitions", definition);
  post("/acme/reviews", {{"id", "q1"}, {"definition", "q"}});
  const json items = program.get("/v1/orgs/acme/reviews/q1/items?view=mine").json().at("items");
  REQUIRE(items.size() == 2);
  post("/acme/reviews/q1/decisions", ReviewsTold::decision(items.at(0), "revoke"));
  const auto before = program.get("/v1/orgs/acme/reviews/q1/items").json().at("items");
  const auto report = program.get("/v1/orgs/acme/reviews/q1/report").body;
  program.restart();
  CHECK(program.get("/v1/orgs/acme/reviews/q1/items").json().at("items") == before);
  post("/acme/reviews/q1/decisions", ReviewsTold::decision(items.at(1), "keep"));
  post("/acme/reviews/q1/close", json::object());
  const auto removed = program.get("/v1/orgs/acme/events?type=member.removed").json();
  CHECK(removed.at("items").size() == 1);
  const auto closed = program.get("/v1/orgs/acme/reviews/q1").body;
  program.restart();
  CHECK(program.get("/v1/orgs/acme/reviews/q1").body == closed);
  CHECK(program.get("/v1/orgs/acme/events?type=member.removed").json().at("items").size() == 1);
  CHECK_FALSE(report.empty());
}

TEST_CASE("a reviewer who was removed since the review opened decides no more, and nothing is delegated to one") {
  ReviewsTold acme;
  a_team_under_review(acme);
  const json item = acme.item("q1", ben, "grant");
  acme.happens("member.removed", {{"member", ana}});
  const auto refused = acme.decide("q1", ana, json::array({ReviewsTold::decision(item, "keep")}));
  INFO(refused.body);
  CHECK(refused.body.find("was removed from the organization") != std::string::npos);
  const auto delegated = acme.decide("q1", olga, json::array({ReviewsTold::decision(item, "delegate", {{"to", ana}})}));
  INFO(delegated.body);
  CHECK(delegated.body.find("was removed from the organization") != std::string::npos);
  CHECK(acme.events("review.decided").empty());
  acme.decided("q1", olga, ReviewsTold::decision(item, "keep"));
}
