// What holding one role means, with parents, features, the owner's own and parents that count as less all applied: an
// active member with this role and nothing else, in an organization where nothing was switched.
//
// What depends on assignments counts as held: somebody can be assigned. Plain values; any thread.
#pragma once

#include <vector>

#include "events/model/analysis.h"

namespace tenure {

class RolePower {
 public:
  RolePower(const AccessModel& model, AnalysedRole role);

  // What the role grants.
  LevelIndex granted(PermissionIndex permission) const { return granted_[permission]; }
  // What of it counts.
  LevelIndex held(PermissionIndex permission) const;

 private:
  LevelIndex before_children(PermissionIndex permission) const;

  const AccessModel& model_;
  bool is_owner_ = false;
  std::vector<LevelIndex> granted_;
};

// The highest level that a custom role may choose; 0 where the model leaves it open or to the owner.
LevelIndex highest_option(const AccessModel& model, PermissionIndex permission);

}  // namespace tenure
