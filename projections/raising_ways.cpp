#include "projections/raising_ways.h"

#include <algorithm>

#include "events/judge.h"
#include "events/model/role_power.h"

namespace tenure::projections {

RaisingWays::RaisingWays(Access& access)
    : access_(access),
      facts_(access.facts()),
      model_(access.model()),
      team_(facts_.moved_to(facts_.at()), facts_.model_at(facts_.at())) {}

std::vector<RaisingWay> RaisingWays::of(Number member, std::size_t enough) {
  std::vector<RaisingWay> ways;
  Held held(model_.permissions().size());
  const auto look_at = [&](const RoleId& id, Number role, const Cells& cell) {
    if (ways.size() >= enough || !gives_more(member, held, cell)) return;
    auto way = way_to(member, id);
    if (!way) return;
    way->role = role;
    ways.push_back(std::move(*way));
  };
  for (RoleIndex r = 0; r < model_.roles().size(); ++r) {
    if (model_.roles()[r].available) {
      look_at(model_.roles()[r].id, 0, [&](PermissionIndex p) { return model_.cell(r, p); });
    }
  }
  for (const Number role : custom_roles()) {
    look_at(RoleId(facts_.name(role).name), role, [&](PermissionIndex p) { return access_.cell(role, p); });
  }
  if (ways.size() < enough) {
    if (auto way = way_by_own_role(member, held)) ways.push_back(std::move(*way));
  }
  return ways;
}

bool RaisingWays::open(Number member, const RaisingWay& way) {
  Held held(model_.permissions().size());
  if (way.id.text.empty()) return way_by_own_role(member, held).has_value();
  const auto own = model_.role(way.id.text);
  if (!own && !access_.is_custom(way.role)) return false;
  const auto cell = [&](PermissionIndex p) { return own ? model_.cell(*own, p) : access_.cell(way.role, p); };
  return gives_more(member, held, cell) && way_to(member, way.id);
}

// Whether what a role grants on the whole organization is more than the member has. What it grants on assigned
// resources alone is compared with what they have on any.
bool RaisingWays::is_more(Number member, Held& held, PermissionIndex p, const Cell& granted) {
  if (granted.level == 0) return false;
  const std::string& kind = model_.permissions()[p].resource_kind;
  const bool on_every = granted.visibility == Visibility::all && !kind.empty();
  std::optional<LevelIndex>& level = on_every ? held[p].on_every : held[p].on_one;
  // No resource is called so: who holds a power on it holds it on every one.
  const auto on = on_every ? std::optional(ResourceId{kind, "\x01"}) : std::nullopt;
  if (!level) level = access_.effective(member, {p, 1, on}, false).level;
  return granted.level > *level;
}

bool RaisingWays::gives_more(Number member, Held& held, const Cells& cell) {
  for (PermissionIndex p = 0; p < held.size(); ++p) {
    if (is_more(member, held, p, cell(p))) return true;
  }
  return false;
}

// To take the role: as their own, on the whole organization, by taking ownership, or through a group that they are in.
std::optional<RaisingWay> RaisingWays::way_to(Number member, const RoleId& role) {
  const Person self = person_of(member);
  const ActionRule* rule = judged(self, event::MemberRoleChanged{self, role});
  if (!rule) rule = judged(self, event::RoleGranted{Scope{}, Principal{Principal::Kind::member, self, {}}, role});
  if (!rule && role == model_.roles()[model_.owner_role()].id) rule = rule_for_ownership(self, member);
  if (rule) return RaisingWay{role.text + " alone", role, 0, rule};
  for (const Number number : groups_of(member)) {
    const GroupId group(facts_.name(number).name);
    event::GroupEdited edit;
    edit.group = group;
    edit.role.value = role;
    rule = judged(self, edit);
    if (!rule) rule = judged(self, event::RoleGranted{Scope{}, Principal{Principal::Kind::group, {}, group}, role});
    if (rule) return RaisingWay{role.text + " alone, through the group " + group.text, role, 0, rule};
  }
  return std::nullopt;
}

// From whoever is the owner: of several it matters not from which.
const ActionRule* RaisingWays::rule_for_ownership(const Person& self, Number member) {
  const Number role = facts_.number(EntityKind::role, model_.roles()[model_.owner_role()].id.text);
  Number from = member;  // where there is none, ownership is nobody's to pass on
  if (role != 0) {
    const auto owners = access_.holders(role, std::numeric_limits<std::size_t>::max(), true);
    if (!owners.empty()) from = *std::min_element(owners.begin(), owners.end());
  }
  return judged(self, event::OwnershipTransferred{person_of(from), std::nullopt, self});
}

// To grant their own custom role more.
std::optional<RaisingWay> RaisingWays::way_by_own_role(Number member, Held& held) {
  const Number role = access_.direct_role(member);
  if (role == 0 || !access_.is_custom(role)) return std::nullopt;
  for (PermissionIndex p = 0; p < held.size(); ++p) {
    const LevelIndex most = highest_option(model_, p);
    if (!is_more(member, held, p, {most, model_.permissions()[p].visibility_at(most), false})) continue;
    const Grants grants{{model_.permissions()[p].id, model_.level_name(p, most)}};
    const event::RoleEdited edit{RoleId(facts_.name(role).name), grants, std::nullopt};
    if (const ActionRule* rule = judged(person_of(member), edit)) {
      return RaisingWay{"more in a custom role alone", RoleId(), role, rule};
    }
  }
  return std::nullopt;
}

// The rule by which the member may do it, if that asks for a permission.
const ActionRule* RaisingWays::judged(const Person& self, EventPayload data) const {
  Event event;
  event.actor = {ActorKind::member, self};
  event.occurred_at = Instant{facts_.at().us};
  event.data = std::move(data);
  const Verdict verdict = judge(model_, event, team_);
  if (verdict.result != VerdictResult::allowed) return nullptr;
  const auto rule = std::find_if(model_.rules().begin(), model_.rules().end(), [&](const ActionRule& each) {
    return each.actor_permission && each.id == verdict.rule;
  });
  return rule == model_.rules().end() ? nullptr : &*rule;
}

std::vector<Number> RaisingWays::groups_of(Number member) {
  std::vector<Number> groups;
  for (const Live* link : access_.groups_of(member)) {
    for (Number group = link->slot.a; group != 0 && std::find(groups.begin(), groups.end(), group) == groups.end();
         group = model_.groups_inherit_from_parents() ? access_.group_parent(group) : 0) {
      groups.push_back(group);
    }
  }
  return groups;
}

Person RaisingWays::person_of(Number member) { return {{}, subject_of(facts_.name(member).name)}; }

const std::vector<Number>& RaisingWays::custom_roles() {
  if (!custom_roles_) custom_roles_ = access_.custom_roles();
  return *custom_roles_;
}

}  // namespace tenure::projections
