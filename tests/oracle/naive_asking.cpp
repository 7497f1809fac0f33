// What a person can do in a state.
#include <algorithm>
#include <compare>
#include <limits>

#include "tests/oracle/naive_comings.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

enum Reach : int { listed = 0, assigned = 1, all = 2 };
const char* reach_text(int reach) { return reach == all ? "all" : reach == assigned ? "assigned" : "listed"; }

// A level and how far it reaches; ordered so that the greater one is the better one.
struct Power {
  int level = 0;
  int reach = listed;
  auto operator<=>(const Power&) const = default;
};

// A role that reaches a person, and how.
struct Holding {
  std::string kind;  // as a path's: "role", "group", "grant" or "everyone"
  std::string role;
  std::string scope;                // what the role is on; "everything" for a direct or a group's own role
  std::string group;                // through which group
  std::optional<std::string> link;  // the link that gives it; none for the initial value of a setting
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

  std::vector<NaivePath> paths(const std::string& member, const std::string& permission_id,
                               std::optional<std::string> resource) const {
    std::vector<NaivePath> paths;
    const json* permission = entry(model_, "permissions", permission_id);
    if (permission == nullptr || effective(member, *permission, resource).level == 0) return paths;
    const std::string kind = text_or_none(*permission, "resource");
    if (kind.empty()) resource.reset();
    std::vector<std::pair<Power, NaivePath>> found;
    for (const Holding& holding : held(member)) {
      const Power power = power_of(member, holding.role, holding.scope, *permission, kind, resource);
      if (power.level == 0) continue;
      const std::vector<Way> assigned = ways_assigned(member, holding, *permission, kind, resource);
      for (const Way& links : ways_of(member, holding)) {
        found.push_back({power,
                         {holding.kind, level_text(model_, *permission, power.level), reach_text(power.reach),
                          accounts(member, holding.kind, links, assigned, *permission), defined_by(holding.role)}});
      }
    }
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    for (auto& [power, path] : found) paths.push_back(std::move(path));
    return paths;
  }

  std::set<std::string> denials(const std::string& member, const std::string& permission_id,
                                const std::optional<std::string>& level, std::optional<std::string> resource) const {
    if (can(member, permission_id, level, resource)) return {};
    const json* permission = entry(model_, "permissions", permission_id);
    if (permission == nullptr) return {"no such permission"};
    std::set<std::string> reasons;
    const std::string kind = text_or_none(*permission, "resource");
    if (kind.empty()) resource.reset();
    if (resource && kind_of(*resource) != kind) return {"other kind"};
    const int held = held_power(member, *permission, resource).level;
    if (held > effective(member, *permission, resource).level) reasons.insert("children off");
    // Enabled again, the member would have what everyone has.
    const int asked = level ? std::max(1, level_of(model_, *permission, *level)) : 1;
    const int own = given(member, *permission, resource).level;
    const int by_everyone = own > 0 ? 0 : given_with_everyone(member, *permission, resource).level;
    const int best = std::max(own, by_everyone);
    if (best < asked) reasons.insert(best == 0 ? "nothing given" : "too low");
    if (held > 0) return reasons;
    if (s_.members.count(member) == 0) reasons.insert("no member");
    if (by_everyone > 0 || cut_by_disablement(member, *permission)) reasons.insert("disabled");
    if (permission->contains("feature") && !s_.feature_is_on(text(*permission, "feature")))
      reasons.insert("feature off");
    if (says(*permission, "owner_only", false) && direct_role(member) != owner_role(model_)) {
      reasons.insert("owner only");
    }
    if (permission->contains("parent") && !parent_is_satisfied(member, *permission, resource)) reasons.insert("parent");
    return reasons;
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
  // What is held, and where all that hangs below it is off not more than what it counts as then.
  Power effective(const std::string& member, const json& permission, std::optional<std::string> resource) const {
    Power power = held_power(member, permission, resource);
    if (!permission.contains("when_children_off")) return power;
    const int at_most = level_of(model_, permission, text(permission, "when_children_off"));
    for (const json* child : switches_of(model_, permission)) {
      const bool same_kind = text_or_none(*child, "resource") == text_or_none(permission, "resource");
      if (held_power(member, *child, same_kind ? resource : std::nullopt).level > 0) return power;
    }
    power.level = std::min(power.level, at_most);
    return power;
  }

  // The best of all that the person is given, then the cuts.
  Power held_power(const std::string& member, const json& permission, std::optional<std::string> resource) const {
    const std::string kind = text_or_none(permission, "resource");
    if (kind.empty()) resource.reset();
    if (resource && kind_of(*resource) != kind) return {};
    if (says(permission, "owner_only", false) && direct_role(member) != owner_role(model_)) return {};
    if (permission.contains("feature") && !s_.feature_is_on(text(permission, "feature"))) return {};
    if (cut_by_disablement(member, permission)) return {};
    if (permission.contains("parent") && !parent_is_satisfied(member, permission, resource)) return {};
    return given(member, permission, resource);
  }

  Power given(const std::string& member, const json& permission, const std::optional<std::string>& resource) const {
    Power best;
    const std::string kind = text_or_none(permission, "resource");
    for (const Holding& holding : held(member)) {
      best = std::max(best, power_of(member, holding.role, holding.scope, permission, kind, resource));
    }
    return best.level == 0 ? Power() : best;
  }

  // The same person, were they not disabled altogether.
  Power given_with_everyone(const std::string& member, const json& permission,
                            const std::optional<std::string>& resource) const {
    if (s_.members.count(member) == 0) return {};
    State enabled = s_;
    enabled.disabled.erase(member);
    enabled.came_disabled.erase(member);
    return Asking(enabled).given(member, permission, resource);
  }

  bool cut_by_disablement(const std::string& member, const json& permission) const {
    if (stands_in(model_.value("kept_when_disabled", json::array()), text(permission, "id"))) return false;
    const Disablement disablement = s_.disablement(member);
    return disablement.whole || std::any_of(disablement.areas.begin(), disablement.areas.end(),
                                            [&](const auto& area) { return in_area(model_, permission, area); });
  }

  // The parent is asked about the same resource if it is about that kind, else about at least one.
  bool parent_is_satisfied(const std::string& member, const json& permission,
                           const std::optional<std::string>& resource) const {
    const json* parent = entry(model_, "permissions", text(permission, "parent"));
    if (parent == nullptr) return true;
    const bool same_kind = text_or_none(*parent, "resource") == text_or_none(permission, "resource");
    const int needed =
        permission.contains("parent_level") ? level_of(model_, *parent, text(permission, "parent_level")) : 1;
    return held_power(member, *parent, same_kind ? resource : std::nullopt).level >= needed;
  }

  // Every role that reaches the person.
  std::vector<Holding> held(const std::string& member) const {
    std::vector<Holding> held;
    const bool is_member = s_.members.count(member) > 0;
    std::map<std::string, std::string> principals;  // to the kind of path
    if (is_member || says(model_, "outsiders_hold_scoped_grants", false)) principals["member:" + member] = "grant";
    if (is_member && !s_.disablement(member).whole) principals["everyone"] = "everyone";
    if (is_member) {
      held.push_back({"role", direct_role(member), "everything", {}, "role of member:" + member});
      for (const std::string& group : groups_that_count(member)) {
        principals["group:" + group] = "group";
        const auto role = s_.role_of_group.find(group);
        if (role == s_.role_of_group.end()) continue;
        held.push_back({"group", role->second, "everything", group, "role of group:" + group});
      }
    }
    for (const ScopedGrant& grant : s_.grants) {
      const auto principal = principals.find(grant.principal);
      if (principal == principals.end()) continue;
      const std::string group = principal->second == "group" ? grant.principal.substr(6) : std::string();
      held.push_back({principal->second, grant.role, grant.on, group, link_name(grant)});
    }
    if (principals.count("everyone") > 0) add_roles_by_settings(held);
    return held;
  }

  bool group_members_inherit() const {
    return model_.contains("groups") && says(model_.at("groups"), "inherit_from_parents", false);
  }

  // The member's groups, and where the model says so all that lie above them.
  std::set<std::string> groups_that_count(const std::string& member) const {
    std::set<std::string> reached;
    for (std::string group : direct_groups(member)) {
      while (s_.groups.count(group) > 0 && reached.insert(group).second) {
        if (!group_members_inherit()) break;
        const auto parent = s_.parent_of_group.find(group);
        if (parent == s_.parent_of_group.end()) break;
        group = parent->second;
      }
    }
    return reached;
  }

  void add_roles_by_settings(std::vector<Holding>& held) const {
    if (!model_.contains("settings")) return;
    for (const json& setting : model_.at("settings")) {
      const std::string id = text(setting, "id");
      const auto changed = s_.settings.find(id);
      const std::string value = changed != s_.settings.end() ? changed->second : text(setting, "initial");
      if (!setting.at("values").contains(value) || setting.at("values").at(value).is_null()) continue;
      Holding holding{"everyone", text(setting.at("values"), value.c_str()), text(setting, "on_kind") + ":*", {}, {}};
      if (changed != s_.settings.end()) holding.link = "setting " + id;
      held.push_back(holding);
    }
  }

  // The events on each way to a holding: into one of the member's own groups, up to the group that gives it, and the
  // link that does. An initial value is the model's.
  std::vector<Way> ways_of(const std::string& member, const Holding& holding) const {
    Way last;
    if (holding.link) last = s_.made_by.at(*holding.link);
    if (!holding.link && s_.made_by.count("model") > 0) last = s_.made_by.at("model");
    if (holding.link) {
      const std::int64_t link = last.back();
      add_coming(last, "role:" + holding.role, link);
      add_coming(last, holding.scope, link);
    }
    if (holding.group.empty()) return {last};
    std::vector<Way> ways;
    for (std::string group : direct_groups(member)) {
      Way way = s_.made_by.at(member + " in " + group);
      add_coming(way, "group:" + group, way.back());
      std::set<std::string> seen;
      while (group_members_inherit() && group != holding.group && seen.insert(group).second &&
             s_.parent_of_group.count(group) > 0) {
        const std::vector<std::int64_t>& up = s_.made_by.at("parent of " + group);
        way.insert(way.end(), up.begin(), up.end());
        group = s_.parent_of_group.at(group);
        if (s_.groups.count(group) == 0) break;
        add_coming(way, "group:" + group, way.back());
      }
      if (group != holding.group) continue;
      way.insert(way.end(), last.begin(), last.end());
      ways.push_back(way);
    }
    return ways;
  }

  // The same with what it rests on beside: an assignment, in any of these ways; that the person is a member, where only
  // members have it and no event on the way says so; before an acceptance the invitation that it took; and what it was
  // switched on by.
  std::vector<Way> accounts(const std::string& member, const std::string& kind, const Way& links,
                            const std::vector<Way>& assigned, const json& permission) const {
    const bool for_anybody = kind == "grant" && says(model_, "outsiders_hold_scoped_grants", false);
    std::vector<Way> accounts;
    for (const Way& more : assigned.empty() ? std::vector<Way>(1) : assigned) {
      Way way = links, account;
      for (const std::int64_t position : more) {
        if (std::find(way.begin(), way.end(), position) == way.end()) way.push_back(position);
      }
      if (!for_anybody || !more.empty()) {
        const std::int64_t joined = s_.made_by.at("membership of " + member).front();
        if (std::find(way.begin(), way.end(), joined) == way.end()) way.insert(way.begin(), joined);
      }
      for (const std::int64_t position : way) {
        if (const auto taken = s_.invitation_of.find(position); taken != s_.invitation_of.end()) {
          account.push_back(taken->second);
        }
        account.push_back(position);
      }
      if (const auto enabled = enabled_again(s_, member, kind, for_anybody, permission)) account.push_back(*enabled);
      if (const auto since = feature_since(s_, permission)) account.push_back(*since);
      accounts.push_back(account);
    }
    return accounts;
  }

  // ---- what rests on assignment --------------------------------------------------------------------

  Began began(const std::string& link) const { return oracle::began(s_, link); }
  void add_coming(Way& way, const std::string& what, std::int64_t link) const {
    oracle::add_coming(s_, way, what, link);
  }

  // Since when a resource has been assigned, by the one of both manners that is older; nothing where it is not.
  std::optional<Began> assigned_since(const std::string& member, const std::string& resource) const {
    std::optional<Began> since;
    if (!s_.has_live_assignment(member, resource)) return since;
    if (s_.assignments.count({member, resource}) > 0) since = began(resource + " assigned to " + member);
    if (s_.is_creator(member, resource)) {
      const Began added = began(resource + " added by " + member);
      since = since ? std::min(*since, added) : added;
    }
    return since;
  }

  // The events by which a resource is assigned, itself or by lying in one that is (`through`; or in any): the ways that
  // there are, by when each was there as a whole and when its assignment was.
  std::map<std::pair<Began, Began>, Way> ways_to(const std::string& member, std::string resource,
                                                 const std::optional<std::string>& through) const {
    std::map<std::pair<Began, Began>, Way> ways;
    std::set<std::string> seen;
    std::vector<std::pair<std::int64_t, std::string>>
        ties;  // from the assigned resource downwards, each with its upper end
    Began tied{};
    tied.first = std::numeric_limits<std::int64_t>::min();
    while (s_.resource_exists(resource) && seen.insert(resource).second) {
      const auto since = assigned_since(member, resource);
      if (since && (!through || *through == resource)) {
        Way way{since->second};
        add_coming(way, resource, since->second);
        for (const auto& [tie, upper] : ties) {
          way.push_back(tie);
          add_coming(way, upper, tie);
        }
        ways.emplace(std::pair(std::max(*since, tied), *since), way);
      }
      const auto parent = s_.parent_of_resource.find(resource);
      if (parent == s_.parent_of_resource.end()) break;
      const Began tie = began("place of " + resource);
      ties.insert(ties.begin(), {tie.second, parent->second});
      tied = std::max(tied, tie);
      resource = parent->second;
    }
    return ways;
  }

  // Each right account of the assignment on which a holding's reach rests; none where it rests on none.
  std::vector<Way> ways_assigned(const std::string& member, const Holding& holding, const json& permission,
                                 const std::string& kind, const std::optional<std::string>& resource) const {
    const std::optional<Cell> cell = s_.cell(holding.role, permission);
    const std::string visibility = kind.empty() ? "all" : visibility_of(permission, *cell);
    if (visibility == "all") return {};
    if (visibility == "all_unless_assigned" && !s_.assigned_to_one_of(member, kind)) return {};
    const bool on_one = kind_of(holding.scope) == kind && holding.scope != kind + ":*";
    if (resource || on_one) {
      return {ways_to(member, resource ? *resource : holding.scope, std::nullopt).begin()->second};
    }
    if (visibility == "where_assigned") return {};
    return ways_to_one_of(member, kind);
  }

  // The oldest assignment to a resource of the kind, else to one in which such a one lies, whichever that is.
  std::vector<Way> ways_to_one_of(const std::string& member, const std::string& kind) const {
    std::map<Began, std::string> oldest;
    for (const auto* links : {&s_.assignments, &s_.created}) {
      for (const auto& [who, resource] : *links) {
        if (who != member) continue;
        if (const auto since = assigned_since(member, resource)) oldest[*since] = resource;
      }
    }
    for (const auto& [since, resource] : oldest) {
      if (kind_of(resource) != kind) continue;
      Way way{since.second};
      add_coming(way, resource, since.second);
      return {way};
    }
    for (const auto& [since, assigned] : oldest) {
      std::vector<Way> ways;
      for (const auto& [child, parent] : s_.parent_of_resource) {
        if (kind_of(child) != kind) continue;
        for (const auto& [began, way] : ways_to(member, child, assigned)) ways.push_back(way);
      }
      if (!ways.empty()) return ways;
    }
    return {};
  }

  std::int64_t defined_by(const std::string& role) const {
    return s_.is_system_role(role) ? 0 : s_.custom_roles.at(role).defined_by;
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

    const std::optional<Cell> cell = s_.cell(role, permission);
    if (!cell) return {};
    Power power{level_of(model_, permission, cell->level), on_one ? listed : all};
    std::string visibility = kind.empty() ? "all" : visibility_of(permission, *cell);
    if (visibility == "all_unless_assigned") visibility = s_.assigned_to_one_of(member, kind) ? "assigned" : "all";
    if (visibility != "all") {
      // Where it depends on the resource that is asked about, it is held without one.
      const bool reached = resource                         ? assigned_to(member, *resource)
                           : on_one                         ? assigned_to(member, scope)
                           : visibility == "where_assigned" ? true
                                                            : reaches_one_of(member, kind);
      if (!reached) return {};
      power.reach = std::min<int>(power.reach, assigned);
    }
    return power;
  }

  // Assigned to the resource itself or to one that it lies in.
  bool assigned_to(const std::string& member, std::string resource) const {
    std::set<std::string> seen;
    while (s_.resource_exists(resource) && seen.insert(resource).second) {
      if (s_.has_live_assignment(member, resource)) return true;
      const auto parent = s_.parent_of_resource.find(resource);
      if (parent == s_.parent_of_resource.end()) return false;
      resource = parent->second;
    }
    return false;
  }

  // An assignment to a resource of that kind, or to one in which a resource of that kind lies.
  bool reaches_one_of(const std::string& member, const std::string& kind) const {
    if (s_.assigned_to_one_of(member, kind)) return true;
    for (const auto& [resource, parent] : s_.parent_of_resource) {
      if (kind_of(resource) == kind && assigned_to(member, resource)) return true;
    }
    return false;
  }

  const State& s_;
  const json& model_;
};

}  // namespace

std::optional<Row> can(const State& state, const std::string& member, const std::string& permission,
                       const std::optional<std::string>& level, const std::optional<std::string>& resource) {
  return Asking(state).can(member, permission, level, resource);
}
std::vector<NaivePath> paths(const State& state, const std::string& member, const std::string& permission,
                             const std::optional<std::string>& resource) {
  return Asking(state).paths(member, permission, resource);
}
std::set<std::string> denials(const State& state, const std::string& member, const std::string& permission,
                              const std::optional<std::string>& level, const std::optional<std::string>& resource) {
  return Asking(state).denials(member, permission, level, resource);
}
std::vector<Invitation> pending_invitations(const State& state, const std::string& member, std::int64_t at_us) {
  std::vector<Invitation> pending;
  const auto invitations = state.invitations.find(member);
  if (invitations == state.invitations.end()) return pending;
  for (const Invitation& each : invitations->second) {
    if (!each.expires_us || at_us < *each.expires_us) pending.push_back(each);
  }
  return pending;
}

std::string direct_role(const State& state, const std::string& member) { return Asking(state).direct_role(member); }
std::vector<std::string> direct_groups(const State& state, const std::string& member) {
  return Asking(state).direct_groups(member);
}

}  // namespace tenure::oracle
