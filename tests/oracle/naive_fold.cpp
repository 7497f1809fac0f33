#include "tests/oracle/naive_fold.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>
#include <tuple>
#include <utility>

namespace tenure::oracle {

using nlohmann::json;

namespace {

std::string text(const json& object, const char* name) { return object.at(name).get<std::string>(); }

// The text of a field that may be absent; empty if it is.
std::string text_or_none(const json& object, const char* name) {
  return object.contains(name) ? text(object, name) : std::string();
}

// One person may be written in different cases; the first spelling is shown. (ASCII is all that the tests send.)
std::string folded(std::string identity) {
  for (char& c : identity) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return identity;
}

std::string kind_of(const std::string& resource) { return resource.substr(0, resource.find(':')); }

// -- What a model document says --------------------------------------------------------------------------------------

const json* entry(const json& model, const char* list, const std::string& id) {
  if (!model.contains(list)) return nullptr;
  for (const json& each : model.at(list)) {
    if (text(each, "id") == id) return &each;
  }
  return nullptr;
}

bool says(const json& object, const char* name, bool otherwise) {
  return object.contains(name) ? object.at(name).get<bool>() : otherwise;
}

// Where a level stands in the scale of a permission; 0 is no access, and so is a level that the scale does not have.
int level_of(const json& model, const json& permission, const std::string& level) {
  const json& levels = model.at("scales").at(text(permission, "scale"));
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels.at(i).get<std::string>() == level) return static_cast<int>(i);
  }
  return 0;
}

std::string level_text(const json& model, const json& permission, int level) {
  return model.at("scales").at(text(permission, "scale")).at(static_cast<std::size_t>(level)).get<std::string>();
}

struct Cell {
  std::string level;
  std::string visibility = "all";
};
using Definition = std::map<std::string, Cell>;  // by permission

Cell read_cell(const json& cell) {
  if (cell.is_string()) return {cell.get<std::string>(), "all"};
  return {text(cell, "level"), cell.contains("visibility") ? text(cell, "visibility") : "all"};
}

int width_of_visibility(const std::string& visibility) {
  if (visibility == "assigned") return 0;
  if (visibility == "all_unless_assigned") return 1;
  if (visibility == "all") return 2;
  throw std::logic_error("no such visibility: " + visibility);
}

// What a system role grants: its own cells and those it inherits; the higher level wins, at a tie the wider visibility.
Definition system_definition(const json& model, const json& role) {
  Definition definition;
  const auto take = [&](const std::string& permission_id, const Cell& cell) {
    const json* permission = entry(model, "permissions", permission_id);
    if (permission == nullptr) return;
    const auto there = definition.find(permission_id);
    if (there == definition.end()) {
      definition[permission_id] = cell;
      return;
    }
    const std::pair old_rank(level_of(model, *permission, there->second.level),
                             width_of_visibility(there->second.visibility));
    const std::pair new_rank(level_of(model, *permission, cell.level), width_of_visibility(cell.visibility));
    if (new_rank > old_rank) there->second = cell;
  };
  for (const auto& [permission, cell] : role.at("grants").items()) take(permission, read_cell(cell));
  if (role.contains("inherits")) {
    for (const json& id : role.at("inherits")) {
      const json* inherited = entry(model, "roles", id.get<std::string>());
      if (inherited == nullptr) continue;
      for (const auto& [permission, cell] : system_definition(model, *inherited)) take(permission, cell);
    }
  }
  return definition;
}

// The model's owner role, or where it has none its highest role.
std::string owner_role(const json& model) {
  if (model.contains("owner_role")) return text(model, "owner_role");
  std::string highest;
  int highest_rank = 0;
  for (const json& role : model.at("roles")) {
    const int rank = role.contains("rank") ? role.at("rank").get<int>() : 0;
    if (highest.empty() || rank > highest_rank) {
      highest = text(role, "id");
      highest_rank = rank;
    }
  }
  return highest;
}

// -- The state that a fold arrives at --------------------------------------------------------------------------------

struct Invitation {
  std::string role;
  std::set<std::string> groups;
  std::optional<std::int64_t> expires_us;
  std::int64_t since_us = 0;
};

struct CustomRole {
  Definition after_reset;
  Definition now;
};

struct Disablement {
  bool whole = false;
  std::set<std::string> areas;
};

struct ScopedGrant {
  std::string principal;  // "member:…", "group:…" or "everyone"
  std::string role;
  std::string on;  // "org", "kind:id" or "kind:*"
  auto operator<=>(const ScopedGrant&) const = default;
};

// Links are kept whether or not their ends exist; whether they count is asked later. An ending erases links.
struct State {
  const json* model = nullptr;
  std::map<std::string, std::int64_t> members;  // since
  std::map<std::string, std::string> role_of_member;
  std::map<std::string, Disablement> disabled;
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
  std::map<std::string, std::string> settings;
  std::map<std::string, bool> features;

  bool is_system_role(const std::string& role) const { return entry(*model, "roles", role) != nullptr; }
  bool role_exists(const std::string& role) const { return is_system_role(role) || custom_roles.count(role) > 0; }
  bool resource_exists(const std::string& resource) const {
    const auto last = resources.find(resource);
    if (last != resources.end()) return last->second;
    const json* kind = entry(*model, "resource_kinds", kind_of(resource));
    return kind != nullptr && !says(*kind, "declared", true);
  }
  Definition definition(const std::string& role) const {
    const json* system = entry(*model, "roles", role);
    if (system != nullptr) return system_definition(*model, *system);
    const auto custom = custom_roles.find(role);
    return custom == custom_roles.end() ? Definition() : custom->second.now;
  }
};

// One event that counts, ready to be folded.
struct Fact {
  json event;
  std::int64_t position = 0;
  std::int64_t occurred_us = 0;
  std::size_t model = 0;  // which model an org.created or org.model_changed means
};

template <class Map>
void erase_where_value_is(Map& map, const std::string& value) {
  for (auto it = map.begin(); it != map.end();) it = it->second == value ? map.erase(it) : std::next(it);
}
template <class Set, class Test>
void erase_where(Set& set, Test test) {
  for (auto it = set.begin(); it != set.end();) it = test(*it) ? set.erase(it) : std::next(it);
}

// -- Folding, one family of events at a time -------------------------------------------------------------------------

class Folding {
 public:
  Folding(State& state, const std::vector<json>& models) : s_(state), models_(models) {}

  void fold(const Fact& fact) {
    now_ = fact.occurred_us;
    type_ = text(fact.event, "type");
    data_ = fact.event.contains("data") ? fact.event.at("data") : json::object();
    const std::string family = type_.substr(0, type_.find('.'));
    const bool known = family == "org"          ? organization(fact)
                       : family == "feature"    ? feature()
                       : family == "member"     ? member()
                       : family == "invitation" ? invitation()
                       : family == "ownership"  ? ownership()
                       : family == "role"       ? role()
                       : family == "group"      ? group()
                       : family == "resource"   ? resource()
                       : family == "assignment" ? assignment()
                                                : changes_no_access();
    if (!known) throw std::logic_error("the oracle does not know the event type " + type_);
  }

 private:
  std::string person(const char* name) const { return folded(text(data_, name)); }

  bool changes_no_access() const {
    // A retraction has done its work before the fold began: what it names is not among the facts.
    return type_ == "event.retracted" || type_ == "source.recorded" || type_ == "action.denied";
  }

  bool organization(const Fact& fact) {
    if (type_ == "org.created") {
      s_.model = &models_.at(fact.model);
      if (data_.contains("owner")) {
        begin_membership(person("owner"));
        s_.role_of_member[person("owner")] = owner_role(*s_.model);
      }
    } else if (type_ == "org.deleted") {
      const json* model = s_.model;
      s_ = State();
      s_.model = model;
    } else if (type_ == "org.setting_changed") {
      s_.settings[text(data_, "setting")] = text(data_, "value");
    } else if (type_ == "org.model_changed") {
      s_.model = &models_.at(fact.model);
    } else {
      return false;
    }
    return true;
  }

  bool feature() {
    s_.features[text(data_, "feature")] = type_ == "feature.enabled";
    return type_ == "feature.enabled" || type_ == "feature.disabled";
  }

  void begin_membership(const std::string& member) { s_.members.emplace(member, now_); }

  bool member() {
    const std::string member = person("member");
    if (type_ == "member.added") {
      begin_membership(member);
      if (data_.contains("role")) s_.role_of_member[member] = text(data_, "role");
    } else if (type_ == "member.removed") {
      remove_member(member);
    } else if (type_ == "member.disabled") {
      if (data_.contains("area")) s_.disabled[member].areas.insert(text(data_, "area"));
      if (!data_.contains("area")) s_.disabled[member].whole = true;
    } else if (type_ == "member.enabled") {
      if (data_.contains("area")) s_.disabled[member].areas.erase(text(data_, "area"));
      if (!data_.contains("area")) s_.disabled.erase(member);
    } else if (type_ == "member.role_changed") {
      s_.role_of_member[member] = text(data_, "role");
    } else if (type_ == "member.invited") {
      Invitation invitation;
      invitation.role = text_or_none(data_, "role");
      invitation.since_us = now_;
      if (data_.contains("groups")) {
        for (const json& group : data_.at("groups")) invitation.groups.insert(group.get<std::string>());
      }
      if (data_.contains("expires_at")) invitation.expires_us = instant_us(text(data_, "expires_at"));
      s_.invitations[member].push_back(invitation);
    } else {
      return false;
    }
    return true;
  }

  void remove_member(const std::string& member) {
    s_.members.erase(member);
    s_.role_of_member.erase(member);
    s_.disabled.erase(member);
    erase_where(s_.members_of_groups, [&](const auto& link) { return link.first.second == member; });
    erase_where(s_.grants, [&](const ScopedGrant& grant) { return grant.principal == "member:" + member; });
    erase_where(s_.assignments, [&](const auto& link) { return link.first == member; });
  }

  bool invitation() {
    const std::string member = person("member");
    if (type_ == "invitation.accepted") {
      begin_membership(member);
      std::optional<Invitation> pending;  // the latest that has not run out
      for (const Invitation& each : s_.invitations[member]) {
        if (!each.expires_us || now_ < *each.expires_us) pending = each;
      }
      if (pending && !pending->role.empty()) s_.role_of_member[member] = pending->role;
      if (pending) {
        for (const std::string& group : pending->groups) s_.members_of_groups.emplace(std::pair(group, member), now_);
      }
    } else if (type_ != "invitation.cancelled" && type_ != "invitation.expired") {
      return false;
    }
    s_.invitations.erase(member);
    return true;
  }

  bool ownership() {
    if (type_ != "ownership.transferred") return false;
    const std::string from = person("from");
    s_.role_of_member.erase(from);
    if (data_.contains("previous_owner_role")) {
      s_.role_of_member[from] = text(data_, "previous_owner_role");
    } else if (s_.model->contains("former_owner_role")) {
      s_.role_of_member[from] = text(*s_.model, "former_owner_role");
    }
    s_.role_of_member[person("to")] = owner_role(*s_.model);
    return true;
  }

  bool role() {
    const std::string role = text(data_, "role");
    if (type_ == "role.granted") {
      s_.grants.insert(scoped_grant());
    } else if (type_ == "role.revoked") {
      s_.grants.erase(scoped_grant());
    } else if (type_ == "role.deleted") {
      delete_role(role);
    } else if (type_ == "role.created") {
      if (!s_.is_system_role(role)) create_role(role);
    } else if (type_ == "role.edited") {
      if (s_.custom_roles.count(role) > 0) overlay_grants(s_.custom_roles[role].now);
    } else if (type_ == "role.reset") {
      if (s_.custom_roles.count(role) > 0) s_.custom_roles[role].now = s_.custom_roles[role].after_reset;
    } else {
      return false;
    }
    return true;
  }

  ScopedGrant scoped_grant() const {
    std::string principal = text(data_, "principal");
    if (principal.rfind("member:", 0) == 0) principal = folded(principal);
    return {principal, text(data_, "role"), text(data_, "on")};
  }

  void overlay_grants(Definition& definition) const {
    if (!data_.contains("grants")) return;
    for (const auto& [permission, level] : data_.at("grants").items()) definition[permission] = read_cell(level);
  }

  void create_role(const std::string& role) {
    CustomRole created;
    if (data_.contains("based_on")) created.now = s_.definition(text(data_, "based_on"));
    created.after_reset = created.now;
    overlay_grants(created.now);
    if (!data_.contains("based_on")) created.after_reset = created.now;
    s_.custom_roles[role] = created;
  }

  void delete_role(const std::string& role) {
    std::vector<std::string> members, groups;
    for (const auto& [member, held] : s_.role_of_member) {
      if (held == role) members.push_back(member);
    }
    for (const auto& [group, held] : s_.role_of_group) {
      if (held == role) groups.push_back(group);
    }
    s_.custom_roles.erase(role);
    erase_where_value_is(s_.role_of_member, role);
    erase_where_value_is(s_.role_of_group, role);
    erase_where(s_.grants, [&](const ScopedGrant& grant) { return grant.role == role; });
    if (!data_.contains("reassign_to")) return;
    for (const std::string& member : members) s_.role_of_member[member] = text(data_, "reassign_to");
    for (const std::string& group : groups) s_.role_of_group[group] = text(data_, "reassign_to");
  }

  bool group() {
    const std::string group = text(data_, "group");
    if (type_ == "group.created" || type_ == "group.edited") {
      if (type_ == "group.created") s_.groups.emplace(group, now_);
      set_or_clear(s_.parent_of_group, group, "parent");
      set_or_clear(s_.role_of_group, group, "role");
    } else if (type_ == "group.deleted") {
      s_.groups.erase(group);
      s_.parent_of_group.erase(group);
      s_.role_of_group.erase(group);
      erase_where_value_is(s_.parent_of_group, group);
      erase_where(s_.members_of_groups, [&](const auto& link) { return link.first.first == group; });
      erase_where(s_.grants, [&](const ScopedGrant& grant) { return grant.principal == "group:" + group; });
    } else if (type_ == "group.member_added") {
      s_.members_of_groups.emplace(std::pair(group, person("member")), now_);
    } else if (type_ == "group.member_removed") {
      s_.members_of_groups.erase(std::pair(group, person("member")));
    } else {
      return false;
    }
    return true;
  }

  // Absent leaves the link alone, null clears it, a text sets it.
  void set_or_clear(std::map<std::string, std::string>& link, const std::string& group, const char* name) const {
    if (!data_.contains(name)) return;
    if (data_.at(name).is_null()) {
      link.erase(group);
    } else {
      link[group] = text(data_, name);
    }
  }

  bool resource() {
    const std::string resource = text(data_, "resource");
    if (type_ == "resource.added") {
      s_.resources[resource] = true;
      if (data_.contains("parent")) s_.parent_of_resource[resource] = text(data_, "parent");
    } else if (type_ == "resource.removed") {
      s_.resources[resource] = false;
      s_.parent_of_resource.erase(resource);
      erase_where_value_is(s_.parent_of_resource, resource);
      erase_where(s_.assignments, [&](const auto& link) { return link.second == resource; });
      erase_where(s_.grants, [&](const ScopedGrant& grant) { return grant.on == resource; });
    } else {
      return false;
    }
    return true;
  }

  bool assignment() {
    const std::pair link(person("member"), text(data_, "resource"));
    if (type_ == "assignment.added") {
      s_.assignments.insert(link);
    } else if (type_ == "assignment.removed") {
      s_.assignments.erase(link);
    } else {
      return false;
    }
    return true;
  }

  State& s_;
  const std::vector<json>& models_;
  std::int64_t now_ = 0;
  std::string type_;
  json data_;
};

// -- What a person can do in a state ---------------------------------------------------------------------------------

enum Reach : int { listed = 0, assigned = 1, all = 2 };
const char* reach_text(int reach) { return reach == all ? "all" : reach == assigned ? "assigned" : "listed"; }

// A level and how far it reaches; ordered so that the greater one is the better one.
struct Power {
  int level = 0;
  int reach = listed;
  auto operator<=>(const Power&) const = default;
};

class Asking {
 public:
  explicit Asking(const State& state) : s_(state), model_(*state.model) {}

  std::optional<Row> can(const std::string& member, const std::string& permission_id,
                         const std::optional<std::string>& level, const std::optional<std::string>& resource) const {
    const json* permission = entry(model_, "permissions", permission_id);
    if (permission == nullptr) return std::nullopt;
    const Power power = effective(member, *permission, resource);
    if (power.level == 0) return std::nullopt;
    if (level) {
      const json& levels = model_.at("scales").at(text(*permission, "scale"));
      if (std::find(levels.begin(), levels.end(), json(*level)) == levels.end()) return std::nullopt;
      if (power.level < level_of(model_, *permission, *level)) return std::nullopt;
    }
    return Row{level_text(model_, *permission, power.level), reach_text(power.reach)};
  }

  std::string direct_role(const std::string& member) const {
    const auto link = s_.role_of_member.find(member);
    if (s_.members.count(member) == 0 || link == s_.role_of_member.end()) return {};
    return s_.role_exists(link->second) ? link->second : std::string();
  }

  std::vector<std::string> direct_groups(const std::string& member) const {
    std::vector<std::string> groups;
    for (const auto& [link, since] : s_.members_of_groups) {
      if (link.second == member && s_.members.count(member) > 0 && s_.groups.count(link.first) > 0) {
        groups.push_back(link.first);
      }
    }
    std::sort(groups.begin(), groups.end());
    return groups;
  }

 private:
  bool wholly_disabled(const std::string& member) const {
    const auto it = s_.disabled.find(member);
    return it != s_.disabled.end() && it->second.whole;
  }

  // The best of all that the person is given, then the cuts.
  Power effective(const std::string& member, const json& permission, std::optional<std::string> resource) const {
    const std::string kind = text_or_none(permission, "resource");
    if (kind.empty()) resource.reset();
    if (resource && kind_of(*resource) != kind) return {};
    if (says(permission, "owner_only", false) && direct_role(member) != owner_role(model_)) return {};
    if (permission.contains("feature") && !feature_is_on(text(permission, "feature"))) return {};
    if (cut_by_disablement(member, permission)) return {};
    if (permission.contains("parent") && !parent_is_satisfied(member, permission, resource)) return {};
    Power best;
    for (const auto& [role, scope] : held(member)) {
      best = std::max(best, power_of(member, role, scope, permission, kind, resource));
    }
    return best.level == 0 ? Power() : best;
  }

  bool feature_is_on(const std::string& id) const {
    const auto last = s_.features.find(id);
    if (last != s_.features.end()) return last->second;
    const json* feature = entry(model_, "features", id);
    return feature == nullptr || says(*feature, "on_by_default", true);
  }

  bool cut_by_disablement(const std::string& member, const json& permission) const {
    const auto it = s_.disabled.find(member);
    if (it == s_.disabled.end()) return false;
    if (model_.contains("kept_when_disabled")) {
      for (const json& kept : model_.at("kept_when_disabled")) {
        if (kept == permission.at("id")) return false;
      }
    }
    return it->second.whole || it->second.areas.count(text_or_none(permission, "module")) > 0;
  }

  // The parent is asked about the same resource if it is about that kind, else about at least one.
  bool parent_is_satisfied(const std::string& member, const json& permission,
                           const std::optional<std::string>& resource) const {
    const json* parent = entry(model_, "permissions", text(permission, "parent"));
    if (parent == nullptr) return true;
    const bool same_kind = text_or_none(*parent, "resource") == text_or_none(permission, "resource");
    const int needed =
        permission.contains("parent_level") ? level_of(model_, *parent, text(permission, "parent_level")) : 1;
    return effective(member, *parent, same_kind ? resource : std::nullopt).level >= needed;
  }

  // Every role that reaches the person, each with what it is on ("everything" for a direct or a group's own role).
  std::vector<std::pair<std::string, std::string>> held(const std::string& member) const {
    std::vector<std::pair<std::string, std::string>> held;
    const bool is_member = s_.members.count(member) > 0;
    std::set<std::string> principals;
    if (is_member || says(model_, "outsiders_hold_scoped_grants", false)) principals.insert("member:" + member);
    if (is_member && !wholly_disabled(member)) principals.insert("everyone");
    if (is_member) {
      held.emplace_back(direct_role(member), "everything");
      for (const std::string& group : groups_that_count(member)) {
        principals.insert("group:" + group);
        const auto role = s_.role_of_group.find(group);
        if (role != s_.role_of_group.end()) held.emplace_back(role->second, "everything");
      }
    }
    for (const ScopedGrant& grant : s_.grants) {
      if (principals.count(grant.principal) > 0) held.emplace_back(grant.role, grant.on);
    }
    if (principals.count("everyone") > 0) {
      for (const auto& each : roles_by_settings()) held.push_back(each);
    }
    return held;
  }

  // The member's groups, and where the model says so all that lie above them.
  std::set<std::string> groups_that_count(const std::string& member) const {
    std::set<std::string> reached;
    for (std::string group : direct_groups(member)) {
      while (s_.groups.count(group) > 0 && reached.insert(group).second) {
        if (!model_.contains("groups") || !says(model_.at("groups"), "inherit_from_parents", false)) break;
        const auto parent = s_.parent_of_group.find(group);
        if (parent == s_.parent_of_group.end()) break;
        group = parent->second;
      }
    }
    return reached;
  }

  std::vector<std::pair<std::string, std::string>> roles_by_settings() const {
    std::vector<std::pair<std::string, std::string>> roles;
    if (!model_.contains("settings")) return roles;
    for (const json& setting : model_.at("settings")) {
      const auto changed = s_.settings.find(text(setting, "id"));
      const std::string value = changed != s_.settings.end() ? changed->second : text(setting, "initial");
      if (!setting.at("values").contains(value) || setting.at("values").at(value).is_null()) continue;
      roles.emplace_back(text(setting.at("values"), value.c_str()), text(setting, "on_kind") + ":*");
    }
    return roles;
  }

  // What one held role gives for one permission.
  Power power_of(const std::string& member, const std::string& role, const std::string& scope, const json& permission,
                 const std::string& kind, const std::optional<std::string>& resource) const {
    if (!s_.role_exists(role)) return {};
    const bool on_all = scope == "everything" || scope == "org";
    const bool on_kind = scope == kind_of(scope) + ":*";
    const bool on_one = !on_all && !on_kind;
    if (!on_all && kind_of(scope) != kind) return {};
    if (on_one && (!s_.resource_exists(scope) || (resource && *resource != scope))) return {};

    const Definition definition = s_.definition(role);
    const auto cell = definition.find(text(permission, "id"));
    if (cell == definition.end()) return {};
    Power power{level_of(model_, permission, cell->second.level), on_one ? listed : all};
    std::string visibility = kind.empty() ? "all" : cell->second.visibility;
    if (visibility == "all_unless_assigned") visibility = assigned_to_one_of(member, kind) ? "assigned" : "all";
    if (visibility == "assigned") {
      const bool reached = resource ? assigned_to(member, *resource)
                           : on_one ? assigned_to(member, scope)
                                    : reaches_one_of(member, kind);
      if (!reached) return {};
      power.reach = std::min<int>(power.reach, assigned);
    }
    return power;
  }

  bool has_live_assignment(const std::string& member, const std::string& resource) const {
    return s_.members.count(member) > 0 && s_.resource_exists(resource) && s_.assignments.count({member, resource}) > 0;
  }

  // Assigned to the resource itself or to one that it lies in.
  bool assigned_to(const std::string& member, std::string resource) const {
    std::set<std::string> seen;
    while (s_.resource_exists(resource) && seen.insert(resource).second) {
      if (has_live_assignment(member, resource)) return true;
      const auto parent = s_.parent_of_resource.find(resource);
      if (parent == s_.parent_of_resource.end()) return false;
      resource = parent->second;
    }
    return false;
  }

  bool assigned_to_one_of(const std::string& member, const std::string& kind) const {
    for (const auto& [who, resource] : s_.assignments) {
      if (who == member && kind_of(resource) == kind && has_live_assignment(member, resource)) return true;
    }
    return false;
  }

  // An assignment to a resource of that kind, or to one in which a resource of that kind lies.
  bool reaches_one_of(const std::string& member, const std::string& kind) const {
    if (assigned_to_one_of(member, kind)) return true;
    for (const auto& [resource, parent] : s_.parent_of_resource) {
      if (kind_of(resource) == kind && assigned_to(member, resource)) return true;
    }
    return false;
  }

  const State& s_;
  const json& model_;
};

}  // namespace

// -- The fold itself -------------------------------------------------------------------------------------------------

struct NaiveFold::Inside {
  std::vector<json> models;
  std::vector<std::string> versions;         // of the models, in the same order
  std::vector<Fact> facts;                   // in order of position
  std::map<std::string, std::string> shown;  // folded identity to the one first sent

  void note_person(const std::string& identity) { shown.emplace(folded(identity), identity); }

  void note_people(const json& event) {
    for (const char* name : {"actor", "approved_by"}) {
      if (!event.contains(name)) continue;
      const std::string kind = text(event.at(name), "kind");
      if (kind == "member" || kind == "support") note_person(text(event.at(name), "id"));
    }
    if (!event.contains("data")) return;
    const json& data = event.at("data");
    for (const char* name : {"member", "owner", "from", "to"}) {
      if (data.contains(name)) note_person(text(data, name));
    }
    const std::string principal = text_or_none(data, "principal");
    if (principal.rfind("member:", 0) == 0) note_person(principal.substr(7));
  }

  std::size_t named_model(const json& data) const {
    for (std::size_t i = models.size(); i-- > 0;) {
      if (text(models[i], "id") != text(data, "model")) continue;
      if (!data.contains("model_version") || text(data, "model_version") == versions[i]) return i;
    }
    throw std::logic_error("the oracle was not given the model " + data.dump());
  }

  // What was known, without what was retracted. A retraction speaks of an earlier position, so going backwards
  // each retraction is known to stand or not before the event that it names is reached.
  std::vector<Fact> facts_known(std::int64_t known_position) const {
    std::set<std::int64_t> retracted;
    std::vector<Fact> known;
    for (auto fact = facts.rbegin(); fact != facts.rend(); ++fact) {
      if (fact->position > known_position || retracted.count(fact->position) > 0) continue;
      if (text(fact->event, "type") == "event.retracted") {
        retracted.insert(fact->event.at("data").at("position").get<std::int64_t>());
      }
      known.push_back(*fact);
    }
    std::sort(known.begin(), known.end(), [](const Fact& a, const Fact& b) {
      return std::tie(a.occurred_us, a.position) < std::tie(b.occurred_us, b.position);
    });
    return known;
  }

  State state(std::int64_t at_us, std::int64_t known_position) const {
    const std::vector<Fact> known = facts_known(known_position);
    State state;
    state.model = &models.front();
    for (const Fact& fact : known) {
      if (text(fact.event, "type") == "org.created") {
        state.model = &models.at(fact.model);
        break;
      }
    }
    Folding folding(state, models);
    for (const Fact& fact : known) {
      if (fact.occurred_us <= at_us) folding.fold(fact);
    }
    return state;
  }
};

NaiveFold::NaiveFold(const json& model, const std::string& version) : inside_(std::make_unique<Inside>()) {
  add_model(model, version);
}
NaiveFold::~NaiveFold() = default;
NaiveFold::NaiveFold(NaiveFold&&) noexcept = default;

void NaiveFold::add_model(const json& model, const std::string& version) {
  inside_->models.push_back(model);
  inside_->versions.push_back(version);
}

void NaiveFold::append(const json& event, std::int64_t position, std::int64_t recorded_at_us) {
  if (!inside_->facts.empty() && position <= inside_->facts.back().position) {
    throw std::logic_error("positions rise");
  }
  Fact fact;
  fact.event = event;
  fact.position = position;
  fact.occurred_us = event.contains("occurred_us")   ? event.at("occurred_us").get<std::int64_t>()
                     : event.contains("occurred_at") ? instant_us(text(event, "occurred_at"))
                                                     : recorded_at_us;
  const std::string type = text(event, "type");
  if (type == "org.created" || type == "org.model_changed") fact.model = inside_->named_model(event.at("data"));
  inside_->note_people(event);
  inside_->facts.push_back(fact);
}

OracleAnswer NaiveFold::who_can(const std::string& permission, const std::optional<std::string>& level,
                                const std::optional<std::string>& resource, std::int64_t at_us,
                                std::int64_t known_position) const {
  OracleAnswer answer;
  answer.before_history = before_history(at_us, known_position);
  if (answer.before_history) return answer;
  const State state = inside_->state(at_us, known_position);
  for (const auto& [identity, as_sent] : inside_->shown) {
    const std::optional<Row> row = Asking(state).can(identity, permission, level, resource);
    if (row) answer.rows[as_sent] = *row;
  }
  return answer;
}

std::optional<Row> NaiveFold::can(const std::string& member, const std::string& permission,
                                  const std::optional<std::string>& level, const std::optional<std::string>& resource,
                                  std::int64_t at_us, std::int64_t known_position) const {
  if (before_history(at_us, known_position)) return std::nullopt;
  return Asking(inside_->state(at_us, known_position)).can(folded(member), permission, level, resource);
}

std::map<std::string, MemberRow> NaiveFold::members(std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  const Asking asking(state);
  std::map<std::string, MemberRow> rows;
  for (const auto& [member, since] : state.members) {
    const auto disablement = state.disabled.find(member);
    const bool disabled = disablement != state.disabled.end() && disablement->second.whole;
    rows[inside_->shown.at(member)] = {disabled ? "disabled" : "active", asking.direct_role(member),
                                       asking.direct_groups(member), since};
  }
  return rows;
}

std::map<std::string, InvitationRow> NaiveFold::invitations(std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  std::map<std::string, InvitationRow> rows;
  for (const auto& [member, invitations] : state.invitations) {
    if (state.members.count(member) > 0) continue;
    for (const Invitation& each : invitations) {  // a later one that has not run out covers an earlier one
      if (each.expires_us && at_us >= *each.expires_us) continue;
      rows[inside_->shown.at(member)] = {each.role, {each.groups.begin(), each.groups.end()}, each.since_us};
    }
  }
  return rows;
}

std::map<std::string, GroupRow> NaiveFold::groups(std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  std::map<std::string, GroupRow> rows;
  for (const auto& [group, since] : state.groups) {
    GroupRow row{{}, {}, since};
    const auto parent = state.parent_of_group.find(group);
    if (parent != state.parent_of_group.end() && state.groups.count(parent->second) > 0) row.parent = parent->second;
    const auto role = state.role_of_group.find(group);
    if (role != state.role_of_group.end() && state.role_exists(role->second)) row.role = role->second;
    rows[group] = row;
  }
  return rows;
}

std::map<std::string, std::int64_t> NaiveFold::group_members(const std::string& group, std::int64_t at_us,
                                                             std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  std::map<std::string, std::int64_t> rows;
  for (const auto& [link, since] : state.members_of_groups) {
    const auto& [linked_group, member] = link;
    if (linked_group != group || state.groups.count(group) == 0 || state.members.count(member) == 0) continue;
    rows[inside_->shown.at(member)] = std::max({since, state.groups.at(group), state.members.at(member)});
  }
  return rows;
}

std::map<std::string, RoleRow> NaiveFold::roles(std::int64_t at_us, std::int64_t known_position) const {
  const State state = inside_->state(at_us, known_position);
  const json& model = *state.model;
  std::map<std::string, RoleRow> rows;
  for (const auto& [role, definition] : state.custom_roles) rows[role].kind = "custom";
  for (const json& role : model.at("roles")) rows[text(role, "id")].kind = "system";
  for (auto& [role, row] : rows) {
    for (const auto& [permission_id, cell] : state.definition(role)) {
      const json* permission = entry(model, "permissions", permission_id);
      if (permission != nullptr && level_of(model, *permission, cell.level) > 0) row.grants[permission_id] = cell.level;
    }
  }
  return rows;
}

std::optional<std::int64_t> NaiveFold::history_from(std::int64_t known_position) const {
  for (const Fact& fact : inside_->facts_known(known_position)) {
    if (text(fact.event, "type") != "event.retracted") return fact.occurred_us;
  }
  return std::nullopt;
}

bool NaiveFold::before_history(std::int64_t at_us, std::int64_t known_position) const {
  const std::optional<std::int64_t> from = history_from(known_position);
  return !from || at_us < *from;
}

std::int64_t instant_us(const std::string& rfc3339) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, read = 0;
  if (std::sscanf(rfc3339.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second, &read) !=
      6) {
    throw std::logic_error("no instant: " + rfc3339);
  }
  std::string rest = rfc3339.substr(static_cast<std::size_t>(read));
  std::int64_t fraction_us = 0;
  if (!rest.empty() && rest[0] == '.') {
    std::size_t digits = 1;
    while (digits < rest.size() && rest[digits] >= '0' && rest[digits] <= '9') ++digits;
    fraction_us = std::stoll((rest.substr(1, digits - 1) + "000000").substr(0, 6));
    rest = rest.substr(digits);
  }
  std::int64_t offset_minutes = 0;
  if (rest != "Z") {
    int hours = 0, minutes = 0;
    char sign = 0;
    if (std::sscanf(rest.c_str(), "%c%2d:%2d", &sign, &hours, &minutes) != 3 || (sign != '+' && sign != '-')) {
      throw std::logic_error("no offset: " + rfc3339);
    }
    offset_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) throw std::logic_error("in no calendar: " + rfc3339);
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const std::int64_t seconds = ((days * 24 + hour) * 60 + minute - offset_minutes) * 60 + second;
  return seconds * 1'000'000 + fraction_us;
}

}  // namespace tenure::oracle
