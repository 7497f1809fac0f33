// The review that comes with Tenure, on ordinary teams of the shipped models: what speaks against it is said where it
// is defined, and it goes its whole way by events that each model's rules allow.
#include <map>

#include "events/review/definition.h"
#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::ben;
using tenure::test::cy;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

// An event that the model's rules allow, by olga.
void allowed(ReviewsTold& acme, const std::string& type, const json& data) {
  const json event{{"type", type}, {"actor", {{"kind", "member"}, {"id", olga}}}, {"data", data}};
  const json answer = acme.told("/events", event);
  INFO(event.dump() << answer.dump());
  CHECK(answer.at("items").at(0).at("verdict").at("result") == "allowed");
}

json shipped(ReviewsTold& acme) { return acme.get("/shipped-review-definitions/quarterly-basics"); }

std::string warnings_of(const json& answer) { return answer.at("warnings").dump(); }

// A team of a model: an owner, a member and perhaps somebody who is invited, and who reviews the owner.
struct Team {
  const char* model;
  const char* role;     // ana's
  const char* manages;  // ben's, who reviews the owner; none: somebody from outside does
  bool invites;         // the rules say who may
  bool removes;
};
constexpr Team teams[] = {{"github", "member", "", true, true},
                          {"newo", "viewer", "account_manager", false, false},
                          {"ccai", "agent", "app_developer", true, true},
                          {"cx-modules", "agent", "", true, true},
                          {"chatbot-team", "member", "admin", true, true},
                          {"answering-agent", "user", "admin", true, true}};

void joined(ReviewsTold& acme, const Team& team) {
  allowed(acme, "member.added", {{"member", ana}, {"role", team.role}});
  if (*team.manages) allowed(acme, "member.added", {{"member", ben}, {"role", team.manages}});
  if (team.invites) allowed(acme, "member.invited", {{"member", cy}, {"role", team.role}});
}

// What olga decides of ana and cy, and whoever reviews olga of her.
std::map<std::string, std::string> decided(ReviewsTold& acme, const Team& team, const std::string& of_the_owner) {
  std::map<std::string, std::string> outcomes{{ana, team.removes ? "revoke" : "change"}, {olga, "keep"}};
  const json another = team.removes ? json::object() : json{{"role", team.manages}};
  acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", ana, "role"), outcomes.at(ana), another));
  if (*team.manages) {
    acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", ben, "role"), "keep"));
    outcomes[ben] = "keep";
  }
  if (team.invites) {
    acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", cy, "invitation"), "revoke"));
    outcomes[cy] = "revoke";
  }
  const json owner = acme.item("q1", olga, "role");
  CHECK(owner.at("reviewers") == json::array({of_the_owner}));
  acme.decided("q1", of_the_owner, ReviewsTold::decision(owner, "keep"));
  return outcomes;
}

void remedied(ReviewsTold& acme, const Team& team) {
  CHECK(acme.get("/reviews/q1/tasks?status=open").at("total") == (team.invites ? 2 : 1));
  if (team.removes) allowed(acme, "member.removed", {{"member", ana}});
  if (!team.removes) allowed(acme, "member.role_changed", {{"member", ana}, {"role", team.manages}});
  if (team.invites) allowed(acme, "invitation.cancelled", {{"member", cy}});
}

}  // namespace

TEST_CASE("the shipped quarterly basics go their whole way on a team with one owner of each of the six models") {
  for (const Team& team : teams) {
    INFO(team.model);
    ReviewsTold acme(team.model);
    joined(acme, team);
    json definition = shipped(acme);
    const std::string of_the_owner = *team.manages ? ben : "audit@outside.test";
    const bool needs_somebody = definition.at("warnings").dump().find("fallback") != std::string::npos;
    CHECK(needs_somebody == !*team.manages);
    if (needs_somebody) definition["stages"][0]["fallback"] = {of_the_owner};
    acme.told("/review-definitions", definition);
    acme.told("/reviews", {{"definition", "quarterly-basics"}, {"id", "q1"}});
    const auto outcomes = decided(acme, team, of_the_owner);
    acme.told("/reviews/q1/close", json::object());
    remedied(acme, team);
    const json report = acme.get("/reviews/q1/report");
    CHECK(report.at("facts").at("population") == outcomes.size());
    std::map<std::string, std::string> reported;
    for (const json& row : report.at("tables").at("items"))
      reported[row.at("member").get<std::string>()] = row.at("outcome").get<std::string>();
    CHECK(reported == outcomes);
    for (const json& row : report.at("tables").at("remediation")) CHECK(row.at("status") == "done");
  }
}

TEST_CASE("where nobody may be asked about the only owner, whoever reads or defines the shipped review is told") {
  for (const char* model : {"github", "newo", "ccai", "cx-modules", "chatbot-team", "answering-agent"}) {
    INFO(model);
    ReviewsTold acme(model);
    const std::string because = "nobody may be asked about 1 of 1 items (of olga@acme.test)";
    const json definition = shipped(acme);
    CHECK(warnings_of(definition).find(because) != std::string::npos);
    const json list = acme.get("/shipped-review-definitions");
    CHECK(list.at("items").at(0) == definition);
    const json said = acme.told("/review-definitions", definition);
    CHECK(warnings_of(said).find(because) != std::string::npos);
    CHECK(warnings_of(said).find("--fallback") != std::string::npos);
    const json tried = acme.told("/reviews", {{"definition", "quarterly-basics"}, {"dry_run", true}});
    CHECK(warnings_of(tried).find(because) != std::string::npos);
    CHECK(acme.post("/reviews", {{"definition", "quarterly-basics"}}).field() == "/stages");
    json with_fallback = definition;
    with_fallback["stages"][0]["fallback"] = {ana};
    acme.happens("member.invited", {{"member", ana}});
    CHECK(acme.told("/review-definitions", with_fallback).at("warnings").empty());
    CHECK(acme.told("/reviews", {{"definition", "quarterly-basics"}}).at("warnings").empty());
  }
}

TEST_CASE("a run that is skipped since nobody may be asked says of how many items and the way out, and names nobody") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "member"}});
  acme.told("/review-definitions", named_review("q", {olga}, {{"schedule", {{"once", "2026-01-10T00:00:00Z"}}}}));
  acme.clock("2026-01-11T00:00:00Z");
  acme.pass();
  const auto skipped = acme.events("review.skipped");
  REQUIRE(skipped.size() == 1);
  const auto because = skipped.front().at("data").at("because").get<std::string>();
  INFO(because);
  CHECK(because.find("Nobody may be asked about 1 of 2 items") == 0);
  CHECK(because.find("fallback") != std::string::npos);
  CHECK(because.find("dry run") != std::string::npos);
  CHECK(because.find(olga) == std::string::npos);
}

TEST_CASE("a definition that was read can be sent again, and says when its schedule runs next") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  const json yearly{{"rrule", "FREQ=YEARLY"}, {"start", "2026-03-29T02:30:00"}, {"tz", "Europe/Berlin"}};
  const json runs{"2026-03-29T01:00:00Z", "2027-03-29T00:30:00Z", "2028-03-29T00:30:00Z"};
  const json said = acme.told("/review-definitions", named_review("q", {olga, ana}, {{"schedule", yearly}}));
  CHECK(said.at("next_runs") == runs);
  CHECK(said.at("warnings").empty());
  json read = acme.get("/review-definitions/q");
  CHECK(read.at("next_runs") == runs);
  CHECK(acme.told("/review-definitions", read).at("next_runs") == runs);
  json again = acme.get("/review-definitions/q");
  read.erase("defined");
  again.erase("defined");
  CHECK(again == read);
  acme.told("/reviews", {{"id", "q1"}, {"definition", again}});
  CHECK_FALSE(acme.get("/reviews/q1").at("terms").contains("next_runs"));
  acme.clock("2027-01-01T00:00:00Z");
  CHECK(acme.get("/review-definitions/q").at("next_runs").front() == "2027-03-29T00:30:00Z");
  const json once = acme.told("/review-definitions",
                              named_review("once", {olga, ana}, {{"schedule", {{"once", "2027-02-01T00:00:00Z"}}}}));
  CHECK(once.at("next_runs") == json{"2027-02-01T00:00:00Z"});
  CHECK_FALSE(acme.told("/review-definitions", named_review("by-hand", {olga, ana})).contains("next_runs"));
}

TEST_CASE("who is asked and known to nobody is told wherever the review is defined, tried or opened, and is asked") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  const std::string because = "nobody here is known as \\\"anna@acme.test\\\"";
  const json definition = named_review("q", {"anna@acme.test", olga, "admin"});
  const auto told_once = [&](const json& answer) {
    INFO(answer.dump());
    CHECK(answer.at("warnings").size() == 1);
    CHECK(warnings_of(answer).find(because) != std::string::npos);
  };
  told_once(acme.told("/reviews", {{"definition", definition}, {"dry_run", true}}));
  told_once(acme.told("/review-definitions", definition));
  told_once(acme.told("/reviews", {{"definition", "q"}, {"dry_run", true}}));
  told_once(acme.told("/reviews", {{"definition", "q"}, {"id", "q1"}}));
  CHECK(acme.item("q1", ana, "role").at("reviewers").size() == 3);
  // Whoever was a member once is known.
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("member.removed", {{"member", ben}});
  const json known = acme.told("/review-definitions", named_review("r", {ben, olga, ana}));
  CHECK(known.at("warnings").empty());
}
