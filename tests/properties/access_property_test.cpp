// Random models, random histories, random questions: Tenure through its own routes against the naive fold, which shares
// no code with it. The seed is printed; TENURE_SEED repeats a run, TENURE_QUESTIONS changes its length,
// TENURE_DUMP names a file for the history that an answer differed on.

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/catch.h"
#include "tests/oracle/random_model.h"
#include "tests/properties/found_answer.h"

namespace {

using namespace tenure;
using nlohmann::json;
using oracle::NaiveFold;
using oracle::Question;
using oracle::RandomHistory;
using test::TenureInMemory;

std::uint64_t number_from(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

void dump(const RandomHistory& history) {
  const char* file = std::getenv("TENURE_DUMP");
  if (!file) return;
  std::ofstream out(file);
  out << "models " << history.models.dump() << "\n";
  for (std::size_t e = 0; e < history.events.size(); ++e) {
    out << history.position(e) << " @" << history.occurred_us(e) << " " << history.events[e].dump() << "\n";
  }
}

// A history told to both, in batches of one to four.
class Telling {
 public:
  explicit Telling(RandomHistory history, std::uint64_t seed)
      : history_(std::move(history)), tenure_(history_.models), naive_(oracle::oracle_of(history_)), random_(seed) {
    for (std::size_t begin = 0; begin < history_.events.size(); begin = tell_batch(begin)) {
    }
  }

  const RandomHistory& history() const { return history_; }
  const NaiveFold& naive() const { return naive_; }
  TenureInMemory& tenure() { return tenure_; }

  // Says of what was known also by the instant, where the question's position ended a batch.
  void say_known_by_instant(Question& question) {
    const std::int64_t known = question.asked.at("known_position").get<std::int64_t>();
    const auto ended = batch_ends_.find(known);
    if (ended != batch_ends_.end() && random_() % 4 == 0) question.asked["known_us"] = ended->second;
  }

  void ask(const Question& question) {
    const json expected = oracle::answer(naive_, question);
    const json found = test::found_answer(tenure_, question);
    const std::string wrong = test::difference(expected, found, history_);
    if (!wrong.empty()) dump(history_);
    INFO(question.kind << " " << question.asked.dump() << "\nexpected " << expected.dump() << "\nfound    "
                       << found.dump());
    REQUIRE(wrong == "");
  }

  // One more event, now.
  void go_on(const json& event) {
    history_.events.push_back(event);
    history_.recorded_us.push_back(history_.recorded_us.back() + 1);
    const std::int64_t recorded_us = history_.recorded_us.back();
    naive_.append(event, history_.last_position(), recorded_us);
    compare_verdicts(history_.events.size() - 1, tenure_.record({event}, recorded_us));
  }

 private:
  std::size_t tell_batch(std::size_t begin) {
    std::size_t end = begin + 1;
    // Events without a time of their own take the batch's, and the creation comes alone.
    const auto has_time = [&](std::size_t i) { return history_.events[i].contains("occurred_at"); };
    while (begin > 0 && end < history_.events.size() && has_time(end - 1) && has_time(end) && random_() % 4 == 0) ++end;
    const std::int64_t recorded_us = history_.recorded_us[end - 1];
    const std::vector<json> events(history_.events.begin() + static_cast<std::ptrdiff_t>(begin),
                                   history_.events.begin() + static_cast<std::ptrdiff_t>(end));
    compare_verdicts(begin, tenure_.record(events, recorded_us));
    batch_ends_[history_.position(end - 1)] = recorded_us;
    return end;
  }

  void compare_verdicts(std::size_t begin, const std::vector<Verdict>& verdicts) {
    static constexpr const char* results[] = {"allowed", "violation", "unspecified"};
    for (std::size_t i = 0; i < verdicts.size(); ++i) {
      const oracle::NaiveVerdict expected = naive_.verdict(history_.position(begin + i));
      const oracle::NaiveVerdict found{results[static_cast<int>(verdicts[i].result)], verdicts[i].rule};
      if (found == expected && verdicts[i].because.empty() == (found.result != "violation")) continue;
      dump(history_);
      INFO("position " << history_.position(begin + i) << " " << history_.events[begin + i].dump());
      INFO("expected " << expected.result << " " << expected.rule << ", because " << verdicts[i].because);
      REQUIRE(found.result + " " + found.rule == "another verdict");
    }
  }

  RandomHistory history_;
  TenureInMemory tenure_;
  NaiveFold naive_;
  std::mt19937_64 random_;
  std::map<std::int64_t, std::int64_t> batch_ends_;  // position to when it was recorded
};

// Retracts every event that the answer to a question rests on, again and again, until the answer is no: an answer
// whose paths left something out would never become one.
void take_away(Telling& telling, Question question) {
  question.asked["known_position"] = telling.history().last_position();
  question.asked["explain"] = true;
  std::set<std::int64_t> retracted;
  for (int round = 0; round < 40; ++round) {
    telling.ask(question);
    const json row = test::found_answer(telling.tenure(), question).at("row");
    if (row.is_null()) return;
    const std::size_t before = retracted.size();
    for (const json& path : row.at("paths")) {
      for (const json& edge : path.at("edges")) {
        const auto position = edge.at("position").get<std::int64_t>();
        if (position == telling.history().first_position || !retracted.insert(position).second) continue;
        telling.go_on({{"type", "event.retracted"},
                       {"actor", {{"kind", "system"}, {"id", "sync"}}},
                       {"reason", "taken away"},
                       {"data", {{"position", position}}}});
      }
    }
    // Left is what the creation gave, or the initial value of a setting.
    if (retracted.size() == before) return;
    question.asked["known_position"] = telling.history().last_position();
  }
  FAIL("what an answer rests on was retracted forty times over, and the answer is still yes");
}

void run(std::uint64_t seed, std::uint64_t questions) {
  std::mt19937_64 random(seed);
  constexpr std::uint64_t questions_a_history = 20;
  for (std::uint64_t asked = 0; asked < questions; asked += questions_a_history) {
    const std::uint64_t history_seed = random();
    INFO("run seed " << seed << ", history seed " << history_seed);
    Telling telling(oracle::random_history(history_seed), random());
    for (std::uint64_t i = 0; i + 1 < questions_a_history; ++i) {
      Question question = oracle::random_question(random, telling.history());
      telling.say_known_by_instant(question);
      telling.ask(question);
    }
    take_away(telling, oracle::random_question(random, telling.history(), "can"));
  }
}

}  // namespace

TEST_CASE("random questions about random histories get the naive fold's answers", "[property]") {
  const std::uint64_t seed = number_from("TENURE_SEED", std::random_device{}());
  const std::uint64_t questions = number_from("TENURE_QUESTIONS", 10'000);
  std::cout << "access property: TENURE_SEED=" << seed << ", " << questions << " questions" << std::endl;
  run(seed, questions);
}
