#include "projections/before.h"

#include <algorithm>

#include "events/digest.h"
#include "events/wire/canonical_json.h"

namespace tenure::projections {

namespace {

// Members of a JSON object, which the caller adds in canonical (byte) order.
class Object {
 public:
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(out_, value);
  }
  void text_unless_empty(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void flag(std::string_view name, bool value) {
    key(name);
    out_ += value ? "true" : "false";
  }
  void texts(std::string_view name, std::vector<std::string> values) {
    if (values.empty()) return;
    std::sort(values.begin(), values.end());
    key(name);
    out_ += '[';
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out_ += ',';
      append_json_string(out_, values[i]);
    }
    out_ += ']';
  }
  void raw(std::string_view name, std::string_view json) {
    key(name);
    out_ += json;
  }
  std::string done() { return std::move(out_.append("}")); }

 private:
  void key(std::string_view name) {
    if (out_.size() > 1) out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
  }
  std::string out_ = "{";
};

class Looker {
 public:
  explicit Looker(const FactsTeamState& state) : state_(state), access_(state.access()), facts_(access_.facts()) {}

  std::string operator()(const event::MemberRemoved& e) { return holdings(e.member); }
  std::string operator()(const event::MemberAdded& e) { return holdings(e.member); }
  std::string operator()(const event::MemberDisabled& e) { return disablement(e.member); }
  std::string operator()(const event::MemberEnabled& e) { return disablement(e.member); }
  std::string operator()(const event::MemberRoleChanged& e) { return role_of("role", e.member); }
  std::string operator()(const event::OwnershipTransferred& e) {
    Object o;
    o.text_unless_empty("from_role", state_.direct_role(e.from).text);
    o.text_unless_empty("to_role", state_.direct_role(e.to).text);
    return o.done();
  }
  std::string operator()(const event::MemberInvited& e) { return invitation(e.member); }
  std::string operator()(const event::InvitationAccepted& e) {
    return shown(state(state_.member(e.member)).taken_by_acceptance(Instant{facts_.at().us}));
  }
  std::string operator()(const event::InvitationCancelled& e) { return invitation(e.member); }
  std::string operator()(const event::InvitationExpired& e) { return invitation(e.member); }

  std::string operator()(const event::OrgSettingChanged& e) {
    Object o;
    const Live* set = org_slot(SlotKind::setting, EntityKind::setting, e.setting.text);
    const SettingRule* rule = access_.model().setting(e.setting.text);
    o.text_unless_empty("value", set ? facts_.name(set->value).name : rule ? rule->initial : std::string());
    return o.done();
  }
  std::string operator()(const event::OrgModelChanged&) {
    Object o;
    o.text("model", access_.model().id().text);
    o.text("model_version", access_.model().version());
    return o.done();
  }
  std::string operator()(const event::FeatureEnabled& e) { return feature(e.feature); }
  std::string operator()(const event::FeatureDisabled& e) { return feature(e.feature); }

  std::string operator()(const event::RoleCreated& e) { return role_grants(e.role); }
  std::string operator()(const event::RoleEdited& e) { return role_grants(e.role); }
  std::string operator()(const event::RoleReset& e) { return role_grants(e.role); }
  std::string operator()(const event::RoleDeleted& e) { return role_grants(e.role); }

  std::string operator()(const event::GroupCreated& e) { return group(e.group, false); }
  std::string operator()(const event::GroupEdited& e) { return group(e.group, false); }
  std::string operator()(const event::GroupDeleted& e) { return group(e.group, true); }
  std::string operator()(const event::GroupMemberAdded& e) { return in_group(e.member, e.group); }
  std::string operator()(const event::GroupMemberRemoved& e) { return in_group(e.member, e.group); }
  std::string operator()(const event::RoleGranted& e) { return granted(e.principal, e.on, e.role); }
  std::string operator()(const event::RoleRevoked& e) { return granted(e.principal, e.on, e.role); }
  std::string operator()(const event::ResourceAdded& e) { return resource(e.resource); }
  std::string operator()(const event::ResourceRemoved& e) { return resource(e.resource); }
  std::string operator()(const event::AssignmentAdded& e) { return assigned(e.member, e.resource); }
  std::string operator()(const event::AssignmentRemoved& e) { return assigned(e.member, e.resource); }
  std::string operator()(const event::SodRuleRemoved& e) {
    Object o;
    const EntityState& rule = state(facts_.number(EntityKind::sod_rule, e.rule.text));
    const auto [first, last] = rule.of_kind(SlotKind::duty);
    for (const Live* duty = first; duty != last; ++duty) {
      const std::string field = duty->slot.a == 0 ? "first" : "second";
      o.text(field, name(duty->slot.b));
      o.text(field + "_level", name(duty->value));
    }
    return o.done();
  }
  template <class Other>
  std::string operator()(const Other&) {
    return "{}";
  }

 private:
  const EntityState& state(Number number) { return facts_.state(number); }
  std::string name(Number number) { return number == 0 ? std::string() : facts_.name(number).name; }

  std::vector<std::string> grants_of(Number holder) {
    std::vector<std::string> grants;
    const auto [first, last] = state(holder).of_kind(SlotKind::grant);
    for (const Live* l = first; l != last; ++l) grants.push_back(name(l->slot.b) + " on " + name(l->slot.a));
    return grants;
  }

  std::string holdings(const Person& person) {
    Object o;
    const Number member = state_.member(person);
    if (member == 0) return o.done();
    std::vector<std::string> assignments, groups;
    const auto [first, last] = state(member).of_kind(SlotKind::assigned);
    for (const Live* l = first; l != last; ++l) assignments.push_back(name(l->slot.a));
    for (const Live* l : access_.groups_of(member)) groups.push_back(name(l->slot.a));
    o.texts("assignments", std::move(assignments));
    if (access_.disabled(member)) o.flag("disabled", true);
    o.texts("grants", grants_of(member));
    o.texts("groups", std::move(groups));
    o.flag("member", access_.active(member));
    o.text_unless_empty("role", state_.direct_role(person).text);
    return o.done();
  }
  std::string disablement(const Person& person) {
    Object o;
    std::vector<std::string> areas;
    for (const Number area : access_.disabled_in(state_.member(person))) {
      areas.push_back(area == 0 ? "everywhere" : name(area));
    }
    o.texts("disabled_in", std::move(areas));
    return o.done();
  }
  std::string role_of(std::string_view label, const Person& person) {
    Object o;
    o.text_unless_empty(label, state_.direct_role(person).text);
    return o.done();
  }
  std::string invitation(const Person& person) {
    return shown(state(state_.member(person)).invitation(Instant{facts_.at().us}));
  }
  std::string shown(const std::optional<Invitation>& invitation) {
    Object o;
    if (!invitation) return o.done();
    std::vector<std::string> groups;
    for (const Number group : invitation->groups) groups.push_back(name(group));
    o.texts("groups", std::move(groups));
    o.text_unless_empty("role", name(invitation->role));
    return o.done();
  }
  const Live* org_slot(SlotKind slot, EntityKind kind, std::string_view of) {
    const Number number = facts_.number(kind, of);
    return number == 0 ? nullptr : state(facts_.org_entity()).find({slot, number});
  }
  std::string feature(const FeatureId& id) {
    Object o;
    const Live* set = org_slot(SlotKind::feature, EntityKind::feature, id.text);
    const FeatureRule* rule = access_.model().feature(id.text);
    if (set || rule) o.flag("enabled", set ? set->value != 0 : rule->on_by_default);
    return o.done();
  }
  std::string role_grants(const RoleId& role) {
    Object o;
    const Number number = facts_.number(EntityKind::role, role.text);
    if (number == 0 || !access_.role_exists(number)) return o.done();
    Object grants;
    const AccessModel& model = access_.model();
    std::vector<std::pair<std::string, std::string>> sorted;
    for (PermissionIndex p = 0; p < model.permissions().size(); ++p) {
      const Cell cell = access_.cell(number, p);
      if (cell.level > 0) sorted.emplace_back(model.permissions()[p].id.text, model.level_name(p, cell.level).text);
    }
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [permission, level] : sorted) grants.text(permission, level);
    o.raw("grants", grants.done());
    o.text_unless_empty("name", access_.custom_role_name(number));
    return o.done();
  }
  std::string group(const GroupId& id, bool whole) {
    Object o;
    const Number number = facts_.number(EntityKind::group, id.text);
    if (number == 0 || !access_.group_exists(number)) return o.done();
    const EntityState& held = state(number);
    if (whole) {
      std::vector<std::string> children, members;
      for (const Interval& i : facts_.list({ListKind::children, number})) children.push_back(name(i.principal));
      for (const Interval& i : access_.members_of(number)) {
        members.push_back(tenure::to_text(subject_of(facts_.name(i.principal).name)));
      }
      o.texts("children", std::move(children));
      o.texts("grants", grants_of(number));
      o.texts("members", std::move(members));
    }
    o.text_unless_empty("name", access_.group_name(number));
    if (const Live* parent = held.find({SlotKind::parent})) o.text("parent", name(parent->value));
    if (const Live* role = held.find({SlotKind::role})) o.text("role", name(role->value));
    return o.done();
  }
  std::string in_group(const Person& person, const GroupId& id) {
    Object o;
    const Number group = facts_.number(EntityKind::group, id.text);
    o.flag("held", group != 0 && state(state_.member(person)).find({SlotKind::group, group}));
    return o.done();
  }
  std::string granted(const Principal& principal, const Scope& on, const RoleId& role) {
    Object o;
    Number holder = facts_.org_entity();
    if (principal.kind == Principal::Kind::member) holder = state_.member(principal.member);
    if (principal.kind == Principal::Kind::group) holder = facts_.number(EntityKind::group, principal.group.text);
    const Number scope = facts_.number(EntityKind::scope, to_text(on));
    const Number of = facts_.number(EntityKind::role, role.text);
    o.flag("held", scope != 0 && of != 0 && state(holder).find({SlotKind::grant, scope, of}));
    return o.done();
  }
  std::string resource(const ResourceId& id) {
    Object o;
    const Number number = facts_.number(EntityKind::scope, to_text(id));
    o.flag("exists", state_.resource_exists(id));
    if (const Live* parent = state(number).find({SlotKind::parent})) o.text("parent", name(parent->value));
    return o.done();
  }
  std::string assigned(const Person& person, const ResourceId& id) {
    Object o;
    const Number scope = facts_.number(EntityKind::scope, to_text(id));
    o.flag("held", scope != 0 && state(state_.member(person)).find({SlotKind::assigned, scope}));
    return o.done();
  }

  const FactsTeamState& state_;
  Access& access_;
  Facts& facts_;
};

}  // namespace

std::string before_of(const Event& event, const FactsTeamState& state) { return std::visit(Looker(state), event.data); }

}  // namespace tenure::projections
