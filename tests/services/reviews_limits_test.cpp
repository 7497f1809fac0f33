// What limits a hold, beside what it gives: being disabled, a feature that is off, what is assigned. It is part of what
// a reviewer sees and decides on.
#include <algorithm>

#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::ben;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

// Ben is a supervisor of a contact centre with one queue, and a review about him is open.
class Centre : public ReviewsTold {
 public:
  Centre() : ReviewsTold("ccai") {
    happens("member.added", {{"member", ana}, {"role", "app_developer"}});
    happens("member.added", {{"member", ben}, {"role", "supervisor"}});
    happens("resource.added", {{"resource", "queue:sales"}});
  }

  void review(const char* id, const json& more = json::object()) {
    told("/review-definitions", named_review("q", {olga, ana}, more));
    told("/reviews", {{"id", id}, {"definition", "q"}});
  }
  json whole(const char* review) {
    return get("/reviews/" + std::string(review) + "/items/" + item(review, ben, "role").at("item").get<std::string>());
  }
};

json q1_decision(Centre& centre, const char* verb) {
  return ReviewsTold::decision(centre.item("q1", ben, "role"), verb);
}

}  // namespace

TEST_CASE("a hold kept while its holder was disabled is asked about again once they are enabled, and not twice") {
  Centre centre;
  centre.happens("member.disabled", {{"member", ben}, {"area", "chat"}});
  centre.review("q1");
  CHECK(centre.whole("q1").at("limits").at("disabled") == json{"chat"});
  centre.decided("q1", ana, {q1_decision(centre, "keep")});
  REQUIRE(centre.item("q1", ben, "role").at("status") == "decided");
  const auto enabled = centre.happens("member.enabled", {{"member", ben}, {"area", "chat"}});
  const json again = centre.whole("q1");
  INFO(again.dump());
  CHECK(again.at("status") == "open");
  CHECK(again.at("reopened") == true);
  CHECK(again.at("limits").at("disabled").empty());
  CHECK(again.at("changed_by").at("position") == enabled);
  CHECK(again.at("touched_by").at("events").at(0).at("event").at("type") == "member.enabled");
  // As it was when it was decided, it is as it was decided.
  centre.happens("member.disabled", {{"member", ben}, {"area", "chat"}});
  CHECK(centre.item("q1", ben, "role").at("state") == again.at("state_when_opened"));
  CHECK(centre.item("q1", ben, "role").at("status") == "decided");
}

TEST_CASE("a decision that was made before its holder was enabled counts on no other state") {
  Centre centre;
  centre.happens("member.disabled", {{"member", ben}});
  centre.review("q1");
  const json seen = q1_decision(centre, "keep");
  CHECK(centre.whole("q1").at("limits").at("disabled") == json{"everywhere"});
  centre.happens("member.enabled", {{"member", ben}});
  const auto answer = centre.decide("q1", ana, {seen});
  INFO(answer.body);
  CHECK(answer.status == 409);
}

TEST_CASE("a feature that is switched on reopens who holds what needs it, and nobody else") {
  Centre centre;
  centre.happens("member.added", {{"member", "dev@acme.test"}, {"role", "agent"}});
  centre.review("q1");
  const bool is_off = centre.whole("q1").at("limits").at("features_off") == json{"outbound_email"};
  const char* turned = is_off ? "feature.enabled" : "feature.disabled";
  json decisions = json::array();
  for (const json& item : centre.items("q1")) {
    if (item.at("member") != ana) decisions.push_back(ReviewsTold::decision(item, "keep"));
  }
  centre.decided("q1", ana, decisions);
  const auto by = centre.happens(turned, {{"feature", "outbound_email"}});
  CHECK(centre.whole("q1").at("status") == "open");
  CHECK(centre.whole("q1").at("changed_by").at("position") == by);
  CHECK(centre.whole("q1").at("limits").at("features_off").empty() == is_off);
  CHECK(centre.item("q1", "dev@acme.test", "role").at("status") == "decided");
}

TEST_CASE("what is assigned to somebody is part of a hold that goes by it") {
  Centre centre;
  centre.review("q1");
  CHECK(centre.whole("q1").at("limits").at("assigned") == json::array());
  centre.decided("q1", ana, {q1_decision(centre, "keep")});
  const auto assigned = centre.happens("assignment.added", {{"member", ben}, {"resource", "queue:sales"}});
  const json wider = centre.whole("q1");
  INFO(wider.dump());
  CHECK(wider.at("status") == "open");
  CHECK(wider.at("changed_by").at("position") == assigned);
  CHECK(wider.at("limits").at("assigned") == json{"queue:sales"});
  centre.decided("q1", ana, {q1_decision(centre, "keep")});
  // Removed with the queue it is another hold again.
  centre.happens("resource.removed", {{"resource", "queue:sales"}});
  CHECK(centre.whole("q1").at("status") == "decided");
  CHECK(centre.whole("q1").at("state") == wider.at("state_when_opened"));
  // Given once more, somebody gave it anew.
  centre.happens("resource.added", {{"resource", "queue:sales"}});
  centre.happens("assignment.added", {{"member", ben}, {"resource", "queue:sales"}});
  CHECK(centre.whole("q1").at("status") == "open");
  CHECK(centre.whole("q1").at("state") != wider.at("state"));
}

TEST_CASE("nothing is carried over that gives more than when it was certified") {
  Centre centre;
  centre.happens("member.disabled", {{"member", ben}});
  centre.review("q1", {{"carry_over", true}});
  for (const json& item : centre.items("q1")) {
    const bool own = item.at("member") == ana;  // nobody decides about themselves
    centre.decided("q1", own ? olga : ana, {ReviewsTold::decision(item, "keep")});
  }
  centre.told("/reviews/q1/close", json::object());
  centre.happens("member.enabled", {{"member", ben}});
  centre.told("/reviews", {{"id", "q2"}, {"definition", "q"}});
  CHECK(centre.item("q2", ana, "role").at("status") == "carried");
  const json ben_again = centre.item("q2", ben, "role");
  CHECK(ben_again.at("status") == "open");
  CHECK(ben_again.at("last_certified").at("unchanged") == false);
}

TEST_CASE("a report says what limits each hold, and an access report that somebody was disabled") {
  Centre centre;
  centre.review("q1");
  const auto disabled = centre.happens("member.disabled", {{"member", ben}});
  const json disabled_and_assigned{"disabled", "some only on what is assigned"};
  const auto of_ben = [&](const json& rows) {
    return *std::find_if(rows.begin(), rows.end(), [&](const json& row) { return row.at("member") == ben; });
  };
  CHECK(of_ben(centre.get("/reviews/q1/report").at("tables").at("items")).at("limits") == disabled_and_assigned);
  centre.told("/reports", {{"id", "r"}, {"period_days", 30}});
  const json report = centre.get("/reports/r?format=json").at("tables");
  CHECK(of_ben(report.at("holds")).at("limits") == disabled_and_assigned);
  const auto is_it = [&](const json& row) { return row.at("position") == disabled && row.at("change") == "changed"; };
  CHECK(std::count_if(report.at("changes").begin(), report.at("changes").end(), is_it) == 1);
}

TEST_CASE("an item about a role says what else ends when it is revoked") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("group.created", {{"group", "sre"}});
  acme.happens("group.member_added", {{"group", "sre"}, {"member", ben}});
  acme.happens("role.granted", {{"principal", "member:ben@acme.test"}, {"role", "write"}, {"on", "repo:acme/web"}});
  acme.told("/review-definitions", named_review("q", {olga, ana}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  const auto whole = [&](const char* kind) {
    return acme.get("/reviews/q1/items/" + acme.item("q1", ben, kind).at("item").get<std::string>());
  };
  const json ends = whole("role").at("revoking_ends");
  CHECK(ends ==
        json{{{"kind", "group"}, {"group", "sre"}}, {{"kind", "grant"}, {"role", "write"}, {"on", "repo:acme/web"}}});
  CHECK_FALSE(whole("grant").contains("revoking_ends"));
}

TEST_CASE("of what was changed into less, it is told what the member holds all the same by another path") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("group.created", {{"group", "sre"}});
  acme.happens("group.member_added", {{"group", "sre"}, {"member", ben}});
  const auto grant = [&](const char* principal, const char* role) {
    return json{{"principal", principal}, {"role", role}, {"on", "repo:acme/web"}};
  };
  acme.happens("role.granted", grant("group:sre", "admin"));
  acme.happens("role.granted", grant("member:ben@acme.test", "admin"));
  acme.told("/review-definitions", named_review("q", {olga, ana}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  acme.decided("q1", ana, {ReviewsTold::decision(acme.item("q1", ben, "grant"), "change", {{"role", "read"}})});
  acme.told("/reviews/q1/close", json::object());
  const auto task = [&] { return acme.get("/reviews/q1/tasks").at("items").at(0); };
  CHECK(task().at("still_held").empty());  // not yet done
  acme.happens("role.granted", grant("member:ben@acme.test", "read"));
  acme.happens("role.revoked", grant("member:ben@acme.test", "admin"));
  REQUIRE(task().at("status") == "done");
  REQUIRE(task().at("still_held").size() == 1);
  CHECK(task().at("still_held").at(0).at("level") == "admin");
  CHECK(task().at("still_held").at(0).at("paths").at(0).at("kind") == "group");
  acme.happens("role.revoked", grant("group:sre", "admin"));
  CHECK(task().at("still_held").empty());
}

TEST_CASE(
    "who may do it on everything while nothing is assigned is not said to be limited, and narrows by the first one") {
  ReviewsTold acme("answering-agent");
  acme.happens("member.added", {{"member", ben}, {"role", "manager"}});
  acme.told("/review-definitions", named_review("q", {olga, "auditor@acme.test"}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  const auto item = acme.item("q1", ben, "role").at("item").get<std::string>();
  const auto limits = [&] { return acme.get("/reviews/q1/items/" + item).at("limits"); };
  const auto in_report = [&] {
    const json report = acme.get("/reviews/q1/report");
    for (const json& row : report.at("tables").at("items")) {
      if (row.at("member") == ben) return row.at("limits");
    }
    return json();
  };
  CHECK(limits().at("all_since_none_assigned") == true);
  CHECK(limits().at("where_assigned") == false);
  CHECK(in_report() == json{"on all, since nothing is assigned"});
  acme.happens("assignment.added", {{"member", ben}, {"resource", "phone_number:1"}});
  CHECK(limits().at("all_since_none_assigned") == false);
  CHECK(in_report() == json{"some not on all, since something is assigned", "assigned: phone_number:1"});
}

TEST_CASE("a late word on how an inviter stood reopens what is held by whom they invited") {
  ReviewsTold acme("ccai");
  const auto at = [](const char* day) { return "2026-01-0" + std::string(day) + "T09:00:00Z"; };
  const char* inviter = "inviter@acme.test";
  acme.happens("member.added", {{"member", inviter}, {"role", "app_developer"}}, at("1"));
  acme.happens("member.disabled", {{"member", inviter}}, at("2"));
  acme.happens("member.added", {{"member", inviter}, {"role", "app_developer"}}, at("3"));
  acme.happens("member.invited", {{"member", ben}, {"role", "agent"}}, at("4"), inviter);
  acme.happens("invitation.accepted", {{"member", ben}}, at("4"), ben);
  acme.told("/review-definitions", named_review("q", {olga, "auditor@acme.test"}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  const json before = acme.item("q1", ben, "role");
  acme.decided("q1", olga, {ReviewsTold::decision(before, "keep")});
  const auto late = acme.happens("member.removed", {{"member", inviter}}, "2026-01-02T21:00:00Z");
  const json after = acme.item("q1", ben, "role");
  INFO(after.dump());
  CHECK(after.at("state") != before.at("state"));
  CHECK(after.at("status") == "open");
  CHECK(after.at("changed_by").at("position") == late);
}
