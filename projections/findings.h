// What deserves a look at one instant: findings, each with its evidence and an id that stays the same.
//
// Everything is derived from the facts at the point of the question as known then, so a finding opens with the event
// that brings it about and is gone with the one that mends it; nothing is kept. The id is made of the kind, the thing
// and the event that opened it: the same finding has the same id at every instant at which it stands, and one that
// comes back is another one.
//
// One thread; errors stick in the facts. Complexity: the members, invitations, roles and scoped grants that there are.
#pragma once

#include "events/model/analysis.h"
#include "projections/access.h"

namespace tenure::projections {

enum class FindingKind : std::uint8_t {
  can_raise_self,         // by themselves, says the model's analysis
  inviter_removed,        // a member whom somebody invited who is no member any more
  invitation_pending,     // for longer than was asked
  custom_role_unheld,     // by nobody, directly, through a group or on a scope
  custom_role_duplicate,  // grants exactly what another role does
  grant_without_effect,   // of a role, on a resource or to somebody that is not there, or of nothing
  holders_over,           // more than the model's one
  holders_under,          // none, where the model wants one
};
std::string_view to_text(FindingKind kind);

struct Finding {
  FindingKind kind = FindingKind::can_raise_self;
  Number entity = 0;                    // what it is about: a member, a role or whoever holds the grant
  Number other = 0;                     // the inviter, the role that is the same, the role that is granted; 0 for none
  std::string role;                     // by name, where it is about the model's own role
  Point since;                          // the event that opened it
  std::string because;                  // one sentence that names no person
  std::vector<std::uint64_t> evidence;  // positions of events, the opening one first

  std::string id() const;
};

// Ways to raise oneself, by the model in force: found once a model (events/model/analysis.h).
using Raises = std::vector<Escalation>;

// In order of kind, entity and opening event. `pending_us` is how long an invitation may wait.
std::vector<Finding> findings_at(Access& access, Instant at, const Raises& raises, std::int64_t pending_us);

}  // namespace tenure::projections
