// The random histories are worth asking about: they repeat from their seed, contain everything, and their questions
// have answers of every sort.
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "tests/catch.h"
#include "tests/oracle/random_question.h"

using namespace tenure::oracle;
using nlohmann::json;

TEST_CASE("the same seed gives the same models, events and questions") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  const RandomHistory one = random_history(seed), two = random_history(seed);
  CHECK(one.models == two.models);
  CHECK(one.events == two.events);
  CHECK(one.recorded_us == two.recorded_us);
  std::mt19937_64 first(seed), second(seed);
  CHECK(random_question(first, one).asked == random_question(second, two).asked);
  CHECK(random_history(seed + 1).events != one.events);
}

TEST_CASE("positions start where they are told to, and retractions name earlier ones but never the creation") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::size_t retractions = 0;
  for (std::uint64_t i = 0; i < 30; ++i) {
    const RandomHistory history = random_history(seed + i, 100);
    for (std::size_t e = 0; e < history.events.size(); ++e) {
      REQUIRE(history.events[e].at("data").is_object());
      REQUIRE(history.occurred_us(e) <= history.recorded_us[e] + 300'000'000);
      if (e > 0) REQUIRE(history.recorded_us[e - 1] < history.recorded_us[e]);
      if (history.events[e].at("type") != "event.retracted") continue;
      ++retractions;
      const auto named = history.events[e].at("data").at("position").get<std::int64_t>();
      REQUIRE(named > history.first_position);
      REQUIRE(named < history.position(e));
    }
  }
  CHECK(retractions > 30);
}

TEST_CASE("an instant written and read again is the same instant") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 1'000; ++i) {
    const auto us = static_cast<std::int64_t>(random() % 4'000'000'000'000'000) - 1'000'000'000'000'000;
    REQUIRE(instant_us(instant_text(us)) == us);
  }
  CHECK(instant_text(1'500'000) == "1970-01-01T00:00:01.5Z");
}

TEST_CASE("two hundred histories contain every type, and their questions every sort of answer") {
  const std::uint64_t seed = std::random_device{}();
  CAPTURE(seed);
  std::cout << "random histories from seed " << seed << std::endl;
  std::set<std::string> types;
  std::map<std::string, int> answers;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const RandomHistory history = random_history(seed + i);
    const NaiveFold oracle = oracle_of(history);
    for (const json& event : history.events) types.insert(event.at("type").get<std::string>());
    std::mt19937_64 random(seed + i);
    for (int q = 0; q < 20; ++q) {
      const Question question = random_question(random, history);
      const json given = answer(oracle, question);
      ++answers[question.kind];
      if (given.at("before_history").get<bool>()) {
        ++answers["before history"];
      } else if (given.contains("rows")) {
        ++answers[question.kind + (given.at("rows").empty() ? " nobody" : " somebody")];
        if (question.kind != "who_can") continue;
        for (const auto& [identity, row] : given.at("rows").items()) ++answers[row.at("reach").get<std::string>()];
      } else if (given.contains("row")) {
        ++answers[given.at("row").is_null() ? "no" : "yes"];
      }
    }
  }
  for (const auto& [sort, count] : answers) std::cout << "  " << sort << ": " << count << "\n";
  CHECK(types.size() == 33);
  for (const char* sort : {"all", "assigned", "listed", "yes", "no", "before history", "who_can nobody",
                           "who_can somebody", "members somebody", "group_members somebody"}) {
    CAPTURE(sort);
    CHECK(answers[sort] > 20);
  }
  CHECK(answers["who_can somebody"] * 4 > answers["who_can"]);
}
