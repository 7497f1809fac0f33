// What is left to do after a review, where the team does something else than what was decided.
#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::ben;
using tenure::test::cy;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

json tasks(ReviewsTold& acme) { return acme.get("/reviews/q1/tasks").at("items"); }

void decided_and_closed(ReviewsTold& acme, const json& definition, const char* member, const char* kind,
                        const char* verb, const json& more = json::object()) {
  acme.told("/review-definitions", definition);
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  acme.decided("q1", olga, {ReviewsTold::decision(acme.item("q1", member, kind), verb, more)});
  acme.told("/reviews/q1/close", json::object());
}

}  // namespace

TEST_CASE("an invitation that was to be cancelled and is accepted instead stays to do until the member is gone") {
  ReviewsTold acme;
  acme.happens("member.invited", {{"member", cy}, {"role", "owner"}});
  decided_and_closed(acme, named_review("q", {olga, "auditor@acme.test"}), cy, "invitation", "revoke");
  REQUIRE(tasks(acme).at(0).at("status") == "open");
  acme.happens("invitation.accepted", {{"member", cy}}, "", cy);
  CHECK(tasks(acme).at(0).at("status") == "open");
  acme.restart();
  CHECK(tasks(acme).at(0).at("status") == "open");
  acme.happens("member.removed", {{"member", cy}});
  CHECK(tasks(acme).at(0).at("status") == "done");
  // Whoever is invited anew holds something else, which somebody gave.
  acme.happens("member.invited", {{"member", cy}, {"role", "owner"}});
  acme.happens("invitation.accepted", {{"member", cy}}, "", cy);
  CHECK(tasks(acme).at(0).at("status") == "done");
}

TEST_CASE("an invitation that was cancelled as decided is done, though another one is accepted later") {
  ReviewsTold acme;
  acme.happens("member.invited", {{"member", cy}, {"role", "member"}});
  decided_and_closed(acme, named_review("q", {olga, "auditor@acme.test"}), cy, "invitation", "revoke");
  acme.happens("invitation.cancelled", {{"member", cy}});
  CHECK(tasks(acme).at(0).at("status") == "done");
  acme.happens("member.invited", {{"member", cy}, {"role", "member"}});
  acme.happens("invitation.accepted", {{"member", cy}}, "", cy);
  CHECK(tasks(acme).at(0).at("status") == "done");
}

TEST_CASE("what was held back and has become another hold since is counted as not done, and nothing is taken") {
  ReviewsTold acme("github", "enforce");
  acme.happens("member.invited", {{"member", cy}, {"role", "member"}});
  decided_and_closed(acme, named_review("q", {olga, "auditor@acme.test"}, {{"revocations_at_most", 0}}), cy,
                     "invitation", "revoke");
  REQUIRE(acme.events("review.remediated").back().at("data").at("held_back") == 1);
  acme.happens("invitation.accepted", {{"member", cy}}, "", cy);
  acme.told("/reviews/q1/remedy", json::object());
  const json told = acme.events("review.remediated").back().at("data");
  CHECK(told.at("held_back") == 1);
  CHECK(told.at("applied") == 0);
  CHECK(acme.events("member.removed").empty());
  CHECK(tasks(acme).at(0).at("status") == "open");
  const auto count = acme.events("review.remediated").size();
  acme.told("/reviews/q1/remedy", json::object());
  CHECK(acme.events("review.remediated").size() == count);
}

TEST_CASE("a change of somebody's role is done when they are no member any more") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  decided_and_closed(acme, named_review("q", {olga, "auditor@acme.test"}), ana, "role", "change", {{"role", "member"}});
  REQUIRE(tasks(acme).at(0).at("status") == "open");
  acme.happens("member.removed", {{"member", ana}});
  CHECK(tasks(acme).at(0).at("status") == "done");
}

TEST_CASE("a change of a grant is done when the grant is gone, but not when it became a third role") {
  const auto grant = [](const char* role) {
    return json{{"principal", "member:ben@acme.test"}, {"role", role}, {"on", "repo:acme/web"}};
  };
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("role.granted", grant("write"));
  decided_and_closed(acme, named_review("q", {olga, "auditor@acme.test"}), ben, "grant", "change", {{"role", "read"}});
  acme.happens("role.granted", grant("admin"));
  acme.happens("role.revoked", grant("write"));
  CHECK(tasks(acme).at(0).at("status") == "open");
  acme.happens("role.revoked", grant("admin"));
  CHECK(tasks(acme).at(0).at("status") == "done");
  // What is given later is another hold.
  acme.happens("role.granted", grant("admin"));
  CHECK(tasks(acme).at(0).at("status") == "done");
}

TEST_CASE("what a changed role gave on everything is still held where a group gives it so") {
  ReviewsTold acme("answering-agent");
  acme.happens("member.added", {{"member", ben}, {"role", "manager"}});
  acme.happens("group.created", {{"group", "lines"}, {"role", "manager"}});
  acme.happens("group.member_added", {{"group", "lines"}, {"member", ben}});
  decided_and_closed(acme, named_review("q", {olga, "auditor@acme.test"}), ben, "role", "change", {{"role", "user"}});
  acme.happens("member.role_changed", {{"member", ben}, {"role", "user"}});
  const json task = tasks(acme).at(0);
  INFO(task.dump());
  REQUIRE(task.at("status") == "done");
  bool by_group = false;
  // The same level, but no longer on every number.
  for (const json& held : task.at("still_held")) {
    if (held.at("permission") != "phone_numbers.view_assigned") continue;
    for (const json& path : held.at("paths")) by_group = by_group || path.at("kind") == "group";
  }
  CHECK(by_group);
}

TEST_CASE("what the role that was changed to gives itself is no other path") {
  ReviewsTold acme("answering-agent");
  acme.happens("member.added", {{"member", ben}, {"role", "admin"}});
  decided_and_closed(acme, named_review("q", {olga, "auditor@acme.test"}), ben, "role", "change",
                     {{"role", "manager"}});
  acme.happens("member.role_changed", {{"member", ben}, {"role", "manager"}});
  const json task = tasks(acme).at(0);
  INFO(task.dump());
  REQUIRE(task.at("status") == "done");
  CHECK(task.at("still_held").empty());
}
