// What happened in one organization, told to Tenure and to the naive fold at once, each question asked of both.
//
// Owned by one test, one thread. The test fails where the two differ: in a verdict when something is told, in an answer
// when something is asked. The failure shows the history, made as short as it goes (shrink.h).
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/oracle/random_question.h"
#include "tests/properties/tenure_in_memory.h"

namespace tenure::test {

// "allowed rule", "violation rule" or "unspecified".
std::string in_words(const Verdict& verdict);
std::string in_words(const oracle::NaiveVerdict& verdict);

class ToldTwice {
 public:
  // `cast` is what random questions about it are about.
  explicit ToldTwice(const nlohmann::json& models, oracle::Cast cast = {});

  // One batch of events in a client's form; those without a time of their own happen when they are recorded.
  void tell(const std::vector<nlohmann::json>& events, std::int64_t recorded_us);
  // Tenure's answer (found_answer.h), which is the naive fold's.
  nlohmann::json ask(const oracle::Question& question);

  const oracle::RandomHistory& history() const { return history_; }
  // Of the event told last, in words.
  const std::string& last_verdict() const { return last_verdict_; }

 private:
  void compare_verdicts(std::size_t begin, const std::vector<Verdict>& verdicts);
  oracle::RandomHistory history_;
  TenureInMemory tenure_;
  oracle::NaiveFold naive_;
  std::string last_verdict_;
};

// The oracle's small model without what Tenure would refuse: what belongs to the owner alone, in another role.
nlohmann::json small_team();

// Told in a few words: instants are small numbers of microseconds, everything is recorded long after.
class ShortStory {
 public:
  explicit ShortStory(const nlohmann::json& model = small_team());
  // The first of several models is in force from the creation on.
  explicit ShortStory(const std::vector<nlohmann::json>& models);

  // Returns the event's position. `more` has what an event has beside type, time and data.
  std::int64_t happens(std::int64_t at_us, const std::string& type, const nlohmann::json& data,
                       const nlohmann::json& more = nlohmann::json::object());
  // A question about an instant or a range, as known now unless it says otherwise.
  nlohmann::json ask(const std::string& kind, nlohmann::json asked);
  const std::string& verdict() const { return told_.last_verdict(); }
  std::int64_t last() const { return told_.history().last_position(); }

 private:
  ToldTwice told_;
};

}  // namespace tenure::test
