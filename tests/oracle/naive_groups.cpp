// What being in a group means.
#include <algorithm>

#include "tests/oracle/naive_state.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

bool groups_inherit(const State& state) {
  return says(state.model->value("groups", json::object()), "inherit_from_parents", false);
}

}  // namespace

std::set<std::string> roles_of_group(const State& state, const std::string& group, std::size_t passed) {
  std::set<std::string> roles;
  if (state.groups.count(group) == 0 || passed > state.groups.size()) return roles;
  if (const auto own = state.role_of_group.find(group); own != state.role_of_group.end()) roles.insert(own->second);
  for (const ScopedGrant& grant : state.grants) {
    if (grant.principal == "group:" + group && grant.on == "org") roles.insert(grant.role);
  }
  std::erase_if(roles, [&](const std::string& role) { return !state.role_exists(role); });
  const auto parent = state.parent_of_group.find(group);
  if (groups_inherit(state) && parent != state.parent_of_group.end())
    roles.merge(roles_of_group(state, parent->second, passed + 1));
  return roles;
}

bool in_group(const State& state, const std::string& member, const std::string& group, std::size_t passed) {
  if (state.groups.count(group) == 0 || state.members.count(member) == 0 || passed > state.groups.size()) return false;
  if (state.members_of_groups.count({group, member}) > 0) return true;
  if (!groups_inherit(state)) return false;
  return std::any_of(state.parent_of_group.begin(), state.parent_of_group.end(), [&](const auto& link) {
    return link.second == group && in_group(state, member, link.first, passed + 1);
  });
}

}  // namespace tenure::oracle
