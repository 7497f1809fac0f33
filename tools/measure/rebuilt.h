// `tenure rebuild` of a store that a server has put away.
#pragma once

#include <cstdint>

#include "tools/measure/bench.h"
#include "tools/measure/servers.h"

namespace tenure::bench {

inline constexpr double rebuilt_per_second_min = 250'000;

// From the program's start to its last word; adds the speed to the row. Answers the memory that it took at most.
std::uint64_t rebuild_views_of(const Bench& bench, const TenureServer& server, std::size_t events, Row& row);

}  // namespace tenure::bench
