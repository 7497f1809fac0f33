// Who can raise themselves: every way in which a role is given is tried out with the judgement that events get.
//
// Roles that no rule and no rule of lifecycle tells apart are tried once, as one kind. A kind is found to be within
// reach of an account step by step: alone, by what the account may do to itself; then together with other accounts,
// which start in the same role or are brought in.
#include <algorithm>
#include <map>

#include "events/model/role_trial.h"

namespace tenure {
namespace {

// How many kinds of roles are tried in all triples, and in all pairs; beyond that it would take minutes.
constexpr std::size_t kinds_together_max = 48;
constexpr std::size_t kinds_alone_max = 300;

// What rules and lifecycle can tell of a role: two roles with the same signature are of one kind.
std::string signature_of(const AccessModel& model, const RoleTrial& trial, std::size_t role) {
  const AnalysedRole analysed = trial.analysed(role);
  if (!analysed) return "custom";
  const RoleRule& rule = model.roles()[*analysed];
  std::string text = std::to_string(static_cast<int>(rule.cardinality)) + (rule.available ? "a" : "-") +
                     (rule.member_role ? "m" : "-") + (*analysed == model.owner_role() ? "o" : "-");
  bool ranks = false;
  const auto listed = [&](const std::vector<RoleIndex>& list) {
    text += std::find(list.begin(), list.end(), *analysed) == list.end() ? '0' : '1';
  };
  for (const ActionRule& each : model.rules()) {
    for (const auto* list :
         {&each.actor_roles, &each.target_roles, &each.not_target_roles, &each.given_roles, &each.not_given_roles}) {
      listed(*list);
    }
    if (each.actor_permission) text += trial.power(role).held(*each.actor_permission) >= each.actor_level ? 'p' : '.';
    ranks = ranks || each.target_below_actor || each.target_not_below_actor || each.given_below_actor ||
            each.given_at_most_actor;
  }
  for (const SettingRule& setting : model.settings()) {
    for (const SettingValue& value : setting.values) text += value.everyone_role == *analysed ? 's' : '.';
  }
  return ranks ? text + std::to_string(rule.rank) : text;
}

// What an account that starts in one kind of role can come to.
class Search {
 public:
  Search(RoleTrial& trial, const std::vector<std::size_t>& kinds) : trial_(trial), kinds_(kinds) {}

  struct Reached {
    std::vector<Step> steps;
    bool alone = true;
    bool direct = true;
  };

  // By the first role of each kind.
  std::map<std::size_t, Reached> from(std::size_t start, bool together) {
    mine_.clear();
    others_.clear();
    mine_[start] = {};
    others_[start] = {{}, false, true};
    can_make_custom_.reset();
    for (bool moved = true; moved;) {
      moved = alone();
      if (!moved && together) moved = with_others();
    }
    mine_.erase(start);
    return std::move(mine_);
  }

 private:
  using Map = std::map<std::size_t, Reached>;

  static void add_steps(std::vector<Step>& to, const std::vector<Step>& more) {
    to.insert(to.end(), more.begin(), more.end());
  }

  Step step(bool by_self, std::size_t as, const Way& way, bool for_self, std::size_t gives) const {
    return {by_self, trial_.analysed(as), way.actions, for_self, trial_.analysed(gives), way.rule};
  }
  bool is_custom(std::size_t role) const { return !trial_.analysed(role); }

  // A custom role can be given once somebody within reach can make it.
  bool is_there(std::size_t role) const { return !is_custom(role) || can_make_custom_; }

  void look_for_makers(const Map& accounts, bool are_mine) {
    for (const auto& [role, reached] : accounts) {
      if (can_make_custom_ || !reached.direct) continue;
      if (const auto way = trial_.makes_custom(role)) {
        can_make_custom_ = reached;
        can_make_custom_->steps.push_back(step(are_mine, role, *way, are_mine, trial_.count() - 1));
      }
    }
  }

  // Adds one to `accounts`; `before` is how each of those who take part came to their roles.
  void reach(Map& accounts, std::size_t gives, std::vector<const Reached*> before, bool alone, Step last, bool direct) {
    Reached reached{{}, alone, direct};
    if (is_custom(gives) && can_make_custom_) before.insert(before.begin(), &*can_make_custom_);
    for (const Reached* one : before) {
      add_steps(reached.steps, one->steps);
      reached.alone = reached.alone && one->alone;
    }
    reached.steps.push_back(std::move(last));
    accounts[gives] = std::move(reached);
  }

  // One round of what I may do to myself.
  bool alone() {
    look_for_makers(mine_, true);
    const Map now = mine_;
    bool moved = false;
    for (const std::size_t gives : kinds_) {
      if (mine_.contains(gives) || !is_there(gives)) continue;
      for (const auto& [as, mine] : now) {
        if (!mine.direct) continue;
        const auto way = trial_.to_self(as, gives);
        if (!way) continue;
        reach(mine_, gives, {&mine}, true, step(true, as, *way, true, gives), way->direct);
        moved = true;
        break;
      }
    }
    return moved;
  }

  // One round of what accounts may do to one another, and to me.
  bool with_others() {
    look_for_makers(others_, false);
    bool moved = false;
    for (const std::size_t gives : kinds_) {
      if (!is_there(gives)) continue;
      if (!mine_.contains(gives)) moved = given_to_me(gives) || moved;
      if (!others_.contains(gives)) moved = given_to_another(gives) || moved;
    }
    return moved;
  }

  bool given_to_me(std::size_t gives) {
    for (const auto& [as, helper] : others_) {
      for (const auto& [from, mine] : mine_) {
        if (!helper.direct || !mine.direct) continue;
        const auto way = trial_.to_other(as, from, gives);
        if (!way) continue;
        reach(mine_, gives, {&mine, &helper}, false, step(false, as, *way, true, gives), way->direct);
        return true;
      }
    }
    return false;
  }

  // By me or by another account, to a third one or to somebody who is brought in for it.
  bool given_to_another(std::size_t gives) {
    for (const bool by_me : {true, false}) {
      for (const auto& [as, giver] : by_me ? mine_ : others_) {
        if (!giver.direct) continue;
        if (const auto way = trial_.to_other(as, std::nullopt, gives); way && way->direct) {
          reach(others_, gives, {&giver}, false, step(by_me, as, *way, false, gives), true);
          return true;
        }
        for (const auto& [from, taker] : others_) {
          const auto way = taker.direct ? trial_.to_other(as, from, gives) : std::nullopt;
          if (!way || !way->direct) continue;
          reach(others_, gives, {&taker, &giver}, false, step(by_me, as, *way, false, gives), true);
          return true;
        }
      }
    }
    return false;
  }

  RoleTrial& trial_;
  const std::vector<std::size_t>& kinds_;
  Map mine_, others_;
  std::optional<Reached> can_make_custom_;
};

using Held = std::vector<std::pair<PermissionIndex, LevelIndex>>;

// What `to` holds more than `role`, at most `most` of it. Both are in order of permission.
Held gains(const Held& role, const Held& to, std::size_t most) {
  Held more;
  auto at = role.begin();
  for (const auto& [permission, level] : to) {
    while (at != role.end() && at->first < permission) ++at;
    const bool has = at != role.end() && at->first == permission && at->second >= level;
    if (!has) more.emplace_back(permission, level);
    if (more.size() == most) break;
  }
  return more;
}

// Custom roles come last.
std::size_t place_of(const AnalysedRole& role) { return role ? static_cast<std::size_t>(*role) : SIZE_MAX; }

// Of each role the first that it comes to. What is found of one role comes together.
void add_alone(std::vector<SelfRaise>& alone, const SelfRaise& raise) {
  if (alone.empty() || alone.back().role != raise.role) alone.push_back(raise);
  if (place_of(raise.to) < place_of(alone.back().to)) alone.back().to = raise.to;
}

// Steps were found for the first role of a kind; this says whose they are.
std::vector<Step> told_for(const AnalysedRole& role, const AnalysedRole& to, const AnalysedRole& first,
                           std::vector<Step> steps) {
  for (Step& step : steps) {
    if (step.as == first) step.as = role;
  }
  steps.back().gives = to;
  return steps;
}

// The roles that are tried, in kinds, each with its roles in order.
std::vector<std::vector<std::size_t>> kinds_of(const AccessModel& model, const RoleTrial& trial) {
  std::map<std::string, std::vector<std::size_t>> by_signature;
  for (std::size_t role = 0; role < trial.count(); ++role) {
    const AnalysedRole analysed = trial.analysed(role);
    if (analysed && !model.roles()[*analysed].available) continue;
    by_signature[signature_of(model, trial, role)].push_back(role);
  }
  std::vector<std::vector<std::size_t>> kinds;
  kinds.reserve(by_signature.size());
  for (auto& [signature, roles] : by_signature) kinds.push_back(std::move(roles));
  std::sort(kinds.begin(), kinds.end());
  return kinds;
}

// A kind of several roles is reached from itself where one of them gives another.
void reach_own_kind(RoleTrial& trial, const std::vector<std::size_t>& kind, bool together,
                    std::map<std::size_t, Search::Reached>& reached) {
  if (kind.size() < 2) return;
  const AnalysedRole role = trial.analysed(kind[0]), to = trial.analysed(kind[1]);
  if (const auto way = trial.to_self(kind[0], kind[1])) {
    reached[kind[0]] = {{{true, role, way->actions, true, to, way->rule}}, true, true};
  } else if (const auto given = together ? trial.to_other(kind[0], kind[0], kind[1]) : std::nullopt) {
    reached[kind[0]] = {{{false, role, given->actions, true, to, given->rule}}, false, true};
  }
}

}  // namespace

Escalations find_escalations(const AccessModel& model) {
  RoleTrial trial(model);
  const auto kinds = kinds_of(model, trial);
  Escalations answer;
  answer.searched = kinds.size() <= kinds_together_max ? Searched::together
                    : kinds.size() <= kinds_alone_max  ? Searched::alone
                                                       : Searched::nothing;
  if (answer.searched == Searched::nothing) return answer;
  std::vector<std::size_t> firsts;
  std::map<std::size_t, const std::vector<std::size_t>*> kind_of;
  for (const auto& kind : kinds) {
    firsts.push_back(kind.front());
    kind_of[kind.front()] = &kind;
  }
  Search search(trial, firsts);
  const bool together = answer.searched == Searched::together;
  const auto note = [&](std::size_t role, std::size_t to, std::size_t first, const Search::Reached& how) {
    const bool shown = answer.total < analysis_rows_max;
    auto more = gains(trial.held(role), trial.held(to), shown ? model.permissions().size() : 1);
    if (role == to || more.empty()) return;
    ++answer.total;
    if (how.alone) add_alone(answer.alone, {*trial.analysed(role), trial.analysed(to)});
    if (!shown) return;
    auto steps = told_for(trial.analysed(role), trial.analysed(to), trial.analysed(first), how.steps);
    answer.found.push_back({*trial.analysed(role), trial.analysed(to), how.alone, std::move(steps), std::move(more)});
  };
  for (const auto& kind : kinds) {
    const AnalysedRole analysed = trial.analysed(kind.front());
    if (!analysed || !model.roles()[*analysed].member_role) continue;
    auto reached = search.from(kind.front(), together);
    reach_own_kind(trial, kind, together, reached);
    for (const std::size_t role : kind) {
      for (const auto& [first, how] : reached) {
        for (const std::size_t to : *kind_of[first]) note(role, to, kind.front(), how);
      }
    }
  }
  std::stable_sort(answer.found.begin(), answer.found.end(), [](const Escalation& a, const Escalation& b) {
    return std::pair(std::size_t{a.role}, place_of(a.to)) < std::pair(std::size_t{b.role}, place_of(b.to));
  });
  std::sort(answer.alone.begin(), answer.alone.end(),
            [](const SelfRaise& a, const SelfRaise& b) { return a.role < b.role; });
  return answer;
}

}  // namespace tenure
