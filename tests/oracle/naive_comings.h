// What came about after what rests on it: when something came to be there, when somebody was enabled again, when a
// feature was switched on. Internal to the naive fold; pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/oracle/naive_state.h"

namespace tenure::oracle {

using Way = std::vector<std::int64_t>;  // positions of events

// When something began and the event that did it: what is less began earlier.
using Began = std::pair<std::int64_t, std::int64_t>;
Began began(const State& state, const std::string& link);

// Adds the event by which something ("role:x", "group:g", "bot:1") came to be there, where that was after the event of
// a link to it; once.
void add_coming(const State& state, Way& way, const std::string& what, std::int64_t link);
// The last time that the member was enabled who had been disabled so that it counted, by the model of now. `kind` is
// the path's; `for_anybody`: it needs no membership.
std::optional<std::int64_t> enabled_again(const State& state, const std::string& member, const std::string& kind,
                                          bool for_anybody, const nlohmann::json& permission);
// The event since which the permission's feature has been on, where it began off or was off.
std::optional<std::int64_t> feature_since(const State& state, const nlohmann::json& permission);

}  // namespace tenure::oracle
