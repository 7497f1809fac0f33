// What an access model lets slip, from the model alone: who can raise themselves and how, what nobody holds, roles that
// include one another, rules that can never decide anything.
//
// Nobody's data is looked at: every role is tried out on made-up members with the very judgement that events get
// (events/judge.h). Pure; any thread. The work is bounded: a model of a thousand roles takes seconds at most, and what
// was not searched for its size is said.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/model/access_model.h"

namespace tenure {

// A role in an analysis: one of the model's, or the most powerful custom role that the model offers.
using AnalysedRole = std::optional<RoleIndex>;

// One thing that is done on the way to more power. Whoever raises themselves is "self"; another account may be a
// colleague in the same role or one that was brought in.
struct Step {
  bool by_self = true;
  AnalysedRole as;                        // the role of whoever does it
  std::vector<std::string_view> actions;  // event types, in order
  bool for_self = true;                   // who comes to have the role
  AnalysedRole gives;
  std::string rule;  // that allows the first of the actions
};

// A role whose holders can come to have more than it grants.
struct Escalation {
  RoleIndex role = 0;
  AnalysedRole to;
  bool alone = true;  // without another account
  std::vector<Step> steps;
  // What they gain: the permissions at a higher level than their role has them.
  std::vector<std::pair<PermissionIndex, LevelIndex>> gains;
};

enum class Searched : std::uint8_t { together, alone, nothing };
std::string_view to_text(Searched searched);

// A role whose holders can raise themselves without another account, and the first role that they can come to.
struct SelfRaise {
  RoleIndex role = 0;
  AnalysedRole to;
};

struct Escalations {
  std::size_t total = 0;
  std::vector<Escalation> found;  // at most analysis_rows_max, by role, then by target
  std::vector<SelfRaise> alone;   // every such role, by role, however many ways there are
  Searched searched = Searched::together;
};

// A permission that no role of the model holds: it has no level, or its parent never allows it to count.
struct HeldByNobody {
  PermissionIndex permission = 0;
  bool custom_roles_may = false;
};

struct Inclusions {
  std::vector<std::vector<RoleIndex>> same_power;  // sets of roles that grant exactly the same
  std::size_t total = 0;
  std::vector<std::pair<RoleIndex, RoleIndex>> includes;  // the first grants all that the second does, and more
};

// A rule that decides nothing, whatever happens, and why.
struct IdleRule {
  std::size_t rule = 0;  // into AccessModel::rules()
  std::string because;
};

inline constexpr std::size_t analysis_rows_max = 1'000;

Escalations find_escalations(const AccessModel& model);
std::vector<HeldByNobody> find_held_by_nobody(const AccessModel& model);
Inclusions find_inclusions(const AccessModel& model);
std::vector<IdleRule> find_idle_rules(const AccessModel& model);

}  // namespace tenure
