// Which holds a review's scope takes in.
#include <algorithm>

#include "projections/review/holds.h"

namespace tenure::projections {

using review::HoldKind;
using review::ReviewScope;
using review::Standing;

class Holds::Scope {
 public:
  Scope(Holds& holds, const ReviewScope& scope) : holds_(holds), access_(holds.access_), scope_(scope) {
    Facts& facts = access_.facts();
    for (const RoleId& role : scope.roles) roles_.insert(facts.number(EntityKind::role, role.text));
    for (const GroupId& group : scope.groups) groups_.insert(facts.number(EntityKind::group, group.text));
    roles_.erase(0);
    groups_.erase(0);
    for (const ResourceId& resource : scope.resources) {
      resources_.push_back({resource.kind, to_text(resource), {}});
      note_roles_about(resources_.back());
    }
    for (const ReviewScope::Power& power : scope.permissions) {
      const auto permission = access_.model().permission(power.permission.text);
      const auto level = permission ? access_.model().level(*permission, power.level.text) : std::nullopt;
      // The first level of a scale is no access: asking for it asks for any.
      if (level) powers_.emplace_back(*permission, std::max<LevelIndex>(*level, 1));
    }
  }

  bool is_of(const ReviewScope& scope) const { return &scope == &scope_; }

  // Whether the lists that speak of the member alone take it in.
  bool takes(Number member) {
    if (scope_.members.empty()) return true;
    const Standing standing = !access_.active(member)    ? Standing::outside
                              : access_.disabled(member) ? Standing::disabled
                                                         : Standing::active;
    return in(scope_.members, standing);
  }

  bool takes(const Hold& hold) {
    if (!scope_.kinds.empty() && !in(scope_.kinds, hold.kind)) return false;
    if (!scope_.groups.empty() && !in_groups(hold)) return false;
    if (scope_.roles.empty() && scope_.permissions.empty() && scope_.resources.empty()) return true;
    std::vector<Gives> own;
    const std::vector<Gives>& gives = holds_.gives(hold, own);
    return (scope_.roles.empty() || has_role(hold, gives)) && (scope_.permissions.empty() || has_power(gives)) &&
           (scope_.resources.empty() || reaches(hold, gives));
  }

 private:
  struct Resource {
    std::string kind, name;
    // The model's permissions that are about it.
    std::vector<PermissionIndex> about;
  };

  template <class T>
  static bool in(const std::vector<T>& list, const T& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  }

  void note_roles_about(Resource& resource) {
    const auto& permissions = access_.model().permissions();
    for (PermissionIndex p = 0; p < permissions.size(); ++p) {
      if (permissions[p].resource_kind == resource.kind) resource.about.push_back(p);
    }
  }

  bool has_role(const Hold& hold, const std::vector<Gives>& gives) {
    const Number own = hold.kind == HoldKind::grant ? hold.role : hold.kind == HoldKind::group ? 0 : hold.of;
    return roles_.contains(own) ||
           std::any_of(gives.begin(), gives.end(), [&](const Gives& each) { return roles_.contains(each.role); });
  }

  bool has_power(const std::vector<Gives>& gives) {
    return std::any_of(powers_.begin(), powers_.end(),
                       [&](const auto& power) { return holds_.level(gives, power.first) >= power.second; });
  }

  // Being nested counts whether or not the model hands down what the groups above have.
  bool below_named(Number group) {
    if (const auto known = below_.find(group); known != below_.end()) return known->second;
    bool below = false;
    std::unordered_set<Number> seen;
    for (Number each = group; each != 0 && !below && seen.insert(each).second; each = access_.group_parent(each)) {
      below = groups_.contains(each);
    }
    below_.emplace(group, below);
    return below;
  }

  bool in_groups(const Hold& hold) {
    if (hold.kind == HoldKind::group) return below_named(hold.of);
    if (hold.kind != HoldKind::invitation) return false;
    const std::vector<Number> groups = holds_.invited_groups(hold.member);
    return std::any_of(groups.begin(), groups.end(), [&](Number group) { return below_named(group); });
  }

  // What the platform's text leaves blank may be a power.
  bool says_of(Number role, const Resource& resource) {
    return std::any_of(resource.about.begin(), resource.about.end(), [&](PermissionIndex p) {
      const Cell cell = access_.cell(role, p);
      return cell.level > 0 || cell.unspecified;
    });
  }

  // On the whole organization a role reaches what it says something of; a scope reaches what it names.
  bool reaches(const Gives& gives, const Resource& resource) {
    if (gives.scope == 0) return says_of(gives.role, resource);
    const std::string& on = holds_.name(gives.scope);
    return on == resource.name || (on.ends_with(":*") && kind_of(on) == resource.kind);
  }

  bool reaches(const Hold& hold, const std::vector<Gives>& gives) {
    return std::any_of(resources_.begin(), resources_.end(), [&](const Resource& resource) {
      if (hold.kind == HoldKind::grant && holds_.name(hold.of) == resource.name) return true;
      return std::any_of(gives.begin(), gives.end(), [&](const Gives& each) { return reaches(each, resource); });
    });
  }

  Holds& holds_;
  Access& access_;
  const ReviewScope& scope_;
  std::unordered_set<Number> roles_, groups_;
  std::unordered_map<Number, bool> below_;
  std::vector<Resource> resources_;
  std::vector<std::pair<PermissionIndex, LevelIndex>> powers_;
};

bool Holds::takes(const ReviewScope& scope, const Hold& hold) {
  if (!scope_ || !scope_->is_of(scope)) scope_ = std::make_shared<Scope>(*this, scope);
  return scope_->takes(hold.member) && scope_->takes(hold);
}

Decided<std::vector<Holds::Found>> Holds::in_scope(const ReviewScope& scope, std::size_t most,
                                                   const HasFinding& has_finding, const Certified& certified) {
  std::vector<Found> found;
  if (!access_.has_model()) return found;
  Scope taken(*this, scope);
  for (const Number member : access_.facts().numbers_of(EntityKind::member)) {
    if (access_.facts().failure()) return found;
    const std::vector<Hold> holds = of(member);
    if (holds.empty() || !taken.takes(member)) continue;
    if (!scope.findings.empty() && !has_finding(member, scope.findings)) continue;
    for (const Hold& hold : holds) {
      if (!taken.takes(hold)) continue;
      Found each{hold, id(hold), state_of(hold)};
      if (scope.changed_since_last && certified(each.id, each.state)) continue;
      if (found.size() == most) {
        return refuse(RefusalCode::too_large,
                      "the scope takes in more than " + std::to_string(most) +
                          " holds; divide it into several definitions by kinds, roles, groups, resources or members.",
                      "/scope");
      }
      found.push_back(std::move(each));
    }
  }
  return found;
}

}  // namespace tenure::projections
