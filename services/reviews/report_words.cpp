#include "services/reviews/report_words.h"

namespace tenure::services {

using projections::EntityKind;
using reports::Cell;
using review::HoldKind;

std::string power_in_words(projections::Facts& names, const projections::Hold& hold) {
  switch (hold.kind) {
    case HoldKind::role:
      return "role " + names.name(hold.of).name;
    case HoldKind::group:
      return "group " + names.name(hold.of).name;
    case HoldKind::grant:
      return names.name(hold.role).name + " on " + names.name(hold.of).name;
    case HoldKind::invitation:
      break;
  }
  return hold.of == 0 ? "invitation" : "invitation as " + names.name(hold.of).name;
}

reports::Row finding_row(Sight& sight, ShownPeople& people, const projections::Finding& finding) {
  Cell member;
  if (finding.entity != 0 && sight.facts().name(finding.entity).kind == EntityKind::member) {
    member = people.identity(sight.subject_of(finding.entity));
  }
  return {finding.id, std::string(projections::to_text(finding.kind)), std::move(member),
          finding.since.position == 0 ? Cell() : Cell(Instant{finding.since.us}),
          finding.because.empty() ? Cell() : Cell(finding.because)};
}

}  // namespace tenure::services
