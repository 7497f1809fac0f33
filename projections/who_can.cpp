#include <algorithm>
#include <set>

#include "projections/access.h"

namespace tenure::projections {

std::unordered_set<Number> Access::roles_with(const Question& question) {
  std::unordered_set<Number> roles;
  for (const RoleRule& rule : model_->roles()) {
    const Number number = facts_.number(EntityKind::role, rule.id.text);
    if (number != 0 && cell(number, question.permission).level >= question.level) roles.insert(number);
  }
  for (const Number role : custom_roles()) {
    if (cell(role, question.permission).level >= question.level) roles.insert(role);
  }
  return roles;
}

std::vector<Number> Access::scopes_of(const Question& question) {
  std::vector<Number> scopes;
  const std::string& kind = model_->permissions()[question.permission].resource_kind;
  const auto add = [&](const std::string& name) {
    if (const Number number = facts_.number(EntityKind::scope, name)) scopes.push_back(number);
  };
  add("org");
  if (!kind.empty()) add(kind + ":*");
  if (question.resource) add(to_text(*question.resource));
  return scopes;
}

void Access::expand_group(Number group, std::unordered_set<Number>& members, std::unordered_set<Number>& seen) {
  if (!seen.insert(group).second) return;
  for (const Interval& i : members_of(group)) members.insert(i.principal);
  if (!model_->groups_inherit_from_parents()) return;
  for (const Interval& child : facts_.list({ListKind::children, group})) {
    if (group_counts(group, child.link)) expand_group(child.principal, members, seen);
  }
}

std::vector<Number> Access::roles_that_lead_elsewhere() {
  std::vector<Number> roles;
  for (const Interval& ended : facts_.list({ListKind::moved_roles, 0})) roles.push_back(ended.principal);
  for (const std::string_view implied : {implied_owner, implied_former_owner}) {
    if (const Number number = facts_.number(EntityKind::role, implied)) roles.push_back(number);
  }
  return roles;
}

// The role's own holders come first: they are many, and where `enough` is few nothing else is looked at.
std::unordered_set<Number> Access::holders(Number role, std::size_t enough, bool disabled_too) {
  std::unordered_set<Number> members;
  const auto count = [&](Number held) {
    for (const Interval& i : facts_.list({ListKind::holders, held})) {
      if (members.size() >= enough) return;
      if (facts_.name(i.principal).kind != EntityKind::member || resolve_role(held, i.link, nullptr) != role) continue;
      if (disabled_too || !disabled(i.principal)) members.insert(i.principal);
    }
  };
  count(role);
  if (members.size() >= enough) return members;
  for (const Number each : roles_that_lead_elsewhere()) {
    if (each != role) count(each);
    if (members.size() >= enough) break;
  }
  return members;
}

bool Access::role_held(Number role) {
  // A few rows mostly tell; reading a row may not use the reader that it comes from.
  constexpr std::size_t few = 64;
  const auto any = [&](List list, std::size_t enough, const auto& is) {
    std::vector<Interval> rows;
    facts_.each(list, [&](const Interval& i) {
      rows.push_back(i);
      return rows.size() < enough;
    });
    return std::any_of(rows.begin(), rows.end(), is);
  };
  const auto granted = [&](const Interval& i) { return !ended_since(role, i.link) && !ended_since(i.extra, i.link); };
  std::vector<Number> held = roles_that_lead_elsewhere();
  held.insert(held.begin(), role);
  for (const std::size_t enough : {few, std::numeric_limits<std::size_t>::max()}) {
    for (const Number each : held) {
      const auto is = [&](const Interval& i) { return resolve_role(each, i.link, nullptr) == role; };
      if (any({ListKind::holders, each}, enough, is)) return true;
    }
    if (any({ListKind::grants_of, role}, enough, granted)) return true;
  }
  return false;
}

Point Access::role_since(Number member) {
  const Live* role = facts_.state(member).find({SlotKind::role});
  return role ? standing_since(member, *role, {role->value}) : Point{};
}

std::unordered_set<Number> Access::candidates(const Question& question) {
  std::unordered_set<Number> members, groups;
  bool everyone = false;
  const auto principal = [&](Number holder) {
    switch (facts_.name(holder).kind) {
      case EntityKind::member:
        members.insert(holder);
        break;
      case EntityKind::group:
        expand_group(holder, members, groups);
        break;
      default:
        everyone = true;
        break;
    }
  };
  const auto roles = roles_with(question);
  // Whoever holds a role that grants it, or one whose deletion moved its holders to such a role.
  std::vector<Number> held(roles.begin(), roles.end());
  for (const Number role : roles_that_lead_elsewhere()) held.push_back(role);
  for (const Number role : held) {
    for (const Interval& i : facts_.list({ListKind::holders, role})) {
      const Number resolved = resolve_role(role, i.link, nullptr);
      if (roles.contains(resolved)) principal(i.principal);
    }
  }
  const bool any_resource = !question.resource && !model_->permissions()[question.permission].resource_kind.empty();
  if (any_resource) {
    for (const Number role : roles) {
      for (const Interval& i : facts_.list({ListKind::grants_of, role})) principal(i.principal);
    }
  } else {
    for (const Number scope : scopes_of(question)) {
      for (const Interval& i : facts_.list({ListKind::grants_on, scope})) {
        if (roles.contains(i.extra)) principal(i.principal);
      }
    }
  }
  for (const SettingGift& gift : setting_gifts(question)) {
    everyone |= model_->cell(gift.role, question.permission).level >= question.level;
  }
  if (everyone) {
    for (const Interval& i : facts_.list({ListKind::members, 0})) members.insert(i.principal);
  }
  return members;
}

std::vector<Holder> Access::who_can(const Question& question, bool explain) {
  std::vector<Holder> holders;
  if (explain) {
    for (const Number member : candidates(question)) {
      Effective effective = this->effective(member, question, true);
      if (effective.level >= question.level) holders.push_back({member, std::move(effective)});
    }
  } else {
    holders = who_can_from_lists(question);
  }
  std::sort(holders.begin(), holders.end(), [](const Holder& a, const Holder& b) { return a.member < b.member; });
  return holders;
}

bool Access::setting_over(const Question& question, Instant from, Instant to) {
  Access first(facts_.moved_to(Point::end_of(from)), model_);
  if (!first.setting_gifts(question).empty()) return true;
  for (const Entry& entry : facts_.entries(facts_.org_entity())) {
    const bool inside = entry.at.us > from.us && entry.at.us < to.us;
    // The organization's end puts its settings back to where they began.
    const bool moves_settings =
        entry.op == Op::end || entry.slot.kind == SlotKind::setting || entry.slot.kind == SlotKind::model;
    if (inside && moves_settings) return true;
  }
  return false;
}

std::vector<Number> Access::candidates_over(const Question& question, Instant from, Instant to) {
  std::unordered_set<Number> members, seen;
  std::vector<Number> groups;
  // What it is about may be of another kind in another model of the range.
  const PermissionId& permission = model_->permissions()[question.permission].id;
  std::set<std::string, std::less<>> kinds{model_->permissions()[question.permission].resource_kind};
  for (const Models::Model& model : facts_.models_over(from, to)) {
    if (const auto index = model->permission(permission.text)) kinds.insert(model->permissions()[*index].resource_kind);
  }
  kinds.erase("");
  bool everyone = setting_over(question, from, to);
  const auto principal = [&](Number holder) {
    switch (facts_.name(holder).kind) {
      case EntityKind::member:
        members.insert(holder);
        break;
      case EntityKind::group:
        if (seen.insert(holder).second) groups.push_back(holder);
        break;
      default:
        everyone = true;
        break;
    }
  };
  // Any role may grant it at some instant of the range (its definition and the model change): take all that
  // were ever named, with whoever held them then.
  for (const Number role : facts_.numbers_of(EntityKind::role)) {
    for (const Interval& i : facts_.list_over({ListKind::holders, role}, from, to)) principal(i.principal);
    for (const Interval& i : facts_.list_over({ListKind::grants_of, role}, from, to)) {
      const std::string& scope = facts_.name(i.extra).name;
      const bool about = scope == "org" || kinds.contains(kind_of(scope));
      if (about && (!question.resource || scope == "org" || scope.ends_with(":*") ||
                    kind_of(scope) != question.resource->kind || scope == to_text(*question.resource))) {
        principal(i.principal);
      }
    }
  }
  for (std::size_t next = 0; next < groups.size(); ++next) {
    for (const Interval& i : facts_.list_over({ListKind::group_members, groups[next]}, from, to))
      principal(i.principal);
    for (const Interval& i : facts_.list_over({ListKind::children, groups[next]}, from, to)) principal(i.principal);
  }
  if (everyone) {
    for (const Interval& i : facts_.list_over({ListKind::members, 0}, from, to)) members.insert(i.principal);
  }
  std::vector<Number> sorted(members.begin(), members.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace tenure::projections
