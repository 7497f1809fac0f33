// What a model's roles and rules are for nothing, and which roles include which.
#include "events/model/analysis.h"

#include <algorithm>
#include <map>

#include "events/model/actions.h"
#include "events/model/role_power.h"
#include "events/model/rule_reach.h"

namespace tenure {

std::string_view to_text(Searched searched) {
  switch (searched) {
    case Searched::together:
      return "together";
    case Searched::alone:
      return "alone";
    case Searched::nothing:
      break;
  }
  return "nothing";
}

// ---- roles and permissions -------------------------------------------------------------------------

std::vector<HeldByNobody> find_held_by_nobody(const AccessModel& model) {
  std::vector<bool> held(model.permissions().size(), false);
  for (std::size_t role = 0; role < model.roles().size(); ++role) {
    if (!model.roles()[role].available) continue;
    const auto index = static_cast<RoleIndex>(role);
    const RolePower power(model, index);
    for (const auto& [permission, cell] : model.cells(index)) {
      held[permission] = held[permission] || power.held(permission) > 0;
    }
  }
  std::vector<HeldByNobody> found;
  for (std::size_t i = 0; i < held.size(); ++i) {
    const auto permission = static_cast<PermissionIndex>(i);
    if (!held[i]) found.push_back({permission, model.custom_roles() && highest_option(model, permission) > 0});
  }
  return found;
}

namespace {

using GrantedCells = std::vector<std::pair<PermissionIndex, Cell>>;

int width(Visibility visibility) {
  return visibility == Visibility::all                   ? 3
         : visibility == Visibility::all_unless_assigned ? 2
         : visibility == Visibility::where_assigned      ? 1
                                                         : 0;
}

// What a role grants, without what it grants nothing of.
GrantedCells grants_of(const AccessModel& model, RoleIndex role) {
  GrantedCells grants = model.cells(role);
  std::erase_if(grants, [](const auto& entry) { return entry.second.level == 0; });
  return grants;
}

// Whether `more` grants everything that `less` grants, at least as high and as wide. Both are in order.
bool includes(const GrantedCells& more, const GrantedCells& less) {
  if (less.size() > more.size()) return false;
  auto at = more.begin();
  for (const auto& [permission, cell] : less) {
    while (at != more.end() && at->first < permission) ++at;
    if (at == more.end() || at->first != permission || at->second.level < cell.level) return false;
    if (at->second.level == cell.level && width(at->second.visibility) < width(cell.visibility)) return false;
  }
  return true;
}

}  // namespace

Inclusions find_inclusions(const AccessModel& model) {
  // Roles that grant the same are compared once.
  std::map<std::vector<std::uint32_t>, std::vector<RoleIndex>> alike;
  for (std::size_t i = 0; i < model.roles().size(); ++i) {
    const auto role = static_cast<RoleIndex>(i);
    std::vector<std::uint32_t> key;
    for (const auto& [permission, cell] : grants_of(model, role)) {
      key.push_back(permission);
      key.push_back(cell.level * 8u + static_cast<std::uint32_t>(width(cell.visibility)));
    }
    // A role that grants nothing is in every other; that tells nobody anything.
    if (!key.empty()) alike[std::move(key)].push_back(role);
  }
  Inclusions found;
  std::vector<std::pair<std::vector<RoleIndex>, GrantedCells>> sets;
  for (const auto& [key, roles] : alike) {
    if (roles.size() > 1) found.same_power.push_back(roles);
    sets.emplace_back(roles, grants_of(model, roles.front()));
  }
  for (const auto& [more_roles, more] : sets) {
    for (const auto& [less_roles, less] : sets) {
      if (&more == &less || !includes(more, less)) continue;
      found.total += more_roles.size() * less_roles.size();
      for (const RoleIndex a : more_roles) {
        for (const RoleIndex b : less_roles) {
          if (found.includes.size() < analysis_rows_max) found.includes.emplace_back(a, b);
        }
      }
    }
  }
  std::sort(found.same_power.begin(), found.same_power.end());
  std::sort(found.includes.begin(), found.includes.end());
  return found;
}

// ---- rules -----------------------------------------------------------------------------------------

namespace {

template <class Item>
bool is_within(const std::vector<Item>& few, const std::vector<Item>& many) {
  return std::all_of(few.begin(), few.end(),
                     [&](const Item& item) { return std::find(many.begin(), many.end(), item) != many.end(); });
}

// Whether a list that must match, in a rule that stands first, matches whenever the later rule's does.
template <class Item>
bool asks_no_more(const std::vector<Item>& first, const std::vector<Item>& later) {
  return first.empty() || (!later.empty() && is_within(later, first));
}

template <class Value>
bool asks_no_more(const std::optional<Value>& first, const std::optional<Value>& later) {
  return !first || first == later;
}

bool actor_asks_no_more(const ActionRule& first, const ActionRule& later) {
  if (!asks_no_more(first.actor_kinds, later.actor_kinds) || !asks_no_more(first.actor_roles, later.actor_roles)) {
    return false;
  }
  if (first.actor_disabled && !later.actor_disabled) return false;
  return !first.actor_permission ||
         (first.actor_permission == later.actor_permission && first.actor_level <= later.actor_level);
}

bool target_asks_no_more(const ActionRule& first, const ActionRule& later) {
  return asks_no_more(first.target_roles, later.target_roles) &&
         is_within(first.not_target_roles, later.not_target_roles) &&
         asks_no_more(first.target_is_member, later.target_is_member) &&
         asks_no_more(first.target_is_actor, later.target_is_actor) &&
         (!first.target_below_actor || later.target_below_actor) &&
         (!first.target_not_below_actor || later.target_not_below_actor) &&
         (!first.target_is_last_holder || later.target_is_last_holder);
}

bool given_asks_no_more(const ActionRule& first, const ActionRule& later) {
  const bool at_most = later.given_at_most_actor || later.given_below_actor;
  return asks_no_more(first.gives_a_role, later.gives_a_role) && asks_no_more(first.given_roles, later.given_roles) &&
         is_within(first.not_given_roles, later.not_given_roles) && asks_no_more(first.on_kinds, later.on_kinds) &&
         (!first.given_below_actor || later.given_below_actor) && (!first.given_at_most_actor || at_most);
}

std::vector<std::size_t> actions_of(const ActionRule& rule) {
  std::vector<std::size_t> actions;
  for (const std::string& pattern : rule.actions) {
    for (const std::size_t action : actions_matching(pattern)) actions.push_back(action);
  }
  return actions;
}

// Why the rule's own conditions can never hold together; empty if they can.
std::string contradiction_in(const AccessModel& model, const ActionRule& rule) {
  if (auto because = no_actor_because(model, rule); !because.empty()) return because;
  const bool no_rank = !rule.actor_kinds.empty() && !is_within({std::string("member")}, rule.actor_kinds);
  if ((rule.target_below_actor || rule.given_below_actor || rule.given_at_most_actor) && no_rank) {
    return "It compares ranks, and its actors have none.";
  }
  if (rule.target_is_actor == true && no_rank) return "Its target is its actor, and its actors are no members.";
  if (rule.target_is_actor == true && rule.target_below_actor) return "Nobody ranks below themselves.";
  if (rule.target_is_actor == true && rule.target_is_member == false && !rule.actor_roles.empty()) {
    return "Whoever acts by a role of theirs is a member already.";
  }
  if (!rule.target_roles.empty() && is_within(rule.target_roles, rule.not_target_roles)) {
    return "The target would have a role and not have it.";
  }
  if (rule.gives_a_role == false && !rule.given_roles.empty()) return "It asks for a role and for none.";
  const auto is_given = [&](RoleIndex role) {
    return model.roles()[role].available &&
           std::find(rule.not_given_roles.begin(), rule.not_given_roles.end(), role) == rule.not_given_roles.end();
  };
  if (!rule.given_roles.empty() && std::none_of(rule.given_roles.begin(), rule.given_roles.end(), is_given)) {
    return "None of the roles that it is about can be given.";
  }
  return {};
}

}  // namespace

std::vector<IdleRule> find_idle_rules(const AccessModel& model) {
  std::vector<IdleRule> idle;
  const auto& rules = model.rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    std::string because = contradiction_in(model, rules[i]);
    // A rule that stands before it decides whenever this one could: every prohibition does, and of allowances the
    // earlier ones.
    for (std::size_t other = 0; because.empty() && other < rules.size(); ++other) {
      const ActionRule& first = rules[other];
      const bool before = first.allow == rules[i].allow ? other < i : !first.allow;
      if (!before || !is_within(actions_of(rules[i]), actions_of(first))) continue;
      if (actor_asks_no_more(first, rules[i]) && target_asks_no_more(first, rules[i]) &&
          given_asks_no_more(first, rules[i])) {
        because = "The rule \"" + first.id + "\" decides before it, whenever it could.";
      }
    }
    if (!because.empty()) idle.push_back({i, std::move(because)});
  }
  return idle;
}

}  // namespace tenure
