// What a member's power rests on, in short: for stories about paths.
#pragma once

#include <string>
#include <vector>

#include "tests/properties/told_twice.h"

namespace tenure::test {

using Paths = std::vector<std::string>;

// Each path of ann's as its edges with their positions: "in group g 4, group role reader 3". None where she has not got
// the permission at the instant. `more` is more of what is asked.
inline Paths paths(ShortStory& s, std::int64_t at_us, const char* permission,
                   const nlohmann::json& more = nlohmann::json::object()) {
  nlohmann::json asked{{"at_us", at_us}, {"member", "ann"}, {"permission", permission}, {"explain", true}};
  asked.update(more);
  Paths all;
  const nlohmann::json row = s.ask("can", asked).at("row");
  if (row.is_null()) return all;
  for (const nlohmann::json& path : row.at("paths")) {
    std::string& line = all.emplace_back();
    for (const nlohmann::json& edge : path.at("edges")) {
      line += (line.empty() ? "" : ", ") + edge.at("what").get<std::string>() + " " + edge.at("position").dump();
    }
  }
  return all;
}

inline std::string edge(const std::string& what, std::int64_t position) {
  return what + " " + std::to_string(position);
}

}  // namespace tenure::test
