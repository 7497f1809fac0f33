// What earlier reviews of a definition certified: which of it holds still, review after review.
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

// Ana, ben and cy hold the role "member"; a definition asks olga about these.
class Team : public ReviewsTold {
 public:
  explicit Team(const json& scope, const json& more = json::object()) {
    for (const char* person : {ana, ben, cy}) happens("member.added", {{"member", person}, {"role", "member"}});
    define(scope, more);
  }

  void define(json scope, const json& more = json::object()) {
    scope["roles"] = {"member"};
    json definition = named_review("q", {olga}, more);
    definition["scope"] = scope;
    told("/review-definitions", definition);
  }
  void open(const char* id) { told("/reviews", {{"id", id}, {"definition", "q"}}); }
  void close(const char* id) { told("/reviews/" + std::string(id) + "/close", json::object()); }
  void keep(const char* id, const std::set<std::string>& people) {
    json decisions = json::array();
    for (const json& item : items(id)) {
      if (people.contains(item.at("member").get<std::string>())) decisions.push_back(decision(item, "keep"));
    }
    decided(id, olga, decisions);
  }
  std::set<std::string> asked_about(const char* id) {
    std::set<std::string> people;
    for (const json& item : items(id)) people.insert(item.at("member").get<std::string>());
    return people;
  }
};

const json changes_only{{"changed_since_last", true}};

}  // namespace

TEST_CASE(
    "what did not change since it was certified stays out of every later review of changes, not only of the next") {
  Team acme(changes_only);
  acme.open("q1");
  acme.keep("q1", {ana, ben, cy});
  acme.close("q1");
  acme.happens("member.removed", {{"member", ben}});
  acme.happens("member.added", {{"member", ben}, {"role", "member"}});
  acme.open("q2");
  CHECK(acme.asked_about("q2") == std::set<std::string>{ben});
  acme.keep("q2", {ben});
  acme.close("q2");
  const auto nothing = acme.post("/reviews", {{"id", "q3"}, {"definition", "q"}});
  CHECK(nothing.status == 400);
  acme.restart();
  acme.happens("member.removed", {{"member", cy}});
  acme.happens("member.added", {{"member", cy}, {"role", "member"}});
  acme.open("q4");
  CHECK(acme.asked_about("q4") == std::set<std::string>{cy});
}

TEST_CASE("what a review of changes asked about and nobody answered comes back until somebody does") {
  Team acme(changes_only);
  acme.open("q1");
  acme.keep("q1", {ana, cy});
  acme.close("q1");
  acme.open("q2");
  CHECK(acme.asked_about("q2") == std::set<std::string>{ben});
  acme.close("q2");
  acme.open("q3");
  CHECK(acme.asked_about("q3") == std::set<std::string>{ben});
}

TEST_CASE("what was certified on other terms is asked about again") {
  Team acme(changes_only);
  acme.open("q1");
  acme.keep("q1", {ana, ben, cy});
  acme.close("q1");
  acme.define(changes_only, {{"justification", "always"}});
  acme.open("q2");
  CHECK(acme.asked_about("q2") == std::set<std::string>{ana, ben, cy});
}

TEST_CASE("of reviews that overlap no certificate is lost") {
  Team acme(json::object());
  acme.open("a");
  acme.open("b");
  acme.keep("a", {ana, ben});
  acme.close("a");
  acme.keep("b", {cy});
  acme.close("b");
  for (int life = 0; life < 2; ++life) {
    const std::string id = "c" + std::to_string(life);
    acme.open(id.c_str());
    CHECK(acme.item(id, ana, "role").at("last_certified").at("review") == "a");
    CHECK(acme.item(id, ben, "role").at("last_certified").at("unchanged") == true);
    CHECK(acme.item(id, cy, "role").at("last_certified").at("review") == "b");
    acme.told("/reviews/" + id + "/cancel", json::object());
    acme.restart();
  }
}
