// Random access models for random histories. Pure functions of the generator's state; one thread at a time a generator.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

namespace tenure::oracle {

// Draws that come out the same everywhere.
class Dice {
 public:
  explicit Dice(std::mt19937_64& random) : random_(random) {}
  std::size_t below(std::size_t sides) { return static_cast<std::size_t>(random_() % sides); }
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  bool percent(std::size_t chance) { return below(100) < chance; }
  template <class T>
  const T& one_of(const std::vector<T>& from) {
    return from.at(below(from.size()));
  }

 private:
  std::mt19937_64& random_;
};

// A document on a platform that there is, and a variation of it with another id: other levels in some cells, features
// that are on or off, other limits, more rules.
nlohmann::json platform_and_variation(Dice& dice, const nlohmann::json& document);
// Two documents with the same scales and the same permissions (id, scale, resource kind), so that a question makes
// sense under either; all else is drawn anew for the second: roles and their grants, parents, features, settings,
// nesting, areas, rules.
nlohmann::json random_models(Dice& dice);
// Rules for a document that has its roles and permissions already.
nlohmann::json random_rules(Dice& dice, const nlohmann::json& model);

}  // namespace tenure::oracle
