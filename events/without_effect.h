// What a role grants in vain: a permission whose parent the same role does not hold at the level that the child needs.
//
// The grant is kept all the same, and counts for whoever holds the parent by another role. Pure; any thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "events/judge.h"

namespace tenure {

// The permissions above no access that are without effect, in order; `level_of` is what the role grants.
std::vector<PermissionIndex> without_effect(const AccessModel& model,
                                            const std::function<LevelIndex(PermissionIndex)>& level_of);

// The same for what an event grants to a custom role, in one sentence; empty if all of it counts, and for other events.
std::string grants_without_effect(const AccessModel& model, const Event& event, const TeamState& before);

}  // namespace tenure
