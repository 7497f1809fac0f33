// A review's life over the routes: defined, tried, opened, decided, changed under its reviewers' hands, closed.
#include <algorithm>
#include <set>

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

// Two owners, a member in a group with a grant of his own, and an invitation.
void a_small_team(ReviewsTold& acme) {
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("group.created", {{"group", "sre"}});
  acme.happens("group.member_added", {{"group", "sre"}, {"member", ben}});
  acme.happens("role.granted", {{"principal", "member:ben@acme.test"}, {"role", "write"}, {"on", "repo:acme/web"}});
  acme.happens("member.invited", {{"member", cy}, {"role", "member"}});
}

void opened(ReviewsTold& acme, const json& definition, const char* review) {
  acme.told("/review-definitions", definition);
  acme.told("/reviews", {{"id", review}, {"definition", definition.at("id")}});
}

std::string outcome(const json& item) { return item.at("result").at("outcome").get<std::string>(); }
std::string because(const json& item) { return item.at("result").at("because").get<std::string>(); }

}  // namespace

TEST_CASE("a dry run shows items and reviewers, and records nothing") {
  ReviewsTold acme;
  a_small_team(acme);
  acme.told("/review-definitions", named_review("q", {olga, ana}));
  const auto before = acme.get("/events?limit=1").at("total");
  const json tried = acme.told("/reviews", {{"definition", "q"}, {"dry_run", true}});
  CHECK(tried.at("dry_run") == true);
  CHECK(tried.at("total") == 6);
  CHECK(tried.at("items").size() == 6);
  CHECK(tried.at("without_reviewer") == 0);
  std::map<std::string, int> loads;
  for (const json& one : tried.at("reviewers"))
    loads[one.at("reviewer").get<std::string>()] = one.at("open").get<int>();
  CHECK(loads == std::map<std::string, int>{{ana, 5}, {olga, 5}});
  CHECK(acme.get("/events?limit=1").at("total") == before);
  CHECK(acme.get("/reviews").at("items").empty());
  const json done = acme.told("/reviews", {{"definition", "q"}, {"id", "q1"}});
  CHECK(done.at("items") == 6);
  CHECK(acme.events("review.opened").size() == 1);
}

TEST_CASE("a dry run names whoever the definition names even where the organization has never heard of them") {
  ReviewsTold acme;
  a_small_team(acme);
  const json tried =
      acme.told("/reviews", {{"definition", named_review("q", {"auditor@else.test"})}, {"dry_run", true}});
  CHECK(tried.at("reviewers") == json{{{"reviewer", "auditor@else.test"}, {"open", 6}}});
}

TEST_CASE("each reviewer sees their own items, by member or by power, and nobody their own access") {
  ReviewsTold acme;
  a_small_team(acme);
  opened(acme, named_review("q", {olga, ana}), "q1");
  CHECK(acme.items("q1").size() == 6);
  const auto mine = acme.items("q1", "reviewer=ana@acme.test");
  CHECK(mine.size() == 5);
  CHECK(std::none_of(mine.begin(), mine.end(), [](const json& item) { return item.at("member") == ana; }));
  const json own = acme.item("q1", ana, "role");
  CHECK(own.at("reviewers") == json{olga});
  CHECK(acme.items("q1", "member=ben@acme.test").size() == 3);
  CHECK(acme.items("q1", "kind=invitation").size() == 1);
  std::vector<std::string> kinds;
  for (const json& item : acme.items("q1", "by=power")) kinds.push_back(item.at("kind").get<std::string>());
  CHECK(kinds == std::vector<std::string>{"role", "role", "role", "group", "grant", "invitation"});
  // A page at a time gives the same as all at once, in either order.
  for (const std::string by : {"by=member", "by=power"}) {
    std::vector<json> all;
    std::string cursor;
    do {
      const json page = acme.get("/reviews/q1/items?limit=2&" + by + cursor);
      CHECK(page.at("total") == 6);
      for (const json& item : page.at("items")) all.push_back(item);
      cursor = page.contains("next") ? "&cursor=" + page.at("next").get<std::string>() : "";
    } while (!cursor.empty());
    CHECK(all == acme.items("q1", by));
  }
}

TEST_CASE("an item tells what it gives, since when, by whom, what touched it and what its facts suggest") {
  ReviewsTold acme;
  a_small_team(acme);
  opened(acme, named_review("q", {olga, ana}), "q1");
  acme.clock("2026-01-06T09:00:00Z");
  const json grant = acme.item("q1", ben, "grant");
  CHECK(grant.at("role") == "write");
  CHECK(grant.at("on") == "repo:acme/web");
  CHECK(grant.at("since") == grant.at("granted").at("occurred_at"));
  CHECK(grant.at("granted").at("type") == "role.granted");
  CHECK(grant.at("granted").at("actor").at("id") == olga);
  CHECK(grant.at("gives").at(0).at("role") == "write");
  CHECK(grant.at("changed_since").at("events").empty());
  CHECK(grant.at("findings").is_array());
  CHECK_FALSE(grant.at("recommendation").at("because").empty());
  CHECK(grant.contains("last_certified") == false);
  CHECK(because(grant) == "open");
  const json one = acme.get("/reviews/q1/items/" + grant.at("item").get<std::string>());
  CHECK(one == grant);
}

TEST_CASE("decisions are taken one by one and in bulk, with a result for each") {
  ReviewsTold acme;
  a_small_team(acme);
  opened(acme, named_review("q", {olga, ana}), "q1");
  const json grant = acme.item("q1", ben, "grant"), role = acme.item("q1", ben, "role");
  const json group = acme.item("q1", ben, "group"), own = acme.item("q1", ana, "role");
  const auto one = acme.decide("q1", ana, ReviewsTold::decision(grant, "revoke"));
  CHECK(one.status == 201);
  CHECK(one.said().at("position").get<std::uint64_t>() > 0);
  json stale = ReviewsTold::decision(group, "keep");
  stale["state"] = role.at("state");
  const auto several = acme.decide("q1", ana,
                                   {ReviewsTold::decision(role, "keep"),
                                    ReviewsTold::decision(own, "keep"),
                                    stale,
                                    {{"item", "none"}, {"state", "x"}, {"decision", "keep"}},
                                    ReviewsTold::decision(group, "keep")});
  REQUIRE(several.status == 207);
  std::vector<int> statuses;
  const json results = several.said();
  for (const json& result : results.at("items")) statuses.push_back(result.at("status").get<int>());
  CHECK(statuses == std::vector<int>{201, 403, 409, 404, 201});
  CHECK(several.said().at("items").at(2).at("problem").at("code") == "stale_state");
  CHECK(outcome(acme.item("q1", ben, "grant")) == "revoke");
  CHECK(outcome(acme.item("q1", ben, "group")) == "keep");
  CHECK(outcome(acme.item("q1", ana, "role")) == "none");
  const json progress = acme.get("/reviews/q1").at("progress");
  CHECK(progress.at("decided") == 3);
  CHECK(progress.at("open") == 3);
  // What came in one call stays told apart from what was decided alone.
  CHECK(acme.item("q1", ben, "role").at("decisions").at(0).contains("call"));
  CHECK_FALSE(acme.item("q1", ben, "grant").at("decisions").at(0).contains("call"));
}

TEST_CASE("a decision stops counting when its hold becomes another, and counts on no state that it did not see") {
  ReviewsTold acme;
  a_small_team(acme);
  acme.happens("role.granted", {{"principal", "group:sre"}, {"role", "read"}, {"on", "repo:acme/web"}});
  opened(acme, named_review("q", {olga, ana}), "q1");
  const char* kind = "group";
  std::string type;
  json change;
  // Each begins with a hold that nobody has looked at.
  SECTION("the group gets a grant") {
    CHECK(acme.item("q1", ben, kind).at("status") == "open");
    type = "role.granted";
    change = {{"principal", "group:sre"}, {"role", "admin"}, {"on", "repo:acme/api"}};
  }
  SECTION("the group loses a grant") {
    CHECK(acme.item("q1", ben, kind).at("status") == "open");
    type = "role.revoked";
    change = {{"principal", "group:sre"}, {"role", "read"}, {"on", "repo:acme/web"}};
  }
  SECTION("the group gets a group above it that has a grant") {
    acme.happens("group.created", {{"group", "all"}});
    acme.happens("role.granted", {{"principal", "group:all"}, {"role", "admin"}, {"on", "repo:acme/api"}});
    type = "group.edited";
    change = {{"group", "sre"}, {"parent", "all"}};
  }
  const json seen = acme.item("q1", ben, kind);
  acme.decided("q1", olga, ReviewsTold::decision(seen, "keep"));
  CHECK(acme.item("q1", ben, kind).at("status") == "decided");
  acme.clock("2026-01-06T09:00:00Z");
  const auto position = acme.happens(type, change);
  const json again = acme.item("q1", ben, kind);
  CHECK(again.at("status") == "open");
  CHECK(again.at("reopened") == true);
  CHECK(again.at("decisions").at(0).at("counts") == false);
  CHECK(again.at("state") != seen.at("state"));
  CHECK(again.at("changed_by").at("position") == position);
  CHECK(because(again) == "open");
  CHECK(acme.items("q1", "view=changed").size() == 1);
  CHECK(acme.decide("q1", ana, ReviewsTold::decision(seen, "keep")).code() == "stale_state");
  acme.decided("q1", ana, ReviewsTold::decision(again, "revoke"));
  CHECK(outcome(acme.item("q1", ben, kind)) == "revoke");
}

TEST_CASE("an item that several events touched between two looks names them all, and how many there were") {
  ReviewsTold acme;
  a_small_team(acme);
  opened(acme, named_review("q", {olga, ana}), "q1");
  CHECK_FALSE(acme.item("q1", ben, "grant").contains("touched_by"));
  const json grant{{"principal", "member:ben@acme.test"}, {"role", "write"}, {"on", "repo:acme/web"}};
  std::vector<std::uint64_t> happened;
  const auto again = [&](std::size_t times) {
    for (std::size_t n = 0; n < times; ++n) {
      happened.push_back(acme.happens("role.revoked", grant));
      happened.push_back(acme.happens("role.granted", grant));
    }
  };
  const auto named = [&](const json& item) {
    std::vector<std::uint64_t> positions;
    for (const json& touch : item.at("touched_by").at("events")) {
      CHECK(touch.at("counts") == true);
      positions.push_back(touch.at("event").at("position").get<std::uint64_t>());
    }
    return positions;
  };
  acme.clock("2026-01-06T09:00:00Z");
  again(2);
  const json touched = acme.item("q1", ben, "grant");
  CHECK(touched.at("changed_by").at("position") == happened.back());
  CHECK(touched.at("touched_by").at("count") == 4);
  CHECK(named(touched) == happened);
  CHECK(named(acme.items("q1", "view=changed").at(0)) == happened);
  acme.restart();
  CHECK(acme.item("q1", ben, "grant") == touched);
  again(30);
  const json often = acme.item("q1", ben, "grant");
  CHECK(often.at("touched_by").at("count") == 64);
  CHECK(named(often) == std::vector<std::uint64_t>(happened.end() - 50, happened.end()));
}

TEST_CASE("a hold that is taken and given again is another one") {
  ReviewsTold acme;
  a_small_team(acme);
  opened(acme, named_review("q", {olga, ana}), "q1");
  const json seen = acme.item("q1", ben, "grant");
  acme.decided("q1", olga, ReviewsTold::decision(seen, "keep"));
  const json grant{{"principal", "member:ben@acme.test"}, {"role", "write"}, {"on", "repo:acme/web"}};
  acme.clock("2026-01-06T09:00:00Z");
  const auto ended_by = acme.happens("role.revoked", grant);
  const json ended = acme.item("q1", ben, "grant");
  CHECK(ended.at("status") == "ended");
  CHECK(ended.at("state").is_null());
  CHECK(ended.at("changed_by").at("position") == ended_by);
  CHECK(acme.decide("q1", ana, ReviewsTold::decision(seen, "keep")).code() == "stale_state");
  CHECK(acme.get("/reviews/q1").at("progress").at("ended") == 1);
  acme.clock("2026-01-07T09:00:00Z");
  acme.happens("role.granted", grant);
  const json again = acme.item("q1", ben, "grant");
  CHECK(again.at("status") == "open");
  CHECK(again.at("state") != seen.at("state"));
  CHECK(again.at("decisions").at(0).at("counts") == false);
}

TEST_CASE("a role whose grants are edited reopens the items of all who hold it, and of nobody else") {
  ReviewsTold acme("ccai");
  acme.happens("role.created", {{"role", "auditors"}, {"name", "Auditors"}, {"grants", {{"dashboard", "yes"}}}});
  acme.happens("member.added", {{"member", ben}, {"role", "auditors"}});
  acme.happens("member.added", {{"member", ana}, {"role", "auditors"}});
  acme.happens("member.added", {{"member", cy}, {"role", "agent"}});
  opened(acme, named_review("q", {olga, "boss@else.test"}, {{"scope", {{"kinds", {"role"}}}}}), "q1");
  json keep = json::array();
  for (const char* member : {ben, ana, cy})
    keep.push_back(ReviewsTold::decision(acme.item("q1", member, "role"), "keep"));
  acme.decided("q1", olga, keep);
  const auto edited = acme.happens("role.edited", {{"role", "auditors"}, {"grants", {{"dashboard", "no"}}}});
  for (const char* member : {ben, ana}) {
    const json again = acme.item("q1", member, "role");
    CHECK(again.at("reopened") == true);
    CHECK(again.at("changed_by").at("position") == edited);
  }
  CHECK(acme.item("q1", cy, "role").at("status") == "decided");
}

TEST_CASE("what is learnt late and what is retracted reopen the items that they change, and no others") {
  ReviewsTold acme;
  a_small_team(acme);
  const json wrong{{"principal", "group:sre"}, {"role", "admin"}, {"on", "repo:acme/web"}};
  const auto granted = acme.happens("role.granted", wrong, "2026-01-01T00:00:00Z");
  acme.clock("2026-01-06T09:00:00Z");
  opened(acme, named_review("q", {olga, ana}), "q1");
  const json seen = acme.item("q1", ben, "group");
  acme.decided("q1", olga,
               {ReviewsTold::decision(seen, "keep"), ReviewsTold::decision(acme.item("q1", ben, "role"), "keep")});
  SECTION("the grant never was") { acme.happens("event.retracted", {{"position", granted}}); }
  SECTION("another grant was there before the review was opened") {
    acme.happens("role.granted", {{"principal", "group:sre"}, {"role", "read"}, {"on", "repo:acme/api"}},
                 "2026-01-05T12:00:00Z");
  }
  const json again = acme.item("q1", ben, "group");
  CHECK(again.at("status") == "open");
  CHECK(again.at("reopened") == true);
  CHECK(again.at("decisions").at(0).at("counts") == false);
  CHECK(acme.item("q1", ben, "role").at("status") == "decided");
}

TEST_CASE(
    "an event that lies ahead when it is recorded reopens its item when its time comes, however often it is "
    "looked at before") {
  ReviewsTold acme;
  a_small_team(acme);
  opened(acme, named_review("q", {olga, ana}), "q1");
  const json seen = acme.item("q1", ben, "group");
  acme.decided("q1", olga, ReviewsTold::decision(seen, "keep"));
  const auto ahead = acme.happens(
      "role.granted", {{"principal", "group:sre"}, {"role", "read"}, {"on", "repo:acme/api"}}, "2026-01-05T09:04:00Z");
  for (const char* minute : {"2026-01-05T09:01:00Z", "2026-01-05T09:02:00Z", "2026-01-05T09:03:00Z"}) {
    acme.clock(minute);
    CHECK(acme.item("q1", ben, "group").at("status") == "decided");
  }
  acme.clock("2026-01-05T09:05:00Z");
  const json again = acme.item("q1", ben, "group");
  CHECK(again.at("status") == "open");
  CHECK(again.at("reopened") == true);
  CHECK(again.at("state") != seen.at("state"));
  CHECK(again.at("changed_by").at("position") == ahead);
  acme.restart();
  CHECK(acme.item("q1", ben, "group") == again);
}

TEST_CASE("an invitation that runs out ends its item by itself") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.invited", {{"member", cy}, {"role", "member"}, {"expires_at", "2026-01-08T00:00:00Z"}});
  opened(acme, named_review("q", {olga, ana}), "q1");
  const json seen = acme.item("q1", cy, "invitation");
  CHECK(seen.at("status") == "open");
  acme.clock("2026-01-09T00:00:00Z");
  CHECK(acme.item("q1", cy, "invitation").at("status") == "ended");
  const auto refused = acme.decide("q1", olga, ReviewsTold::decision(seen, "keep"));
  CHECK(refused.code() == "stale_state");
  INFO(refused.body);
  CHECK(refused.body.find("position 0") == std::string::npos);
}

TEST_CASE("a later stage sees what was decided before it, and has the last word") {
  ReviewsTold acme;
  a_small_team(acme);
  json definition = named_review("q", {olga, ana});
  definition["stages"].push_back({{"reviewers", {{{"kind", "named"}, {"people", {"boss@acme.test"}}}}}, {"days", 7}});
  opened(acme, definition, "q1");
  acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", ben, "grant"), "keep"));
  CHECK(acme.decide("q1", "boss@acme.test", ReviewsTold::decision(acme.item("q1", ben, "role"), "keep")).status == 403);
  acme.told("/reviews/q1/end-stage", json::object());
  CHECK(acme.get("/reviews/q1").at("stage") == 1);
  const json second = acme.item("q1", ben, "grant");
  CHECK(second.at("status") == "open");
  CHECK(second.at("reviewers") == json{"boss@acme.test"});
  REQUIRE(second.at("decisions").size() == 1);
  CHECK(second.at("decisions").at(0).at("reviewer") == olga);
  CHECK(second.at("decisions").at(0).at("decision") == "keep");
  CHECK(second.at("decisions").at(0).at("stage") == 0);
  CHECK(second.at("decisions").at(0).at("reason") == "looked at");
  acme.decided("q1", "boss@acme.test", ReviewsTold::decision(second, "revoke"));
  CHECK(outcome(acme.item("q1", ben, "grant")) == "revoke");
  CHECK(acme.post("/reviews/q1/end-stage", json::object()).status == 400);
}

TEST_CASE("a close records counts and a digest that can be worked out again from its items") {
  ReviewsTold acme;
  a_small_team(acme);
  opened(acme, named_review("q", {olga, ana}), "q1");
  acme.clock("2026-01-06T09:00:00Z");
  acme.decided("q1", olga,
               {ReviewsTold::decision(acme.item("q1", ben, "grant"), "revoke"),
                ReviewsTold::decision(acme.item("q1", ben, "role"), "keep"),
                ReviewsTold::decision(acme.item("q1", ana, "role"), "change", {{"role", "member"}})});
  acme.happens("group.member_removed", {{"group", "sre"}, {"member", ben}});
  acme.told("/reviews/q1/close", json::object());
  const auto closed = acme.events("review.closed");
  REQUIRE(closed.size() == 1);
  const json& event = closed.front().at("data");
  INFO(event.dump());
  CHECK(event.at("as_of").get<std::string>().starts_with("2026-01-06T09:00:00.0"));
  CHECK(event.at("kept") == 1);
  CHECK(event.at("revoked") == 1);
  CHECK(event.at("changed") == 1);
  CHECK(event.at("ended") == 1);
  CHECK(event.at("left_open") == 2);
  CHECK(event.at("because") == "asked");
  const auto digest_of = [&] {
    std::string text;
    for (const json& item : acme.items("q1")) {
      const json& result = item.at("result");
      text += item.at("item").get<std::string>() + " " +
              (item.at("state").is_null() ? "" : item.at("state").get<std::string>()) + " " +
              result.at("outcome").get<std::string>() + " " + result.value("role", "") + " " +
              result.at("because").get<std::string>() + "\n";
    }
    return tenure::to_hex(tenure::sha256(text));
  };
  CHECK(event.at("outcome_digest") == digest_of());
  // What comes later changes nothing of it, and neither does a fresh process.
  const json after = acme.get("/reviews/q1");
  CHECK(after.at("status") == "closed");
  const auto items = acme.items("q1");
  acme.clock("2026-02-06T09:00:00Z");
  acme.happens("member.removed", {{"member", ben}});
  CHECK(acme.items("q1") == items);
  acme.restart();
  CHECK(acme.items("q1") == items);
  CHECK(acme.get("/reviews/q1") == after);
  CHECK(event.at("outcome_digest") == digest_of());
  CHECK(acme.post("/reviews/q1/close", json::object()).code() == "review_ended");
}

TEST_CASE("a cancelled review comes to nothing and stays readable") {
  ReviewsTold acme("github", "enforce");
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  opened(acme, named_review("q", {olga, ana}), "q1");
  acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", ben, "role"), "revoke"));
  acme.told("/reviews/q1/cancel", json::object());
  CHECK(acme.get("/reviews/q1").at("status") == "cancelled");
  CHECK(acme.items("q1").size() == 3);
  acme.pass();
  CHECK(acme.events("member.removed").empty());
  CHECK(acme.get("/reviews/q1/tasks").at("items").empty());
  const auto again = acme.decide("q1", olga, ReviewsTold::decision(acme.item("q1", ben, "role"), "keep"));
  CHECK(again.status == 409);
  CHECK(again.code() == "review_ended");
}

TEST_CASE("an item whose hold became the role that is asked for is changed by nothing") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "member"}});
  acme.told("/review-definitions", named_review("q", {olga, "auditor@acme.test"}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  acme.happens("member.role_changed", {{"member", ana}, {"role", "owner"}});
  const auto no =
      acme.decide("q1", olga, {ReviewsTold::decision(acme.item("q1", ana, "role"), "change", {{"role", "owner"}})});
  INFO(no.body);
  CHECK(no.status == 400);
}

TEST_CASE("an invitation into groups alone becomes the membership that it led to") {
  ReviewsTold acme;
  acme.happens("group.created", {{"group", "sre"}});
  acme.happens("group.created", {{"group", "web"}});
  acme.happens("member.invited", {{"member", ana}, {"groups", {"web", "sre"}}});
  acme.told("/review-definitions", named_review("q", {olga, "auditor@acme.test"}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  const json invited = acme.item("q1", ana, "invitation");
  acme.happens("invitation.accepted", {{"member", ana}}, "", ana);
  const json item = acme.item("q1", ana, "invitation");
  INFO(item.dump());
  CHECK(item.at("status") == "open");
  CHECK(item.at("state") != invited.at("state"));
  CHECK(item.at("now") == json{{"kind", "group"}, {"group", "sre"}});
}
