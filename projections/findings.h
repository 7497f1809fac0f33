// What deserves a look at one instant: findings, each with its evidence and an id that stays the same.
//
// Most are derived from the facts at the point of the question as known then: such a finding opens with the event that
// brings it about and is gone with the one that mends it. The others are told by records (finding_rows.h): what
// happened stays so, until the record is retracted. People close a finding, saying why; it stays in the list as closed,
// and an id that comes back after it was mended is another one.
//
// The id is made of the kind, the position of the event that opened it, and, where that may open several, a digest of
// the names of what it is about. Nothing in it depends on how the views are laid out: it stands in the log when it is
// closed.
//
// One thread; errors stick in the facts. Complexity: the members, invitations, roles and scoped grants that there are,
// and the rows of records, as far as the kind asked for needs them; a separation-of-duties rule costs two answers to
// who-can, and each that it finds the events since it stood; what is found of roles and grants, the instants since it
// stood at which it may have turned; a permission that rules ask for, an answer to who-can, and each whom that names
// the ways to more (raising_ways.h), tried at each instant at which the one they have may have opened, for all who hold
// the same at once (stood_together.h).
#pragma once

#include <functional>
#include <optional>

#include "events/model/analysis.h"
#include "projections/access.h"

namespace tenure::projections {

enum class FindingKind : std::uint8_t {
  can_raise_self,         // by themselves: says the model's analysis of their role, or the judgement of what they hold
  inviter_removed,        // a member whom somebody invited who is no member any more
  invitation_pending,     // for longer than was asked
  custom_role_unheld,     // by nobody, directly, through a group or on a scope
  custom_role_duplicate,  // grants exactly what another role does
  grant_without_effect,   // of a role, on a resource or to somebody that is not there, or of nothing
  holders_over,           // more than the model's one
  holders_under,          // none, where the model wants one
  rule_violation,         // a record that the model's rules speak against
  self_approval,          // approved by who did it, or by who gains by it
  granted_and_revoked,    // a power that was given and taken within minutes
  duties_not_separated,   // two powers in one hand that a rule of the organization keeps apart
  judgement_changed,      // a record that is judged otherwise by what was learnt later (rejudged.h)
};
inline constexpr std::size_t finding_kinds = 13;
std::string_view to_text(FindingKind kind);
std::optional<FindingKind> finding_kind_from(std::string_view text);

struct Finding {
  FindingKind kind = FindingKind::can_raise_self;
  Number entity = 0;                    // what it is about: a member, a role or whoever holds the grant; 0 for nobody
  Number other = 0;                     // the inviter, the role that is granted, the group, the rule; 0 for none
  std::string role;                     // the role by name: the model's own, the granted one, the one that is the same
  std::string on;                       // the scope or the resource
  std::string permission, level;        // what the role granted
  std::string area;                     // in which the member was enabled; empty for everywhere
  std::string feature;                  // that was on
  Point since;                          // the event that opened it
  std::string because;                  // one sentence that names no person; empty where the record has one
  std::vector<std::uint64_t> evidence;  // positions of events, the opening one first
  std::string id;
};

// Roles whose holders can raise themselves, by the model in force: found once a model (events/model/analysis.h).
using Raises = std::vector<SelfRaise>;

struct FindingSearch {
  std::int64_t pending_us = 0;      // how long an invitation may wait
  std::int64_t short_lived_us = 0;  // within which a power is given and taken; at most short_lived_us_max
  std::optional<FindingKind> only;  // of this kind
  // Called before each thing that is looked at and each instant that is tried; what it throws ends the search.
  std::function<void()> meanwhile = {};
};

// In order of kind, entity, other and opening event. All kinds but judgement_changed, which needs the log.
std::vector<Finding> findings_at(Access& access, Instant at, const Raises& raises, const FindingSearch& search);

// The findings that are closed at an instant, by id: the event that closed each. A finding closed and not reopened
// stays closed, also beyond the organization's end.
std::unordered_map<std::string, Point> closed_findings(Facts& facts);

// A separation-of-duties rule that is in force: nobody may hold both.
struct SodRule {
  Number number = 0;
  std::string id;
  Point defined;  // the event that says what it is
  struct Duty {
    std::string permission, level;
  };
  Duty first, second;
  std::string kind;  // of resource: both on one and the same; empty: each on any
};
// In order of number.
std::vector<SodRule> sod_rules(Facts& facts);
// Whether the model has both permissions, each with its level, and both about the kind.
bool applies(const SodRule& rule, const AccessModel& model);

}  // namespace tenure::projections
