// The parts of the feed's measurement, each a section of the report, and what they have in common.
#pragma once

#include <cstddef>
#include <string>

#include "tools/measure/bench.h"

namespace tenure::bench {

inline constexpr std::size_t many = 200, some = 50;  // clients
inline constexpr double events_per_second = 2'000;   // for the 50
inline constexpr std::size_t batch = 20;             // events of one append, for the 200

// What rows are called that several parts have.
std::string steady_name(double per_second = events_per_second);
std::string singles_name(double per_second = events_per_second);

// One client that wants one event in a thousand.
void measure_filters(Bench& bench);
// The same bytes to 200 clients by nats-server.
void measure_peers(Bench& bench);

}  // namespace tenure::bench
