// What a rule could ever let through, from the model alone: whether anybody can be its actor, and which roles it can
// give. Used to refuse models in which a role can reach nobody, and to tell what a model lets slip (analysis.h).
//
// Pure; any thread.
#pragma once

#include "events/model/access_model.h"

namespace tenure {

// Whether a system role reaches the level, or custom roles may choose it.
bool somebody_may_hold(const AccessModel& model, PermissionIndex permission, LevelIndex level);

// Whether a member can have the role as their own.
bool is_had_by_members(const RoleRule& role);

// Why nobody can ever do what the rule speaks of, in one sentence; empty if somebody can.
std::string no_actor_because(const AccessModel& model, const ActionRule& rule);

// Whether some actor could give the role under this allowance.
bool can_give(const AccessModel& model, const ActionRule& rule, RoleIndex role);

// Whether the prohibition stands against giving the role whoever acts and whoever gets it.
bool always_forbids_giving(const ActionRule& rule, RoleIndex role);

}  // namespace tenure
