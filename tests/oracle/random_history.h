// Random access models, random histories and random questions, all from one seed, for comparing Tenure's answers with
// those of the naive fold. The same seed gives the same bytes on every machine: std::mt19937_64 and nothing of
// <random> that a library may do its own way.
//
// Everything is JSON, in the forms that clients send: an organization with about eight people, four groups, a handful
// of resources, system and custom roles, small enough that everything collides with everything. Plain values and pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "tests/oracle/naive_fold.h"

namespace tenure::oracle {

struct RandomHistory {
  std::uint64_t seed = 0;
  nlohmann::json models;                  // array of two documents: ids "plan-1" (in force at first) and "plan-2"
  std::vector<nlohmann::json> events;     // client form; the first is org.created
  std::vector<std::int64_t> recorded_us;  // when each is recorded, strictly rising
  std::int64_t first_position = 1;        // event i stands at first_position + i; retractions name such positions

  std::int64_t position(std::size_t event) const { return first_position + static_cast<std::int64_t>(event); }
  std::int64_t last_position() const { return position(events.size()) - 1; }
  // When an event took effect, in microseconds.
  std::int64_t occurred_us(std::size_t event) const;
};

// `first_position` is where the store will put org.created: retractions name positions, so it must be known beforehand.
RandomHistory random_history(std::uint64_t seed, std::int64_t first_position = 1);

// One question. `kind` is "who_can", "can", "members", "group_members" or "roles"; `asked` has what that question
// takes: "permission", "level"?, "resource"?, "member", "group", and always "at" (RFC 3339), "at_us" (the same)
// and "known_position" (first_position - 1: nothing was known yet).
struct Question {
  std::string kind;
  nlohmann::json asked;
};
Question random_question(std::mt19937_64& random, const RandomHistory& history);

// The naive fold of a whole history.
NaiveFold oracle_of(const RandomHistory& history);

// The oracle's answer to a question in one plain form, for comparing and for printing:
//   who_can        {"before_history", "rows": {identity: {"level", "reach"}}}
//   can            {"before_history", "row": {"level", "reach"} or null}
//   members        {"before_history", "rows": {identity: {"status", "role", "groups", "since_us"}}}
//   group_members  {"before_history", "rows": {identity: since_us}}
//   roles          {"before_history", "rows": {role: {"kind", "grants"}}}
// Before history `rows` is empty and `row` null.
nlohmann::json answer(const NaiveFold& oracle, const Question& question);

// RFC 3339 with as many digits of the second as are needed.
std::string instant_text(std::int64_t us);

}  // namespace tenure::oracle
