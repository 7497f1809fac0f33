// Members who can raise themselves: those whose role the model's analysis names, and those who hold, by whatever gives
// it to them, a permission for which a rule lets them give themselves a role that grants more than they have, or more
// in their own custom role. More is a higher level, and a level on every resource that they hold on some alone.
#include <algorithm>
#include <set>

#include "events/judge.h"
#include "events/model/role_power.h"
#include "projections/findings_parts.h"
#include "projections/spans.h"
#include "projections/team_state.h"

namespace tenure::projections {

namespace {

class Raising {
 public:
  Raising(Access& access, Instant at, std::vector<Finding>& found)
      : access_(access),
        facts_(access.facts()),
        model_(access.model()),
        team_(facts_.moved_to(facts_.at()), facts_.model_at(facts_.at())),
        at_(at),
        found_(found) {}

  // Under another model it is another way to raise oneself.
  void by_role(const Raises& raises) {
    for (const SelfRaise& raise : raises) {
      const RoleId& role = model_.roles()[raise.role].id;
      const Number number = facts_.number(EntityKind::role, role.text);
      if (number == 0) continue;
      const std::string to = raise.to ? model_.roles()[*raise.to].id.text : "a custom role";
      for (const Number member : access_.holders(number, std::numeric_limits<std::size_t>::max(), false)) {
        told_.insert(member);
        Finding& finding = add_finding(
            found_, FindingKind::can_raise_self, member, number,
            std::max(access_.role_since(member), model_since(facts_)),
            "by the model's rules whoever has the role " + role.text + " can come to have " + to + " alone");
        finding.role = role.text;
      }
    }
  }

  // A custom role, a group, a grant on a scope or what everyone has may give what a rule asks for.
  void by_permission() {
    std::set<std::pair<PermissionIndex, LevelIndex>> asked;
    for (const ActionRule& rule : model_.rules()) {
      if (rule.allow && rule.actor_permission) asked.emplace(*rule.actor_permission, rule.actor_level);
    }
    std::set<Number> members;
    for (const auto& [permission, level] : asked) {
      for (const Holder& holder : access_.who_can({permission, level, std::nullopt}, false)) {
        members.insert(holder.member);
      }
    }
    for (const Number member : members) {
      if (access_.active(member) && !access_.disabled(member) && !told_.contains(member)) try_out(member);
      if (facts_.failure()) return;
    }
    if (team_.failure()) facts_.fail(*team_.failure());
  }

 private:
  // What a member has of a permission, as far as it was asked: on at least one resource, and on every one.
  struct HeldLevel {
    std::optional<LevelIndex> on_one, on_every;
  };
  using Held = std::vector<HeldLevel>;  // by permission

  // What a member may come to have, and the rule that lets them.
  struct Way {
    std::string what;
    const ActionRule* rule = nullptr;
  };

  void try_out(Number member) {
    const std::vector<Way> ways = this->ways(member);
    if (ways.empty()) return;
    // Since when the first of the ways has been open.
    Point since = Point::never();
    std::set<std::pair<PermissionIndex, LevelIndex>> seen;
    for (const Way& way : ways) {
      const PermissionIndex permission = *way.rule->actor_permission;
      if (!seen.emplace(permission, way.rule->actor_level).second) continue;
      const SpanQuestion question{model_.permissions()[permission].id,
                                  model_.level_name(permission, way.rule->actor_level), std::nullopt};
      since = std::min(since, held_since(facts_, member, question, at_).value_or(Point{}));
    }
    add_finding(found_, FindingKind::can_raise_self, member, 0, std::max(since, model_since(facts_)),
                "by the model's rules whoever has " + model_.permissions()[*ways.front().rule->actor_permission].name +
                    " can come to have " + ways.front().what + " alone");
  }

  std::vector<Way> ways(Number member) {
    std::vector<Way> ways;
    Held held(model_.permissions().size());
    const auto add = [&](const std::string& role, const std::function<Cell(PermissionIndex)>& cell) {
      if (!gives_more(member, held, cell)) return;
      if (const ActionRule* rule = rule_for(member, RoleId(role))) ways.push_back({role, rule});
    };
    for (RoleIndex r = 0; r < model_.roles().size(); ++r) {
      if (model_.roles()[r].available) {
        add(model_.roles()[r].id.text, [&](PermissionIndex p) { return model_.cell(r, p); });
      }
    }
    for (const Number role : custom_roles()) {
      add(facts_.name(role).name, [&](PermissionIndex p) { return access_.cell(role, p); });
    }
    if (const ActionRule* rule = rule_for_own_role(member, held)) ways.push_back({"more in a custom role", rule});
    return ways;
  }

  const std::vector<Number>& custom_roles() {
    if (!custom_roles_) custom_roles_ = access_.custom_roles();
    return *custom_roles_;
  }

  // Whether what a role grants on the whole organization is more than the member has. What it grants on assigned
  // resources alone is compared with what they have on any.
  bool is_more(Number member, Held& held, PermissionIndex p, const Cell& granted) {
    if (granted.level == 0) return false;
    const std::string& kind = model_.permissions()[p].resource_kind;
    const bool on_every = granted.visibility == Visibility::all && !kind.empty();
    std::optional<LevelIndex>& level = on_every ? held[p].on_every : held[p].on_one;
    // No resource is called so: who holds a power on it holds it on every one.
    const auto on = on_every ? std::optional(ResourceId{kind, "\x01"}) : std::nullopt;
    if (!level) level = access_.effective(member, {p, 1, on}, false).level;
    return granted.level > *level;
  }

  bool gives_more(Number member, Held& held, const std::function<Cell(PermissionIndex)>& cell) {
    for (PermissionIndex p = 0; p < held.size(); ++p) {
      if (is_more(member, held, p, cell(p))) return true;
    }
    return false;
  }

  Person person_of(Number member) { return {{}, subject_of(facts_.name(member).name)}; }

  // The rule by which the member may do it, if that asks for a permission.
  const ActionRule* judged(const Person& self, EventPayload data) const {
    Event event;
    event.actor = {ActorKind::member, self};
    event.occurred_at = at_;
    event.data = std::move(data);
    const Verdict verdict = judge(model_, event, team_);
    if (verdict.result != VerdictResult::allowed) return nullptr;
    const auto rule = std::find_if(model_.rules().begin(), model_.rules().end(), [&](const ActionRule& each) {
      return each.actor_permission && each.id == verdict.rule;
    });
    return rule == model_.rules().end() ? nullptr : &*rule;
  }

  // To take the role, as their own or on the whole organization.
  const ActionRule* rule_for(Number member, const RoleId& role) {
    const Person self = person_of(member);
    if (const ActionRule* rule = judged(self, event::MemberRoleChanged{self, role})) return rule;
    return judged(self, event::RoleGranted{Scope{}, Principal{Principal::Kind::member, self, {}}, role});
  }

  // To grant their own custom role more.
  const ActionRule* rule_for_own_role(Number member, Held& held) {
    const Number role = access_.direct_role(member);
    if (role == 0 || !access_.is_custom(role)) return nullptr;
    for (PermissionIndex p = 0; p < held.size(); ++p) {
      const LevelIndex most = highest_option(model_, p);
      if (!is_more(member, held, p, {most, model_.permissions()[p].visibility_at(most), false})) continue;
      const Grants grants{{model_.permissions()[p].id, model_.level_name(p, most)}};
      const event::RoleEdited edit{RoleId(facts_.name(role).name), grants, std::nullopt};
      if (const ActionRule* rule = judged(person_of(member), edit)) return rule;
    }
    return nullptr;
  }

  Access& access_;
  Facts& facts_;
  const AccessModel& model_;
  FactsTeamState team_;
  Instant at_;
  std::vector<Finding>& found_;
  std::unordered_set<Number> told_;
  std::optional<std::vector<Number>> custom_roles_;
};

}  // namespace

void find_raising(Access& access, Instant at, const Raises& raises, std::vector<Finding>& found) {
  Raising raising(access, at, found);
  raising.by_role(raises);
  raising.by_permission();
}

}  // namespace tenure::projections
