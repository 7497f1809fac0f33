// What takes a power away from who holds it by role, group or grant: being disabled, a feature that is off, what
// belongs to the owner alone, a parent permission that is not held.
#include <algorithm>

#include "projections/access.h"

namespace tenure::projections {

bool Access::holds_area(const std::vector<Number>& areas, Number area) {
  return std::find(areas.begin(), areas.end(), area) != areas.end();
}

bool Access::feature_on(const std::string& feature) {
  if (feature.empty()) return true;
  const Number number = facts_.number(EntityKind::feature, feature);
  const Live* set = number ? facts_.state(facts_.org_entity()).find({SlotKind::feature, number}) : nullptr;
  if (set) return set->value != 0;
  const FeatureRule* rule = model_->feature(feature);
  return rule && rule->on_by_default;
}

std::vector<Number> Access::disabled_in(Number member, Point at, int depth) {
  const EntityState& state = facts_.state_at(member, at);
  std::vector<Number> areas;
  const auto [first, last] = state.of_kind(SlotKind::disabled);
  for (const Live* l = first; l != last; ++l) areas.push_back(l->slot.a);
  const Live* came = state.find({SlotKind::came_by});
  if (!came || !model_->invitees_share_disabling() || depth > chain_max) return areas;
  // An invitation comes before what it led to, so this ends.
  for (const Number area : disabled_in(came->value, came->at, depth + 1)) {
    const bool enabled = area != 0 && state.find({SlotKind::enabled_in, area});
    if (!enabled && !holds_area(areas, area)) areas.push_back(area);
  }
  return areas;
}

std::vector<Number> Access::disabled_for(Number member, const Question& question) {
  const auto& kept = model_->kept_when_disabled();
  if (std::find(kept.begin(), kept.end(), question.permission) != kept.end()) return {};
  std::vector<Number> areas = disabled_in(member);
  std::erase_if(
      areas, [&](Number area) { return area != 0 && !model_->in_area(question.permission, facts_.name(area).name); });
  return areas;
}

std::string Access::disabled_because(Number area) {
  return area == 0 ? "the member is disabled" : "the member is disabled in " + facts_.name(area).name;
}

bool Access::owner_lacks(Number member, const Question& question) {
  if (!model_->permissions()[question.permission].owner_only) return false;
  const Number role = direct_role(member);
  return role == 0 || system_role(role) != model_->owner_role();
}

bool Access::parent_lacks(Number member, const Question& question) {
  if (!model_->permissions()[question.permission].parent) return false;
  const Question parent = parent_question(question);
  return held(member, parent, false).level < parent.level;
}

Question Access::parent_question(const Question& question) {
  const PermissionRule& rule = model_->permissions()[question.permission];
  const bool same_kind = model_->permissions()[*rule.parent].resource_kind == rule.resource_kind;
  return {*rule.parent, rule.parent_level, same_kind ? question.resource : std::nullopt};
}

std::string Access::parent_because(const Question& question) {
  const PermissionRule& rule = model_->permissions()[question.permission];
  return "it needs " + model_->permissions()[*rule.parent].name + " at " +
         model_->level_name(*rule.parent, rule.parent_level).text + " first";
}

std::string Access::cut(Number member, const Question& question) {
  const PermissionRule& rule = model_->permissions()[question.permission];
  if (const auto areas = disabled_for(member, question); !areas.empty()) return disabled_because(areas.front());
  if (!feature_on(rule.feature)) return "the feature " + rule.feature + " is off";
  if (owner_lacks(member, question)) return "only the owner may have it";
  if (parent_lacks(member, question)) return parent_because(question);
  return {};
}

bool Access::gives_where_assigned(Number role, const Question& question) {
  const Cell granted = cell(role, question.permission);
  return granted.level >= question.level && granted.visibility != Visibility::all &&
         !model_->permissions()[question.permission].resource_kind.empty();
}

LevelIndex Access::everyone_gives(Number member, const Question& question) {
  const EntityState& state = facts_.state(member);
  if (!state.exists() || !disabled(member)) return 0;
  std::vector<Path> paths;
  add_everyone(paths, state, question, false);
  LevelIndex best = 0;
  for (const Path& path : paths) best = std::max(best, path.level);
  return best;
}

std::string Access::nothing_because(Number member, const Question& question) {
  const EntityState& state = facts_.state(member);
  if (!state.exists()) return "not a member at that time";
  const Number role = direct_role(member);
  if (role != 0 && cell(role, question.permission).unspecified) {
    return "the model's text does not say whether the role " + facts_.name(role).name + " has it";
  }
  if (const auto missing = missing_assignment(member, question)) {
    return "the role " + facts_.name(missing->role).name + " gives it only on what is assigned to the member";
  }
  return "no role, group or grant gives it";
}

std::optional<Access::MissingAssignment> Access::missing_assignment(Number member, const Question& question) {
  if (model_->permissions()[question.permission].resource_kind.empty()) return std::nullopt;
  const std::string asked = question.resource ? to_text(*question.resource) : std::string();
  if (const Number role = direct_role(member); role != 0 && gives_where_assigned(role, question)) {
    return MissingAssignment{role, asked};
  }
  std::vector<Number> holders;
  if (active(member) || model_->outsiders_hold_scoped_grants()) holders.push_back(member);
  if (active(member)) {
    for (const GroupLink& link : all_groups_of(member)) {
      const Number role = group_role(link.group);
      if (role != 0 && gives_where_assigned(role, question)) return MissingAssignment{role, asked};
      holders.push_back(link.group);
    }
    if (!disabled(member)) holders.push_back(facts_.org_entity());
  }
  std::optional<MissingAssignment> on_one;
  for (const Number holder : holders) {
    const auto [first, last] = facts_.state(holder).of_kind(SlotKind::grant);
    for (const Live* l = first; l != last; ++l) {
      const auto reach = scope_reach(l->slot.a, question);
      if (!reach || !grant_counts(l->slot.b, l->slot.a, l->at) || !gives_where_assigned(l->slot.b, question)) continue;
      if (*reach == Reach::all) return MissingAssignment{l->slot.b, asked};
      if (!on_one) on_one = {l->slot.b, facts_.name(l->slot.a).name};
    }
  }
  if (on_one || !active(member) || disabled(member)) return on_one;
  for (const SettingGift& gift : setting_gifts(question)) {
    const Number role = facts_.number(EntityKind::role, model_->roles()[gift.role].id.text);
    if (role != 0 && gives_where_assigned(role, question)) return MissingAssignment{role, asked};
  }
  return std::nullopt;
}

}  // namespace tenure::projections
