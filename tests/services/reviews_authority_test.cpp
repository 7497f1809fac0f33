// By whose authority a review takes and gives, what silence may mean, and what becomes of a decision when its hold
// turns into another one.
#include <set>

#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::ben;
using tenure::test::cy;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

json grant(const std::string& principal, const char* role, const char* on) {
  return {{"principal", principal}, {"role", role}, {"on", on}};
}

void opened(ReviewsTold& acme, const json& definition) {
  acme.told("/review-definitions", definition);
  acme.told("/reviews", {{"id", "q1"}, {"definition", definition.at("id")}});
}

void is_closed_by_the_clock(ReviewsTold& acme) {
  acme.clock("2026-01-20T09:00:00Z");
  acme.pass();
  REQUIRE(acme.get("/reviews/q1").at("status") == "closed");
}

}  // namespace

TEST_CASE("whoever only reviews defines, opens, moves and ends no review") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  opened(acme, named_review("q", {olga, ben}));
  acme.token("ben", ben, {"read", "review"});
  acme.speak_as("ben");
  const json inline_one{{"id", "mine"}, {"definition", named_review("x", {ben}, {{"no_answer", "revoke"}})}};
  const std::vector<std::pair<std::string, json>> deeds{{"/review-definitions", named_review("x", {ben})},
                                                        {"/reviews", inline_one},
                                                        {"/reviews/q1/close", json::object()},
                                                        {"/reviews/q1/cancel", json::object()},
                                                        {"/reviews/q1/end-stage", json::object()},
                                                        {"/reviews/q1/remedy", json::object()},
                                                        {"/reviews/q1/reassign", {{"to", ben}}}};
  for (const auto& [path, body] : deeds) {
    INFO(path);
    const auto refused = acme.post(path, body);
    CHECK(refused.status == 403);
    CHECK(refused.body.find("review:any") != std::string::npos);
  }
  CHECK(acme.ask("DELETE", "/review-definitions/q", "{}").status == 403);
  const json own = acme.item("q1", olga, "role");
  CHECK(acme.post("/reviews/q1/decisions", ReviewsTold::decision(own, "keep")).status == 201);
}

TEST_CASE("in enforce a review gives nothing that its reviewer may not give, and takes by its own authority") {
  ReviewsTold acme("github", "enforce");
  for (const char* member : {ana, ben}) acme.happens("member.added", {{"member", member}, {"role", "member"}});
  acme.happens("role.granted", grant("member:" + std::string(ben), "write", "repo:acme/web"));
  opened(acme, named_review("q", {olga, ana}));
  const json role = acme.item("q1", ben, "role"), on_web = acme.item("q1", ben, "grant");
  const auto raised = acme.decide("q1", ana, ReviewsTold::decision(role, "change", {{"role", "owner"}}));
  INFO(raised.body);
  CHECK(raised.status == 403);
  CHECK(raised.code() == "not_allowed");
  CHECK(raised.field() == "/decision");
  const auto widened = acme.decide("q1", ana, ReviewsTold::decision(on_web, "change", {{"role", "admin"}}));
  CHECK(widened.status == 403);
  CHECK(acme.events("review.decided").empty());
  // To less, by anybody who is asked; to more by whoever may give it.
  acme.decided("q1", ana, ReviewsTold::decision(on_web, "revoke"));
  acme.decided("q1", olga, ReviewsTold::decision(role, "change", {{"role", "owner"}}));
  acme.told("/reviews/q1/close", json::object());
  const auto changes = acme.events("member.role_changed");
  REQUIRE(changes.size() == 1);
  CHECK(changes.front().at("approved_by").at("id") == olga);
  CHECK(changes.front().at("verdict").at("rule") != "review.outcome");
  REQUIRE(acme.events("role.revoked").size() == 1);
  CHECK(acme.events("role.revoked").front().at("verdict").at("rule") == "review.outcome");
}

TEST_CASE("a review that is closed before it is due takes nothing by silence") {
  ReviewsTold acme("github", "enforce");
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  opened(acme, named_review("q", {olga, ana}, {{"no_answer", "revoke"}, {"scope", {{"roles", {"member"}}}}}));
  acme.told("/reviews/q1/close", json::object());
  CHECK(acme.events("member.removed").empty());
  const json item = acme.item("q1", ben, "role");
  CHECK(item.at("result").at("outcome") == "none");
  CHECK(item.at("result").at("because") == "no_answer");
  CHECK(acme.items("q1", "view=overdue").size() == 1);
}

TEST_CASE("what was kept and became another hold just before the end is left open, whatever silence means") {
  ReviewsTold acme("github", "enforce");
  acme.happens("group.created", {{"group", "sre"}});
  for (const char* member : {ben, cy}) {
    acme.happens("member.added", {{"member", member}, {"role", "member"}});
    acme.happens("group.member_added", {{"group", "sre"}, {"member", member}});
  }
  opened(acme, named_review("q", {olga}, {{"no_answer", "revoke"}, {"scope", {{"groups", {"sre"}}}}}));
  acme.decided("q1", olga, ReviewsTold::decision(acme.item("q1", ben, "group"), "keep"));
  acme.clock("2026-01-19T08:59:00Z");
  acme.happens("role.granted", grant("group:sre", "read", "repo:acme/web"));
  is_closed_by_the_clock(acme);
  const auto ended = acme.events("group.member_removed");
  REQUIRE(ended.size() == 1);  // of whom nobody ever said anything
  CHECK(ended.front().at("data").at("member") == cy);
  const json item = acme.item("q1", ben, "group");
  CHECK(item.at("result").at("outcome") == "none");
  CHECK(item.at("result").at("because") == "changed");
  CHECK(acme.events("review.closed").front().at("data").at("left_open") == 1);
}

TEST_CASE("nobody decides about themselves in another's name, nor says who looks at their access") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "member"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  opened(acme, named_review("q", {olga, ben}));
  acme.token("ana", ana, {"read", "review", "review:any"});
  acme.speak_as("ana");
  const json own = acme.item("q1", ana, "role"), bens = acme.item("q1", ben, "role");
  const auto refused = acme.decide("q1", olga, ReviewsTold::decision(own, "keep"));
  INFO(refused.body);
  CHECK(refused.status == 403);
  CHECK(refused.body.find("themselves") != std::string::npos);
  const json to_cy{{"from", olga}, {"to", cy}};
  for (const json& item : {own.at("item"), json()}) {
    json body = to_cy;
    if (!item.is_null()) body["item"] = item;
    CHECK(acme.post("/reviews/q1/reassign", body).status == 403);
  }
  CHECK(acme.events("review.reassigned").empty());
  acme.decided("q1", olga, ReviewsTold::decision(bens, "keep"));
  acme.told("/reviews/q1/reassign", {{"from", olga}, {"to", cy}, {"item", bens.at("item")}});
}

TEST_CASE("a decision does not stand for what its hold became: another role, a membership, more on the same scope") {
  ReviewsTold acme("github", "enforce");
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("member.invited", {{"member", cy}, {"role", "member"}});
  acme.happens("role.granted", grant("member:" + std::string(ben), "read", "repo:acme/web"));
  acme.happens("role.granted", grant("member:" + std::string(ben), "read", "repo:acme/api"));
  opened(acme, named_review("q", {"auditor@else.test"}));
  const auto of = [&](const char* member, const char* kind, const char* on = "") {
    return acme.item("q1", member, kind, on);
  };
  json revoke = json::array();
  for (const json& item : acme.items("q1")) {
    if (item.at("member") != olga) revoke.push_back(ReviewsTold::decision(item, "revoke"));
  }
  REQUIRE(revoke.size() == 4);
  acme.decided("q1", "auditor@else.test", revoke);
  const auto raised = acme.happens("member.role_changed", {{"member", ben}, {"role", "owner"}});
  acme.happens("invitation.accepted", {{"member", cy}}, {}, cy);
  acme.happens("role.granted", grant("member:" + std::string(ben), "admin", "repo:acme/web"));
  acme.happens("role.revoked", grant("member:" + std::string(ben), "read", "repo:acme/web"));
  json again = json::array();
  std::set<std::string> now;
  for (const json& item : acme.items("q1", "status=open")) {
    if (item.at("member") == olga) continue;
    INFO(item.dump());
    CHECK(item.at("reopened") == true);
    CHECK(item.at("decisions").at(0).at("counts") == false);
    now.insert(item.at("member").get<std::string>() + " " + item.at("now").dump());
    again.push_back(ReviewsTold::decision(item, "revoke"));
  }
  CHECK(now == std::set<std::string>{R"(ben@acme.test {"kind":"grant","on":"repo:acme/web","role":"admin"})",
                                     R"(ben@acme.test {"kind":"role","role":"owner"})",
                                     R"(cy@acme.test {"kind":"role","role":"member"})"});
  const json role = of(ben, "role");
  CHECK(role.at("role") == "member");  // as it was when the review was opened
  CHECK(role.at("changed_by").at("position") == raised);
  CHECK(role.at("granted").at("position") == raised);
  acme.decided("q1", "auditor@else.test", again);
  acme.told("/reviews/q1/close", json::object());
  std::set<std::string> removed;
  for (const json& event : acme.events("member.removed"))
    removed.insert(event.at("data").at("member").get<std::string>());
  CHECK(removed == std::set<std::string>{ben, cy});
}

TEST_CASE("a task that was done stays done, and one is not done by another role in the hold's place") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("role.granted", grant("member:" + std::string(ben), "read", "repo:acme/web"));
  opened(acme, named_review("q", {"auditor@else.test"}));
  acme.decided("q1", "auditor@else.test",
               {ReviewsTold::decision(acme.item("q1", ben, "role"), "revoke"),
                ReviewsTold::decision(acme.item("q1", ben, "grant"), "revoke")});
  acme.told("/reviews/q1/close", json::object());
  const auto open = [&] { return acme.get("/reviews/q1/tasks?status=open").at("total").get<int>(); };
  CHECK(open() == 2);
  acme.happens("role.revoked", grant("member:" + std::string(ben), "read", "repo:acme/web"));
  CHECK(open() == 1);
  acme.happens("role.granted", grant("member:" + std::string(ben), "read", "repo:acme/web"));
  CHECK(open() == 1);
  acme.happens("member.role_changed", {{"member", ben}, {"role", "owner"}});
  CHECK(open() == 1);
  acme.happens("member.removed", {{"member", ben}});
  CHECK(open() == 0);
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  CHECK(open() == 0);
}

TEST_CASE("nothing is carried over into a review on other terms") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  json definition = named_review("q", {"auditor@else.test"}, {{"carry_over", true}});
  opened(acme, definition);
  json keep = json::array();
  for (const json& item : acme.items("q1")) keep.push_back(ReviewsTold::decision(item, "keep"));
  acme.decided("q1", "auditor@else.test", keep);
  acme.told("/reviews/q1/close", json::object());
  acme.clock("2026-04-01T09:00:00Z");
  SECTION("another name, schedule and person are no other terms") {
    definition["name"] = "Renamed";
    definition["stages"][0]["reviewers"][0]["people"] = {"other@else.test"};
    acme.told("/review-definitions", definition);
    acme.told("/reviews", {{"id", "q2"}, {"definition", "q"}});
    CHECK(acme.items("q2", "status=carried").size() == keep.size());
  }
  SECTION("a second stage is") {
    definition["stages"].push_back(definition.at("stages").at(0));
    acme.told("/review-definitions", definition);
    acme.told("/reviews", {{"id", "q2"}, {"definition", "q"}});
    CHECK(acme.items("q2", "status=carried").empty());
    acme.restart();
    CHECK(acme.items("q2", "status=open").size() == keep.size());
  }
}

TEST_CASE("reports state what everyone has, which is nobody's hold") {
  ReviewsTold acme;
  acme.happens("role.granted", grant("everyone", "maintain", "repo:acme/web"));
  acme.happens("org.setting_changed", {{"setting", "base_permission"}, {"value", "write"}});
  opened(acme, named_review("q", {"auditor@else.test"}, {{"scope", {{"kinds", {"role"}}}}}));
  acme.told("/reports", {{"id", "r"}, {"period_days", 30}});
  for (const char* path : {"/reviews/q1/report", "/reports/r"}) {
    INFO(path);
    const json report = acme.get(path);
    std::set<std::string> has;
    for (const json& row : report.at("tables").at("everyone")) {
      has.insert(row.at("role").get<std::string>() + " on " + row.at("on").get<std::string>());
      CHECK(row.at("by") == olga);
    }
    CHECK(has == std::set<std::string>{"maintain on repo:acme/web", "write on repo:*"});
  }
}

TEST_CASE("who gave a hold anew is who gave it, in the item and in the report") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  const json web = grant("member:" + std::string(ben), "read", "repo:acme/web");
  acme.happens("role.granted", web);
  opened(acme, named_review("q", {"auditor@else.test"}));
  acme.happens("role.revoked", web);
  const auto anew = acme.happens("role.granted", web, {}, ana);
  const json item = acme.item("q1", ben, "grant");
  CHECK(item.at("granted").at("position") == anew);
  CHECK(item.at("granted").at("actor").at("id") == ana);
  const json report = acme.get("/reviews/q1/report");
  for (const json& row : report.at("tables").at("items")) {
    if (row.at("item") == item.at("item")) CHECK(row.at("granted_by") == ana);
  }
}

TEST_CASE("what is refused makes nobody: a name in it is as unknown afterwards as before") {
  ReviewsTold acme;
  for (const char* member : {ben, cy}) acme.happens("member.added", {{"member", member}, {"role", "member"}});
  opened(acme, named_review("q", {olga, cy}));
  const auto is_unknown = [&](const std::string& name) {
    return acme.ask("GET", "/events?member=" + name).status == 404;
  };
  const json item = acme.item("q1", ben, "role");
  // Ben is not asked about anything.
  CHECK(acme.decide("q1", ben, ReviewsTold::decision(item, "delegate", {{"to", "phantom"}})).status == 403);
  CHECK(is_unknown("phantom"));
  const std::vector<json> vain{named_review("x", {"phantom"}, {{"scope", {{"groups", {"none"}}}}}),
                               named_review("x", {"phantom"}, {{"scope", {{"kinds", {"invitation"}}}}})};
  for (const json& definition : vain) {
    INFO(definition.dump());
    CHECK(acme.post("/reviews", {{"id", "q2"}, {"definition", definition}}).status == 400);
    CHECK(is_unknown("phantom"));
  }
  CHECK(acme.post("/reviews", {{"id", "q1"}, {"definition", named_review("x", {"phantom"})}}).status == 409);
  CHECK(is_unknown("phantom"));
  // What stands makes whom it names.
  acme.decided("q1", olga, ReviewsTold::decision(item, "delegate", {{"to", "deputy"}}));
  CHECK_FALSE(is_unknown("deputy"));
  CHECK(acme.item("q1", ben, "role").at("reviewers").dump().find("\"deputy\"") != std::string::npos);
  acme.told("/reviews", {{"id", "q3"}, {"definition", named_review("x", {"phantom"})}});
  CHECK_FALSE(is_unknown("phantom"));
  CHECK(acme.item("q3", ben, "role").at("reviewers").dump() == "[\"phantom\"]");
}
