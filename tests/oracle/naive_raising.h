// Who can come to have more by themselves, in one step, by a rule that asks for a permission. Internal to the naive
// fold; pure.
#pragma once

#include <string>
#include <vector>

#include "tests/oracle/naive_state.h"

namespace tenure::oracle {

// Whether some rule that asks for a permission lets a member give themselves a role that grants more than they have, as
// their own, on the organization, by taking ownership or through a group that they are in, or their own custom role
// more.
bool raises_by_permission(const State& state, const std::vector<nlohmann::json>& models, const std::string& member,
                          std::int64_t at_us);

}  // namespace tenure::oracle
