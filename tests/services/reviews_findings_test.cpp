// Reviews whose scope names findings: what was found when one was opened stays its scope, and a search that nobody
// waits for any more is given up.
#include <random>

#include "services/reviews/found_people.h"
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

TEST_CASE("a review whose scope names findings keeps of whom there were some, and one of another scope nothing") {
  ReviewsTold acme;
  a_team_that_waits(acme);
  acme.told("/reviews", {{"id", "q1"}, {"definition", named_review("q", {olga}, of_those_who_wait())}});
  acme.told("/reviews", {{"id", "all"}, {"definition", named_review("all", {olga, ana})}});
  const auto opened = acme.events("review.opened");
  REQUIRE(opened.size() == 2);
  for (const json& each : opened) {
    const json& words = each.at("data");
    if (words.at("review") == "all") {
      CHECK_FALSE(words.contains("found"));
    } else {
      CHECK(words.at("found") == "3 1");  // olga, ana and ben; cy
      CHECK(words.at("items") == 1);
    }
  }
}

TEST_CASE("a review is about whom there were findings of when it was opened, whatever a later search would find") {
  ReviewsTold acme;
  a_team_that_waits(acme);
  acme.told("/reviews", {{"id", "q1"}, {"definition", named_review("q", {olga}, of_those_who_wait())}});
  acme.told("/reviews", {{"id", "all"}, {"definition", named_review("all", {olga, ana})}});
  std::vector<json> of_ben, of_cy = acme.items("q1");
  for (const json& item : acme.items("all", "member=ben@acme.test")) of_ben.push_back(item);
  REQUIRE(of_ben.size() == 1);
  REQUIRE(of_cy.size() == 1);
  acme.opened_otherwise("q1", "of-ben", "2 1 1", of_ben);
  acme.opened_otherwise("q1", "before-it-was-kept", std::nullopt, of_cy);
  const auto only = [&](const char* review, const json& item) {
    INFO(review);
    const auto items = acme.items(review);
    REQUIRE(items.size() == 1);
    CHECK(items.front().at("item") == item.at("item"));
    CHECK(items.front().at("state") == item.at("state"));
  };
  for (int starts = 0; starts < 2; ++starts) {
    only("of-ben", of_ben.front());
    only("before-it-was-kept", of_cy.front());
    only("q1", of_cy.front());
    acme.restart();
  }
  // It is worked on and reported on like any other.
  acme.decided("of-ben", olga, ReviewsTold::decision(acme.item("of-ben", ben, "role"), "keep"));
  CHECK(acme.get("/reviews/of-ben/report?format=json").at("tables").at("items").size() == 1);
}

TEST_CASE("a review that keeps of whom there were findings otherwise than its items say is refused") {
  ReviewsTold acme;
  a_team_that_waits(acme);
  acme.told("/reviews", {{"id", "q1"}, {"definition", named_review("q", {olga}, of_those_who_wait())}});
  const auto items = acme.items("q1");
  int number = 0;
  for (const char* found : {"4", "2 2", "0 4", "", "some", "3", "3 -1"}) {
    const std::string review = "bad" + std::to_string(++number);
    INFO(found);
    acme.opened_otherwise("q1", review, found, items);
    const auto answer = acme.ask("GET", "/reviews/" + review);
    CHECK(answer.status == 500);
    CHECK(answer.body.find("cannot be derived again") != std::string::npos);
  }
}

TEST_CASE("of whom there were findings is read as it was written, in a few bytes for each change") {
  std::mt19937_64 random(7);
  for (const unsigned in_a_hundred : {0U, 1U, 50U, 99U, 100U}) {
    std::vector<bool> said(100'000);
    for (std::size_t i = 0; i < said.size(); ++i) said[i] = random() % 100 < in_a_hundred;
    tenure::services::FoundPeople written(nullptr);
    for (const bool found : said) (void)written.next(found);
    const std::string text = written.told();
    CHECK(text.size() <= 2 * said.size());
    if (in_a_hundred == 0) CHECK(text == "100000");
    if (in_a_hundred == 100) CHECK(text == "0 100000");
    tenure::services::FoundPeople read(&text);
    std::size_t same = 0;
    for (const bool found : said) same += read.next(!found) == found ? 1 : 0;
    CHECK(same == said.size());
    CHECK_FALSE(read.next(true));
  }
  CHECK(tenure::services::FoundPeople(nullptr).told() == "0");
}

TEST_CASE("a review whose scope names what was judged otherwise since asks about whoever did it") {
  ReviewsTold acme;
  for (const char* who : {ana, ben}) acme.happens("member.added", {{"member", who}, {"role", "member"}});
  acme.clock("2026-02-10T09:00:00Z");
  acme.happens("member.role_changed", {{"member", ben}, {"role", "owner"}}, "2026-02-01T00:00:00Z", ana);
  const json judged{{"scope", {{"findings", {"judgement_changed"}}}}};
  const auto nobody = acme.post("/reviews", {{"id", "q0"}, {"definition", named_review("q", {olga}, judged)}});
  CHECK(nobody.status == 400);
  CHECK(nobody.field() == "/scope");
  acme.happens("member.role_changed", {{"member", ana}, {"role", "owner"}}, "2026-01-20T00:00:00Z");
  acme.told("/reviews", {{"id", "q1"}, {"definition", named_review("q", {olga}, judged)}});
  const auto items = acme.items("q1", "detail=true");
  REQUIRE(items.size() == 1);
  CHECK(items.at(0).at("member") == ana);
  const json& findings = items.at(0).at("findings");
  CHECK(std::any_of(findings.begin(), findings.end(),
                    [](const json& finding) { return finding.at("kind") == "judgement_changed"; }));
}
