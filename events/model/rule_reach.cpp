#include "events/model/rule_reach.h"

#include <algorithm>

namespace tenure {
namespace {

template <class List, class Item>
bool contains(const List& list, const Item& item) {
  return std::find(list.begin(), list.end(), item) != list.end();
}

// Only members have roles, permissions and a rank.
bool members_may_act(const ActionRule& rule) {
  return rule.actor_kinds.empty() || contains(rule.actor_kinds, "member");
}

// Whether `is` holds for a role that the rule's actor can have.
template <class Is>
bool some_actor_role(const AccessModel& model, const ActionRule& rule, const Is& is) {
  if (!members_may_act(rule)) return false;
  for (std::size_t i = 0; i < model.roles().size(); ++i) {
    const auto role = static_cast<RoleIndex>(i);
    if (!rule.actor_roles.empty() && !contains(rule.actor_roles, role)) continue;
    if (is_had_by_members(model.roles()[i]) && is(model.roles()[i])) return true;
  }
  return false;
}

}  // namespace

bool somebody_may_hold(const AccessModel& model, PermissionIndex permission, LevelIndex level) {
  for (std::size_t role = 0; role < model.roles().size(); ++role) {
    if (!model.roles()[role].available) continue;
    if (model.cell(static_cast<RoleIndex>(role), permission).level >= level) return true;
  }
  const PermissionRule& rule = model.permissions()[permission];
  if (!model.custom_roles() || rule.owner_only) return false;
  return rule.options.empty() || rule.options.back() >= level;
}

bool is_had_by_members(const RoleRule& role) { return role.available && role.member_role; }

std::string no_actor_because(const AccessModel& model, const ActionRule& rule) {
  const auto any = [](const RoleRule&) { return true; };
  const bool needs_member = !rule.actor_roles.empty() || rule.actor_permission || rule.actor_disabled;
  if (needs_member && !members_may_act(rule))
    return "It asks for what only members have, of actors who are no members.";
  if (!rule.actor_roles.empty() && !some_actor_role(model, rule, any)) return "Nobody can have its actor's roles.";
  if (rule.actor_disabled && !rule.actor_roles.empty()) {
    return "A role counts while its holder is active, and this asks for a disabled one.";
  }
  if (rule.actor_permission && !somebody_may_hold(model, *rule.actor_permission, rule.actor_level)) {
    const PermissionRule& permission = model.permissions()[*rule.actor_permission];
    return "Nobody can hold \"" + permission.name + "\" at \"" +
           model.level_name(*rule.actor_permission, rule.actor_level).text + "\".";
  }
  return {};
}

bool can_give(const AccessModel& model, const ActionRule& rule, RoleIndex role) {
  if (rule.gives_a_role == false || contains(rule.not_given_roles, role)) return false;
  if (!rule.given_roles.empty() && !contains(rule.given_roles, role)) return false;
  if (!no_actor_because(model, rule).empty()) return false;
  if (!rule.given_below_actor && !rule.given_at_most_actor) return true;
  const int rank = model.roles()[role].rank;
  return some_actor_role(model, rule, [&](const RoleRule& actor) {
    return rule.given_below_actor ? actor.rank > rank : actor.rank >= rank;
  });
}

bool always_forbids_giving(const ActionRule& rule, RoleIndex role) {
  const bool of_everyone = rule.actor_kinds.empty() && rule.actor_roles.empty() && !rule.actor_disabled &&
                           !rule.actor_permission && rule.on_kinds.empty();
  const bool to_everyone = rule.target_roles.empty() && rule.not_target_roles.empty() && !rule.target_is_member &&
                           !rule.target_below_actor && !rule.target_not_below_actor && !rule.target_is_actor &&
                           !rule.target_is_last_holder;
  if (rule.allow || !of_everyone || !to_everyone || rule.given_below_actor || rule.given_at_most_actor) return false;
  if (rule.gives_a_role == false || contains(rule.not_given_roles, role)) return false;
  return rule.given_roles.empty() || contains(rule.given_roles, role);
}

}  // namespace tenure
