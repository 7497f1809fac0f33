// Which events reach a group or a role otherwise than by its own name: through the groups above and below it and the
// roles that these have, where that changed what somebody holds.
#include <algorithm>

#include "tests/oracle/naive_record.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

bool inherits(const State& state) {
  return says(state.model->value("groups", json::object()), "inherit_from_parents", false);
}

// The group and all above it.
std::set<std::string> above(const State& state, std::string group) {
  std::set<std::string> all{group};
  while (inherits(state) && state.groups.count(group) > 0 && state.parent_of_group.count(group) > 0) {
    group = state.parent_of_group.at(group);
    if (!all.insert(group).second) break;
  }
  return all;
}

std::set<std::string> below(const State& state, const std::string& group) {
  std::set<std::string> all;
  for (const auto& [child, parent] : state.parent_of_group) {
    if (above(state, child).count(group) > 0) all.insert(child);
  }
  all.insert(group);
  return all;
}

std::set<std::string> roles_of(const State& state, const std::set<std::string>& groups) {
  std::set<std::string> roles;
  for (const std::string& group : groups) {
    if (const auto own = state.role_of_group.find(group); own != state.role_of_group.end()) roles.insert(own->second);
    for (const ScopedGrant& grant : state.grants) {
      if (grant.principal == "group:" + group) roles.insert(grant.role);
    }
  }
  return roles;
}

// The groups that have a role, and those below them.
std::set<std::string> groups_with(const State& state, const std::string& role) {
  std::set<std::string> all;
  for (const auto& [group, since] : state.groups) {
    if (roles_of(state, {group}).count(role) > 0) all.merge(below(state, group));
  }
  return all;
}

bool is_of(const std::string& type, const std::vector<std::string>& types) {
  return std::find(types.begin(), types.end(), type) != types.end();
}

// What an event says of a group as one of others: its place, or what it has.
bool is_about(const Fact& fact, const std::set<std::string>& groups, bool what_it_has) {
  const std::string type = text(fact.event, "type");
  const json& data = fact.event.at("data");
  if (is_of(type, {"role.granted", "role.revoked"})) {
    const std::string principal = text(data, "principal");
    return what_it_has && principal.rfind("group:", 0) == 0 && groups.count(principal.substr(6)) > 0;
  }
  if (!is_of(type, {"group.created", "group.edited", "group.deleted"})) return false;
  const bool placed = type != "group.edited" || data.contains("parent");
  return (what_it_has || placed) && groups.count(text(data, "group")) > 0;
}

bool is_membership(const Fact& fact, const std::set<std::string>& groups) {
  return is_of(text(fact.event, "type"), {"group.member_added", "group.member_removed"}) &&
         groups.count(text(fact.event.at("data"), "group")) > 0;
}

bool is_definition(const Fact& fact, const std::set<std::string>& roles) {
  return is_of(text(fact.event, "type"), {"role.created", "role.edited", "role.reset", "role.deleted"}) &&
         roles.count(text(fact.event.at("data"), "role")) > 0;
}

bool anything_changed(const State& before, const State& after, const std::string& member,
                      const std::set<std::string>& resources) {
  std::map<std::string, std::string> kinds;
  for (const State* state : {&before, &after}) {
    for (const json& permission : state->model->at("permissions")) {
      kinds[text(permission, "id")] = text_or_none(permission, "resource");
    }
  }
  for (const auto& [permission, kind] : kinds) {
    if (can(before, member, permission, {}, {}) != can(after, member, permission, {}, {})) return true;
    if (kind.empty()) continue;
    std::set<std::string> asked{kind + ":never-named"};
    for (const std::string& resource : resources) {
      if (kind_of(resource) == kind) asked.insert(resource);
    }
    for (const std::string& resource : asked) {
      const auto was = can(before, member, permission, {}, resource), is = can(after, member, permission, {}, resource);
      if (was.has_value() != is.has_value() || (was && was->level != is->level)) return true;
    }
  }
  return false;
}

}  // namespace

bool reaches(const State& before, const State& after, const Fact& fact, const NaiveFold::Thing& thing,
             const std::map<std::string, std::string>& people, const std::set<std::string>& resources) {
  if (!fact.event.contains("data") || thing.kind == "resource") return false;
  const auto either = [&](const auto& of) {
    std::set<std::string> all = of(before);
    all.merge(of(after));
    return all;
  };
  const bool group = thing.kind == "group";
  bool candidate = false;
  if (group) {
    const auto up = either([&](const State& state) { return above(state, thing.id); });
    const auto down = either([&](const State& state) { return below(state, thing.id); });
    const auto roles = either([&](const State& state) { return roles_of(state, above(state, thing.id)); });
    candidate = is_about(fact, up, true) || is_about(fact, down, false) || is_membership(fact, down) ||
                is_definition(fact, roles);
  } else {
    const auto groups = either([&](const State& state) { return groups_with(state, thing.id); });
    candidate = is_about(fact, groups, false) || is_membership(fact, groups);
  }
  return candidate && std::any_of(people.begin(), people.end(), [&](const auto& person) {
           const std::string& member = person.first;
           const bool in_it = !group || in_group(before, member, thing.id, 0) || in_group(after, member, thing.id, 0);
           return in_it && anything_changed(before, after, member, resources);
         });
}

}  // namespace tenure::oracle
