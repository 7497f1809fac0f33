// What tests read of timelines of a TeamTold (team_told.h), and retractions, which they are often about.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/services/team_told.h"

namespace tenure::test {

using Positions = std::vector<std::uint64_t>;

// Of the events that an answer lists, in its order.
inline Positions positions(const nlohmann::json& list) {
  Positions found;
  for (const auto& item : list.at("items")) found.push_back(item.at("event").at("position").get<std::uint64_t>());
  return found;
}

// Returns the retraction's position.
inline std::uint64_t retract(TeamTold& team, const std::string& at, std::uint64_t position) {
  return team.happens(at, "event.retracted", {{"position", position}}, "it never happened");
}

}  // namespace tenure::test
