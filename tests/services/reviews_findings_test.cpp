// Reviews whose scope names findings: what was found when one was opened stays its scope, and a search that nobody
// waits for any more is given up.
#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::ben;
using tenure::test::cy;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

// cy was invited and never came; ben is a member of whom nothing is found.
void a_team_that_waits(ReviewsTold& acme) {
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.happens("member.invited", {{"member", cy}, {"role", "member"}});
  acme.clock("2026-03-05T09:00:00Z");
}

json of_those_who_wait() { return {{"scope", {{"findings", {"invitation_pending"}}}}}; }

}  // namespace

TEST_CASE("a search for findings by a review or a report is given up where its client has gone") {
  ReviewsTold acme;
  a_team_that_waits(acme);
  const json definition = named_review("q", {olga}, of_those_who_wait());
  const json dry{{"definition", definition}, {"dry_run", true}}, open{{"definition", "q"}, {"id", "q1"}};
  CHECK(acme.given_up("POST", "/reviews", dry.dump()));
  acme.told("/review-definitions", definition);
  CHECK(acme.given_up("POST", "/reviews", open.dump()));
  CHECK(acme.events("review.opened").empty());
  acme.told("/reviews", open);
  const json report{{"id", "access"}};
  acme.told("/reports", report);
  const std::string item = "/reviews/q1/items/" + acme.item("q1", cy, "invitation").at("item").get<std::string>();
  for (const std::string path : {item.c_str(), "/reviews/q1/items?detail=true", "/reviews/q1/report?format=json",
                                 "/reports/access?format=json"}) {
    INFO(path);
    acme.restart();  // what was found before is forgotten
    CHECK(acme.given_up("GET", path));
    // And is made for the next one who asks.
    CHECK(acme.ask("GET", path).status == 200);
  }
}
