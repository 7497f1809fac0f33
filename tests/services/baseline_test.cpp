// What was found so (basis baseline): since when and by whom is unknown, and every answer that rests on it says so.
#include <algorithm>

#include "tests/catch.h"
#include "tests/services/team_told.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::TeamTold;

const json found{{"basis", "baseline"}};
const std::string range = "from=2024-01-01T00:00:00Z&to=2024-02-01T00:00:00Z";

// ann was found to be a member on the 5th, and bob became one then.
struct Found {
  TeamTold team{"github"};
  std::uint64_t ann = told("member.added", {{"member", "ann"}, {"role", "owner"}}, found);
  std::uint64_t bob = told("member.added", {{"member", "bob"}, {"role", "owner"}});

  std::uint64_t told(const std::string& type, const json& data, const json& more = json::object()) {
    return team.happens("2024-01-05T00:00:00Z", type, data, {}, more);
  }
  json row(const std::string& list, const std::string& member, const char* field = "member") {
    const json items = team.get(list).at("items");
    const auto one = std::find_if(items.begin(), items.end(), [&](const json& row) { return row.at(field) == member; });
    INFO(list << ": " << items.dump());
    REQUIRE(one != items.end());
    return *one;
  }
};

bool says(const json& event, const char* basis = "basis") { return event.value(basis, "") == "baseline"; }

}  // namespace

TEST_CASE("whatever tells of an event that was found so says that, and says nothing of one that happened") {
  Found told;
  for (const std::string member : {"ann", "bob"}) {
    INFO(member);
    const bool is_found = member == "ann";
    const std::string of = "member=" + member;
    const json can = told.team.get("/can?" + of + "&permission=repository&explain=true");
    CHECK(says(can.at("paths").at(0).at("edges").at(0)) == is_found);
    const json interval = told.row("/who-can?permission=repository&" + range, member).at("intervals").at(0);
    CHECK(says(interval, "opened_basis") == is_found);
    CHECK_FALSE(interval.contains("closed_basis"));
    CHECK(says(told.row("/diff?by=change&" + range + "&" + of, member).at("cause")) == is_found);
    CHECK(says(told.team.get("/timeline?" + of).at("items").at(0).at("event")) == is_found);
    CHECK(says(told.row("/members", member), "since_basis") == is_found);
    const json card = told.team.get("/members/" + member + "?card=true&explain=true");
    CHECK(says(card.at("member"), "since_basis") == is_found);
    CHECK(says(card.at("permissions").at(0).at("paths").at(0).at("edges").at(0)) == is_found);
  }
  const auto csv = told.team.program().request("GET", "/v1/orgs/acme/members", {}, {"Accept: text/csv"});
  CHECK(csv.body.find("ann,active,owner,,2024-01-05T00:00:00Z,baseline\r\n") != std::string::npos);
  CHECK(csv.body.find("bob,active,owner,,2024-01-05T00:00:00Z,\r\n") != std::string::npos);
}

TEST_CASE("groups, their members, roles, grants and ends that were found so say it") {
  Found told;
  told.told("group.created", {{"group", "core"}}, found);
  told.told("group.member_added", {{"group", "core"}, {"member", "bob"}}, found);
  told.told("role.granted", {{"principal", "member:bob"}, {"role", "write"}, {"on", "repo:x"}}, found);
  CHECK(says(told.row("/groups", "core", "group"), "since_basis"));
  CHECK(says(told.row("/groups/core/members", "bob"), "since_basis"));
  CHECK(says(told.team.get("/members/bob?card=true").at("grants").at(0).at("event")));
  told.team.happens("2024-01-09T00:00:00Z", "member.removed", {{"member", "bob"}}, {}, found);
  const json interval = told.row("/who-can?permission=repository&" + range, "bob").at("intervals").at(0);
  CHECK(says(interval, "closed_basis"));
  CHECK_FALSE(interval.contains("opened_basis"));
}

TEST_CASE("a no about a time before something was found so tells that it is not certain") {
  Found told;
  const std::string before = "&permission=repository&explain=true&at=2024-01-04T00:00:00Z";
  const json ann = told.team.get("/can?member=ann" + before), bob = told.team.get("/can?member=bob" + before);
  INFO(ann.dump(2));
  const std::string doubt = "they were found to be a member on 2024-01-05T00:00:00Z, and since when is unknown";
  CHECK(ann.at("denied_because").get<std::string>().ends_with("; " + doubt));
  CHECK(ann.at("reasons").back().at("reason") == "found_later");
  CHECK(ann.at("reasons").back().at("because") == doubt);
  CHECK(bob.at("denied_because").get<std::string>().find("found") == std::string::npos);
  for (const json& reason : bob.at("reasons")) CHECK(reason.at("reason") != "found_later");
  // What is known of the time in between ends the doubt.
  told.team.happens("2024-01-04T12:00:00Z", "member.removed", {{"member", "ann"}});
  CHECK(told.team.get("/can?member=ann" + before).at("reasons").back().at("reason") != "found_later");
}

TEST_CASE("what was found so and then taken is not told as given and taken again within minutes") {
  Found told;
  for (const char* who : {"ann", "bob"}) {
    told.team.happens("2024-01-05T00:02:00Z", "member.removed", {{"member", who}});
  }
  const json short_lived = test::findings(told.team, "granted_and_revoked");
  REQUIRE(short_lived.size() == 1);
  CHECK(short_lived.at(0).at("member") == "bob");
}
