// What everyone in an organization has whatever they hold: grants to everyone, and roles that a setting gives. Nobody's
// hold, so that no review asks about it; reports state it, so that nobody who reads one of who holds what takes it for
// all that can be done.
#pragma once

#include "services/reports/document.h"
#include "services/reviews/shown_people.h"
#include "services/reviews/sight.h"

namespace tenure::services {

// The table "everyone": role, on, through, since, position, by, basis. Read at once, as `sight` sees it; failures stick
// in the facts and in `people`.
reports::Table everyone_table(Sight& sight, ShownPeople& people, storage::Snapshot& snapshot);

}  // namespace tenure::services
