// Random models, random histories, random questions: Tenure through its own routes against the naive fold, which shares
// no code with it. The seed is printed; TENURE_SEED repeats a run, TENURE_QUESTIONS changes its length.

#include <cstdlib>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "events/model/access_model.h"
#include "tests/catch.h"
#include "tests/properties/told_twice.h"

namespace {

using namespace tenure;
using nlohmann::json;
using oracle::Question;
using oracle::RandomHistory;
using test::ToldTwice;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

// A history, told in batches of one to four.
class Telling {
 public:
  Telling(const RandomHistory& history, std::mt19937_64& random)
      : told_(history.models, history.cast), random_(random) {
    for (std::size_t begin = 0; begin < history.events.size();) {
      const std::size_t end = end_of_batch(history, begin);
      const auto first = history.events.begin();
      const std::vector<json> batch(first + static_cast<std::ptrdiff_t>(begin),
                                    first + static_cast<std::ptrdiff_t>(end));
      told_.tell(batch, history.recorded_us[end - 1]);
      batch_ends_[history.position(end - 1)] = history.recorded_us[end - 1];
      begin = end;
    }
  }

  ToldTwice& told() { return told_; }
  const RandomHistory& history() const { return told_.history(); }

  // Says of what was known by the instant now and then, where the question's position ended a batch.
  void say_known_by_instant(Question& question) {
    const auto ended = batch_ends_.find(question.asked.at("known_position").get<std::int64_t>());
    if (ended != batch_ends_.end() && random_() % 4 == 0) question.asked["known_us"] = ended->second;
  }

  void retract(std::int64_t position) {
    const json retraction{{"type", "event.retracted"},
                          {"actor", {{"kind", "system"}, {"id", "sync"}}},
                          {"reason", "taken away"},
                          {"data", {{"position", position}}}};
    told_.tell(std::vector<json>(1, retraction), history().recorded_us.back() + 1);
  }

 private:
  // Events without a time of their own take the batch's, so they come alone, as the creation does.
  std::size_t end_of_batch(const RandomHistory& history, std::size_t begin) {
    std::size_t end = begin + 1;
    const auto has_time = [&](std::size_t i) { return history.events[i].contains("occurred_at"); };
    while (begin > 0 && end < history.events.size() && has_time(end - 1) && has_time(end) && random_() % 4 == 0) ++end;
    return end;
  }

  ToldTwice told_;
  std::mt19937_64& random_;
  std::map<std::int64_t, std::int64_t> batch_ends_;  // position to when it was recorded
};

// Retracts every event that the answer to a question rests on, again and again, until the answer is no: an answer
// whose paths left something out would never become one.
void take_away(Telling& telling, Question question) {
  question.asked["known_position"] = telling.history().last_position();
  question.asked["explain"] = true;
  std::set<std::int64_t> retracted;
  for (int round = 0; round < 40; ++round) {
    const json row = telling.told().ask(question).at("row");
    if (row.is_null()) return;
    const std::size_t before = retracted.size();
    for (const json& path : row.at("paths")) {
      for (const json& edge : path.at("edges")) {
        const auto position = edge.at("position").get<std::int64_t>();
        if (position == telling.history().first_position || !retracted.insert(position).second) continue;
        telling.retract(position);
      }
    }
    // Left is what the creation gave, or the initial value of a setting.
    if (retracted.size() == before) return;
    question.asked["known_position"] = telling.history().last_position();
  }
  FAIL("what an answer rests on was retracted forty times over, and the answer is still yes");
}

// Null: on random models.
void run(const json& platform, std::uint64_t seed, std::uint64_t questions) {
  std::mt19937_64 random(seed);
  constexpr std::uint64_t questions_a_history = 20;
  for (std::uint64_t asked = 0; asked < questions; asked += questions_a_history) {
    const std::uint64_t history_seed = random();
    INFO("run seed " << seed << ", history seed " << history_seed);
    Telling telling(
        platform.is_null() ? oracle::random_history(history_seed) : oracle::random_history_on(platform, history_seed),
        random);
    for (std::uint64_t i = 0; i + 1 < questions_a_history; ++i) {
      Question question = oracle::random_question(random, telling.history());
      telling.say_known_by_instant(question);
      telling.told().ask(question);
    }
    take_away(telling, oracle::random_question(random, telling.history(), "can"));
  }
}

}  // namespace

TEST_CASE("random questions about random histories get the naive fold's answers", "[property]") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t questions = number_from("TENURE_QUESTIONS", 10'000);
  std::cout << "access property: TENURE_SEED=" << seed << ", " << questions << " questions" << std::endl;
  run(json(), seed, questions);
}

TEST_CASE("random questions about random histories on every shipped model get the naive fold's answers", "[property]") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t questions = number_from("TENURE_QUESTIONS", 2'400) / shipped_models().size();
  std::cout << "shipped models: TENURE_SEED=" << seed << ", " << questions << " questions each" << std::endl;
  REQUIRE(shipped_models().size() == 6);
  for (const ShippedModel& shipped : shipped_models()) {
    INFO(shipped.id);
    run(json::parse(shipped.document), seed, questions);
  }
}
