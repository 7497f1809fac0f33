// Reports on access without a review, and what the reports of reviews state: population, signals, what was carried
// over, people who were erased.
#include <map>
#include <set>
#include <sstream>

#include "events/digest.h"
#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::ben;
using tenure::test::cy;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

json grant(const char* member, const char* role, const char* on) {
  return {{"principal", std::string("member:") + member}, {"role", role}, {"on", on}};
}

json fact(const json& report, const char* name) { return report.at("facts").at(name); }

// "given ben@acme.test admin on repo:acme/web", in the order of the report.
std::vector<std::string> told_changes(const json& report) {
  std::vector<std::string> lines;
  for (const json& row : report.at("tables").at("changes")) {
    lines.push_back(row.at("change").get<std::string>() + " " + row.at("member").get<std::string>() + " " +
                    row.at("power").get<std::string>());
  }
  return lines;
}

std::set<std::string> each_of(const json& table, const char* column) {
  std::set<std::string> found;
  for (const json& row : table) found.insert(row.at(column).get<std::string>());
  return found;
}

// CSV as lines of cells; no cell of these tests has a quote in it.
std::vector<std::vector<std::string>> lines_of(const std::string& csv) {
  std::vector<std::vector<std::string>> lines;
  std::istringstream text(csv);
  for (std::string line; std::getline(text, line);) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    std::istringstream cells(line);
    auto& row = lines.emplace_back();
    for (std::string cell; std::getline(cells, cell, ',');) row.push_back(cell);
  }
  return lines;
}

}  // namespace

TEST_CASE("an access report tells each power that differs after its period, also on one resource alone") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("role.granted", grant(ben, "admin", "repo:acme/web"));
  acme.clock("2026-03-05T09:00:00Z");
  acme.happens("role.granted", grant(ben, "admin", "repo:acme/secret"));
  acme.clock("2026-03-10T09:00:00Z");
  acme.told("/reports", {{"id", "r"}, {"period_days", 30}});
  const json powers = acme.get("/reports/r?format=json").at("tables").at("powers");
  INFO(powers.dump());
  CHECK(each_of(powers, "on") == std::set<std::string>{"repo:acme/secret"});
  CHECK(each_of(powers, "member") == std::set<std::string>{ben});
  CHECK(each_of(powers, "event") == std::set<std::string>{"role.granted"});
}

TEST_CASE("an access report tells each hold that was given or ended in its period, also what came and went") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("member.added", {{"member", ana}, {"role", "member"}});
  acme.happens("group.created", {{"group", "idle"}});
  acme.happens("role.granted", grant(ben, "read", "repo:acme/web"));
  acme.clock("2026-03-05T09:00:00Z");
  acme.happens("role.granted", grant(ben, "admin", "repo:acme/secret"));
  acme.happens("role.revoked", grant(ben, "admin", "repo:acme/secret"));
  acme.happens("member.invited", {{"member", cy}, {"role", "member"}});
  acme.happens("group.member_added", {{"group", "idle"}, {"member", ana}});
  acme.happens("role.revoked", grant(ben, "read", "repo:acme/web"));
  acme.clock("2026-03-10T09:00:00Z");
  acme.told("/reports", {{"id", "r"}, {"period_days", 30}});
  const json report = acme.get("/reports/r");
  CHECK(told_changes(report) == std::vector<std::string>{
                                    "given ben@acme.test admin on repo:acme/secret",
                                    "ended ben@acme.test admin on repo:acme/secret",
                                    "given cy@acme.test invitation as member",
                                    "given ana@acme.test group idle",
                                    "ended ben@acme.test read on repo:acme/web",
                                });
  for (const json& row : report.at("tables").at("changes")) CHECK(row.at("actor") == olga);
  CHECK(fact(report, "changes") == 5);
  // Nobody can do otherwise by what came and went.
  CHECK(each_of(report.at("tables").at("powers"), "on").count("repo:acme/secret") == 0);
}

TEST_CASE("everything that an access report tells keeps to its definition's scope") {
  ReviewsTold acme;
  for (const char* member : {ana, ben}) acme.happens("member.added", {{"member", member}, {"role", "member"}});
  acme.happens("member.invited", {{"member", cy}, {"role", "member"}});
  acme.clock("2026-03-05T09:00:00Z");
  acme.happens("role.granted", grant(ben, "admin", "repo:acme/web"));
  acme.happens("role.granted", grant(ana, "write", "repo:acme/docs"));
  acme.happens("member.role_changed", {{"member", ana}, {"role", "owner"}});
  acme.clock("2026-03-10T09:00:00Z");
  acme.told("/review-definitions", {{"id", "web"},
                                    {"name", "Who reaches the web repository"},
                                    {"purpose", "access_report"},
                                    {"scope", {{"resources", {"repo:acme/web"}}, {"kinds", {"grant"}}}}});
  acme.told("/reports", {{"id", "scoped"}, {"definition", "web"}});
  acme.told("/reports", {{"id", "whole"}, {"period_days", 90}});
  const json scoped = acme.get("/reports/scoped"), whole = acme.get("/reports/whole");
  CHECK(each_of(scoped.at("tables").at("holds"), "member") == std::set<std::string>{ben});
  CHECK(told_changes(scoped) == std::vector<std::string>{"given ben@acme.test admin on repo:acme/web"});
  CHECK(each_of(scoped.at("tables").at("powers"), "member") == std::set<std::string>{ben});
  CHECK(each_of(whole.at("tables").at("powers"), "member").count(ana) == 1);
  // cy's forgotten invitation is found of somebody else.
  CHECK(each_of(whole.at("tables").at("findings"), "kind").count("invitation_pending") == 1);
  CHECK(each_of(scoped.at("tables").at("findings"), "kind").count("invitation_pending") == 0);
  CHECK(fact(scoped, "definition") == "web");
  CHECK(fact(scoped, "scope").get<std::string>().find("repo:acme/web") != std::string::npos);
  CHECK(fact(whole, "definition").is_null());
}

TEST_CASE("a report's CSV of the summary states the population, and asking again gives the same list") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.told("/review-definitions", named_review("q", {olga, ben}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  acme.told("/reports", {{"id", "r"}, {"period_days", 30}});
  for (const std::string& report : {std::string("/reviews/q1/report"), std::string("/reports/r")}) {
    INFO(report);
    std::map<std::string, std::string> summary;
    for (const auto& line : lines_of(acme.ask("GET", report + "?format=csv&table=summary").body)) {
      REQUIRE(line.size() >= 2);
      summary[line[0]] = line.size() > 2 ? line[2] : "";
    }
    const json facts = acme.get(report).at("facts");
    for (const char* name : {"population", "population_digest", "population_query", "position", "version", "chain",
                             "scope", "as_of", "definition"}) {
      INFO(name);
      REQUIRE(summary.count(name) == 1);
      const json& value = facts.at(name);
      if (value.is_string() && value.get<std::string>().find(',') == std::string::npos) CHECK(summary[name] == value);
      if (value.is_number()) CHECK(summary[name] == value.dump());
    }
    const auto query = facts.at("population_query").get<std::string>();
    const std::string start = "GET /v1/orgs/acme";
    REQUIRE(query.starts_with(start));
    const std::string same = acme.ask("GET", query.substr(start.size())).body;
    acme.happens("group.created", {{"group", report.substr(1, 4)}});
    if (report == "/reports/r") {
      CHECK(lines_of(same).size() == facts.at("population").get<std::size_t>() + 1);
      CHECK(acme.ask("GET", query.substr(start.size())).body == same);
    } else {
      CHECK(json::parse(same).at("total") == facts.at("population"));
    }
  }
  const auto none = acme.ask("GET", "/reports/r?format=csv&table=none");
  CHECK(none.status == 400);
  CHECK(none.body.find("holds, everyone, changes, late, powers, findings, summary") != std::string::npos);
}

TEST_CASE(
    "of two access reports in a row the first one's holds, with what was learnt late and what changed, are the "
    "second's") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("member.added", {{"member", ana}, {"role", "member"}});
  acme.happens("role.granted", grant(ben, "read", "repo:acme/web"));
  acme.told("/review-definitions",
            {{"id", "monthly"}, {"name", "Monthly"}, {"purpose", "access_report"}, {"period_days", 31}});
  acme.clock("2026-03-01T09:00:00Z");
  acme.told("/reports", {{"id", "r1"}, {"definition", "monthly"}});
  acme.clock("2026-03-05T09:00:00Z");
  const auto given = acme.happens("role.granted", grant(ben, "admin", "repo:acme/secret"), "2026-02-20T09:00:00Z");
  const auto taken = acme.happens("role.revoked", grant(ben, "read", "repo:acme/web"), "2026-02-21T09:00:00Z");
  acme.happens("member.removed", {{"member", ana}});
  acme.clock("2026-04-01T09:00:00Z");
  acme.told("/reports", {{"id", "r2"}, {"definition", "monthly"}});
  const json first = acme.get("/reports/r1?format=json"), second = acme.get("/reports/r2?format=json");
  CHECK(first.at("tables").at("late").empty());
  std::map<std::string, std::uint64_t> late;
  for (const json& row : second.at("tables").at("late")) {
    late[row.at("change").get<std::string>() + " " + row.at("power").get<std::string>()] =
        row.at("position").get<std::uint64_t>();
  }
  CHECK(late == std::map<std::string, std::uint64_t>{{"given admin on repo:acme/secret", given},
                                                     {"ended read on repo:acme/web", taken}});
  CHECK(fact(second, "late") == 2);
  CHECK(told_changes(second) == std::vector<std::string>{"ended ana@acme.test role member"});
  // Of a report that stands alone there is none that could have known less.
  acme.told("/reports", {{"id", "alone"}, {"period_days", 31}});
  CHECK(acme.get("/reports/alone?format=json").at("tables").at("late").empty());
}

TEST_CASE("access reports come on a schedule, each from where the one before it ended") {
  ReviewsTold acme;
  acme.told("/review-definitions",
            {{"id", "monthly"},
             {"name", "Monthly access"},
             {"purpose", "access_report"},
             {"period_days", 31},
             {"schedule", {{"rrule", "FREQ=MONTHLY"}, {"start", "2026-02-01T09:00:00"}, {"tz", "UTC"}}}});
  const auto at = [&](const char* now) {
    acme.clock(now);
    acme.pass();
  };
  at("2026-01-31T09:00:00Z");
  CHECK(acme.get("/reports").at("items").empty());
  at("2026-02-01T09:00:10Z");
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.restart();
  at("2026-03-01T09:00:10Z");
  at("2026-03-01T10:00:10Z");
  const json reports = acme.get("/reports").at("items");
  REQUIRE(reports.size() == 2);
  CHECK(reports.at(0).at("scheduled_for") == "2026-02-01T09:00:00Z");
  CHECK(reports.at(1).at("scheduled_for") == "2026-03-01T09:00:00Z");
  CHECK(reports.at(1).at("from") == reports.at(0).at("as_of"));
  const auto id = reports.at(1).at("id").get<std::string>();
  const auto first = acme.ask("GET", "/reports/" + id).body;
  CHECK(told_changes(json::parse(first)) == std::vector<std::string>{"given ben@acme.test role member"});
  CHECK(fact(json::parse(first), "scheduled_for") == "2026-03-01T09:00:00Z");
  // Kept: the same whatever comes later, and from any process.
  acme.happens("member.removed", {{"member", ben}});
  acme.restart();
  CHECK(acme.ask("GET", "/reports/" + id).body == first);
}

TEST_CASE("a schedule whose last date is past is refused with that date, and nothing is defined") {
  ReviewsTold acme;
  const json ended{{"rrule", "FREQ=MONTHLY;UNTIL=20251201T000000Z"}, {"start", "2025-01-01T09:00:00"}, {"tz", "UTC"}};
  const json counted{{"rrule", "FREQ=DAILY;COUNT=2"}, {"start", "2025-01-01T09:00:00"}, {"tz", "UTC"}};
  const std::vector<std::pair<json, const char*>> over{
      {{{"once", "2020-01-01T00:00:00Z"}}, "/schedule/once"}, {ended, "/schedule/rrule"}, {counted, "/schedule/rrule"}};
  for (const auto& [schedule, field] : over) {
    INFO(schedule.dump());
    const auto refused = acme.post("/review-definitions", named_review("late", {olga}, {{"schedule", schedule}}));
    CHECK(refused.status == 400);
    CHECK(refused.field() == field);
    CHECK(refused.body.find("never run") != std::string::npos);
  }
  CHECK(acme.events("review.defined").empty());
  // One that is to come is taken, and stays as it is when it has come.
  acme.told("/review-definitions", named_review("once", {olga}, {{"schedule", {{"once", "2026-01-06T00:00:00Z"}}}}));
  acme.clock("2026-01-07T00:00:00Z");
  CHECK(acme.get("/review-definitions/once").at("schedule").at("once") == "2026-01-06T00:00:00Z");
}

TEST_CASE("overdue is what nobody answered by the end of a stage, or of the review") {
  ReviewsTold acme;
  for (const char* member : {ben, cy}) acme.happens("member.added", {{"member", member}, {"role", "member"}});
  json definition = named_review("q", {olga}, {{"scope", {{"roles", {"member"}}}}, {"no_answer", "leave_open"}});
  definition["stages"].push_back({{"reviewers", {{{"kind", "named"}, {"people", {"boss@else.test"}}}}}, {"days", 7}});
  acme.told("/review-definitions", definition);
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  const auto overdue = [&](const std::string& more = {}) {
    std::set<std::string> members;
    for (const json& item : acme.items("q1", "view=overdue" + more))
      members.insert(item.at("member").get<std::string>());
    return members;
  };
  CHECK(overdue().empty());
  acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", ben, "role"), "keep"));
  acme.clock("2026-01-19T10:00:00Z");
  CHECK(overdue() == std::set<std::string>{cy});  // the clock has not looked yet
  acme.pass();
  REQUIRE(acme.get("/reviews/q1").at("stage") == 1);
  CHECK(acme.items("q1", "status=open").size() == 2);
  CHECK(overdue() == std::set<std::string>{cy});
  CHECK(overdue("&reviewer=boss@else.test") == std::set<std::string>{cy});
  CHECK(overdue("&reviewer=olga@acme.test").empty());
  acme.clock("2026-01-27T10:00:00Z");
  acme.pass();
  REQUIRE(acme.get("/reviews/q1").at("status") == "closed");
  CHECK(overdue() == std::set<std::string>{cy});  // ben's first answer stands
  CHECK(overdue("&reviewer=boss@else.test") == std::set<std::string>{cy});
  CHECK(overdue("&reviewer=olga@acme.test").empty());
}

TEST_CASE("a report tells how each reviewer worked, and what looks like a rubber stamp") {
  ReviewsTold acme;
  for (int i = 0; i < 12; ++i) {
    acme.happens("member.added", {{"member", "m" + std::to_string(i) + "@acme.test"}, {"role", "member"}});
  }
  json definition =
      named_review("q", {"bulk@else.test", "slow@else.test", "hasty@else.test"}, {{"scope", {{"roles", {"member"}}}}});
  definition["stages"][0]["outcome"] = "all_agree";
  acme.told("/review-definitions", definition);
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  const auto items = acme.items("q1");
  REQUIRE(items.size() == 12);
  json all = json::array();
  for (const json& item : items) all.push_back(ReviewsTold::decision(item, "keep"));
  acme.decided("q1", "bulk@else.test", all);
  for (const json& item : items) acme.decided("q1", "hasty@else.test", ReviewsTold::decision(item, "keep"));
  int minute = 0;
  for (const json& item : items) {
    acme.clock("2026-01-06T10:" + std::to_string(10 + minute++) + ":00Z");
    acme.decided("q1", "slow@else.test", ReviewsTold::decision(item, minute == 3 ? "revoke" : "keep"));
  }
  std::map<std::string, json> worked;
  const json report = acme.get("/reviews/q1/report");
  for (const json& row : report.at("tables").at("reviewers")) worked[row.at("reviewer").get<std::string>()] = row;
  REQUIRE(worked.size() == 3);
  const auto signals = [&](const char* who) { return worked.at(who).at("signals").dump(); };
  CHECK(signals("bulk@else.test").find("kept all of 12 in one call") != std::string::npos);
  CHECK(signals("bulk@else.test").find("kept everything") != std::string::npos);
  CHECK(signals("hasty@else.test").find("took less than 3 s") != std::string::npos);
  CHECK(signals("slow@else.test") == "[]");
  CHECK(worked.at("slow@else.test").at("revoke") == 1);
  CHECK(worked.at("bulk@else.test").at("in_bulk") == 12);
}

TEST_CASE(
    "the digest of a population is what its README says, made of the list of items alone, whatever became of them") {
  ReviewsTold acme;
  for (const char* member : {ana, ben}) acme.happens("member.added", {{"member", member}, {"role", "member"}});
  acme.told("/reviews", {{"id", "q1"}, {"definition", named_review("q", {"lead@else.test"})}});
  acme.decided("q1", "lead@else.test", ReviewsTold::decision(acme.item("q1", ana, "role"), "revoke"));
  acme.happens("member.removed", {{"member", ana}});
  std::string lines;
  for (const json& item : acme.items("q1")) {
    lines += item.at("item").get<std::string>() + " " + item.at("state_when_opened").get<std::string>() + "\n";
  }
  const std::string digest = tenure::to_hex(tenure::sha256(lines));
  CHECK(acme.get("/reviews/q1").at("population").at("digest") == digest);
  CHECK(acme.get("/reviews/q1/report").at("facts").at("population_digest") == digest);
}

TEST_CASE("one odd item in a call, one handed on, or small calls hide no rubber stamp: the ratios are told") {
  ReviewsTold acme;
  for (int i = 0; i < 32; ++i) {
    acme.happens("member.added", {{"member", "m" + std::to_string(i) + "@acme.test"}, {"role", "member"}});
  }
  const std::vector<std::string> people{"odd@else.test", "hands@else.test", "small@else.test", "reads@else.test"};
  json definition = named_review("q", people, {{"scope", {{"roles", {"member"}}}}});
  definition["stages"][0]["outcome"] = "all_agree";
  acme.told("/review-definitions", definition);
  acme.clock("2026-01-06T09:00:00Z");
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  const auto items = acme.items("q1");
  REQUIRE(items.size() == 32);
  const auto decisions = [&](std::size_t from, std::size_t until) {
    json some = json::array();
    for (std::size_t i = from; i < until; ++i) some.push_back(ReviewsTold::decision(items[i], "keep"));
    return some;
  };
  json all = decisions(0, 32);
  all[7]["decision"] = "revoke";
  acme.clock("2026-01-06T09:00:04Z");
  acme.decided("q1", "odd@else.test", all);
  all = decisions(0, 32);
  all[7].update({{"decision", "delegate"}, {"to", "other@else.test"}});
  acme.clock("2026-01-07T09:00:00Z");
  acme.decided("q1", "hands@else.test", all);
  for (std::size_t from = 0; from < 32; from += 8) acme.decided("q1", "small@else.test", decisions(from, from + 8));
  // Whoever takes a minute an item, and revokes some, gives no sign.
  for (std::size_t i = 0; i < 32; i += 16) {
    all = decisions(i, i + 16);
    all[3]["decision"] = all[5]["decision"] = "revoke";
    acme.clock(i == 0 ? "2026-01-07T10:00:00Z" : "2026-01-07T10:16:00Z");
    acme.decided("q1", "reads@else.test", all);
  }
  std::map<std::string, json> signals;
  const json report = acme.get("/reviews/q1/report");
  for (const json& row : report.at("tables").at("reviewers")) {
    signals[row.at("reviewer").get<std::string>()] = row.at("signals");
  }
  CHECK(signals.at("odd@else.test") == json{"kept 31 of 32 in one call",
                                            "32 decisions in one call, 4 s after the opening: 0.1 s an item",
                                            "kept 97 % of 32"});
  CHECK(signals.at("hands@else.test") == json{"kept 31 of 32 in one call", "kept everything: 31"});
  CHECK(signals.at("small@else.test") == json{"24 of 32 decisions took less than 3 s each", "kept everything: 32"});
  CHECK(signals.at("reads@else.test") == json::array());
}

TEST_CASE("a report shows what was carried over and from where, what holds give and when they were last certified") {
  ReviewsTold acme;
  acme.happens("group.created", {{"group", "sre"}});
  acme.happens("role.granted", {{"principal", "group:sre"}, {"role", "write"}, {"on", "repo:acme/web"}});
  acme.happens("group.member_added", {{"group", "sre"}, {"member", olga}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.told("/review-definitions", named_review("q", {"lead@else.test"}, {{"carry_over", true}}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  acme.clock("2026-01-06T09:00:00Z");
  acme.decided("q1", "lead@else.test",
               {ReviewsTold::decision(acme.item("q1", ben, "role"), "keep"),
                ReviewsTold::decision(acme.item("q1", olga, "group"), "keep")});
  acme.told("/reviews/q1/close", json::object());
  acme.clock("2026-04-01T09:00:00Z");
  acme.told("/reviews", {{"id", "q2"}, {"definition", "q"}});
  std::map<std::string, json> rows;
  const json report = acme.get("/reviews/q2/report");
  for (const json& row : report.at("tables").at("items")) {
    rows[row.at("member").get<std::string>() + " " + row.at("power").get<std::string>()] = row;
  }
  const json& kept = rows.at("ben@acme.test role member");
  CHECK(kept.at("status") == "carried");
  CHECK(kept.at("carried_over_from") == "q1");
  CHECK(kept.at("last_certified_in") == "q1");
  CHECK(kept.at("last_certified_by") == "lead@else.test");
  INFO(kept.dump());
  CHECK(kept.at("last_certified_at").get<std::string>().starts_with("2026-01-06T09:00"));
  CHECK(rows.at("olga@acme.test group sre").at("gives") == json{"write on repo:acme/web through group sre"});
  const json& anew = rows.at("olga@acme.test role owner");
  CHECK(anew.at("status") == "open");
  CHECK(anew.at("carried_over_from").is_null());
  CHECK(anew.at("last_certified_by").is_null());
}

TEST_CASE("a report asked for again after a person was erased is the same but for that person") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("member.added", {{"member", cy}, {"role", "member"}});
  acme.told("/review-definitions", named_review("q", {olga, cy}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", ben, "role"), "revoke", {{"reason", "ben left"}}));
  acme.happens("member.removed", {{"member", ben}});
  acme.told("/reviews/q1/close", json::object());
  const auto position = std::to_string(acme.happens("group.created", {{"group", "g"}}));
  const std::string path = "/reviews/q1/report?position=" + position;
  std::string before = acme.ask("GET", path).body;
  REQUIRE(before.find(ben) != std::string::npos);
  acme.erased(ben);
  std::string after = acme.ask("GET", path).body;
  CHECK(after.find(ben) == std::string::npos);
  // Wherever the name stood, another word stands; what was said of them is gone; nothing else differs.
  const json was = json::parse(before), is = json::parse(after);
  CHECK(was.at("facts") == is.at("facts"));
  for (const auto& [table, rows] : was.at("tables").items()) {
    INFO(table);
    REQUIRE(rows.size() == is.at("tables").at(table).size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      for (const auto& [column, value] : rows.at(i).items()) {
        INFO(column << " " << value.dump());
        const json& now = is.at("tables").at(table).at(i).at(column);
        if (value == "ben left") CHECK(now.is_null());
        if (value.dump().find("ben") == std::string::npos) CHECK(now == value);
      }
    }
  }
}
