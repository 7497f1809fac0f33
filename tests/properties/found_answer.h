// Tenure's answer to one of the oracle's questions, and in what it differs from the oracle's.
//
// Functions of their arguments; one thread. A refusal or a malformed answer fails the test.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/oracle/random_question.h"
#include "tests/properties/tenure_in_memory.h"

namespace tenure::test {

// As the oracle's `answer` gives it, but for what names events: "paths" are {"kind", "level", "reach", "edges"} as the
// route shows them, intervals have "opened_by" and "closed_by", and a no has "denied_because".
nlohmann::json found_answer(TenureInMemory& tenure, const oracle::Question& question);

// What is wrong with `found`, in words; empty if nothing is. `history` is what the edges of paths must show.
std::string difference(const nlohmann::json& expected, const nlohmann::json& found,
                       const oracle::RandomHistory& history);

}  // namespace tenure::test
