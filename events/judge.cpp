#include "events/judge.h"

#include <algorithm>
#include <span>

#include "events/lifecycle.h"
#include "events/model/actions.h"
#include "events/without_effect.h"

namespace tenure {
namespace {

using Status = TeamState::Status;

// What an event is about, in the words of rules; each may be absent.
struct Act {
  const Person* target = nullptr;
  const RoleId* given = nullptr;
  std::span<const GroupId> joined;  // groups that somebody comes into: they give their roles
  const GroupId* edited = nullptr;  // a group that is given a role: its members are
  // On what: one resource, or with the id "*" every one of a kind, or with no kind the whole organization.
  std::optional<ResourceId> resource;
  bool whole_org = false;
};

template <class Any>
void describe(Act&, const Any&) {}
template <class E>
requires requires(const E& e) { e.member; }
void describe(Act& act, const E& e) {
  act.target = &e.member;
  if constexpr (requires { e.role->text; }) {
    if (e.role) act.given = &*e.role;
  } else if constexpr (requires { e.role.text; }) {
    act.given = &e.role;
  }
  if constexpr (requires { e.resource; }) act.resource = e.resource;
}
void describe_scoped(Act& act, const Principal& principal, const Scope& on) {
  if (principal.kind == Principal::Kind::member) act.target = &principal.member;
  act.whole_org = on.kind == Scope::Kind::org;
  if (!act.whole_org) act.resource = ResourceId{on.resource_kind, on.kind == Scope::Kind::every ? "*" : on.id};
}
void describe(Act& act, const event::RoleGranted& e) {
  describe_scoped(act, e.principal, e.on);
  act.given = &e.role;
}
void describe(Act& act, const event::RoleRevoked& e) { describe_scoped(act, e.principal, e.on); }
void describe(Act& act, const event::OwnershipTransferred& e) { act.target = &e.to; }
void describe(Act& act, const event::RoleDeleted& e) { act.given = e.reassign_to ? &*e.reassign_to : nullptr; }
void describe(Act& act, const event::GroupMemberAdded& e) {
  act.target = &e.member;
  act.joined = {&e.group, 1};
}
void describe(Act& act, const event::MemberInvited& e) {
  act.target = &e.member;
  act.given = e.role ? &*e.role : nullptr;
  act.joined = e.groups;
}
void describe(Act& act, const event::GroupCreated& e) { act.given = e.role ? &*e.role : nullptr; }
void describe(Act& act, const event::GroupEdited& e) {
  act.given = e.role.value ? &*e.role.value : nullptr;
  if (act.given) act.edited = &e.group;
}
void describe(Act& act, const event::ResourceAdded& e) { act.resource = e.resource; }
void describe(Act& act, const event::ResourceRemoved& e) { act.resource = e.resource; }

bool holds_role(const std::vector<RoleIndex>& list, const std::optional<RoleIndex>& role) {
  return role && std::find(list.begin(), list.end(), *role) != list.end();
}

// One event against the rules of its action. What rules ask of the state is looked up once.
class RuleMatch {
 public:
  RuleMatch(const AccessModel& model, const Event& event, const TeamState& before)
      : model_(model), event_(event), before_(before) {
    std::visit([&](const auto& e) { describe(act_, e); }, event.data);
    if (std::holds_alternative<event::OwnershipTransferred>(event.data)) given_ = model.owner_role();
    if (act_.given) given_ = model.role(act_.given->text);
    gives_ = act_.given || given_;
  }

  bool matches(const ActionRule& rule) {
    return kind_matches(rule) && actor_matches(rule) && target_matches(rule) && given_matches(rule);
  }
  // Whether it would match if the actor had the rule's permission, of which the text of their role says nothing.
  bool is_left_open(const ActionRule& rule) {
    if (!rule.allow || !rule.actor_permission || !actor_role()) return false;
    if (!model_.cell(*actor_role(), *rule.actor_permission).unspecified) return false;
    ActionRule open = rule;
    open.actor_permission.reset();
    return matches(open);
  }
  const std::optional<RoleIndex>& role_of_actor() { return actor_role(); }

  // Whether the rule is about what the event is on.
  bool kind_matches(const ActionRule& rule) const {
    const auto& kinds = rule.on_kinds;
    return kinds.empty() ||
           (act_.resource && std::find(kinds.begin(), kinds.end(), act_.resource->kind) != kinds.end());
  }

 private:
  bool by_member() const { return event_.actor.kind == ActorKind::member; }

  // The actor's role while they are an active member: a role of the disabled, the invited and the gone counts for
  // nothing.
  const std::optional<RoleIndex>& actor_role() {
    if (!actor_known_) {
      actor_known_ = true;
      const Person& actor = event_.actor.who;
      actor_active_ = by_member() && before_.status(actor) == Status::active;
      if (actor_active_) actor_role_ = model_.role(before_.direct_role(actor).text);
    }
    return actor_role_;
  }
  const std::optional<RoleIndex>& target_role() {
    if (!target_known_) {
      target_known_ = true;
      if (act_.target) target_role_ = model_.role(before_.direct_role(*act_.target).text);
    }
    return target_role_;
  }
  // Custom roles, and having none, rank below every role of the model.
  int rank(const std::optional<RoleIndex>& role) const { return role ? model_.roles()[*role].rank : -1; }

  bool actor_matches(const ActionRule& rule) {
    const auto& kinds = rule.actor_kinds;
    if (!kinds.empty() && std::find(kinds.begin(), kinds.end(), to_text(event_.actor.kind)) == kinds.end())
      return false;
    if (!rule.actor_roles.empty() && !holds_role(rule.actor_roles, actor_role())) return false;
    if (rule.actor_disabled && !actor_is_disabled()) return false;
    return !rule.actor_permission || actor_holds(*rule.actor_permission, rule.actor_level);
  }

  // Altogether, or in an area of the model that covers something.
  bool actor_is_disabled() const {
    if (!by_member()) return false;
    const Person& actor = event_.actor.who;
    if (before_.status(actor) == Status::disabled) return true;
    return std::any_of(model_.areas().begin(), model_.areas().end(),
                       [&](const AreaRule& area) { return !area.modules.empty() && before_.disabled_in(actor, area); });
  }

  bool actor_holds(PermissionIndex permission, LevelIndex level) const {
    if (!by_member()) return false;
    const Person& actor = event_.actor.who;
    const std::string& kind = model_.permissions()[permission].resource_kind;
    if (kind.empty()) return before_.holds(actor, permission, level);
    // What is done to the whole organization is done to every resource in it.
    if (act_.whole_org) return before_.holds_on(actor, permission, level, {kind, "*"});
    if (act_.resource && act_.resource->kind == kind) {
      return before_.holds_on(actor, permission, level, *act_.resource);
    }
    return before_.holds(actor, permission, level);
  }

  bool target_matches(const ActionRule& rule) {
    if (!rule.target_roles.empty() && !holds_role(rule.target_roles, target_role())) return false;
    if (!rule.not_target_roles.empty() && holds_role(rule.not_target_roles, target_role())) return false;
    if (rule.target_below_actor && act_.target && !target_is_below_actor()) return false;
    if (rule.target_not_below_actor && (!act_.target || target_is_below_actor())) return false;
    if (rule.target_is_member && target_is_member() != *rule.target_is_member) return false;
    if (rule.target_is_actor && *rule.target_is_actor != target_is_actor()) return false;
    return !rule.target_is_last_holder || target_is_last_holder();
  }

  bool target_is_actor() const {
    if (!by_member()) return false;
    const Person& actor = event_.actor.who;
    if (act_.edited) return before_.in_group(actor, *act_.edited);
    return act_.target && same_person(*act_.target, actor);
  }

  // A transfer changes the role of two people; whoever passes on their own is asked of the other one alone.
  bool target_is_below_actor() {
    if (!below_actor(rank(target_role()), false)) return false;
    const auto* transfer = std::get_if<event::OwnershipTransferred>(&event_.data);
    if (!transfer || same_person(transfer->from, event_.actor.who)) return true;
    return below_actor(rank(model_.role(before_.direct_role(transfer->from).text)), false);
  }

  bool target_is_member() const {
    if (!act_.target) return false;
    const Status status = before_.status(*act_.target);
    return status == Status::active || status == Status::disabled;
  }

  bool target_is_last_holder() {
    if (!act_.target || !target_role() || before_.status(*act_.target) != Status::active) return false;
    return before_.active_holders(model_.roles()[*target_role()].id, 2) == 1;
  }

  bool given_matches(const ActionRule& rule) {
    if (act_.joined.empty() || !asks_what_is_given(rule)) return given_matches(rule, gives_, given_);
    if (!group_known_) {
      group_known_ = true;
      if (gives_) all_given_.push_back(given_);
      for (const GroupId& group : act_.joined) {
        for (const RoleId& role : before_.group_roles(group)) all_given_.push_back(model_.role(role.text));
      }
    }
    if (all_given_.empty()) return given_matches(rule, false, {});
    // Whatever the groups give has to be allowed; one role that may not be given is enough for a prohibition.
    const auto fits = [&](const std::optional<RoleIndex>& role) { return given_matches(rule, true, role); };
    return rule.allow ? std::all_of(all_given_.begin(), all_given_.end(), fits)
                      : std::any_of(all_given_.begin(), all_given_.end(), fits);
  }

  static bool asks_what_is_given(const ActionRule& rule) {
    return rule.gives_a_role || !rule.given_roles.empty() || !rule.not_given_roles.empty() || rule.given_below_actor ||
           rule.given_at_most_actor;
  }

  bool given_matches(const ActionRule& rule, bool gives, const std::optional<RoleIndex>& given) {
    if (rule.gives_a_role && *rule.gives_a_role != gives) return false;
    if (!rule.given_roles.empty() && !holds_role(rule.given_roles, given)) return false;
    if (!rule.not_given_roles.empty() && holds_role(rule.not_given_roles, given)) return false;
    if (!gives) return true;
    if (rule.given_below_actor && !below_actor(rank(given), false)) return false;
    return !rule.given_at_most_actor || below_actor(rank(given), true);
  }

  bool below_actor(int other, bool or_equal) {
    const int own = rank(actor_role());
    return actor_active_ && (other < own || (or_equal && other == own));
  }

  const AccessModel& model_;
  const Event& event_;
  const TeamState& before_;
  Act act_;
  std::optional<RoleIndex> given_;  // empty for a custom role
  bool gives_ = false;
  bool group_known_ = false;
  std::vector<std::optional<RoleIndex>> all_given_;  // with what the joined groups give
  bool actor_known_ = false, actor_active_ = false, target_known_ = false;
  std::optional<RoleIndex> actor_role_, target_role_;
};

// Whether the rule says who may, and by that who may not.
bool closes(const ActionRule& rule, const RuleMatch& match) {
  return rule.allow && !rule.leaves_others_open && match.kind_matches(rule);
}

// Says who may instead; what is kept in every offending record stays short.
std::string nobody_else(const AccessModel& model, std::string_view action, const std::vector<std::uint16_t>& rules,
                        const RuleMatch& match) {
  constexpr std::size_t reasons_max = 3;
  std::string because = "No rule lets this actor do " + std::string(action) + " here.";
  std::size_t reasons = 0;
  for (const std::uint16_t index : rules) {
    const ActionRule& rule = model.rules()[index];
    if (!rule.allow || !match.kind_matches(rule)) continue;
    if (++reasons > reasons_max) break;
    because += " " + rule.because;
  }
  return because;
}

Verdict left_open(const AccessModel& model, const ActionRule& rule, RuleMatch& match) {
  const PermissionRule& permission = model.permissions()[*rule.actor_permission];
  return {VerdictResult::unspecified, rule.id,
          "The model does not say whether the role \"" + model.roles()[*match.role_of_actor()].name + "\" has \"" +
              permission.name + "\" in \"" + permission.module + "\"."};
}

Verdict judge_by_rules(const AccessModel& model, const Event& event, const TeamState& before) {
  const auto& rules = model.rules_of(event.data.index());
  if (rules.empty()) return {};
  RuleMatch match(model, event, before);
  bool closed = false;
  for (const std::uint16_t index : rules) {
    const ActionRule& rule = model.rules()[index];
    closed = closed || closes(rule, match);
    if (!match.matches(rule)) continue;
    if (rule.allow) return {VerdictResult::allowed, rule.id, {}};
    return {VerdictResult::violation, rule.id, rule.because};
  }
  if (!closed) return {};
  for (const std::uint16_t index : rules) {
    if (match.is_left_open(model.rules()[index])) return left_open(model, model.rules()[index], match);
  }
  const std::string_view action = action_type(event.data.index()).name;
  std::string because = nobody_else(model, action, rules, match);
  if (before.org_deleted()) because = "The organization was deleted, and nobody has a role in it any more. " + because;
  return {VerdictResult::violation, std::string(action) + ".not_allowed", std::move(because)};
}

Verdict judge_alone(const AccessModel& model, const Event& event, const TeamState& before) {
  const auto allowed = [](const char* rule) { return Verdict{VerdictResult::allowed, rule, {}}; };
  if (std::holds_alternative<event::OrgCreated>(event.data)) return allowed("lifecycle.begins");
  if (!action_type(event.data.index()).ruled) return allowed("lifecycle.record_only");
  if (changes_nothing(event, before)) return allowed("lifecycle.changes_nothing");
  if (auto found = lifecycle_violation(model, event, before)) return std::move(*found);
  if (event.basis == Basis::baseline && before.holders(model.roles()[model.owner_role()].id, 1) == 0) {
    return allowed("lifecycle.begins");
  }
  return judge_by_rules(model, event, before);
}

}  // namespace

bool same_person(const Person& a, const Person& b) {
  if (!a.subject.empty() && !b.subject.empty()) return a.subject == b.subject;
  return !a.identity.empty() && a.identity == b.identity;
}

Verdict judge(const AccessModel& model, const Event& event, const TeamState& before) {
  Verdict verdict = judge_alone(model, event, before);
  if (verdict.result == VerdictResult::allowed) verdict.because = grants_without_effect(model, event, before);
  return verdict;
}

}  // namespace tenure
