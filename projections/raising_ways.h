// The ways by which a member may come to have more than they have, by themselves and in one step, at one point: tried
// with the judgement that events get, by the rules that ask for a permission.
//
// Threads and failures as Facts: ask `failure` after the last answer. Complexity: for each member the levels that roles
// would give them, and for each role that gives more a few judgements and two for each group that they are in.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "projections/team_state.h"

namespace tenure::projections {

struct RaisingWay {
  std::string to;                    // the role, and how it would be theirs
  RoleId id;                         // of the role; empty: their own custom role, which they would give more
  Number role = 0;                   // the custom role that would give more; 0: one of the model's
  const ActionRule* rule = nullptr;  // that lets them, of the model in force
};

class RaisingWays {
 public:
  // Of the point of `access`, which must outlive it.
  explicit RaisingWays(Access& access);

  // Of a member, in a fixed order; at most `enough`.
  std::vector<RaisingWay> of(Number member, std::size_t enough);
  // Whether a way that they have at another point under the same model, or one of another manner to the same role, is
  // open to them.
  bool open(Number member, const RaisingWay& way);
  const std::optional<Failure>& failure() const { return team_.failure(); }

 private:
  // What a member has of a permission, as far as it was asked: on at least one resource, and on every one.
  struct HeldLevel {
    std::optional<LevelIndex> on_one, on_every;
  };
  using Held = std::vector<HeldLevel>;  // by permission
  using Cells = std::function<Cell(PermissionIndex)>;

  bool is_more(Number member, Held& held, PermissionIndex permission, const Cell& granted);
  bool gives_more(Number member, Held& held, const Cells& cell);
  std::optional<RaisingWay> way_to(Number member, const RoleId& role);
  const ActionRule* rule_for_ownership(const Person& self, Number member);
  std::optional<RaisingWay> way_by_own_role(Number member, Held& held);
  const ActionRule* judged(const Person& self, EventPayload data) const;
  // The groups whose role the member has: those that they are in, and where the model says so those above them.
  std::vector<Number> groups_of(Number member);
  Person person_of(Number member);
  const std::vector<Number>& custom_roles();

  Access& access_;
  Facts& facts_;
  const AccessModel& model_;
  FactsTeamState team_;
  std::optional<std::vector<Number>> custom_roles_;
};

}  // namespace tenure::projections
