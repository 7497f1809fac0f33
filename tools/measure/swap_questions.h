// The organization of swap_history.h on a server, the question who could write to its repository, and whether the
// answers are those of the history: what Tenure and the databases beside it are asked.
//
// One thread. A wrong answer throws std::runtime_error.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/measure/bench.h"
#include "tools/measure/held_roles.h"
#include "tools/measure/servers.h"
#include "tools/measure/swap_history.h"

namespace tenure::bench {

// The size of that organization in a form.
std::size_t swap_members(const Settings& settings);
std::size_t swap_changes(const Settings& settings);

// Loads that many changes after the beginning, a batch at a time, and adds its speed to the row. What `also` is given
// are the same events.
void load_swaps(const TenureServer& server, SwapHistory history, std::size_t changes, Row& row,
                HeldRoles* also = nullptr);

// Random instants within that many steps, in order.
std::vector<std::int64_t> instants_within(std::size_t steps, std::size_t count, std::uint64_t seed);

std::string who_can_target(std::int64_t at_ms);
// The rows of Tenure's answer as it gives them, without the instant and position that it rests on.
std::string_view rows_of(std::string_view body);
// The rows of Tenure's answer as "member level", in order.
std::vector<std::string> who_could(const std::string& body);
// `count` instants of the first `steps`: what `ask` answers, as "member level" and in order, against the history, which
// is at its beginning.
void compare_who_could(const std::function<std::vector<std::string>(std::int64_t at_ms)>& ask, SwapHistory history,
                       std::size_t steps, std::size_t count, std::uint64_t seed);
// Of every one of Tenure's answers while measuring: all are there.
void check_who_can_count(std::string_view body);

}  // namespace tenure::bench
