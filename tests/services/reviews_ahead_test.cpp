// Events dated a little ahead of the clock and recorded before a review opens: they come into force while it is open.
#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ben;
using tenure::test::cy;
using tenure::test::named_review;
using tenure::test::ReviewsTold;

constexpr const char* auditor = "auditor@else.test";
constexpr const char* ahead = "2026-01-05T09:02:00Z";
constexpr const char* later = "2026-01-05T09:05:00Z";

void opened(ReviewsTold& acme) {
  acme.told("/review-definitions", named_review("q", {auditor}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
}

json grant_of(const char* member, const char* role) {
  return {{"principal", std::string("member:") + member}, {"role", role}, {"on", "repo:acme/web"}};
}

}  // namespace

TEST_CASE("what was recorded before a review opened and comes into force while it is open opens its item again") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("member.added", {{"member", cy}, {"role", "member"}});
  acme.happens("group.created", {{"group", "sre"}});
  acme.happens("group.member_added", {{"group", "sre"}, {"member", cy}});
  acme.happens("member.role_changed", {{"member", ben}, {"role", "owner"}}, ahead);
  acme.happens("group.member_removed", {{"group", "sre"}, {"member", cy}}, ahead);
  opened(acme);
  const json ben_before = acme.item("q1", ben, "role"), cy_before = acme.item("q1", cy, "group");
  acme.decided("q1", auditor, ReviewsTold::decision(ben_before, "keep"));
  const bool restarted = GENERATE(false, true);
  acme.clock(later);
  if (restarted) acme.restart();
  const json ben_now = acme.item("q1", ben, "role");
  CHECK(ben_now.at("now").at("role") == "owner");
  CHECK(ben_now.at("status") == "open");
  CHECK(ben_now.at("state") != ben_before.at("state"));
  CHECK(acme.item("q1", cy, "group").at("status") == "ended");
  CHECK(acme.decide("q1", auditor, ReviewsTold::decision(ben_before, "keep")).code() == "stale_state");
  CHECK(acme.decide("q1", auditor, ReviewsTold::decision(cy_before, "keep")).code() == "stale_state");
  acme.decided("q1", auditor, ReviewsTold::decision(ben_now, "keep"));
}

TEST_CASE("a report made before an event came into force is the same after it, and by another process") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("member.role_changed", {{"member", ben}, {"role", "owner"}}, ahead);
  opened(acme);
  const auto first = acme.happens("group.created", {{"group", "first"}});
  const std::string before = "/reviews/q1/report?position=" + std::to_string(first);
  const std::string said_before = acme.ask("GET", before).body;
  acme.clock(later);
  const auto second = acme.happens("group.created", {{"group", "second"}});
  const std::string after = "/reviews/q1/report?position=" + std::to_string(second);
  const std::string said_after = acme.ask("GET", after).body;
  CHECK(acme.ask("GET", before).body == said_before);
  acme.restart();
  CHECK(acme.ask("GET", before).body == said_before);
  CHECK(acme.ask("GET", after).body == said_after);
}

TEST_CASE("an item follows into a grant that came into force in its place, though it was recorded before the opening") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("role.granted", grant_of(ben, "read"));
  acme.happens("role.granted", grant_of(ben, "admin"), ahead);
  acme.happens("role.revoked", grant_of(ben, "read"), ahead);
  opened(acme);
  acme.clock(later);
  acme.happens("group.created", {{"group", "sre"}});
  const json item = acme.item("q1", ben, "grant");
  CHECK(item.at("status") == "open");
  CHECK(item.at("now").at("role") == "admin");
  acme.decided("q1", auditor, ReviewsTold::decision(item, "keep"));
}

TEST_CASE("a hold that ends late and was given again by an event ahead is asked about once that is in force") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("group.created", {{"group", "sre"}});
  acme.happens("group.member_added", {{"group", "sre"}, {"member", ben}});
  acme.happens("group.member_added", {{"group", "sre"}, {"member", ben}}, ahead);
  opened(acme);
  acme.happens("group.member_removed", {{"group", "sre"}, {"member", ben}});
  CHECK(acme.item("q1", ben, "group").at("status") == "ended");
  acme.clock(later);
  CHECK(acme.item("q1", ben, "group").at("status") == "open");
}
