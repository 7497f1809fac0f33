// What a closed review comes to: tasks that the log closes, or events by the review itself.
#include <algorithm>
#include <set>

#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::ben;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

void opened(ReviewsTold& acme, const json& definition, const char* review) {
  acme.told("/review-definitions", definition);
  acme.told("/reviews", {{"id", review}, {"definition", definition.at("id")}});
}

json grant_of(const std::string& principal, const char* role) {
  return {{"principal", principal}, {"role", role}, {"on", "repo:acme/web"}};
}

json tasks(ReviewsTold& acme, const std::string& more = {}) { return acme.get("/reviews/q1/tasks" + more).at("items"); }

// An organization with members of one role each, their holds reviewed by ana and revoked.
void members_revoked(ReviewsTold& acme, int count, const json& more) {
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  for (int i = 0; i < count; ++i) {
    acme.happens("member.added", {{"member", "m" + std::to_string(i) + "@acme.test"}, {"role", "member"}});
  }
  opened(acme, named_review("q", {ana, olga}, more), "q1");
  json decisions = json::array();
  for (const json& item : acme.items("q1")) {
    if (item.at("role") == "member") decisions.push_back(ReviewsTold::decision(item, "revoke"));
  }
  REQUIRE(decisions.size() == static_cast<std::size_t>(count));
  acme.decided("q1", ana, decisions);
}

}  // namespace

TEST_CASE("in observe a revocation is a task that closes when the platform's event arrives") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("role.granted", grant_of("member:ben@acme.test", "write"), "", ana);
  json definition = named_review("q", {olga, ana});
  definition["remedy"] = {{"days", 5}};
  opened(acme, definition, "q1");
  acme.decided("q1", olga,
               {ReviewsTold::decision(acme.item("q1", ben, "grant"), "revoke"),
                ReviewsTold::decision(acme.item("q1", ana, "role"), "change", {{"role", "member"}}),
                ReviewsTold::decision(acme.item("q1", ben, "role"), "keep")});
  CHECK(tasks(acme).empty());
  acme.clock("2026-01-06T09:00:00Z");
  acme.told("/reviews/q1/close", json::object());
  CHECK(acme.events("role.revoked").empty());
  REQUIRE(tasks(acme).size() == 2);
  const json all = tasks(acme);
  for (const json& task : all) {
    CHECK(task.at("status") == "open");
    CHECK(task.at("due_at").get<std::string>().starts_with("2026-01-11T09:00:00.0"));
  }
  CHECK(tasks(acme, "?status=open").size() == 2);
  acme.clock("2026-01-12T09:00:00Z");
  CHECK(tasks(acme, "?status=overdue").size() == 2);
  acme.happens("role.revoked", grant_of("member:ben@acme.test", "write"));
  REQUIRE(tasks(acme, "?status=done").size() == 1);
  CHECK(tasks(acme, "?status=done").at(0).at("kind") == "grant");
  CHECK(tasks(acme, "?status=done").at(0).at("owner") == ana);
  // A change is done only when the other role is there.
  acme.happens("member.role_changed", {{"member", ana}, {"role", "member"}});
  CHECK(tasks(acme, "?status=done").size() == 2);
  acme.restart();
  CHECK(tasks(acme, "?status=done").size() == 2);
}

TEST_CASE("whoever still reaches what was revoked is told with the other path") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("role.granted", grant_of("member:ben@acme.test", "write"));
  opened(acme, named_review("q", {olga, ana}), "q1");
  acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", ben, "grant"), "revoke"));
  acme.told("/reviews/q1/close", json::object());
  CHECK(tasks(acme).at(0).at("still_held").empty());
  acme.clock("2026-01-06T09:00:00Z");
  acme.happens("role.revoked", grant_of("member:ben@acme.test", "write"));
  CHECK(tasks(acme).at(0).at("status") == "done");
  acme.happens("group.created", {{"group", "sre"}});
  acme.happens("group.member_added", {{"group", "sre"}, {"member", ben}});
  const auto by = acme.happens("role.granted", grant_of("group:sre", "write"));
  const json task = tasks(acme).at(0);
  INFO(task.dump());
  REQUIRE_FALSE(task.at("still_held").empty());
  const json& held = task.at("still_held").at(0);
  CHECK(held.at("on") == "repo:acme/web");
  REQUIRE_FALSE(held.at("paths").empty());
  CHECK(held.at("paths").at(0).at("kind") == "group");
  CHECK(held.at("paths").at(0).at("role") == "write");
  bool cites = false;
  for (const json& edge : held.at("paths").at(0).at("edges")) cites = cites || edge.at("position") == by;
  CHECK(cites);
}

TEST_CASE("in enforce the review revokes and changes itself, once, by its reviewers' authority") {
  ReviewsTold acme("github", "enforce");
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("member.added", {{"member", "cy@acme.test"}, {"role", "owner"}});
  acme.happens("role.granted", grant_of("member:ben@acme.test", "write"));
  opened(acme, named_review("q", {olga, ana}), "q1");
  acme.decided("q1", ana,
               {ReviewsTold::decision(acme.item("q1", ben, "grant"), "change", {{"role", "read"}}),
                ReviewsTold::decision(acme.item("q1", "cy@acme.test", "role"), "revoke")});
  acme.clock("2026-01-06T09:00:00Z");
  acme.told("/reviews/q1/close", json::object());
  const auto removed = acme.events("member.removed");
  REQUIRE(removed.size() == 1);
  CHECK(removed.front().at("actor") == json{{"kind", "system"}, {"id", "review:q1"}});
  CHECK(removed.front().at("approved_by") == json{{"kind", "member"}, {"id", ana}});
  CHECK(removed.front().at("correlation_id") == "review:q1");
  CHECK(removed.front().at("data").at("member") == "cy@acme.test");
  CHECK(acme.events("role.revoked").size() == 1);
  CHECK(acme.events("role.granted").size() == 2);
  const auto remediated = acme.events("review.remediated");
  REQUIRE(remediated.size() == 1);
  CHECK(remediated.front().at("data").at("applied") == 2);
  CHECK(remediated.front().at("data").at("refused") == 0);
  CHECK(tasks(acme, "?status=done").size() == 2);
  const auto total = acme.get("/events?limit=1").at("total");
  acme.pass();
  acme.told("/reviews/q1/remedy", json::object());
  acme.restart();
  acme.pass();
  acme.told("/reviews/q1/remedy", json::object());
  CHECK(acme.get("/events?limit=1").at("total") == total);
}

TEST_CASE("more revocations than the definition lets through at once are all held back until somebody asks for them") {
  ReviewsTold acme("github", "enforce");
  members_revoked(acme, 4, {{"revocations_at_most", 3}});
  acme.told("/reviews/q1/close", json::object());
  CHECK(acme.events("member.removed").empty());
  REQUIRE(acme.events("review.remediated").size() == 1);
  CHECK(acme.events("review.remediated").front().at("data").at("held_back") == 4);
  acme.restart();
  acme.pass();
  CHECK(acme.events("member.removed").empty());
  acme.told("/reviews/q1/remedy", json::object());
  CHECK(acme.events("member.removed").size() == 4);
  acme.told("/reviews/q1/remedy", json::object());
  acme.pass();
  CHECK(acme.events("member.removed").size() == 4);
  CHECK(acme.events("review.remediated").size() == 2);
}

TEST_CASE("as many revocations as the definition lets through happen by themselves") {
  ReviewsTold acme("github", "enforce");
  members_revoked(acme, 3, {{"revocations_at_most", 3}});
  acme.told("/reviews/q1/close", json::object());
  CHECK(acme.events("member.removed").size() == 3);
}

TEST_CASE("revoking the last owner is refused with the rule when it is decided, and when it comes to it") {
  ReviewsTold acme("github", "enforce");
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  opened(acme, named_review("q", {"auditor@else.test"}), "q1");
  const auto alone =
      acme.decide("q1", "auditor@else.test", ReviewsTold::decision(acme.item("q1", olga, "role"), "revoke"));
  INFO(alone.body);
  CHECK(alone.status == 403);
  CHECK(alone.code() == "not_allowed");
  CHECK_FALSE(alone.said().value("rule", "").empty());
  CHECK(alone.field() == "/decision");
  // Of two owners each may go, and both may not: not in one call, not in two.
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.told("/reviews/q1/cancel", json::object());
  acme.told("/reviews", {{"id", "q2"}, {"definition", "q"}});
  const json both{ReviewsTold::decision(acme.item("q2", olga, "role"), "revoke"),
                  ReviewsTold::decision(acme.item("q2", ana, "role"), "revoke")};
  const json together = acme.decide("q2", "auditor@else.test", both).said().at("items");
  CHECK(together.at(0).at("status") == 201);
  CHECK(together.at(1).at("status") == 403);
  CHECK(together.at(1).at("problem").at("rule") == alone.said().at("rule"));
  const auto later = acme.decide("q2", "auditor@else.test", both.at(1));
  CHECK(later.status == 403);
  CHECK(later.said().at("rule") == alone.said().at("rule"));
  const auto changed = acme.decide("q2", "auditor@else.test",
                                   ReviewsTold::decision(acme.item("q2", ana, "role"), "change", {{"role", "member"}}));
  CHECK(changed.status == 403);
  // Who is to stay may be the other one.
  acme.decided("q2", "auditor@else.test", ReviewsTold::decision(acme.item("q2", olga, "role"), "keep"));
  acme.decided("q2", "auditor@else.test", both.at(1));
  // Whoever comes to be the last one after that stays.
  acme.happens("member.removed", {{"member", olga}});
  acme.told("/reviews/q2/close", json::object());
  const auto done = acme.events("review.remediated");
  REQUIRE(done.size() == 1);
  CHECK(done.front().at("data").at("applied") == 0);
  CHECK(done.front().at("data").at("refused") == 1);
  CHECK(acme.get("/reviews/q2/tasks?status=open").at("total") == 1);
  // The attempt is told with whom it was about, and with nobody once they are erased.
  const auto attempted = [&] {
    return json::parse(acme.events("action.denied").at(0).at("data").at("event").get<std::string>());
  };
  CHECK(attempted().at("data").at("member") == ana);
  acme.erased(ana);
  acme.restart();
  CHECK(attempted().at("data").at("member").get<std::string>().starts_with("subject:s_"));
}

namespace {

// Six members, and two owners of whom one has to stay since the third left, all of them revoked by somebody from
// outside.
void all_revoked(ReviewsTold& acme) {
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", "zoe@acme.test"}, {"role", "owner"}});
  for (int i = 0; i < 6; ++i) {
    acme.happens("member.added", {{"member", "m" + std::to_string(i) + "@acme.test"}, {"role", "member"}});
  }
  opened(acme, named_review("q", {"auditor@else.test"}), "q1");
  json decisions = json::array();
  for (const json& item : acme.items("q1")) {
    if (item.at("member") != "zoe@acme.test") decisions.push_back(ReviewsTold::decision(item, "revoke"));
  }
  REQUIRE(decisions.size() == 8);
  acme.decided("q1", "auditor@else.test", decisions);
  acme.happens("member.removed", {{"member", "zoe@acme.test"}});
}

void remedied_once(ReviewsTold& acme) {
  std::set<std::string> removed;
  auto events = acme.events("member.removed");
  std::erase_if(events, [](const json& event) { return event.at("data").at("member") == "zoe@acme.test"; });
  for (const json& event : events) {
    removed.insert(event.at("data").at("member").get<std::string>());
    CHECK(event.at("approved_by").at("id") == "auditor@else.test");
  }
  CHECK(events.size() == 7);
  CHECK(removed.size() == 7);
  CHECK(acme.events("action.denied").size() == 1);  // the last owner's
  CHECK(acme.events("review.closed").size() == 1);
  const auto told = acme.events("review.remediated");
  REQUIRE(told.size() == 1);
  CHECK(told.front().at("data").at("applied") == 7);
  CHECK(told.front().at("data").at("refused") == 1);
  CHECK(tasks(acme, "?status=done").size() == 7);
  CHECK(tasks(acme, "?status=open").size() == 1);
}

}  // namespace

TEST_CASE("a task is somebody's who is there to do it") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}}, {}, ana);
  opened(acme, named_review("q", {"auditor@else.test"}, {{"scope", {{"roles", {"member"}}}}}), "q1");
  acme.decided("q1", "auditor@else.test", ReviewsTold::decision(acme.item("q1", ben, "role"), "revoke"));
  acme.told("/reviews/q1/close", json::object());
  CHECK(tasks(acme).at(0).at("owner") == ana);
  acme.happens("member.removed", {{"member", ana}});
  CHECK(tasks(acme).at(0).at("owner") == "auditor@else.test");
}

TEST_CASE("a stop anywhere between the close and what it comes to leaves it to the next start, which does it once") {
  int stops = 0;
  for (bool stopped = true; stopped; ++stops) {
    INFO("stopped " << stops << " commits after the close");
    REQUIRE(stops < 20);
    ReviewsTold acme("github", "enforce");
    all_revoked(acme);
    acme.stops_after_close(stops);
    acme.clock("2026-01-06T09:00:00Z");
    stopped = acme.post("/reviews/q1/close", json::object()).status / 100 != 2;
    acme.restart();
    if (stopped) CHECK(acme.events("review.remediated").empty());
    acme.pass();
    remedied_once(acme);
    acme.restart();
    acme.pass();
    acme.told("/reviews/q1/remedy", json::object());
    remedied_once(acme);
  }
  CHECK(stops > 2);
}

TEST_CASE(
    "a read that fails anywhere behind the close leaves what it comes to for the clock, which does all of it once") {
  bool failed = true;
  for (int reads = 0; failed; reads += 1 + reads / 20) {
    INFO("the read behind " << reads << " others failed");
    REQUIRE(reads < 5'000);
    ReviewsTold acme("github", "enforce");
    all_revoked(acme);
    acme.read_fails_after_close(reads);
    acme.clock("2026-01-06T09:00:00Z");
    acme.post("/reviews/q1/close", json::object());
    failed = acme.has_read_failed();
    REQUIRE((acme.passes() || acme.passes()));
    remedied_once(acme);
  }
}

TEST_CASE("an invitation without a role is revoked like any other hold, and those behind it are, too") {
  ReviewsTold acme("github", "enforce");
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("group.created", {{"group", "sre"}});
  acme.happens("member.invited", {{"member", "alone@acme.test"}});
  acme.happens("member.invited", {{"member", "grouped@acme.test"}, {"groups", {"sre"}}});
  opened(acme, named_review("q", {"auditor@else.test"}), "q1");
  json decisions = json::array();
  for (const json& item : acme.items("q1")) {
    if (item.at("member") != olga) decisions.push_back(ReviewsTold::decision(item, "revoke"));
  }
  REQUIRE(decisions.size() == 3);
  acme.decided("q1", "auditor@else.test", decisions);
  acme.told("/reviews/q1/close", json::object());
  CHECK(acme.events("invitation.cancelled").size() == 2);
  CHECK(acme.events("member.removed").size() == 1);
  const auto told = acme.events("review.remediated");
  REQUIRE(told.size() == 1);
  CHECK(told.front().at("data").at("applied") == 3);
  CHECK(tasks(acme, "?status=done").size() == 3);
}

TEST_CASE("whoever asks for the remedy gets what an earlier one left undone, though nothing was said to be held back") {
  ReviewsTold acme("github", "enforce");
  members_revoked(acme, 3, json::object());
  acme.stops_after_close(0);
  acme.post("/reviews/q1/close", json::object());
  acme.restart();
  acme.remediated("q1", 1);
  acme.pass();
  REQUIRE(acme.events("member.removed").empty());
  acme.told("/reviews/q1/remedy", json::object());
  CHECK(acme.events("member.removed").size() == 3);
  REQUIRE(acme.events("review.remediated").size() == 2);
  acme.told("/reviews/q1/remedy", json::object());
  CHECK(acme.events("review.remediated").size() == 2);
}

TEST_CASE("what was held back ends only the very hold that was decided on") {
  ReviewsTold acme("github", "enforce");
  members_revoked(acme, 4, {{"revocations_at_most", 3}});
  acme.told("/reviews/q1/close", json::object());
  acme.clock("2026-02-06T09:00:00Z");
  // One left and came back, one is gone: what they hold now nobody has reviewed.
  acme.happens("member.removed", {{"member", "m0@acme.test"}});
  acme.happens("member.removed", {{"member", "m1@acme.test"}});
  acme.happens("member.added", {{"member", "m0@acme.test"}, {"role", "member"}});
  acme.told("/reviews/q1/remedy", json::object());
  std::vector<std::string> removed;
  for (const json& event : acme.events("member.removed")) {
    if (event.at("actor").at("id") == "review:q1") {
      removed.push_back(event.at("data").at("member").get<std::string>());
    }
  }
  std::sort(removed.begin(), removed.end());
  CHECK(removed == std::vector<std::string>{"m2@acme.test", "m3@acme.test"});
  REQUIRE(acme.events("review.remediated").size() == 2);
  CHECK(tasks(acme, "?status=done").size() == 4);  // whoever came back was gone
}
