#include "events/without_effect.h"

#include <algorithm>

namespace tenure {
namespace {

using LevelOf = std::function<LevelIndex(PermissionIndex)>;

// Whether every permission above is held at the level that the one below needs. Parents never run in a circle.
bool parents_hold(const AccessModel& model, PermissionIndex permission, const LevelOf& level_of) {
  const PermissionRule* rule = &model.permissions()[permission];
  while (rule->parent) {
    if (level_of(*rule->parent) < rule->parent_level) return false;
    rule = &model.permissions()[*rule->parent];
  }
  return true;
}

// What the role grants once the event has happened.
class GrantsAfter {
 public:
  static GrantsAfter creation(const AccessModel& model, const TeamState& before, const event::RoleCreated& created) {
    return {model, before, created.grants, created.based_on ? &*created.based_on : nullptr, nullptr};
  }
  static GrantsAfter edit(const AccessModel& model, const TeamState& before, const event::RoleEdited& edited) {
    return {model, before, edited.grants, &edited.role, &edited.role};
  }

  LevelIndex operator()(PermissionIndex permission) const {
    if (const auto level = stated(permission)) return *level;
    if (const auto level = itself_ ? before_.stated(*itself_, permission) : std::nullopt) return *level;
    const auto from = model_.permissions()[permission].level_from;
    if (const auto level = from ? stated(*from) : std::nullopt) return *level;
    if (!prior_) return 0;
    if (const auto system = model_.role(prior_->text)) return model_.cell(*system, permission).level;
    return before_.granted(*prior_, permission).value_or(0);
  }

 private:
  GrantsAfter(const AccessModel& model, const TeamState& before, const Grants& stated, const RoleId* prior,
              const RoleId* itself)
      : model_(model), before_(before), stated_(stated), prior_(prior), itself_(itself) {}

  std::optional<LevelIndex> stated(PermissionIndex permission) const {
    const auto at = stated_.find(model_.permissions()[permission].id);
    return at == stated_.end() ? std::nullopt : model_.level(permission, at->second.text);
  }

  const AccessModel& model_;
  const TeamState& before_;
  const Grants& stated_;
  const RoleId* prior_;  // what the grants come on top of: the base, or the role as it was
  const RoleId*
      itself_;  // the latter: what it said itself of a permission counts before where that takes its level from
};

std::string sentence(const AccessModel& model, const Grants& stated, const GrantsAfter& after) {
  constexpr std::size_t names_max = 5;  // the sentence stands in the record
  std::string names;
  std::size_t count = 0;
  for (const auto& [id, level] : stated) {
    const auto permission = model.permission(id.text);
    if (!permission || after(*permission) == 0 || parents_hold(model, *permission, after)) continue;
    if (++count > names_max) continue;
    const PermissionRule& rule = model.permissions()[*permission];
    const PermissionRule& parent = model.permissions()[*rule.parent];
    names += (names.empty() ? "\"" : ", \"") + rule.name + "\" (needs \"" + parent.name + "\" at \"" +
             model.level_name(*rule.parent, rule.parent_level).text + "\")";
  }
  if (count > names_max) names += " and " + std::to_string(count - names_max) + " more";
  return count == 0 ? std::string() : "Without effect in this role: " + names + ".";
}

}  // namespace

std::vector<PermissionIndex> without_effect(const AccessModel& model, const LevelOf& level_of) {
  std::vector<PermissionIndex> found;
  for (std::size_t i = 0; i < model.permissions().size(); ++i) {
    const auto permission = static_cast<PermissionIndex>(i);
    if (!model.permissions()[i].parent || level_of(permission) == 0) continue;
    if (!parents_hold(model, permission, level_of)) found.push_back(permission);
  }
  return found;
}

std::string grants_without_effect(const AccessModel& model, const Event& event, const TeamState& before) {
  if (const auto* created = std::get_if<event::RoleCreated>(&event.data)) {
    return sentence(model, created->grants, GrantsAfter::creation(model, before, *created));
  }
  if (const auto* edited = std::get_if<event::RoleEdited>(&event.data)) {
    return sentence(model, edited->grants, GrantsAfter::edit(model, before, *edited));
  }
  return {};
}

}  // namespace tenure
