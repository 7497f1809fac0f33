// Days as they are in their zone, intervals to the millisecond, and lists that stay as they were while others append.
#include <set>

#include "tests/catch.h"
#include "tests/services/team_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::TeamTold;

struct Day {
  const char *date, *zone, *from, *to;
};

json said(const std::string& type, const std::string& at, const json& data) {
  return {{"type", type}, {"actor", {{"kind", "system"}, {"id", "sync"}}}, {"occurred_at", at}, {"data", data}};
}

}  // namespace

TEST_CASE("a day is as long as it was in its zone: 23, 24 or 25 hours, a leap day, half an hour more") {
  test::RunningProgram program({.demo = true});
  // IANA's rules: summer time in Berlin from 26 March to 29 October 2023, in New York from 12 March to 5 November;
  // Lord Howe's clocks go by half an hour, on 1 October; Cairo's day of 28 April begins at one o'clock.
  const std::vector<Day> days{{"2023-03-26", "Europe/Berlin", "2023-03-25T23:00:00Z", "2023-03-26T22:00:00Z"},
                              {"2023-10-29", "Europe/Berlin", "2023-10-28T22:00:00Z", "2023-10-29T23:00:00Z"},
                              {"2023-03-12", "America/New_York", "2023-03-12T05:00:00Z", "2023-03-13T04:00:00Z"},
                              {"2023-11-05", "America/New_York", "2023-11-05T04:00:00Z", "2023-11-06T05:00:00Z"},
                              {"2024-02-29", "Asia/Kathmandu", "2024-02-28T18:15:00Z", "2024-02-29T18:15:00Z"},
                              {"2023-10-01", "Australia/Lord_Howe", "2023-09-30T13:30:00Z", "2023-10-01T13:00:00Z"},
                              {"2023-04-28", "Africa/Cairo", "2023-04-27T22:00:00Z", "2023-04-28T21:00:00Z"}};
  for (const Day& day : days) {
    INFO(day.date << " " << day.zone);
    const json list = program
                          .get("/v1/orgs/demo/who-can?permission=repository&on=" + std::string(day.date) +
                               "&tz=" + test::percent(day.zone))
                          .json();
    CHECK(list.at("from") == day.from);
    CHECK(list.at("to") == day.to);
  }
}

TEST_CASE("an interval's ends are exact: within by a millisecond yes, beyond by a millisecond no") {
  TeamTold team("github");
  const json events{said("member.added", "2024-03-01T08:00:00.500Z", {{"member", "zoe"}, {"role", "member"}}),
                    said("role.granted", "2024-03-01T09:00:00.250Z",
                         {{"principal", "member:zoe"}, {"role", "write"}, {"on", "repo:acme/web"}}),
                    said("role.revoked", "2024-03-02T10:00:00.750Z",
                         {{"principal", "member:zoe"}, {"role", "write"}, {"on", "repo:acme/web"}}),
                    said("role.granted", "2024-03-03T11:00:00Z",
                         {{"principal", "member:zoe"}, {"role", "write"}, {"on", "repo:acme/web"}}),
                    said("member.removed", "2024-03-04T12:00:00.001Z", {{"member", "zoe"}})};
  REQUIRE(team.program().post("/v1/orgs/acme/events", events.dump()).status == 201);
  const std::string power = "permission=repository&level=write&resource=repo:acme/web";
  const json list = team.get("/who-can?" + power + "&from=2024-01-01T00:00:00Z&to=2025-01-01T00:00:00Z");
  const json intervals = [&] {
    for (const json& row : list.at("items")) {
      if (row.at("member") == "zoe") return row.at("intervals");
    }
    return json::array();
  }();
  REQUIRE(intervals.size() == 2);
  const auto could = [&](const std::string& at) {
    return team.get("/can?member=zoe&" + power + "&at=" + at).at("allowed").get<bool>();
  };
  struct Side {
    const char *text, *before, *after;
    bool opens;
  };
  const std::vector<Side> sides{
      {"2024-03-01T09:00:00.25Z", "2024-03-01T09:00:00.249Z", "2024-03-01T09:00:00.251Z", true},
      {"2024-03-02T10:00:00.75Z", "2024-03-02T10:00:00.749Z", "2024-03-02T10:00:00.751Z", false},
      {"2024-03-03T11:00:00Z", "2024-03-03T10:59:59.999Z", "2024-03-03T11:00:00.001Z", true},
      {"2024-03-04T12:00:00.001Z", "2024-03-04T12:00:00Z", "2024-03-04T12:00:00.002Z", false}};
  for (std::size_t i = 0; i < sides.size(); ++i) {
    const Side& side = sides[i];
    INFO(side.text);
    CHECK(intervals.at(i / 2).at(side.opens ? "from" : "to") == side.text);
    CHECK(could(side.before) == !side.opens);
    CHECK(could(side.text) == side.opens);
    CHECK(could(side.after) == side.opens);
  }
}

TEST_CASE("pages of a list neither repeat nor skip a row while others append, and its total stays") {
  TeamTold team("github");
  team.happens("2023-02-01T00:00:00Z", "org.setting_changed", {{"setting", "base_permission"}, {"value", "read"}});
  const auto add = [&](int from, int to) {
    json events = json::array();
    for (int i = from; i < to; ++i) {
      const std::string name = "m" + std::to_string(i);
      events.push_back(said("member.added", "2024-01-01T00:00:00Z", {{"member", name}, {"role", "member"}}));
      events.push_back(said("member.invited", "2024-01-01T00:00:00Z", {{"member", "i" + name}, {"role", "member"}}));
    }
    REQUIRE(team.program().post("/v1/orgs/acme/events", events.dump()).status == 201);
  };
  add(0, 60);
  int appended = 1'000;
  for (const std::string list :
       {"/members?", "/who-can?permission=repository&resource=repo:acme/x&", "/events?",
        "/diff?from=2023-01-01T00:00:00Z&to=2024-06-01T00:00:00Z&by=change&", "/timeline?role=member&", "/findings?"}) {
    for (const char* size : {"1", "7", "59"}) {
      INFO(list << size);
      json rows = json::array();
      json total;
      std::string cursor;
      do {
        const json page = team.get(list + "limit=" + size + (cursor.empty() ? std::string() : "&cursor=" + cursor));
        for (const json& row : page.at("items")) rows.push_back(row);
        if (cursor.empty()) total = page.value("total", json());
        CHECK(page.value("total", json()) == total);
        cursor = page.value("next", "");
        if (rows.size() < 4 || rows.size() % 25 == 0) {
          add(appended, appended + 2);
          appended += 2;
        }
      } while (!cursor.empty());
      // What was there when the list was begun, each row once and in order.
      std::set<std::string> once;
      for (const json& row : rows) once.insert(row.dump());
      CHECK(once.size() == rows.size());
      CHECK(rows.size() >= 1);
      if (!total.is_null()) CHECK(rows.size() == total.get<std::size_t>());
    }
  }
}
