// What came in the place of several grants on one resource is one item's.
#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ben;
using tenure::test::named_review;
using tenure::test::ReviewsTold;

constexpr const char* auditor = "auditor@else.test";

json grant(const char* role) {
  return {{"principal", "member:ben@acme.test"}, {"role", role}, {"on", "repo:acme/web"}};
}

// ben may read and write, and both are under review.
void opened(ReviewsTold& acme) {
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("role.granted", grant("read"));
  acme.happens("role.granted", grant("write"));
  acme.told("/review-definitions", named_review("q", {auditor}));
  acme.told("/reviews", {{"id", "q1"}, {"definition", "q"}});
}

// The items of a status, by the role that each is about now.
std::vector<json> grants(ReviewsTold& acme, const char* status) {
  std::vector<json> found;
  for (json& item : acme.items("q1", "detail=true")) {
    if (item.at("kind") == "grant" && item.at("status") == status) found.push_back(std::move(item));
  }
  return found;
}

}  // namespace

TEST_CASE("two grants that one came in place of are one item, and it is revoked once") {
  ReviewsTold acme("github", "enforce");
  opened(acme);
  acme.happens("role.granted", grant("admin"));
  acme.happens("role.revoked", grant("read"));
  acme.happens("role.revoked", grant("write"));
  REQUIRE(grants(acme, "ended").size() == 1);
  const auto open = grants(acme, "open");
  REQUIRE(open.size() == 1);
  CHECK(open.front().at("now").at("role") == "admin");
  CHECK(open.front().at("gives").at(0).at("role") == "admin");
  acme.restart();
  REQUIRE(grants(acme, "ended").size() == 1);
  acme.decided("q1", auditor, ReviewsTold::decision(open.front(), "revoke"));
  acme.told("/reviews/q1/close", json::object());
  CHECK(acme.events("role.revoked").size() == 3);
  CHECK(acme.events("review.remediated").at(0).at("data").at("applied") == 1);
}

TEST_CASE("two grants that two came in place of are asked about, each of them") {
  ReviewsTold acme;
  opened(acme);
  for (const char* role : {"read", "write"}) acme.happens("role.revoked", grant(role));
  for (const char* role : {"triage", "admin"}) acme.happens("role.granted", grant(role));
  const auto open = grants(acme, "open");
  REQUIRE(open.size() == 2);
  CHECK(open[0].at("now").at("role") == "admin");
  CHECK(open[1].at("now").at("role") == "triage");
}

TEST_CASE("a grant that was given again is its own item, and no other one follows into it") {
  ReviewsTold acme;
  opened(acme);
  acme.happens("role.revoked", grant("write"));
  acme.happens("role.granted", grant("write"));
  acme.happens("role.revoked", grant("read"));
  const auto open = grants(acme, "open");
  REQUIRE(open.size() == 1);
  CHECK(open.front().at("role") == "write");
  CHECK(grants(acme, "ended").front().at("role") == "read");
}
