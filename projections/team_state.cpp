#include "projections/team_state.h"

#include <algorithm>
#include <unordered_set>

namespace tenure::projections {

const std::vector<Number>& HolderHints::of(const Role& role) const {
  static const std::vector<Number> none;
  const auto found = members_.find(role);
  return found == members_.end() ? none : found->second;
}

void HolderHints::keep(const Role& role, std::vector<Number> members) {
  if (members_.size() >= roles_max) members_.clear();
  members_.insert_or_assign(role, std::move(members));
}

Number FactsTeamState::member(const Person& person) const {
  if (person.subject.empty()) return 0;
  return access_.facts().number(EntityKind::member, member_name(person.subject));
}

TeamState::Status FactsTeamState::status(const Person& person) const {
  const Number number = member(person);
  if (number == 0) return Status::unknown;
  const EntityState& state = access_.facts().state(number);
  if (state.exists()) return access_.disabled(number) ? Status::disabled : Status::active;
  if (state.invitation(Instant{access_.facts().at().us})) return Status::invited;
  return state.find({SlotKind::ended}) ? Status::removed : Status::unknown;
}

bool FactsTeamState::disabled_anywhere(const Person& person) const {
  const Number number = member(person);
  return number != 0 && access_.disabled_anywhere(number);
}

bool FactsTeamState::has_links(const Person& person) const { return access_.has_links(member(person)); }

RoleId FactsTeamState::direct_role(const Person& person) const {
  const Number number = member(person);
  const Number role = number == 0 ? 0 : access_.direct_role(number);
  return role == 0 ? RoleId() : RoleId(access_.facts().name(role).name);
}

std::size_t FactsTeamState::holders(const RoleId& role, std::size_t enough) const {
  return count_holders(role, enough, true);
}

std::size_t FactsTeamState::active_holders(const RoleId& role, std::size_t enough) const {
  return count_holders(role, enough, false);
}

std::size_t FactsTeamState::count_holders(const RoleId& role, std::size_t enough, bool disabled_too) const {
  const Number number = access_.facts().number(EntityKind::role, role.text);
  if (number == 0) return 0;
  if (!hints_ || enough > HolderHints::members_max) return access_.holders(number, enough, disabled_too).size();
  const HolderHints::Role of{access_.facts().org(), number, disabled_too};
  std::size_t found = 0;
  for (const Number member : hints_->of(of)) {
    if (access_.direct_role(member) != number || (!disabled_too && access_.disabled(member))) continue;
    if (++found >= enough) return found;
  }
  const auto holders = access_.holders(number, HolderHints::members_max, disabled_too);
  hints_->keep(of, {holders.begin(), holders.end()});
  return std::min(holders.size(), enough);
}

bool FactsTeamState::holds(const Person& person, PermissionIndex permission, LevelIndex level) const {
  const Number number = member(person);
  return number != 0 && access_.effective(number, {permission, level, std::nullopt}, false).level >= level;
}

bool FactsTeamState::holds_on(const Person& person, PermissionIndex permission, LevelIndex level,
                              const ResourceId& resource) const {
  const Number number = member(person);
  return number != 0 && access_.effective(number, {permission, level, resource}, false).level >= level;
}

bool FactsTeamState::disabled_in(const Person& person, const AreaRule& area) const {
  const Number number = member(person);
  if (number == 0 || !access_.active(number)) return false;
  const auto areas = access_.disabled_in(number);
  return std::any_of(areas.begin(), areas.end(), [&](Number each) {
    if (each == 0) return true;
    const std::string& name = access_.facts().name(each).name;
    return name == area.id || name == area.name;
  });
}

std::optional<LevelIndex> FactsTeamState::granted(const RoleId& role, PermissionIndex permission) const {
  const Number number = access_.facts().number(EntityKind::role, role.text);
  if (number == 0 || !access_.role_exists(number)) return std::nullopt;
  return access_.cell(number, permission).level;
}

std::optional<LevelIndex> FactsTeamState::stated(const RoleId& role, PermissionIndex permission) const {
  const Number number = access_.facts().number(EntityKind::role, role.text);
  return number == 0 ? std::nullopt : access_.stated_by(number, permission);
}

bool FactsTeamState::role_exists(const RoleId& role) const {
  const Number number = access_.facts().number(EntityKind::role, role.text);
  return number != 0 && access_.role_exists(number);
}

bool FactsTeamState::role_was_deleted(const RoleId& role) const {
  const Number number = access_.facts().number(EntityKind::role, role.text);
  if (number == 0) return false;
  const auto [first, last] = access_.facts().state(number).of_kind(SlotKind::ended);
  return first != last;
}

bool FactsTeamState::group_exists(const GroupId& group) const {
  const Number number = access_.facts().number(EntityKind::group, group.text);
  return number != 0 && access_.group_exists(number);
}

bool FactsTeamState::in_group(const Person& person, const GroupId& group) const {
  const Number wanted = access_.facts().number(EntityKind::group, group.text), who = member(person);
  if (wanted == 0 || who == 0) return false;
  const bool inherited = access_.model().groups_inherit_from_parents();
  std::unordered_set<Number> seen;
  for (const Live* link : access_.groups_of(who)) {
    for (Number at = link->slot.a; at != 0 && seen.insert(at).second; at = inherited ? access_.group_parent(at) : 0) {
      if (at == wanted) return true;
    }
  }
  return false;
}

bool FactsTeamState::org_deleted() const {
  Facts& facts = access_.facts();
  return facts.state(facts.org_entity()).find({SlotKind::ended}) != nullptr;
}

// Its own role and what was granted to it on the organization; where the model says so, those of the groups above, too.
std::vector<RoleId> FactsTeamState::group_roles(const GroupId& group) const {
  std::unordered_set<Number> groups, roles;
  Number at = access_.facts().number(EntityKind::group, group.text);
  while (at != 0 && access_.group_exists(at) && groups.insert(at).second) {
    if (const Number role = access_.group_role(at)) roles.insert(role);
    for (const Live* grant : access_.grants_of(at)) {
      if (access_.facts().name(grant->slot.a).name == "org") roles.insert(grant->slot.b);
    }
    at = access_.model().groups_inherit_from_parents() ? access_.group_parent(at) : 0;
  }
  std::vector<RoleId> named;
  named.reserve(roles.size());
  for (const Number role : roles) named.emplace_back(access_.facts().name(role).name);
  return named;
}

bool FactsTeamState::resource_exists(const ResourceId& resource) const {
  const Number number = access_.facts().number(EntityKind::scope, to_text(resource));
  if (number != 0) return access_.resource_exists(number, access_.facts().at());
  const ResourceKind* kind = access_.model().resource_kind(resource.kind);
  return kind && !kind->declared;
}

}  // namespace tenure::projections
