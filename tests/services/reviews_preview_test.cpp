// A dry run page by page: what a review would ask of whom, as of one position, whatever happens between two pages.
#include <functional>
#include <map>
#include <set>

#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

// Seven members beside the owner.
void a_team_of_eight(ReviewsTold& acme) {
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  for (int i = 1; i <= 6; ++i) {
    acme.happens("member.added", {{"member", "m" + std::to_string(i) + "@acme.test"}, {"role", "member"}});
  }
}

// Everything of a page but its items and its cursor.
json head_of(json page) {
  page.erase("items");
  page.erase("next");
  return page;
}

// All pages of a dry run; `between` is done before each page but the first.
std::vector<json> pages_of(ReviewsTold& acme, const json& body, int limit, const std::function<void()>& between) {
  const std::string path = "/reviews?limit=" + std::to_string(limit);
  std::vector<json> pages{acme.told(path, body)};
  while (pages.back().contains("next")) {
    between();
    pages.push_back(acme.told(path + "&cursor=" + pages.back().at("next").get<std::string>(), body));
  }
  return pages;
}

std::vector<json> items_of(const std::vector<json>& pages) {
  std::vector<json> items;
  for (const json& page : pages) items.insert(items.end(), page.at("items").begin(), page.at("items").end());
  return items;
}

}  // namespace

TEST_CASE("the pages of a dry run give every item once with its reviewers, and each says the same of them all") {
  ReviewsTold acme;
  a_team_of_eight(acme);
  acme.told("/review-definitions", named_review("q", {olga, ana}));
  const json body{{"definition", "q"}, {"dry_run", true}};
  const json whole = acme.told("/reviews", body);
  CHECK_FALSE(whole.contains("next"));
  CHECK(whole.at("before_history") == false);
  for (const int limit : {1, 3, 8, 1000}) {
    const auto pages = pages_of(acme, body, limit, [] {});
    INFO("limit " << limit);
    CHECK(pages.size() == static_cast<std::size_t>((8 + limit - 1) / limit));
    CHECK(items_of(pages) == whole.at("items").get<std::vector<json>>());
    for (const json& page : pages) {
      CHECK(head_of(page) == head_of(pages.front()));
      CHECK(page.at("total") == 8);
      CHECK(page.at("position") == whole.at("position"));
      CHECK(page.at("reviewers") == whole.at("reviewers"));
    }
  }
}

TEST_CASE("later pages of a dry run are as of the first one, whatever is recorded between them") {
  // Where it was kept, and where the program has forgotten it meanwhile.
  for (const bool forgets : {false, true}) {
    INFO((forgets ? "forgotten" : "kept"));
    ReviewsTold acme;
    a_team_of_eight(acme);
    acme.told("/review-definitions", named_review("q", {olga, ana}));
    for (const json& definition : {named_review("stated", {ana, "auditor@else.test"}), json("q")}) {
      const json body{{"definition", definition}, {"dry_run", true}};
      const json before = acme.told("/reviews", body);
      int n = 0;
      const auto pages = pages_of(acme, body, 3, [&] {
        const std::string newcomer = (definition == "q" ? "new" : "newer") + std::to_string(++n) + "@acme.test";
        acme.happens("member.added", {{"member", newcomer}, {"role", "member"}});
        acme.happens("member.role_changed", {{"member", "m3@acme.test"}, {"role", n % 2 == 1 ? "owner" : "member"}});
        acme.told("/review-definitions", named_review("q", {"other@acme.test"}));
        if (n == 1 && definition == "q") acme.told("/reviews", {{"definition", "q"}});
        if (n == 1 && definition != "q")
          acme.happens("member.added", {{"member", "auditor@else.test"}, {"role", "owner"}});
        if (forgets) acme.restart();
      });
      CHECK(pages.size() == (before.at("total").get<std::size_t>() + 2) / 3);
      CHECK(items_of(pages) == before.at("items").get<std::vector<json>>());
      for (const json& page : pages) {
        CHECK(head_of(page) == head_of(pages.front()));
        CHECK(page.at("review") == before.at("review"));
        CHECK(page.at("reviewers") == before.at("reviewers"));
      }
      acme.told("/review-definitions", named_review("q", {olga, ana}));
    }
  }
}

TEST_CASE("a dry run tells on every page about how many items there is nobody to ask") {
  ReviewsTold acme;
  a_team_of_eight(acme);
  const json body{{"definition", named_review("q", {ana})}, {"dry_run", true}};
  std::set<std::string> nobody;
  for (const json& page : pages_of(acme, body, 2, [] {})) {
    CHECK(page.at("without_reviewer") == 1);
    for (const json& item : page.at("items")) {
      if (item.at("reviewers").empty()) nobody.insert(item.at("member").get<std::string>());
    }
  }
  CHECK(nobody == std::set<std::string>{ana});
}

TEST_CASE("a dry run shows who would be asked in each stage, and nobody where nobody may be") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", "m1@acme.test"}, {"role", "member"}});
  acme.happens("member.added", {{"member", "m2@acme.test"}, {"role", "member"}}, {}, ana);
  acme.happens("member.removed", {{"member", ana}});
  json definition = named_review("q", {olga, "m1@acme.test"});
  definition["stages"].push_back(definition.at("stages").at(0));
  definition["stages"][1]["reviewers"] = {{{"kind", "granted_by"}}};
  const json tried = acme.told("/reviews", {{"definition", definition}, {"dry_run", true}});
  std::map<std::string, json> stages;
  for (const json& item : tried.at("items")) stages[item.at("member").get<std::string>()] = item.at("stages");
  CHECK(stages["m1@acme.test"] == json{{olga}, {olga}});
  CHECK(stages["m2@acme.test"] == json{{olga, "m1@acme.test"}, json::array()});  // by ana, who has left
  CHECK(tried.at("without_reviewer") == 2);                                      // nor may olga look at her own
}

TEST_CASE("a cursor of a dry run is good for the body it came from alone, and pages go with a dry run alone") {
  ReviewsTold acme;
  a_team_of_eight(acme);
  acme.told("/review-definitions", named_review("q", {olga, ana}));
  const json body{{"definition", "q"}, {"dry_run", true}};
  const std::string next = acme.told("/reviews?limit=2", body).at("next").get<std::string>();
  json other = body;
  other["id"] = "another";
  const auto refused = [&](const std::string& path, const json& sent, const std::string& code, const std::string& field,
                           const std::string& said) {
    const auto answer = acme.post(path, sent);
    INFO(path << " " << sent << " " << answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.code() == code);
    CHECK(answer.field() == field);
    CHECK(answer.body.find(said) != std::string::npos);
  };
  refused("/reviews?cursor=" + next, other, "invalid_cursor", "cursor", "parameters and body of its first page");
  refused("/reviews?cursor=" + next + "0", body, "invalid_cursor", "cursor", "was changed");
  refused("/reviews?limit=1001", body, "invalid_field", "limit", "must be 1 to 1000");
  refused("/reviews?limit=2", {{"definition", "q"}}, "invalid_field", "limit", "goes with");
  refused("/reviews?page=2", body, "unknown_field", "page", "not a parameter");
  CHECK(acme.get("/reviews").at("total") == 0);
  // Another limit is the same list.
  CHECK(acme.told("/reviews?limit=5&cursor=" + next, body).at("items").size() == 5);
}
