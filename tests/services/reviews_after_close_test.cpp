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

namespace {

// Told late, after the close: what happened long before it.
constexpr const char* long_ago = "2025-11-01T09:00:00Z";
constexpr const char* then = "2025-11-20T09:00:00Z";
constexpr const char* lately = "2025-12-20T09:00:00Z";

// An organization of which events may be told that happened long ago; ben is an owner of it, too.
struct SinceLongAgo : ReviewsTold {
  SinceLongAgo();
};

SinceLongAgo::SinceLongAgo() : ReviewsTold("github", "observe", "2026-01-05T09:00:00Z", false) {
  json org{{"id", "acme"}, {"model", "github"}, {"mode", "observe"}, {"owner", olga}};
  org["occurred_at"] = "2025-10-01T09:00:00Z";
  REQUIRE(ask("POST", "!/v1/orgs", org.dump()).status == 201);
  happens("member.added", {{"member", ben}, {"role", "owner"}}, long_ago);
}

}  // namespace

TEST_CASE("a task is not done by what is learnt late of a time when the hold was given again before the close") {
  const json sre{{"group", "sre"}, {"member", ben}};
  const json grant{{"principal", "member:ben@acme.test"}, {"role", "write"}, {"on", "repo:acme/web"}};
  const json member{{"member", ben}, {"role", "owner"}}, invited{{"member", cy}, {"role", "member"}};
  struct Told {
    const char *who, *kind, *given, *taken;
    json data;
  };
  const Told told =
      GENERATE_COPY(values<Told>({{ben, "group", "group.member_added", "group.member_removed", sre},
                                  {ben, "grant", "role.granted", "role.revoked", grant},
                                  {ben, "role", "member.added", "member.removed", member},
                                  {cy, "invitation", "member.invited", "invitation.cancelled", invited}}));
  INFO(told.kind);
  SinceLongAgo acme;
  acme.happens("group.created", {{"group", "sre"}}, long_ago);
  acme.happens(told.given, told.data, long_ago);
  acme.happens(told.given, told.data, lately);
  decided_and_closed(acme, named_review("q", {olga, "auditor@acme.test"}), told.who, told.kind, "revoke");
  REQUIRE(tasks(acme).at(0).at("status") == "open");
  json ended = told.data;
  if (std::string(told.kind) == "role" || std::string(told.kind) == "invitation") ended.erase("role");
  acme.happens(told.taken, ended, then);
  CHECK(tasks(acme).at(0).at("status") == "open");
  acme.restart();
  CHECK(tasks(acme).at(0).at("status") == "open");
  // Now it ends, and what is given later is another hold.
  acme.happens(told.taken, ended);
  CHECK(tasks(acme).at(0).at("status") == "done");
  acme.happens(told.given, told.data);
  CHECK(tasks(acme).at(0).at("status") == "done");
}

TEST_CASE("a change is not done by a role that its holder had for a while long before the close") {
  SinceLongAgo acme;
  decided_and_closed(acme, named_review("q", {olga, "auditor@acme.test"}), ben, "role", "change", {{"role", "member"}});
  acme.happens("member.role_changed", {{"member", ben}, {"role", "member"}}, then);
  acme.happens("member.role_changed", {{"member", ben}, {"role", "owner"}}, lately);
  CHECK(tasks(acme).at(0).at("status") == "open");
  acme.happens("member.role_changed", {{"member", ben}, {"role", "member"}});
  CHECK(tasks(acme).at(0).at("status") == "done");
  acme.happens("member.role_changed", {{"member", ben}, {"role", "owner"}});
  CHECK(tasks(acme).at(0).at("status") == "done");
}

TEST_CASE("what was done just before the close and is told after it is done, and stays so") {
  const bool changes = GENERATE(false, true);
  SinceLongAgo acme;
  const json more = changes ? json{{"role", "member"}} : json::object();
  json done{{"member", ben}};
  done.update(more);
  acme.told("/review-definitions", named_review("q", {olga, "auditor@acme.test"}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  acme.decided("q1", olga, {ReviewsTold::decision(acme.item("q1", ben, "role"), changes ? "change" : "revoke", more)});
  acme.clock("2026-01-05T12:00:00Z");
  acme.told("/reviews/q1/close", json::object());
  acme.happens(changes ? "member.role_changed" : "member.removed", done, "2026-01-05T11:59:00Z");
  CHECK(tasks(acme).at(0).at("status") == "done");
  acme.clock("2026-01-06T12:00:00Z");
  acme.happens(changes ? "member.role_changed" : "member.added", {{"member", ben}, {"role", "owner"}});
  CHECK(tasks(acme).at(0).at("status") == "done");
}

TEST_CASE("what was still ahead at the close ends the hold after it") {
  SinceLongAgo acme;
  acme.told("/review-definitions", named_review("q", {olga, "auditor@acme.test"}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
  acme.decided("q1", olga, {ReviewsTold::decision(acme.item("q1", ben, "role"), "revoke")});
  acme.happens("member.removed", {{"member", ben}}, "2026-01-05T09:02:00Z");
  acme.happens("member.added", {{"member", ben}, {"role", "owner"}}, "2026-01-05T09:03:00Z");
  acme.told("/reviews/q1/close", json::object());
  CHECK(tasks(acme).at(0).at("status") == "open");
  acme.clock("2026-01-05T09:05:00Z");
  CHECK(tasks(acme).at(0).at("status") == "done");
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
