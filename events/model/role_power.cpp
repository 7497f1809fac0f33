#include "events/model/role_power.h"

#include <algorithm>

namespace tenure {

LevelIndex highest_option(const AccessModel& model, PermissionIndex permission) {
  const PermissionRule& rule = model.permissions()[permission];
  if (rule.owner_only || rule.options_unspecified) return 0;
  if (!rule.options.empty()) return rule.options.back();
  return static_cast<LevelIndex>(model.scales()[rule.scale].levels.size() - 1);
}

RolePower::RolePower(const AccessModel& model, AnalysedRole role) : model_(model) {
  granted_.assign(model.permissions().size(), 0);
  if (role) {
    is_owner_ = *role == model.owner_role();
    for (const auto& [permission, cell] : model.cells(*role)) granted_[permission] = cell.level;
  } else {
    for (std::size_t i = 0; i < granted_.size(); ++i) {
      granted_[i] = highest_option(model, static_cast<PermissionIndex>(i));
    }
  }
}

LevelIndex RolePower::before_children(PermissionIndex permission) const {
  const PermissionRule* rule = &model_.permissions()[permission];
  if (granted_[permission] == 0) return 0;
  for (PermissionIndex at = permission;; at = *rule->parent, rule = &model_.permissions()[at]) {
    const FeatureRule* feature = rule->feature.empty() ? nullptr : model_.feature(rule->feature);
    if ((rule->owner_only && !is_owner_) || (feature && !feature->on_by_default)) return 0;
    if (!rule->parent) return granted_[permission];
    if (granted_[*rule->parent] < rule->parent_level) return 0;
  }
}

LevelIndex RolePower::held(PermissionIndex permission) const {
  const LevelIndex level = before_children(permission);
  const PermissionRule& rule = model_.permissions()[permission];
  if (!rule.when_children_off || level <= *rule.when_children_off) return level;
  const bool all_off = std::all_of(rule.switches.begin(), rule.switches.end(),
                                   [&](PermissionIndex child) { return before_children(child) == 0; });
  return all_off ? *rule.when_children_off : level;
}

}  // namespace tenure
