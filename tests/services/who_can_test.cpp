// Who could, on a date, exactly when, and who gave them that power: the demo organization over HTTP.
#include "tests/catch.h"
#include "tests/services/running_program.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::RunningProgram;

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
