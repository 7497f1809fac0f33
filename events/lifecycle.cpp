#include "events/lifecycle.h"

#include <algorithm>

namespace tenure {
namespace {

using Status = TeamState::Status;
using Found = std::optional<Verdict>;

Found violation(std::string rule, std::string because) {
  return Verdict{VerdictResult::violation, "lifecycle." + std::move(rule), std::move(because)};
}

std::string text_of(const std::string& id) { return id; }
std::string text_of(const FeatureId& id) { return id.text; }

// "; it has …": some of what there is, since the sentence is kept in the record.
constexpr std::size_t names_max = 5;
const std::string& name_of(const std::string& name) { return name; }
template <class Rule>
std::string name_of(const Rule& rule) {
  return text_of(rule.id);
}
template <class Rule>
std::string known(const std::vector<Rule>& rules) {
  std::string names;
  for (std::size_t i = 0; i < std::min(rules.size(), names_max); ++i) {
    names += (i == 0 ? "; it has \"" : ", \"") + name_of(rules[i]) + "\"";
  }
  return names + (rules.size() > names_max ? " and more" : "");
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

// One overload of `check` for each event type that has a lifecycle rule; all others are fine.
class Lifecycle {
 public:
  Lifecycle(const AccessModel& model, const TeamState& before) : model_(model), before_(before) {}

  template <class Any>
  Found check(const Any&) const {
    return std::nullopt;
  }

  Found check(const event::OrgSettingChanged& e) const {
    const SettingRule* setting = model_.setting(e.setting.text);
    if (!setting) return violation("unknown_setting", "The model has no setting " + quoted(e.setting.text) + ".");
    const auto is_value = [&](const SettingValue& value) { return value.value == e.value; };
    if (std::any_of(setting->values.begin(), setting->values.end(), is_value)) return std::nullopt;
    return violation("unknown_setting_value",
                     "The setting " + quoted(e.setting.text) + " has no value " + quoted(e.value) + ".");
  }
  Found check(const event::FeatureEnabled& e) const { return check_feature(e.feature); }
  Found check(const event::FeatureDisabled& e) const { return check_feature(e.feature); }

  // Accepting an invitation gives its role, also to somebody who is a member already.
  Found check(const event::MemberInvited& e) const { return e.role ? check_change(e.member, *e.role) : std::nullopt; }
  Found check(const event::MemberDisabled& e) const { return e.area ? check_area(*e.area) : std::nullopt; }
  Found check(const event::MemberEnabled& e) const { return e.area ? check_area(*e.area) : std::nullopt; }
  Found check(const event::MemberAdded& e) const { return e.role ? check_change(e.member, *e.role) : std::nullopt; }
  Found check(const event::MemberRoleChanged& e) const { return check_change(e.member, e.role); }
  Found check(const event::MemberRemoved& e) const { return check_kept({{e.member, {}}}); }
  Found check(const event::OwnershipTransferred& e) const;

  Found check(const event::RoleCreated& e) const;
  Found check(const event::RoleEdited& e) const {
    if (auto found = check_changed(e.role, "edited")) return found;
    return check_grants(e.grants);
  }
  // A system role stands at its defaults already, so only a custom one can be reset.
  Found check(const event::RoleReset& e) const {
    return model_.role(e.role.text) ? std::nullopt : check_changed(e.role, "reset");
  }
  Found check(const event::RoleDeleted& e) const {
    if (auto found = check_custom(e.role, "deleted")) return found;
    if (e.reassign_to == e.role) {
      return violation("role_deleted", "The holders of " + quoted(e.role.text) +
                                           " cannot be moved to it, since it is deleted; name another role, or none.");
    }
    return e.reassign_to ? check_direct(*e.reassign_to, nullptr) : std::nullopt;
  }

  Found check(const event::GroupCreated& e) const { return e.role ? check_shared(*e.role, false) : std::nullopt; }
  Found check(const event::GroupEdited& e) const {
    return e.role.value ? check_shared(*e.role.value, false) : std::nullopt;
  }
  Found check(const event::RoleGranted& e) const {
    if (auto found = check_scope(e.on)) return found;
    return check_shared(e.role, true);
  }
  Found check(const event::RoleRevoked& e) const { return check_scope(e.on); }
  Found check(const event::ResourceAdded& e) const {
    if (auto found = check_kind(e.resource.kind)) return found;
    return e.parent ? check_kind(e.parent->kind) : std::nullopt;
  }
  Found check(const event::ResourceRemoved& e) const { return check_kind(e.resource.kind); }
  Found check(const event::AssignmentAdded& e) const { return check_kind(e.resource.kind); }
  Found check(const event::AssignmentRemoved& e) const { return check_kind(e.resource.kind); }

 private:
  const RoleRule* system_role(const RoleId& role) const {
    const auto index = model_.role(role.text);
    return index ? &model_.roles()[*index] : nullptr;
  }

  Found check_feature(const FeatureId& feature) const {
    if (model_.feature(feature.text)) return std::nullopt;
    return violation("unknown_feature",
                     "The model has no feature " + quoted(feature.text) + known(model_.features()) + ".");
  }

  // An area of the document, or a module.
  Found check_area(const std::string& area) const {
    const auto is_area = [&](const AreaRule& rule) { return rule.id == area || rule.name == area; };
    const auto is_module = [&](const PermissionRule& rule) { return rule.module == area; };
    const auto& areas = model_.areas();
    const auto& permissions = model_.permissions();
    if (std::any_of(areas.begin(), areas.end(), is_area)) return std::nullopt;
    if (std::any_of(permissions.begin(), permissions.end(), is_module)) return std::nullopt;
    std::vector<std::string> modules;
    for (const PermissionRule& rule : permissions) {
      if (modules.size() > names_max) break;
      if (std::find(modules.begin(), modules.end(), rule.module) == modules.end()) modules.push_back(rule.module);
    }
    return violation("unknown_area", "The model has no area or module " + quoted(area) +
                                         (areas.empty() ? known(modules) : known(areas)) +
                                         ", so nothing is switched off or on there.");
  }

  Found check_kind(const std::string& kind) const {
    if (model_.resource_kind(kind)) return std::nullopt;
    return violation("unknown_resource_kind",
                     "The model has no kind of resource " + quoted(kind) + known(model_.resource_kinds()) + ".");
  }
  Found check_scope(const Scope& on) const {
    return on.kind == Scope::Kind::org ? std::nullopt : check_kind(on.resource_kind);
  }

  Found check_available(const RoleId& role) const {
    if (const RoleRule* rule = system_role(role)) {
      if (rule->available) return std::nullopt;
      return violation("role_not_available", "The role " + quoted(rule->name) + " is not available yet.");
    }
    if (before_.role_exists(role)) return std::nullopt;
    if (before_.role_was_deleted(role)) {
      return violation("role_deleted", "The role " + quoted(role.text) + " was deleted.");
    }
    return violation("unknown_role", "There is no role " + quoted(role.text) + ".");
  }

  // A role as somebody's own; `to` is nobody where the event does not say who.
  Found check_direct(const RoleId& role, const Person* to) const {
    if (auto found = check_available(role)) return found;
    const RoleRule* rule = system_role(role);
    if (!rule) return std::nullopt;
    if (!rule->member_role) {
      return violation("not_a_member_role", "The role " + quoted(rule->name) + " is only granted on a scope.");
    }
    if (rule->cardinality != Cardinality::exactly_one || before_.holders(role, 1) == 0) return std::nullopt;
    if (to && before_.direct_role(*to) == role) return std::nullopt;
    return violation("exactly_one_holder", "The role " + quoted(rule->name) + " has exactly one holder, and has one.");
  }

  // A role that many may come to have: a group's, or one granted on a scope.
  Found check_shared(const RoleId& role, bool on_scope) const {
    if (auto found = check_available(role)) return found;
    const RoleRule* rule = system_role(role);
    if (!rule) return std::nullopt;
    if (rule->cardinality == Cardinality::exactly_one) {
      return violation("exactly_one_holder",
                       "The role " + quoted(rule->name) + " has exactly one holder and cannot be shared.");
    }
    if (on_scope || rule->member_role) return std::nullopt;
    return violation("not_a_member_role", "The role " + quoted(rule->name) + " is only granted on a scope.");
  }

  // The direct role that somebody has afterwards, empty for none.
  struct Next {
    const Person& person;
    RoleId role;
  };

  // A role that has to have a holder keeps one, and one who is not disabled while there is such a one. One event
  // changes the roles of two people at most, so counting to three is enough.
  Found check_kept(std::initializer_list<Next> changes) const {
    for (const Next& change : changes) {
      const RoleId left = before_.direct_role(change.person);
      const RoleRule* rule = system_role(left);
      if (!rule || rule->cardinality == Cardinality::any || change.role == left) continue;
      const std::size_t active_before = before_.active_holders(left, 3);
      std::size_t all = before_.holders(left, 3), active = active_before;
      for (const Next& each : changes) {
        const Status status = before_.status(each.person);
        if (status != Status::active && status != Status::disabled) continue;
        const std::size_t had = before_.direct_role(each.person) == left, has = each.role == left;
        all = all + has - had;
        if (status == Status::active) active = active + has - had;
      }
      if (all > 0 && (active > 0 || active_before == 0)) continue;
      return violation("last_holder",
                       "The role " + quoted(rule->name) + " must keep a holder, and this is its last one.");
    }
    return std::nullopt;
  }

  Found check_change(const Person& person, const RoleId& role) const {
    if (auto found = check_direct(role, &person)) return found;
    return check_kept({{person, role}});
  }

  Found check_custom(const RoleId& role, std::string_view done) const {
    if (const RoleRule* rule = system_role(role)) {
      return violation("system_role_fixed",
                       "The role " + quoted(rule->name) + " is a system role and cannot be " + std::string(done) + ".");
    }
    return check_available(role);
  }

  // Of a model without custom roles one that is there all the same (from a model before it) may still be deleted.
  Found check_changed(const RoleId& role, std::string_view done) const {
    if (!model_.custom_roles() && !system_role(role)) return no_custom_roles();
    return check_custom(role, done);
  }
  Found no_custom_roles() const { return violation("no_custom_roles", "The model has no custom roles."); }

  // A violation stands before what is left open.
  Found check_grants(const Grants& grants) const {
    Found open;
    for (const auto& [permission, level] : grants) {
      auto found = check_grant(permission, level);
      if (found && found->result == VerdictResult::violation) return found;
      if (!open) open = std::move(found);
    }
    return open;
  }

  Found check_grant(const PermissionId& permission, const LevelId& level) const {
    const auto index = model_.permission(permission.text);
    if (!index) return violation("unknown_permission", "The model has no permission " + quoted(permission.text) + ".");
    const PermissionRule& rule = model_.permissions()[*index];
    const auto at = model_.level(*index, level.text);
    if (!at) {
      return violation("unknown_level", quoted(permission.text) + " has no level " + quoted(level.text) + ".");
    }
    if (rule.owner_only && *at > 0) {
      return violation("owner_only", quoted(permission.text) + " belongs to the owner's role alone.");
    }
    if (rule.options_unspecified && *at > 0) {
      return Verdict{VerdictResult::unspecified, "lifecycle.options_unspecified",
                     "The model does not say whether a custom role may have " + quoted(permission.text) + "."};
    }
    if (rule.offers(*at)) return std::nullopt;
    std::string offered;
    for (const LevelIndex each : rule.options) {
      offered += (offered.empty() ? "" : ", ") + quoted(model_.level_name(*index, each).text);
    }
    return violation("level_not_offered", "A custom role cannot have " + quoted(permission.text) + " at " +
                                              quoted(level.text) + "; it may choose " + offered + ".");
  }

  const AccessModel& model_;
  const TeamState& before_;
};

Found Lifecycle::check(const event::OwnershipTransferred& e) const {
  const RoleRule& owner = model_.roles()[model_.owner_role()];
  if (before_.direct_role(e.from) != owner.id && before_.holders(owner.id, 1) > 0) {
    return violation("not_the_owner", "Only a holder of the role " + quoted(owner.name) + " has ownership to pass on.");
  }
  if (e.previous_owner_role) {
    if (*e.previous_owner_role != owner.id) {
      if (auto found = check_direct(*e.previous_owner_role, &e.from)) return found;
    } else if (owner.cardinality == Cardinality::exactly_one) {
      return violation("exactly_one_holder",
                       "The role " + quoted(owner.name) + " has exactly one holder, so the former one cannot keep it.");
    }
  }
  if (same_person(e.from, e.to)) return check_kept({{e.to, owner.id}});
  const auto former = model_.former_owner_role();
  const RoleId implied = former ? model_.roles()[*former].id : RoleId();
  return check_kept({{e.from, e.previous_owner_role.value_or(implied)}, {e.to, owner.id}});
}

Found Lifecycle::check(const event::RoleCreated& e) const {
  if (!model_.custom_roles()) return no_custom_roles();
  if (const RoleRule* rule = system_role(e.role)) {
    return violation("system_role_fixed",
                     "The role " + quoted(rule->name) + " is a system role and cannot be created again.");
  }
  if (before_.role_exists(e.role)) {
    return violation("role_exists", "There is a role " + quoted(e.role.text) + " already.");
  }
  if (before_.role_was_deleted(e.role)) {
    return violation("role_deleted", "The role " + quoted(e.role.text) + " was deleted, and its id never comes back.");
  }
  if (e.based_on) {
    if (auto found = check_available(*e.based_on)) return found;
  }
  return check_grants(e.grants);
}

class Unchanged {
 public:
  explicit Unchanged(const TeamState& before) : before_(before) {}

  template <class Any>
  bool by(const Any&) const {
    return false;
  }
  bool by(const event::MemberAdded& e) const {
    return is(e.member, Status::active) && (!e.role || before_.direct_role(e.member) == *e.role);
  }
  bool by(const event::MemberRoleChanged& e) const {
    return (is(e.member, Status::active) || is(e.member, Status::disabled)) && before_.direct_role(e.member) == e.role;
  }
  bool by(const event::MemberRemoved& e) const { return is(e.member, Status::removed) && !before_.has_links(e.member); }
  // A member may be disabled in one area and not in another, which the status does not tell.
  bool by(const event::MemberDisabled& e) const { return !e.area && is(e.member, Status::disabled); }
  bool by(const event::MemberEnabled& e) const {
    return !e.area && is(e.member, Status::active) && !before_.disabled_anywhere(e.member);
  }
  // To whom a role was given after its deletion, another would be given now.
  bool by(const event::RoleDeleted& e) const {
    return !before_.role_exists(e.role) && before_.role_was_deleted(e.role) && !e.reassign_to;
  }

 private:
  bool is(const Person& person, Status status) const { return before_.status(person) == status; }

  const TeamState& before_;
};

}  // namespace

bool changes_nothing(const Event& event, const TeamState& before) {
  const Unchanged unchanged(before);
  return std::visit([&](const auto& e) { return unchanged.by(e); }, event.data);
}

Found lifecycle_violation(const AccessModel& model, const Event& event, const TeamState& before) {
  const Lifecycle lifecycle(model, before);
  return std::visit([&](const auto& e) { return lifecycle.check(e); }, event.data);
}

}  // namespace tenure
