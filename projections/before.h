// What an event replaced: the values that stood before it, so that history can be read without replay.
//
// One thread; failures as Facts. O(links of what the event names).
#pragma once

#include <string>

#include "events/record.h"
#include "projections/team_state.h"

namespace tenure::projections {

// A canonical JSON object ("{}" when nothing stood there), people as subjects.
std::string before_of(const Event& event, const FactsTeamState& state);

}  // namespace tenure::projections
