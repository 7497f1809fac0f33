// What a fold arrives at, in plain maps, and the two things done with it: folding one more event into it and asking it.
// Internal to the naive fold. Values and pure functions; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/oracle/model_reading.h"
#include "tests/oracle/naive_fold.h"

namespace tenure::oracle {

struct Disablement {
  bool whole = false;
  std::set<std::string> areas;
  bool any() const { return whole || !areas.empty(); }
};

struct Invitation {
  std::string role;
  std::set<std::string> groups;
  std::optional<std::int64_t> expires_us;
  std::int64_t since_us = 0;
  std::int64_t position = 0;
  std::optional<Disablement> inviters;  // how the member who invited was disabled then; nothing if no member invited
};

// What a custom role says itself, as created and as edited since, and what its base granted when it was created.
struct CustomRole {
  Definition created;
  Definition own;
  Definition base;
  bool is_based = false;
  std::int64_t defined_by = 0;  // the event that made it what it is
};

struct ScopedGrant {
  std::string principal;  // "member:…", "group:…" or "everyone"
  std::string role;
  std::string on;  // "org", "kind:id" or "kind:*"
  auto operator<=>(const ScopedGrant&) const = default;
};

// Links are kept whether or not their ends exist; whether they count is asked later. An ending erases links.
struct State {
  const nlohmann::json* model = nullptr;
  std::map<std::string, std::int64_t> members;  // since
  std::map<std::string, std::string> role_of_member;
  std::map<std::string, Disablement> disabled;
  std::map<std::string, Disablement> came_disabled;            // what members share with whoever invited them
  std::map<std::string, std::vector<Invitation>> invitations;  // oldest first
  std::map<std::string, std::int64_t> groups;                  // since
  std::map<std::string, std::string> parent_of_group;
  std::map<std::string, std::string> role_of_group;
  std::map<std::pair<std::string, std::string>, std::int64_t> members_of_groups;  // (group, member): since
  std::map<std::string, CustomRole> custom_roles;
  std::set<ScopedGrant> grants;
  std::map<std::string, bool> resources;  // true: last added; false: last removed
  std::map<std::string, std::string> parent_of_resource;
  std::set<std::pair<std::string, std::string>> assignments;  // (member, resource)
  std::set<std::pair<std::string, std::string>> created;      // (member, resource that they added)
  std::map<std::string, std::string> settings;
  std::map<std::string, bool> features;
  std::set<std::string> removed_members;  // whoever was removed at some time
  std::set<std::string> deleted_roles;
  std::set<std::string> removed_resources;
  // Of each member since their last removal: when somebody enabled them, and how they were disabled just before and
  // after it. And of each feature what turned it, in order.
  struct Enabling {
    std::int64_t position = 0;
    Disablement own, came, own_after, came_after;
  };
  std::map<std::string, std::vector<Enabling>> enablings;
  std::map<std::string, std::vector<std::pair<std::int64_t, bool>>> feature_turns;
  // The positions of the events that made a link: the one since which it has been there, and those that moved it to
  // another role since. By the link's own words (link_name below); worth something only while the link is there.
  std::map<std::string, std::vector<std::int64_t>> made_by;
  std::map<std::int64_t, std::int64_t> happened;       // when the events in `made_by` did, by position
  std::map<std::int64_t, std::int64_t> invitation_of;  // by the position of the acceptance that took it
  std::map<std::string, std::string> manner_of_role;   // how a role came about: "named", "moved", "owner" or "former"

  bool is_system_role(const std::string& role) const { return entry(*model, "roles", role) != nullptr; }
  bool role_exists(const std::string& role) const { return is_system_role(role) || custom_roles.count(role) > 0; }
  bool resource_exists(const std::string& resource) const {
    const auto last = resources.find(resource);
    if (last != resources.end()) return last->second;
    const nlohmann::json* kind = entry(*model, "resource_kinds", kind_of(resource));
    return kind != nullptr && !says(*kind, "declared", true);
  }
  // What a role grants of a permission. A custom one is asked for its own word on it, its own word on the permission
  // that it takes its level from, and its base, in this order.
  std::optional<Cell> cell(const std::string& role, const nlohmann::json& permission) const {
    const nlohmann::json* system = entry(*model, "roles", role);
    if (system != nullptr) return system_cell(*model, *system, permission);
    const auto custom = custom_roles.find(role);
    if (custom == custom_roles.end()) return std::nullopt;
    const std::string id = text(permission, "id"), source = text_or_none(permission, "level_from");
    const Definition& own = custom->second.own;
    if (const auto said = own.find(id); said != own.end()) return said->second;
    if (const auto said = own.find(source); said != own.end()) return Cell{said->second.level, ""};
    const auto said = custom->second.base.find(id);
    return said == custom->second.base.end() ? std::nullopt : std::optional(said->second);
  }
  Definition definition(const std::string& role) const {
    Definition all;
    for (const nlohmann::json& permission : model->at("permissions")) {
      if (const auto found = cell(role, permission)) all[text(permission, "id")] = *found;
    }
    return all;
  }
  bool feature_is_on(const std::string& id) const {
    const auto last = features.find(id);
    if (last != features.end()) return last->second;
    const nlohmann::json* feature = entry(*model, "features", id);
    return feature == nullptr || says(*feature, "on_by_default", true);
  }
  bool has_live_assignment(const std::string& member, const std::string& resource) const {
    if (members.count(member) == 0 || !resource_exists(resource)) return false;
    return assignments.count({member, resource}) > 0 || is_creator(member, resource);
  }
  bool is_creator(const std::string& member, const std::string& resource) const {
    const nlohmann::json* kind = entry(*model, "resource_kinds", kind_of(resource));
    return kind != nullptr && says(*kind, "owned_by_creator", false) && created.count({member, resource}) > 0;
  }
  // Of a kind, by assignment or by having added it where those are theirs.
  bool assigned_to_one_of(const std::string& member, const std::string& kind) const {
    for (const auto* links : {&assignments, &created}) {
      for (const auto& [who, resource] : *links) {
        if (who == member && kind_of(resource) == kind && has_live_assignment(member, resource)) return true;
      }
    }
    return false;
  }
  // How somebody is disabled: by what was said of them, and where the model says so by how their inviter was.
  Disablement disablement(const std::string& member) const {
    const auto own = disabled.find(member), shared = came_disabled.find(member);
    Disablement all = own == disabled.end() ? Disablement() : own->second;
    if (shared == came_disabled.end() || !says(*model, "invitees_share_disabling", false)) return all;
    all.whole = all.whole || shared->second.whole;
    all.areas.insert(shared->second.areas.begin(), shared->second.areas.end());
    return all;
  }
};

// A link in words: "membership of ann", "role of member:ann", "parent of g", "ann in g", "bot:1 assigned to ann",
// "bot:1 added by ann", "place of bot:1", "setting base", "model", or the grant's own three words. And when something
// came to be there: "creation of role:x", "creation of group:g", "creation of bot:1".
inline std::string link_name(const ScopedGrant& grant) { return grant.principal + " " + grant.role + " " + grant.on; }

// One event that counts, ready to be folded.
struct Fact {
  nlohmann::json event;
  std::int64_t position = 0;
  std::int64_t occurred_us = 0;
  std::size_t model = 0;  // which model an org.created or org.model_changed means
};

// A word about the record rather than about the team.
inline bool is_about_the_record(const std::string& type) {
  return type == "event.retracted" || type == "sod_rule.added" || type == "sod_rule.removed" ||
         type == "finding.closed" || type == "finding.reopened";
}

// Folds one event into the state. std::logic_error for a type that it does not know.
void fold(State& state, const std::vector<nlohmann::json>& models, const Fact& fact);

// What a person (folded identity) holds of a permission in a state; nothing if it is no access or less than `level`.
std::optional<Row> can(const State& state, const std::string& member, const std::string& permission,
                       const std::optional<std::string>& level, const std::optional<std::string>& resource);
// Each way by which the person has the permission, best first; none where something cuts it.
std::vector<NaivePath> paths(const State& state, const std::string& member, const std::string& permission,
                             const std::optional<std::string>& resource);
// Every true reason why the person does not have the permission at that level; none if they do.
std::set<std::string> denials(const State& state, const std::string& member, const std::string& permission,
                              const std::optional<std::string>& level, const std::optional<std::string>& resource);
// Whether anybody has the role: a member or a group who is there, or whoever was granted it on something.
bool is_held(const State& state, const std::string& role);
// Invitations of the person that have not run out at an instant, oldest first.
std::vector<Invitation> pending_invitations(const State& state, const std::string& member, std::int64_t at_us);
// What the access model says of an event, by the state before it.
NaiveVerdict judge(const State& before, const std::vector<nlohmann::json>& models, const Fact& fact);
// A member's direct role, if there is one that exists.
std::string direct_role(const State& state, const std::string& member);
// The existing groups that a member is in directly, sorted.
std::vector<std::string> direct_groups(const State& state, const std::string& member);
// The roles that being in a group gives on the organization. How many groups were passed on the way up ends circles.
std::set<std::string> roles_of_group(const State& state, const std::string& group, std::size_t passed);
// Whether a member is in the group, or in one below it that has what it has.
bool in_group(const State& state, const std::string& member, const std::string& group, std::size_t passed);

}  // namespace tenure::oracle
