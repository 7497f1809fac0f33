// A team as tests state it: who has which status and role, and what they hold.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "events/judge.h"

namespace tenure::testing {

class TeamInMemory : public TeamState {
 public:
  TeamInMemory& with(const std::string& who, std::string_view role, Status status = Status::active) {
    people[who] = {status, RoleId(role)};
    return *this;
  }

  Status status(const Person& person) const override {
    const auto at = people.find(person.identity);
    return at == people.end() ? Status::unknown : at->second.first;
  }
  RoleId direct_role(const Person& person) const override {
    const auto at = people.find(person.identity);
    return at == people.end() ? RoleId{} : at->second.second;
  }
  std::size_t holders(const RoleId& role, std::size_t enough) const override {
    const auto holds = [&](const auto& entry) {
      const Status status = entry.second.first;
      return (status == Status::active || status == Status::disabled) && entry.second.second == role;
    };
    return std::min<std::size_t>(enough, static_cast<std::size_t>(std::count_if(people.begin(), people.end(), holds)));
  }
  std::size_t active_holders(const RoleId& role, std::size_t enough) const override {
    const auto holds = [&](const auto& entry) {
      return entry.second.first == Status::active && entry.second.second == role;
    };
    return std::min<std::size_t>(enough, static_cast<std::size_t>(std::count_if(people.begin(), people.end(), holds)));
  }
  bool holds(const Person& person, PermissionIndex permission, LevelIndex level) const override {
    const auto is = [&](const auto& power) {
      return std::get<0>(power) == person.identity && std::get<1>(power) == permission && std::get<2>(power) >= level;
    };
    return std::any_of(powers.begin(), powers.end(), is);
  }
  bool holds_on(const Person& person, PermissionIndex permission, LevelIndex level,
                const ResourceId& resource) const override {
    const auto is = [&](const auto& power) {
      return std::get<0>(power) == person.identity && std::get<1>(power) == permission && std::get<2>(power) >= level &&
             (std::get<3>(power) == resource.id || std::get<3>(power) == "*");
    };
    return std::any_of(powers.begin(), powers.end(), is);
  }
  bool disabled_in(const Person& person, const AreaRule& area) const override {
    return disabled_areas.contains({person.identity, area.id});
  }
  std::optional<LevelIndex> granted(const RoleId& role, PermissionIndex permission) const override {
    const auto at = grants.find({role.text, permission});
    return at == grants.end() ? std::nullopt : std::optional(at->second);
  }
  std::optional<LevelIndex> stated(const RoleId& role, PermissionIndex permission) const override {
    const auto at = stated_grants.find({role.text, permission});
    return at == stated_grants.end() ? std::nullopt : std::optional(at->second);
  }
  bool role_exists(const RoleId& role) const override { return custom_roles.contains(role.text); }
  bool role_was_deleted(const RoleId& role) const override { return deleted_roles.contains(role.text); }
  bool group_exists(const GroupId& group) const override { return groups.contains(group.text); }
  bool resource_exists(const ResourceId& resource) const override { return resources.contains(to_text(resource)); }

  std::map<std::string, std::pair<Status, RoleId>> people;
  std::set<std::tuple<std::string, PermissionIndex, LevelIndex, std::string>> powers;  // who, what, level, resource id
  std::map<std::pair<std::string, PermissionIndex>, LevelIndex> grants;                // of custom roles
  std::map<std::pair<std::string, PermissionIndex>, LevelIndex> stated_grants;         // of these, by the role itself
  std::set<std::pair<std::string, std::string>> disabled_areas;                        // who, area
  std::set<std::string> custom_roles, deleted_roles, groups, resources;
};

}  // namespace tenure::testing
