// Findings over HTTP: each kind opens with an event and is gone with the one that mends it.
#include <algorithm>

#include "tests/catch.h"
#include "tests/services/team_told.h"

using namespace tenure;
using nlohmann::json;
using test::by;
using test::TeamTold;

TEST_CASE("a grant whose role, resource or holder is not there is found until it is revoked") {
  TeamTold team("github");
  const json grant{{"principal", "group:ghosts"}, {"role", "write"}, {"on", "repo:a/b"}};
  const auto given = team.happens("2024-01-02T00:00:00Z", "role.granted", grant);
  const json found = findings(team, "grant_without_effect");
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("group") == "ghosts");
  CHECK(found.at(0).at("role") == "write");
  CHECK(found.at(0).at("evidence").at(0).at("position") == given);
  // The same id at another instant at which it stands; none before.
  CHECK(findings(team, "grant_without_effect", "&at=2024-01-05T00:00:00Z").at(0).at("id") == found.at(0).at("id"));
  CHECK(findings(team, "grant_without_effect", "&at=2024-01-01T00:00:00Z").empty());
  team.happens("2024-02-01T00:00:00Z", "role.revoked", grant);
  CHECK(findings(team, "grant_without_effect").empty());
}

TEST_CASE("a grant whose effect something else took shows who gave it as well") {
  TeamTold team("newo");
  const auto role = [](const char* level) { return json{{"role", "x"}, {"grants", {{"builder_access", level}}}}; };
  json made = role("yes");
  made["name"] = "X";
  team.happens("2024-01-01T00:00:00Z", "role.created", made);
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}});
  const auto given = team.happens("2024-01-02T00:00:00Z", "role.granted",
                                  {{"principal", "member:ann"}, {"role", "x"}, {"on", "org"}}, {}, by("olga"));
  CHECK(findings(team, "grant_without_effect").empty());
  const auto emptied = team.happens("2024-01-03T00:00:00Z", "role.edited", role("no"));
  const json found = findings(team, "grant_without_effect");
  REQUIRE(found.size() == 1);
  REQUIRE(found.at(0).at("evidence").size() == 2);
  CHECK(found.at(0).at("evidence").at(0).at("position") == emptied);
  CHECK(found.at(0).at("evidence").at(1).at("position") == given);
}

TEST_CASE("an invitation that waits too long, and a member whose inviter was removed, are found") {
  TeamTold team("github");
  team.happens("2024-01-01T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "member"}});
  const auto invited = team.happens("2024-01-02T00:00:00Z", "member.invited", {{"member", "bob"}}, {}, by("ann"));
  const std::string day = "&at=2024-01-20T00:00:00Z&pending_days=";
  CHECK(findings(team, "invitation_pending", day + "18").empty());
  const json pending = findings(team, "invitation_pending", day + "17");
  REQUIRE(pending.size() == 1);
  CHECK(pending.at(0).at("member") == "bob");
  CHECK(pending.at(0).at("evidence").at(0).at("position") == invited);
  team.happens("2024-01-21T00:00:00Z", "invitation.accepted", {{"member", "bob"}});
  CHECK(findings(team, "invitation_pending").empty());
  CHECK(findings(team, "inviter_removed").empty());
  const auto removed = team.happens("2024-02-01T00:00:00Z", "member.removed", {{"member", "ann"}});
  const json left = findings(team, "inviter_removed");
  REQUIRE(left.size() == 1);
  CHECK(left.at(0).at("member") == "bob");
  CHECK(left.at(0).at("inviter") == "ann");
  CHECK(left.at(0).at("evidence").at(0).at("position") == removed);
  CHECK(left.at(0).at("evidence").at(1).at("position") == invited);
}

TEST_CASE("a custom role that nobody holds, or that grants what another does, is found") {
  TeamTold team("newo");
  const auto role = [](const char* id) {
    return json{{"role", id}, {"name", id}, {"grants", {{"builder_access", "yes"}}}};
  };
  team.happens("2024-01-01T00:00:00Z", "role.created", role("one"));
  team.happens("2024-01-02T00:00:00Z", "member.added", {{"member", "ann"}, {"role", "one"}});
  CHECK(findings(team, "custom_role_unheld").empty());
  CHECK(findings(team, "custom_role_duplicate").empty());
  team.happens("2024-01-03T00:00:00Z", "role.created", role("two"));
  CHECK(findings(team, "custom_role_unheld").at(0).at("role") == "two");
  const json same = findings(team, "custom_role_duplicate");
  REQUIRE(same.size() == 1);
  CHECK(same.at(0).at("role") == "two");
  CHECK(same.at(0).at("same_as") == "one");
  team.happens("2024-01-04T00:00:00Z", "role.edited", {{"role", "two"}, {"grants", {{"builder_access", "no"}}}});
  CHECK(findings(team, "custom_role_duplicate").empty());
}

TEST_CASE("a role that somebody must have and nobody has is found") {
  TeamTold team("github");
  CHECK(findings(team, "holders_under").empty());
  team.happens("2024-01-01T00:00:00Z", "member.removed", {{"member", "olga"}});
  const json found = findings(team, "holders_under");
  REQUIRE(found.size() == 1);
  CHECK(found.at(0).at("role") == "owner");
}

TEST_CASE("findings are refused what they do not know, and before the history there are none, said to be so") {
  TeamTold team("github");
  CHECK(team.program().get("/v1/orgs/acme/findings?kind=none").status == 400);
  CHECK(team.program().get("/v1/orgs/acme/findings?pending_days=many").status == 400);
  const json before = team.get("/findings?at=1999-01-01T00:00:00Z");
  CHECK(before.at("before_history") == true);
  CHECK(before.at("items").empty());
}
