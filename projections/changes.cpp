#include "projections/access_fold.h"

namespace tenure::projections {

namespace {

// Gathers the changes of one event; the first failure to number a name ends it.
class Collector {
 public:
  Collector(const Record& record, const NumberOf& number)
      : number_(number),
        model_version_(record.model_version),
        actor_(record.event.actor),
        at_{record.event.occurred_at->us, record.position.value} {}

  void operator()(const event::OrgCreated& e) {
    begin(EntityKind::org, "");
    set(SlotKind::exists);
    set({SlotKind::mode}, e.mode == Mode::enforce ? 1 : 0);
    set({SlotKind::model}, n(EntityKind::model, model_name(e.model, model_version_)));
    if (!e.owner) return;
    member(*e.owner);
    set(SlotKind::exists);
    set_role(implied_owner);
  }
  void operator()(const event::OrgDeleted&) {
    begin(EntityKind::org, "");
    add(Op::end, {});
  }
  void operator()(const event::OrgSettingChanged& e) {
    begin(EntityKind::org, "");
    const Number setting = n(EntityKind::setting, e.setting.text);
    set({SlotKind::setting, setting}, n(EntityKind::value, e.value));
  }
  void operator()(const event::OrgModelChanged& e) {
    begin(EntityKind::org, "");
    set({SlotKind::model}, n(EntityKind::model, model_name(e.model, e.model_version.value_or(""))));
  }
  void operator()(const event::FeatureEnabled& e) { feature(e.feature, 1); }
  void operator()(const event::FeatureDisabled& e) { feature(e.feature, 0); }

  void operator()(const event::MemberInvited& e) {
    member(e.member);
    const auto low = static_cast<Number>(at_.position), high = static_cast<Number>(at_.position >> 32);
    set({SlotKind::invited, high, low}, e.role ? n(EntityKind::role, e.role->text) : 0);
    for (const GroupId& group : e.groups) set({SlotKind::invited_group, n(EntityKind::group, group.text), low});
    if (const Number inviter = acting_member()) set({SlotKind::invited_by, low}, inviter);
    if (!e.expires_at) return;
    const auto bits = static_cast<std::uint64_t>(e.expires_at->us);
    set({SlotKind::expires, low, static_cast<Number>(bits >> 32)}, static_cast<Number>(bits));
  }
  void operator()(const event::InvitationAccepted& e) {
    member(e.member);
    add(Op::accept, {});
  }
  void operator()(const event::InvitationCancelled& e) {
    member(e.member);
    end_invitation();
  }
  void operator()(const event::InvitationExpired& e) {
    member(e.member);
    end_invitation();
  }

  void operator()(const event::MemberAdded& e) {
    member(e.member);
    set(SlotKind::exists);
    if (e.role) set_role(e.role->text);
  }
  void operator()(const event::MemberRemoved& e) {
    member(e.member);
    add(Op::end, {});
  }
  void operator()(const event::MemberDisabled& e) {
    member(e.member);
    set({SlotKind::disabled, e.area ? n(EntityKind::area, *e.area) : 0});
  }
  void operator()(const event::MemberEnabled& e) {
    member(e.member);
    if (e.area) {
      const Number area = n(EntityKind::area, *e.area);
      add(Op::clear, {SlotKind::disabled, area});
      set({SlotKind::enabled_in, area});
    } else {
      add(Op::clear_kind, {SlotKind::disabled});
      add(Op::clear, {SlotKind::came_by});
    }
  }
  void operator()(const event::MemberRoleChanged& e) {
    member(e.member);
    set_role(e.role.text);
  }
  void operator()(const event::OwnershipTransferred& e) {
    member(e.from);
    if (e.previous_owner_role) {
      set_role(e.previous_owner_role->text);
    } else {
      set_role(implied_former_owner);
    }
    member(e.to);
    set_role(implied_owner);
  }

  void operator()(const event::RoleCreated& e) {
    begin(EntityKind::role, e.role.text);
    add(Op::clear_kind, {SlotKind::created_grant});
    add(Op::clear_kind, {SlotKind::edited_grant});
    set(SlotKind::exists);
    set({SlotKind::based_on}, e.based_on ? n(EntityKind::role, e.based_on->text) : 0);
    grants(SlotKind::created_grant, e.grants);
    named(e.name);
  }
  void operator()(const event::RoleEdited& e) {
    begin(EntityKind::role, e.role.text);
    grants(SlotKind::edited_grant, e.grants);
    if (e.name) named(*e.name);
    if (changes.back().entries.empty()) says_nothing();
  }
  void operator()(const event::RoleReset& e) {
    begin(EntityKind::role, e.role.text);
    add(Op::reset_role, {});
  }
  void operator()(const event::RoleDeleted& e) {
    begin(EntityKind::role, e.role.text);
    const Number reassign = e.reassign_to ? n(EntityKind::role, e.reassign_to->text) : 0;
    add(Op::end, {SlotKind::exists, 0, 1}, reassign);
  }

  void operator()(const event::GroupCreated& e) {
    begin(EntityKind::group, e.group.text);
    set(SlotKind::exists);
    if (e.parent) set({SlotKind::parent}, n(EntityKind::group, e.parent->text));
    if (e.role) set_role(e.role->text);
    if (e.name) named(*e.name);
  }
  void operator()(const event::GroupEdited& e) {
    begin(EntityKind::group, e.group.text);
    if (e.parent.cleared) add(Op::clear, {SlotKind::parent});
    if (e.parent.value) set({SlotKind::parent}, n(EntityKind::group, e.parent.value->text));
    if (e.role.cleared) add(Op::clear, {SlotKind::role});
    if (e.role.value) set_role(e.role.value->text);
    if (e.name) named(*e.name);
    if (changes.back().entries.empty()) says_nothing();
  }
  void operator()(const event::GroupDeleted& e) {
    begin(EntityKind::group, e.group.text);
    add(Op::end, {});
  }
  void operator()(const event::GroupMemberAdded& e) {
    member(e.member);
    set({SlotKind::group, n(EntityKind::group, e.group.text)});
  }
  void operator()(const event::GroupMemberRemoved& e) {
    member(e.member);
    add(Op::clear, {SlotKind::group, n(EntityKind::group, e.group.text)});
  }

  void operator()(const event::RoleGranted& e) { grant(Op::set, e.principal, e.on, e.role); }
  void operator()(const event::RoleRevoked& e) { grant(Op::clear, e.principal, e.on, e.role); }

  void operator()(const event::ResourceAdded& e) {
    begin(EntityKind::scope, to_text(e.resource));
    set(SlotKind::exists);
    if (e.parent) set({SlotKind::parent}, n(EntityKind::scope, to_text(*e.parent)));
    if (actor_.kind != ActorKind::member) return;
    member(actor_.who);
    set({SlotKind::created, n(EntityKind::scope, to_text(e.resource))});
  }
  void operator()(const event::ResourceRemoved& e) {
    begin(EntityKind::scope, to_text(e.resource));
    add(Op::end, {});
  }
  void operator()(const event::AssignmentAdded& e) {
    member(e.member);
    set({SlotKind::assigned, n(EntityKind::scope, to_text(e.resource))});
  }
  void operator()(const event::AssignmentRemoved& e) {
    member(e.member);
    add(Op::clear, {SlotKind::assigned, n(EntityKind::scope, to_text(e.resource))});
  }

  void operator()(const event::SodRuleAdded& e) {
    begin(EntityKind::sod_rule, e.rule.text);
    add(Op::clear_kind, {SlotKind::duty});
    add(Op::clear, {SlotKind::about_kind});
    set(SlotKind::exists);
    duty(0, e.first, e.first_level);
    duty(1, e.second, e.second_level);
    if (e.resource_kind) set({SlotKind::about_kind}, n(EntityKind::scope, *e.resource_kind + ":*"));
  }
  void operator()(const event::SodRuleRemoved& e) {
    begin(EntityKind::sod_rule, e.rule.text);
    add(Op::end, {});
  }
  void operator()(const event::FindingClosed& e) {
    begin(EntityKind::finding, e.finding);
    set(SlotKind::closed);
  }
  void operator()(const event::FindingReopened& e) {
    begin(EntityKind::finding, e.finding);
    add(Op::clear, {SlotKind::closed});
  }

  void operator()(const event::ReviewDefined& e) { begin(EntityKind::review_definition, e.definition); }
  void operator()(const event::ReviewWithdrawn& e) { begin(EntityKind::review_definition, e.definition); }
  void operator()(const event::ReviewSkipped& e) { begin(EntityKind::review_definition, e.definition); }
  void operator()(const event::AccessReported& e) { begin(EntityKind::access_report, e.report); }
  // Whatever else a review says.
  template <class Data>
  requires requires(const Data& e) { e.review; }
  void operator()(const Data& e) { begin(EntityKind::review, e.review); }

  // No access follows from these.
  void operator()(const event::EventRetracted&) {}
  void operator()(const event::SourceRecorded&) {}
  void operator()(const event::ActionDenied&) {}
  void operator()(const event::ModelPublished&) {}
  void operator()(const event::TokenCreated&) {}
  void operator()(const event::TokenRevoked&) {}
  void operator()(const event::ConsumerCreated&) {}
  void operator()(const event::ConsumerReset&) {}
  void operator()(const event::ConsumerDeleted&) {}
  void operator()(const event::SinkCreated&) {}
  void operator()(const event::SinkPaused&) {}
  void operator()(const event::SinkResumed&) {}
  void operator()(const event::SinkDeleted&) {}

  std::vector<Change> changes;
  std::optional<Failure> failure;

 private:
  void begin(EntityKind kind, std::string name) { changes.push_back({kind, std::move(name), {}}); }
  void member(const Person& person) { begin(EntityKind::member, member_name(person.subject)); }

  Number n(EntityKind kind, std::string_view name) {
    if (failure) return 0;
    const auto number = number_(kind, name);
    if (number) return *number;
    failure = number.error();
    return 0;
  }

  void add(Op op, Slot slot, Number value = 0) { changes.back().entries.push_back({at_, op, slot, value, {}}); }
  void set(Slot slot, Number value = 0) { add(Op::set, slot, value); }
  void set(SlotKind kind) { set(Slot{kind}); }
  void named(std::string_view name) {
    if (name.empty()) return add(Op::clear, {SlotKind::named});
    set({SlotKind::named}, n(EntityKind::value, name));
  }
  void says_nothing() { add(Op::clear, name_of_nothing); }
  void set_role(std::string_view role) { set({SlotKind::role}, n(EntityKind::role, role)); }

  // The member who acts; 0 if it is nobody of the kind.
  Number acting_member() {
    return actor_.kind == ActorKind::member ? n(EntityKind::member, member_name(actor_.who.subject)) : 0;
  }

  void end_invitation() {
    add(Op::clear_kind, {SlotKind::invited_by});
    add(Op::clear_kind, {SlotKind::invited});
    add(Op::clear_kind, {SlotKind::invited_group});
    add(Op::clear_kind, {SlotKind::expires});
  }
  void duty(Number which, const PermissionId& permission, const LevelId& level) {
    const Number of = n(EntityKind::permission, permission.text);
    set({SlotKind::duty, which, of}, n(EntityKind::level, level.text));
  }
  void feature(const FeatureId& id, Number on) {
    begin(EntityKind::org, "");
    set({SlotKind::feature, n(EntityKind::feature, id.text)}, on);
  }
  void grants(SlotKind kind, const Grants& grants) {
    for (const auto& [permission, level] : grants) {
      const Number of = n(EntityKind::permission, permission.text);
      set({kind, of}, n(EntityKind::level, level.text));
    }
  }
  void grant(Op op, const Principal& principal, const Scope& on, const RoleId& role) {
    switch (principal.kind) {
      case Principal::Kind::member:
        member(principal.member);
        break;
      case Principal::Kind::group:
        begin(EntityKind::group, principal.group.text);
        break;
      case Principal::Kind::everyone:
        begin(EntityKind::org, "");
        break;
    }
    const Number scope = n(EntityKind::scope, to_text(on));
    add(op, {SlotKind::grant, scope, n(EntityKind::role, role.text)});
  }
  const NumberOf& number_;
  std::string_view model_version_;
  const Actor& actor_;
  Point at_;
};

}  // namespace

std::string model_name(const ModelId& id, std::string_view version) { return id.text + ' ' + std::string(version); }

Outcome<std::vector<Change>> changes_of(const Record& record, const NumberOf& number) {
  Collector collector(record, number);
  std::visit(collector, record.event.data);
  if (collector.failure) return *collector.failure;
  return std::move(collector.changes);
}

}  // namespace tenure::projections
