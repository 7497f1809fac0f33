// Tenure's diff, and in what it differs from the oracle's. Functions of their arguments; one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/properties/tenure_in_memory.h"

namespace tenure::test {

// {"before_history", "rows": [as the route shows them]}; `rows` is empty for a member who was never heard of. Fails the
// test unless the answer by cause says the same, with the members of each cause and effect counted.
nlohmann::json found_diff(TenureInMemory& tenure, const Query& query);

// The same of one event in a member's timeline; no rows where the timeline does not tell it.
nlohmann::json found_touch(TenureInMemory& tenure, const Query& query, std::int64_t event);

// Applies the rows to what each member held before: what comes out must be what they hold after.
std::string wrong_diff(const nlohmann::json& cells, const nlohmann::json& rows);

}  // namespace tenure::test
