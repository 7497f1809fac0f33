// Whole lists as CSV and NDJSON.
#include <algorithm>
#include <sstream>

#include "tests/catch.h"
#include "tests/services/team_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::TeamTold;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// The body of an answer whose length was not known when it began (RFC 9112, 7.1).
std::string unchunked(const test::HttpAnswer& answer) {
  if (!answer.headers.contains("transfer-encoding")) return answer.body;
  std::string body;
  for (std::size_t at = 0; at < answer.body.size();) {
    const std::size_t size = std::stoul(answer.body.substr(at), nullptr, 16);
    at = answer.body.find("\r\n", at) + 2;
    body += answer.body.substr(at, size);
    at += size + 2;
    if (size == 0) break;
  }
  return body;
}

}  // namespace

TEST_CASE("a list as NDJSON or CSV has every row of its pages, and says in its header what it rests on") {
  TeamTold team("github");
  json events = json::array();
  for (int i = 0; i < 2'500; ++i) {
    events.push_back({{"type", "member.added"},
                      {"actor", {{"kind", "system"}, {"id", "sync"}}},
                      {"occurred_at", "2024-01-01T00:00:00Z"},
                      {"data", {{"member", "m" + std::to_string(i)}, {"role", "member"}}}});
  }
  REQUIRE(team.program().post("/v1/orgs/acme/events", events.dump()).status == 201);
  std::vector<json> paged;
  std::string cursor;
  do {
    const json page = team.get("/members?limit=1000" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const json& item : page.at("items")) paged.push_back(item);
    cursor = page.value("next", "");
  } while (!cursor.empty());
  REQUIRE(paged.size() == 2'501);
  const auto ndjson = team.program().request("GET", "/v1/orgs/acme/members", {}, {"Accept: application/x-ndjson"});
  CHECK(ndjson.headers.at("content-type") == "application/x-ndjson");
  CHECK(ndjson.headers.at("tenure-total") == "2501");
  CHECK(ndjson.headers.at("tenure-before-history") == "false");
  const auto lines = lines_of(unchunked(ndjson));
  REQUIRE(lines.size() == paged.size());
  for (std::size_t i = 0; i < lines.size(); ++i) REQUIRE(json::parse(lines[i]) == paged[i]);
  const auto csv = team.program().request("GET", "/v1/orgs/acme/members", {}, {"Accept: text/csv"});
  const auto rows = lines_of(unchunked(csv));
  REQUIRE(rows.size() == paged.size() + 1);
  CHECK(rows.front() == "member,status,role,groups,since,since_basis\r");
  CHECK(rows.back() == "m2499,active,member,,2024-01-01T00:00:00Z,\r");
}

TEST_CASE("a cell of CSV keeps commas and quotes, and what a spreadsheet would take for a formula is text") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "=cmd, \"x\""}, {"role", "member"}});
  const auto csv = team.program().request("GET", "/v1/orgs/acme/members", {}, {"Accept: text/csv"});
  CHECK(lines_of(csv.body).back() == "\"'=cmd, \"\"x\"\"\",active,member,,2024-01-01T00:00:00Z,\r");
}

TEST_CASE("a stream that is refused is a problem, and takes neither limit nor cursor") {
  TeamTold team("github");
  const std::string csv = "Accept: text/csv";
  CHECK(team.program().request("GET", "/v1/orgs/none/members", {}, {csv}).status == 404);
  const auto limited = team.program().request("GET", "/v1/orgs/acme/members?limit=3", {}, {csv});
  CHECK(limited.status == 400);
  CHECK(limited.json().at("field") == "limit");
  CHECK(team.program().request("GET", "/v1/orgs/acme/roles", {}, {csv}).status == 200);
  CHECK(team.program().request("GET", "/v1/orgs/acme/events", {}, {"Accept: application/x-ndjson"}).status == 200);
}

TEST_CASE("lists that come in one page are told as NDJSON and CSV, too") {
  TeamTold team("github");
  REQUIRE(team.program().post("/v1/tokens", R"({"principal":"ana","scopes":["read","feed"]})").status == 201);
  REQUIRE(team.program().post("/v1/orgs", R"({"id":"other","model":"github","mode":"enforce"})").status == 201);
  for (const char* target : {"/v1/orgs", "/v1/models", "/v1/tokens", "/v1/consumers", "/v1/sinks",
                             "/v1/orgs/acme/reports", "/v1/orgs/acme/reviews", "/v1/orgs/acme/review-definitions"}) {
    INFO(target);
    const json list = team.program().get(target).json();
    const auto ndjson = team.program().request("GET", target, {}, {"Accept: application/x-ndjson"});
    CHECK(ndjson.headers.at("content-type") == "application/x-ndjson");
    json rows = json::array();
    for (const std::string& line : lines_of(unchunked(ndjson))) rows.push_back(json::parse(line));
    CHECK(rows == list.at("items"));
    const auto csv = team.program().request("GET", target, {}, {"Accept: text/csv"});
    CHECK(lines_of(unchunked(csv)).size() == list.at("items").size() + 1);
  }
  const auto orgs = team.program().request("GET", "/v1/orgs", {}, {"Accept: text/csv"});
  CHECK(lines_of(unchunked(orgs)).back().starts_with("other,github,"));
}

TEST_CASE("the lists of groups and of a group's members have the same rows streamed as page by page, each since when") {
  TeamTold team("github");
  json events = json::array();
  const auto add = [&](const char* type, const json& data) {
    events.push_back({{"type", type},
                      {"actor", {{"kind", "system"}, {"id", "sync"}}},
                      {"occurred_at", "2024-01-01T00:00:00Z"},
                      {"data", data}});
  };
  add("group.created", {{"group", "core"}});
  for (int i = 0; i < 1'200; ++i) {
    const std::string number = std::to_string(i);
    add("member.added", {{"member", "m" + number}, {"role", "member"}});
    add("group.member_added", {{"group", "core"}, {"member", "m" + number}});
    add("group.created", {{"group", "g" + number}, {"parent", "core"}});
  }
  REQUIRE(team.program().post("/v1/orgs/acme/events", events.dump()).status == 201);
  team.happens("2024-01-02T00:00:00Z", "group.member_removed", {{"group", "core"}, {"member", "m7"}});
  team.happens("2024-01-03T00:00:00Z", "group.deleted", {{"group", "g7"}});
  team.happens("2024-01-04T00:00:00Z", "group.member_added", {{"group", "core"}, {"member", "m7"}});
  for (const char* list : {"/groups", "/groups/core/members"}) {
    std::vector<json> paged;
    std::string cursor;
    do {
      const json page = team.get(list + std::string("?limit=1000") + (cursor.empty() ? "" : "&cursor=" + cursor));
      CHECK(page.at("total") == 1'200);
      for (const json& item : page.at("items")) paged.push_back(item);
      cursor = page.value("next", "");
    } while (!cursor.empty());
    REQUIRE(paged.size() == 1'200);
    const auto streamed =
        team.program().request("GET", std::string("/v1/orgs/acme") + list, {}, {"Accept: application/x-ndjson"});
    const auto lines = lines_of(unchunked(streamed));
    REQUIRE(lines.size() == paged.size());
    for (std::size_t i = 0; i < lines.size(); ++i) REQUIRE(json::parse(lines[i]) == paged[i]);
  }
  const json core = team.get("/groups?limit=1").at("items").at(0);
  CHECK(core.at("group") == "core");
  CHECK(core.at("members") == 1'200);
  for (const json& item : team.get("/groups/core/members?limit=1000").at("items")) {
    const bool again = item.at("member") == "m7";
    CHECK(item.at("since") == (again ? "2024-01-04T00:00:00Z" : "2024-01-01T00:00:00Z"));
  }
  // As it was before she left, and while she was away.
  CHECK(team.get("/groups/core/members?at=2024-01-01T12:00:00Z").at("total") == 1'200);
  CHECK(team.get("/groups/core/members?at=2024-01-02T12:00:00Z").at("total") == 1'199);
  CHECK(team.get("/groups?at=2024-01-02T12:00:00Z").at("total") == 1'201);
}

TEST_CASE("a page of large rows ends before it fills the memory, and the pages together have every row once") {
  test::RunningProgram program;
  constexpr int count = 14;
  std::string lines;
  for (int i = 0; i < count; ++i) {
    lines += R"({"_document_id":"d)" + std::to_string(i) + R"(","@timestamp":)" +
             std::to_string(1'700'000'000'000 + i) + R"(,"actor":"ana","org":"acme","action":"repo.star","note":")" +
             std::string(900'000, 'x') + "\"}\n";
  }
  REQUIRE(program.post("/v1/orgs/acme/import?format=github-audit", lines).json().at("refused_lines") == 0);
  const std::string events = "/v1/orgs/acme/events?limit=1000";
  std::vector<std::uint64_t> positions;
  std::size_t pages = 0, largest = 0;
  std::string cursor;
  do {
    const auto page = program.get(events + (cursor.empty() ? "" : "&cursor=" + cursor));
    REQUIRE(page.status == 200);
    largest = std::max(largest, page.body.size());
    const json said = page.json();
    for (const json& item : said.at("items")) positions.push_back(item.at("position").get<std::uint64_t>());
    cursor = said.value("next", "");
    ++pages;
  } while (!cursor.empty());
  // The creation of the organization, and each line.
  CHECK(positions.size() == count + 1);
  CHECK(std::is_sorted(positions.begin(), positions.end(), std::less_equal<>()));
  CHECK(pages > 2);
  CHECK(largest < std::size_t{6} << 20);
  const auto streamed = program.request("GET", "/v1/orgs/acme/events", {}, {"Accept: application/x-ndjson"});
  CHECK(lines_of(unchunked(streamed)).size() == count + 1);
}
