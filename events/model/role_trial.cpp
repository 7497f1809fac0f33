#include "events/model/role_trial.h"

#include <algorithm>

#include "events/judge.h"
#include "events/model/actions.h"
#include "events/model/rule_reach.h"

namespace tenure {
namespace {

// The custom role of the analysis. No model can have a role of this name: ids have no blanks.
const RoleId custom_role{"custom role"};

Person self() { return {"self", {}}; }
Person other() { return {"other", {}}; }
Person holder() { return {"holder", {}}; }

// A made-up team: whoever acts, whom it is done to, and somebody who holds the owner's role.
class MadeUpTeam : public TeamState {
 public:
  explicit MadeUpTeam(const AccessModel& model) : model_(model) {}

  struct Account {
    Status status = Status::unknown;
    RoleId role;
    const RolePower* power = nullptr;
  };
  Account acting, target;

  Status status(const Person& person) const override {
    const Account* account = of(person);
    return account ? account->status : Status::active;
  }
  RoleId direct_role(const Person& person) const override {
    const Account* account = of(person);
    return account ? account->role : model_.roles()[model_.owner_role()].id;
  }
  std::size_t holders(const RoleId& role, std::size_t enough) const override {
    const auto index = model_.role(role.text);
    const bool one = index && model_.roles()[*index].cardinality == Cardinality::exactly_one;
    return std::min<std::size_t>(enough, one ? 1 : 2);
  }
  std::size_t active_holders(const RoleId& role, std::size_t enough) const override { return holders(role, enough); }
  bool holds(const Person& person, PermissionIndex permission, LevelIndex level) const override {
    const Account* account = of(person);
    return account && account->power && account->power->held(permission) >= level;
  }
  bool role_exists(const RoleId& role) const override { return role == custom_role && custom_exists; }
  bool role_was_deleted(const RoleId&) const override { return false; }
  bool group_exists(const GroupId&) const override { return true; }
  std::vector<RoleId> group_roles(const GroupId&) const override { return {of_group}; }
  bool resource_exists(const ResourceId&) const override { return true; }

  bool custom_exists = true;
  RoleId of_group;  // what the one group gives

 private:
  const Account* of(const Person& person) const {
    if (person.identity == "self") return &acting;
    return person.identity == "other" ? &target : nullptr;
  }
  const AccessModel& model_;
};

// One trial: somebody acts, and somebody (perhaps the same) comes to have a role.
class Trial {
 public:
  Trial(const AccessModel& model, const AnalysedRole& actor, const RolePower& power) : model_(model), team_(model) {
    actor_ = actor;
    team_.acting = {TeamState::Status::active, id(actor), &power};
  }
  void has_target(const AnalysedRole& role, const RolePower& power) {
    team_.target = {TeamState::Status::active, id(role), &power};
  }

  std::optional<Way> way(const Person& to, const AnalysedRole& gives) {
    const RoleId role = id(gives);
    const RoleRule* rule = gives ? &model_.roles()[*gives] : nullptr;
    const bool is_member = team_.status(to) == TeamState::Status::active;
    if (!rule || rule->member_role) {
      if (auto way = is_member ? try_one(event::MemberRoleChanged{to, role}) : std::nullopt) return way;
      if (auto way = try_one(event::MemberAdded{to, role})) return way;
      if (auto way = invited(to, role)) return way;
      if (auto way = owned(to, gives)) return way;
    }
    return is_member ? indirect(to, role, rule) : std::nullopt;
  }

  bool removes_target() const { return try_one(event::MemberRemoved{other()}).has_value(); }

  std::optional<Way> makes_custom(const RolePower& custom) {
    Grants grants;
    for (std::size_t i = 0; i < model_.permissions().size(); ++i) {
      const auto permission = static_cast<PermissionIndex>(i);
      const LevelIndex level = custom.granted(permission);
      if (level > 0) grants[model_.permissions()[i].id] = model_.level_name(permission, level);
    }
    team_.custom_exists = false;
    auto made = try_one(event::RoleCreated{custom_role, "custom", std::nullopt, std::nullopt, grants});
    team_.custom_exists = true;
    return made ? made : try_one(event::RoleEdited{custom_role, grants, std::nullopt});
  }

 private:
  RoleId id(const AnalysedRole& role) const { return role ? model_.roles()[*role].id : custom_role; }

  Verdict judged(const Person& actor, EventPayload data) const {
    Event event;
    event.actor = {ActorKind::member, actor};
    event.data = std::move(data);
    return judge(model_, event, team_);
  }
  std::optional<Way> try_one(EventPayload data) const {
    const std::string_view action = action_type(data.index()).name;
    const Verdict verdict = judged(self(), std::move(data));
    if (verdict.result != VerdictResult::allowed) return std::nullopt;
    return Way{{action}, verdict.rule};
  }
  std::optional<Way> both(std::optional<Way> first, const std::optional<Way>& then) const {
    if (!first || !then) return std::nullopt;
    first->actions.insert(first->actions.end(), then->actions.begin(), then->actions.end());
    return first;
  }

  // By invitation: the invited person accepts it themselves.
  std::optional<Way> invited(const Person& to, const RoleId& role) {
    auto way = try_one(event::MemberInvited{to, role, {}, std::nullopt});
    if (!way) return std::nullopt;
    const auto before = team_.target;
    if (to.identity == "other" && before.status == TeamState::Status::unknown) {
      team_.target.status = TeamState::Status::invited;
    }
    const Verdict accepted = judged(to, event::InvitationAccepted{to});
    team_.target = before;
    if (accepted.result != VerdictResult::allowed) return std::nullopt;
    way->actions.emplace_back(event::InvitationAccepted::type);
    return way;
  }

  std::optional<Way> owned(const Person& to, const AnalysedRole& gives) {
    if (gives != model_.owner_role()) return std::nullopt;
    const Person from = actor_ == model_.owner_role() ? self() : holder();
    return same_person(from, to) ? std::nullopt : try_one(event::OwnershipTransferred{from, std::nullopt, to});
  }

  // Power that does not come as one's own role.
  std::optional<Way> indirect(const Person& to, const RoleId& role, const RoleRule* rule) {
    const Principal principal{Principal::Kind::member, to, {}};
    auto way = try_one(event::RoleGranted{Scope{}, principal, role});
    if (!way && (!rule || rule->member_role)) {
      const GroupId group("group");
      team_.of_group = role;
      way = both(try_one(event::GroupCreated{group, std::nullopt, std::nullopt, role}),
                 try_one(event::GroupMemberAdded{group, to}));
    }
    for (const SettingRule& setting : model_.settings()) {
      for (const SettingValue& value : setting.values) {
        const bool gives = value.everyone_role && model_.roles()[*value.everyone_role].id == role;
        if (!way && gives) way = try_one(event::OrgSettingChanged{setting.id, value.value});
      }
    }
    if (way) way->direct = false;
    return way;
  }

  const AccessModel& model_;
  MadeUpTeam team_;
  AnalysedRole actor_;
};

constexpr std::size_t no_role = SIZE_MAX, no_member = SIZE_MAX - 1;

}  // namespace

RoleTrial::RoleTrial(const AccessModel& model) : model_(model) {
  for (std::size_t i = 0; i < model.roles().size(); ++i) add(static_cast<RoleIndex>(i));
  if (model.custom_roles()) add(std::nullopt);
}

void RoleTrial::add(AnalysedRole role) {
  roles_.push_back(role);
  powers_.emplace_back(model_, role);
  auto& held = held_.emplace_back();
  for (std::size_t i = 0; i < model_.permissions().size(); ++i) {
    const auto permission = static_cast<PermissionIndex>(i);
    if (powers_.back().granted(permission) == 0) continue;
    if (const LevelIndex level = powers_.back().held(permission)) held.emplace_back(permission, level);
  }
}

std::optional<Way> RoleTrial::to_self(std::size_t actor, std::size_t gives) {
  const auto [at, is_new] = answers_.try_emplace({actor, no_role, gives});
  if (is_new) at->second = Trial(model_, roles_[actor], powers_[actor]).way(self(), roles_[gives]);
  return at->second;
}

std::optional<Way> RoleTrial::to_other(std::size_t actor, std::optional<std::size_t> from, std::size_t gives) {
  const auto [at, is_new] = answers_.try_emplace({actor, from.value_or(no_member), gives});
  if (!is_new) return at->second;
  Trial trial(model_, roles_[actor], powers_[actor]);
  if (from) trial.has_target(roles_[*from], powers_[*from]);
  return at->second = trial.way(other(), roles_[gives]);
}

std::optional<Way> RoleTrial::makes_custom(std::size_t actor) {
  if (roles_.back()) return std::nullopt;
  const auto [at, is_new] = answers_.try_emplace({actor, no_role, no_role});
  if (is_new) at->second = Trial(model_, roles_[actor], powers_[actor]).makes_custom(powers_.back());
  return at->second;
}

bool RoleTrial::removes(std::size_t actor) {
  Trial trial(model_, roles_[actor], powers_[actor]);
  for (std::size_t from = 0; from < roles_.size(); ++from) {
    if (roles_[from] && !is_had_by_members(model_.roles()[*roles_[from]])) continue;
    trial.has_target(roles_[from], powers_[from]);
    if (trial.removes_target()) return true;
  }
  return false;
}

std::vector<RoleIndex> roles_that_manage_members(const AccessModel& model) {
  RoleTrial trial(model);
  const auto roles = static_cast<RoleIndex>(model.roles().size());
  const auto of_members = [&](RoleIndex role) { return is_had_by_members(model.roles()[role]); };
  const auto changes = [&](RoleIndex role) {
    for (RoleIndex from = 0; from < roles; ++from) {
      for (RoleIndex gives = 0; gives < roles; ++gives) {
        if (from == gives || !of_members(from) || !of_members(gives)) continue;
        if (const auto way = trial.to_other(role, from, gives); way && way->direct) return true;
      }
    }
    return false;
  };
  std::vector<RoleIndex> removers, changers;
  for (RoleIndex role = 0; role < roles; ++role) {
    if (role == model.owner_role() || !of_members(role)) continue;
    if (trial.removes(role)) {
      removers.push_back(role);
    } else if (changes(role)) {
      changers.push_back(role);
    }
  }
  for (auto* list : {&removers, &changers}) {
    std::stable_sort(list->begin(), list->end(),
                     [&](RoleIndex a, RoleIndex b) { return model.roles()[a].rank > model.roles()[b].rank; });
  }
  removers.insert(removers.end(), changers.begin(), changers.end());
  return removers;
}

}  // namespace tenure
