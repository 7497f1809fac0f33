// Random access models and random histories, all from one seed, for comparing Tenure's answers with those of the naive
// fold (random_question.h asks). The same seed gives the same bytes on every machine: std::mt19937_64 and nothing of
// <random> that a library may do its own way.
//
// Everything is JSON, in the forms that clients send: an organization with eight people, four groups, a handful of
// resources, system and custom roles, small enough that everything collides with everything. One in eight has three
// people to whom hundreds of things happen, so that each has a long history of their own. Plain values and pure
// functions; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/oracle/naive_fold.h"
#include "tests/oracle/random_cast.h"

namespace tenure::oracle {

inline std::string person(std::size_t number) { return "m" + std::to_string(number) + "@x.test"; }
inline constexpr std::int64_t most_begin_us = 1'704'067'200'000'000;  // 2024-01-01T00:00:00Z

struct RandomHistory {
  std::uint64_t seed = 0;
  Cast cast;
  nlohmann::json models;                  // array of two documents, the first in force at first
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
// The same on a platform that there is, and a variation of it.
RandomHistory random_history_on(const nlohmann::json& document, std::uint64_t seed, std::int64_t first_position = 1);

// The naive fold of a whole history.
NaiveFold oracle_of(const RandomHistory& history);

// RFC 3339 with as many digits of the second as are needed.
std::string instant_text(std::int64_t us);

}  // namespace tenure::oracle
