// What would have no effect, or is no request at all, is refused with what it lacks.
#include <string>
#include <tuple>
#include <vector>

#include "tests/services/reviews_told.h"

namespace {

using nlohmann::json;
using tenure::test::ana;
using tenure::test::ben;
using tenure::test::named_review;
using tenure::test::olga;
using tenure::test::ReviewsTold;

// Two owners who review each other and a member.
void a_team_under_review(ReviewsTold& acme) {
  acme.happens("member.added", {{"member", ana}, {"role", "owner"}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.told("/reviews", {{"id", "q1"}, {"definition", named_review("q", {olga, ana})}});
}

struct Refused {
  const char* what;
  json body;
  unsigned status;
  const char* code;
  const char* field;
  const char* said;
};

}  // namespace

TEST_CASE("a reassignment that would ask nobody new is refused with what it lacks, and nothing is recorded") {
  ReviewsTold acme;
  acme.happens("member.added", {{"member", "gone@acme.test"}, {"role", "member"}});
  acme.happens("member.added", {{"member", "off@acme.test"}, {"role", "member"}});
  acme.happens("member.removed", {{"member", "gone@acme.test"}});
  acme.happens("member.disabled", {{"member", "off@acme.test"}});
  a_team_under_review(acme);
  const json of_ana = acme.item("q1", ana, "role").at("item");
  const std::vector<Refused> rows{
      {"to a removed person", {{"from", olga}, {"to", "gone@acme.test"}}, 403, "forbidden", "/to", "was removed"},
      {"to a disabled person", {{"to", "off@acme.test"}}, 403, "forbidden", "/to", "is disabled"},
      {"from whom nobody asks",
       {{"from", ben}, {"to", "cy@acme.test"}},
       400,
       "invalid_field",
       "/from",
       "is asked about no item"},
      {"from whom nobody asks about it",
       {{"from", ana}, {"to", olga}, {"item", of_ana}},
       400,
       "invalid_field",
       "/from",
       "is not asked about this item"},
      {"to whom it is about",
       {{"from", olga}, {"to", ana}, {"item", of_ana}},
       403,
       "forbidden",
       "/to",
       R"(about \"ana@acme.test\")"},
      {"from somebody to themselves",
       {{"from", olga}, {"to", olga}},
       400,
       "invalid_field",
       "/to",
       "name somebody else"}};
  for (const Refused& row : rows) {
    const auto answer = acme.post("/reviews/q1/reassign", row.body);
    INFO(row.what << ": " << answer.body);
    CHECK(answer.status == row.status);
    if (answer.status / 100 == 2) continue;
    CHECK(answer.code() == row.code);
    CHECK(answer.field() == row.field);
    CHECK(answer.body.find(row.said) != std::string::npos);
  }
  CHECK(acme.events("review.reassigned").empty());
  // All that is left of olga's is about ana: it stays with her.
  acme.told("/reviews/q1/reassign", {{"from", olga}, {"to", ana}});
  const auto again = acme.post("/reviews/q1/reassign", {{"from", olga}, {"to", ana}});
  INFO(again.body);
  CHECK(again.status == 403);
  CHECK(again.field() == "/to");
  acme.told("/reviews/q1/reassign", {{"from", olga}, {"to", "cy@acme.test"}});
  CHECK(acme.item("q1", ana, "role").at("reviewers") == json::array({"cy@acme.test"}));
}

TEST_CASE("a body that is no JSON is said to be none, with the byte") {
  ReviewsTold acme;
  a_team_under_review(acme);
  for (const auto& [path, body, byte] :
       {std::tuple("/reviews", "nonsense", 2), std::tuple("/review-definitions", "{\"id\": nope}", 9),
        std::tuple("/reviews/q1/decisions", "now", 2), std::tuple("/events", "tru", 4)}) {
    const auto answer = acme.ask("POST", path, body);
    INFO(answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.code() == "malformed_json");
    CHECK(answer.said().at("offset") == byte - 1);
    const auto detail = answer.said().at("detail").get<std::string>();
    CHECK(detail.find("The body is not JSON at byte " + std::to_string(byte) + ": ") == 0);
  }
}
