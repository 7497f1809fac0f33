// Tenure's findings in the oracle's words. Functions of their arguments; one thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/properties/tenure_in_memory.h"

namespace tenure::test {

// By model: the roles whose holders can raise themselves alone.
nlohmann::json raising_roles(const nlohmann::json& models);

// {"before_history", "rows": {what is found: {"since_us", "opened_by", "id", "status"}}}. Fails the test where two
// findings have one id, or one does not rest on the event that it opened with.
nlohmann::json found_findings(TenureInMemory& tenure, const nlohmann::json& asked, Query query);

// Whether each row's status is what the list of closed ids says of it; empty if so.
std::string wrong_status(const nlohmann::json& closed, const nlohmann::json& rows);

}  // namespace tenure::test
