// Who could, on a date, exactly when, and who gave them that power: the demo organization over HTTP.
#include "tests/catch.h"
#include "tests/services/openapi_answers.h"
#include "tests/services/running_program.h"
#include "tests/services/team_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::RunningProgram;
using test::TeamTold;

const std::string who = "/v1/orgs/demo/who-can?permission=repository&resource=repo:demo/api";

json row_of(const json& list, const std::string& member) {
  for (const json& row : list.at("items")) {
    if (row.at("member") == member) return row;
  }
  FAIL(member << " is not in " << list.dump());
  return {};
}

}  // namespace

TEST_CASE("on a date each who could is shown with the exact intervals and, explained, with who gave the power") {
  RunningProgram program({.demo = true});
  const json day = program.get(who + "&level=write&on=2023-06-20&tz=Europe/Berlin&explain=true").json();
  CHECK(day.at("from") == "2023-06-19T22:00:00Z");
  CHECK(day.at("to") == "2023-06-20T22:00:00Z");
  CHECK(day.at("total") == 3);

  const json cleo = row_of(day, "cleo@demo.test");
  CHECK(cleo.at("level") == "maintain");
  REQUIRE(cleo.at("intervals").size() == 1);
  CHECK(cleo.at("intervals").at(0).at("from") == "2023-06-15T12:00:00Z");
  CHECK(cleo.at("intervals").at(0).at("to") == "2023-07-01T00:00:00Z");
  REQUIRE(cleo.at("paths").size() == 1);
  const json& grant = cleo.at("paths").at(0).at("edges").at(0);
  CHECK(cleo.at("paths").at(0).at("kind") == "grant");
  CHECK(cleo.at("paths").at(0).at("level") == "maintain");
  CHECK(grant.at("position") == cleo.at("intervals").at(0).at("opened_by"));
  CHECK(grant.at("actor").at("id") == "ana@demo.test");
  CHECK(grant.at("approved_by").at("id") == "cleo@demo.test");
  CHECK(grant.at("reason") == "release duty in June");

  const json ben = row_of(day, "ben@demo.test");
  CHECK(ben.at("level") == "write");
  CHECK(ben.at("intervals").at(0).at("to") == "2024-03-31T17:00:00Z");
  CHECK(ben.at("paths").at(0).at("kind") == "group");
  CHECK_FALSE(row_of(program.get(who + "&on=2023-06-20&tz=UTC").json(), "ben@demo.test").contains("paths"));
}

TEST_CASE("over a range each interval is explained by what it was held by when it began") {
  TeamTold team("github");
  const auto bob = team.happens("2023-01-02T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const auto give = [&](const std::string& at, const char* type, const char* role) {
    return team.happens(at, type, {{"principal", "member:bob"}, {"role", role}, {"on", "repo:a/b"}});
  };
  const auto first = give("2023-02-01T00:00:00Z", "role.granted", "read");
  give("2023-03-01T00:00:00Z", "role.revoked", "read");
  const auto second = give("2023-04-01T00:00:00Z", "role.granted", "admin");
  give("2023-05-01T00:00:00Z", "role.revoked", "admin");
  team.happens("2023-06-01T00:00:00Z", "member.removed", {{"member", "bob"}});
  team.happens("2023-07-01T00:00:00Z", "member.added", {{"member", "bob"}, {"role", "member"}});
  const auto third = give("2023-08-01T00:00:00Z", "role.granted", "read");
  const std::string over = "/who-can?permission=repository&from=2023-02-10T00:00:00Z&to=2024-01-01T00:00:00Z";
  const json row = row_of(team.get(over + "&explain=true"), "bob");
  INFO(row.dump(2));
  REQUIRE(row.at("intervals").size() == 3);
  const std::vector<std::uint64_t> grants{first, second, third};
  for (std::size_t i = 0; i < grants.size(); ++i) {
    const json& paths = row.at("intervals").at(i).at("paths");
    REQUIRE(paths.size() == 1);
    CHECK(paths.at(0).at("edges").back().at("position") == grants[i]);
    CHECK(paths.at(0).at("level") == row.at("intervals").at(i).at("level"));
  }
  // The row itself shows the highest.
  CHECK(row.at("paths") == row.at("intervals").at(1).at("paths"));
  CHECK(bob < first);
  CHECK_FALSE(row_of(team.get(over), "bob").at("intervals").at(0).contains("paths"));
  test::check_answer(team.program().get("/v1/orgs/acme" + over + "&explain=true"), "get", "/v1/orgs/{org}/who-can");
}

TEST_CASE("a range is explained by what was held within it, not by what had been held before") {
  RunningProgram program({.demo = true});
  const json june = program.get(who + "&from=2023-06-01T00:00:00Z&to=2023-08-01T00:00:00Z&explain=true").json();
  const json cleo = row_of(june, "cleo@demo.test");
  CHECK(cleo.at("level") == "maintain");
  CHECK(cleo.at("paths").at(0).at("edges").at(0).at("occurred_at") == "2023-06-15T12:00:00Z");
  // An owner's whole time is one interval, older than the range.
  const json ana = row_of(june, "ana@demo.test");
  CHECK(ana.at("intervals").at(0).at("from") == "2023-01-09T08:00:00Z");
  CHECK(ana.at("intervals").at(0).at("to").is_null());
  CHECK(ana.at("paths").at(0).at("kind") == "role");
}
