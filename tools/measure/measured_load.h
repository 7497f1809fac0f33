// One run of the load client as a round of a report's row, with what it cost both sides.
//
// One thread. Throws std::runtime_error when an answer has another status than the expected one.
#pragma once

#include <sys/types.h>

#include <functional>

#include "tools/measure/bench.h"
#include "tools/measure/load_client.h"

namespace tenure::bench {

// A load with the settings' connections and times, against a port.
Load load_on(const Bench& bench, std::uint16_t port);

LoadResult measure_load(Row& row, const Load& load, pid_t server);
// For a server that is more than one process: what it has used so far is told by a function.
LoadResult measure_load(Row& row, const Load& load, const std::function<double()>& server_cpu_seconds);

// The same load again, requests falling due at half the rate that it just reached in a closed loop: how long an answer
// takes when the server is half busy and nobody waits for anybody.
inline constexpr const char* half_loaded = "open loop at half that rate";
LoadResult measure_half_loaded(Row& row, Load load, const LoadResult& closed, pid_t server);

// What this program has used so far.
double own_cpu_seconds();

}  // namespace tenure::bench
