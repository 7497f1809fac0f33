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

TEST_CASE("a no is not certain either by what a group of theirs or everyone was found to have later") {
  Found told;
  told.told("group.created", {{"group", "core"}});
  told.told("group.member_added", {{"group", "core"}, {"member", "cid"}});
  told.told("member.added", {{"member", "cid"}});
  const auto doubt = [&](const std::string& member, const std::string& on) {
    const json answer = told.team.get("/can?member=" + member + "&permission=repository&level=write&resource=" + on +
                                      "&explain=true&at=2024-01-06T00:00:00Z");
    INFO(answer.dump(2));
    const json last = answer.at("reasons").back();
    return last.at("reason") == "found_later" ? last.at("because").get<std::string>() : std::string();
  };
  CHECK(doubt("cid", "repo:x").empty());
  const json write{{"principal", "group:core"}, {"role", "write"}, {"on", "repo:x"}};
  told.team.happens("2024-01-08T00:00:00Z", "role.granted", write, {}, found);
  CHECK(doubt("cid", "repo:x") ==
        "the group core, which they are in, was found to have the role write on repo:x on 2024-01-08T00:00:00Z, and "
        "since when is unknown");
  // Nor does another thing that happened to them in between make it certain; the same thing does.
  told.team.happens("2024-01-07T00:00:00Z", "role.granted",
                    {{"principal", "group:core"}, {"role", "read"}, {"on", "repo:y"}});
  CHECK_FALSE(doubt("cid", "repo:x").empty());
  told.team.happens("2024-01-07T00:00:00Z", "role.revoked", write);
  CHECK(doubt("cid", "repo:x").empty());
  told.team.happens("2024-01-09T00:00:00Z", "role.granted",
                    {{"principal", "everyone"}, {"role", "write"}, {"on", "repo:z"}}, {}, found);
  CHECK(doubt("cid", "repo:z") ==
        "everyone was found to have the role write on repo:z on 2024-01-09T00:00:00Z, and since when is unknown");
}

TEST_CASE("what was known already makes no doubt when it is found again") {
  Found told;
  told.told("member.added", {{"member", "cid"}, {"role", "member"}});
  told.team.happens("2024-01-08T00:00:00Z", "member.added", {{"member", "cid"}, {"role", "member"}}, {}, found);
  const json answer = told.team.get("/can?member=cid&permission=repository&explain=true&at=2024-01-06T00:00:00Z");
  for (const json& reason : answer.at("reasons")) CHECK(reason.at("reason") != "found_later");
  CHECK_FALSE(told.row("/members", "cid").contains("since_basis"));
}

TEST_CASE("findings tell that the event that opened them was found so") {
  Found told;
  told.team.happens("2024-01-05T00:00:00Z", "member.invited", {{"member", "eve"}, {"role", "member"}}, {}, found);
  told.team.happens("2024-01-05T00:00:00Z", "member.invited", {{"member", "fay"}, {"role", "member"}});
  const json pending = test::findings(told.team, "invitation_pending");
  REQUIRE(pending.size() == 2);
  for (const json& finding : pending) CHECK(says(finding, "since_basis") == (finding.at("member") == "eve"));
  const json invited = told.row("/members?status=invited", "eve");
  CHECK(says(invited, "since_basis"));
}

TEST_CASE("what was found so is told as that of any of many events, as known then and when retracted") {
  Found told;
  json events = json::array();
  for (int i = 0; i < 2'500; ++i) {
    json event{{"type", "member.added"},
               {"actor", {{"kind", "system"}, {"id", "sync"}}},
               {"occurred_at", "2024-01-06T00:00:00Z"},
               {"data", {{"member", "m" + std::to_string(i)}}}};
    if (i % 3 == 0) event["basis"] = "baseline";
    events.push_back(event);
  }
  REQUIRE(told.team.program().post("/v1/orgs/acme/events", events.dump()).status == 201);
  const auto csv = told.team.program().request("GET", "/v1/orgs/acme/members", {}, {"Accept: text/csv"});
  for (const int i : {0, 1, 2, 3, 1'200, 1'201, 2'498, 2'499}) {
    const std::string row =
        "m" + std::to_string(i) + ",active,,,2024-01-06T00:00:00Z," + (i % 3 == 0 ? "baseline" : "");
    CHECK(csv.body.find(row + "\r\n") != std::string::npos);
  }
  // ann was there before she was found: that is learnt later, and of no account as known before.
  const std::string known = "/members/ann?card=true&known_at=" + std::to_string(told.bob);
  const auto came = told.team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}});
  CHECK_FALSE(says(told.team.get("/members/ann?card=true").at("member"), "since_basis"));
  CHECK(says(told.team.get(known).at("member"), "since_basis"));
  told.team.happens("2024-01-10T00:00:00Z", "event.retracted", {{"position", came}}, "never came");
  CHECK(says(told.team.get("/members/ann?card=true").at("member"), "since_basis"));
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
