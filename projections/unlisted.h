// Whose events name a role, a group or a resource though no list has them as its holder: a link to it was given to
// somebody who is not there, or taken from somebody who did not have it.
//
// A list has whoever holds a link while they are there (list_history.h). Of all others a row for each thing and holder
// says that the holder's own history names the thing. It is a hint of where to look, written whenever an event that
// counts finds no list that tells of it, live, through a late event or a retraction, and never erased: so it is
// complete for every knowledge, and what is true at one is read from the holder's history.
//
// An event whose links are in lists costs a comparison or two and writes nothing. Threads: the writer's to write; as
// the ViewReader to read. Failures: the store's; corruption names the organization.
#pragma once

#include <vector>

#include "projections/entity_state.h"
#include "projections/interval.h"
#include "storage/store.h"

namespace tenure::projections {

class ViewWriter;

// Entries of one holder, as now known, and the intervals that they make of the lists: all that they begin or end,
// sorted. `before` are those that they made of the lists until now: what is in these no more may have been told by
// entries from before all of these, too.
void note_unlisted(ViewWriter& views, OrgNumber org, Number holder, const std::vector<Entry>& entries,
                   const std::vector<Interval>& before, const std::vector<Interval>& listed);

// Whoever may have events that name the thing and stands in no list of it; in order.
Outcome<std::vector<Number>> unlisted_holders(storage::ViewReader& views, OrgNumber org, Number thing);

}  // namespace tenure::projections
