// What the tables of a report on access are read from. Kept alive by the document's rows; one thread at a time.
#pragma once

#include <set>

#include "projections/diff.h"
#include "projections/review/hold_changes.h"
#include "services/reports/document.h"
#include "services/reviews/desk.h"
#include "services/reviews/population.h"
#include "services/reviews/shown_people.h"

namespace tenure::services {

struct AccessSource {
  AccessSource(Parts& parts, std::shared_ptr<OpenOrg> the_org) : org(std::move(the_org)), people(parts, *org) {}

  std::string identity(projections::Number member) { return people.identity(sight->subject_of(member)); }
  // Everything is read of what the report's scope takes in. `knew`: up to which position the report before this one
  // knew, where its end is where this one begins. A Refusal: more holds or changes than a report may have.
  Decided<void> read(Parts& parts, const review::ReviewScope& scope, Instant from, std::optional<Position> knew);
  // What went wrong while rows were read.
  const std::optional<Failure>& failure() { return people.failure() ? people.failure() : sight->facts().failure(); }

  std::shared_ptr<OpenOrg> org;
  std::unique_ptr<Sight> sight;  // at the end of the period
  std::vector<projections::Holds::Found> holds;
  std::vector<projections::HoldChange> changes;
  std::vector<projections::HoldChange> late;  // what stood otherwise at the beginning than the report before knew
  projections::Diff diff;                     // its rows that are in scope
  std::shared_ptr<const OpenFindings> found;  // all
  std::vector<const projections::Finding*> findings;  // those in scope
  ShownPeople people;

 private:
  using HasFinding = projections::HasFinding;
  Decided<void> find_late(Parts& parts, projections::Holds& before, const review::ReviewScope& scope,
                          const HasFinding& has_finding, Position knew);
  Decided<void> compare(const review::ReviewScope& scope, Instant from);
  std::set<projections::Number> members_in_scope() const;
  void keep_powers(const review::ReviewScope& scope);
  void keep_findings(const review::ReviewScope& scope);
};

// holds, everyone, changes, late, powers, findings.
std::vector<reports::Table> tables_of(const std::shared_ptr<AccessSource>& source);

}  // namespace tenure::services
