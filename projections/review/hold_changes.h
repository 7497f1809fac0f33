// What became of everybody's holds in a stretch of time, as known at one position: each time that one was given, ended,
// or came to give something else, with the event that made it so. What was given and ended again in between has its
// lines too; that is what tells this from comparing two populations.
//
// A hold is followed from event to event: from the moment it is looked at, the next event of its member, or of a role,
// group or scope that is behind it at that moment, is where it may be otherwise. So nothing is left out that became
// otherwise and went back.
//
// One thread. Errors stick in the facts of `after`: ask for them after the last answer. Complexity: everybody who was
// ever named and what they held; of each hold, the events in the stretch that bear on it.
#pragma once

#include "projections/review/holds.h"

namespace tenure::projections {

enum class HoldTurn : std::uint8_t {
  given,
  given_anew,  // it was held, and stands by another event from here on
  changed,     // it stands since the same event and gives something else
  ended,
};
std::string_view to_text(HoldTurn turn);

struct HoldChange {
  Hold hold;  // as it stood from here on; of one that ended, as it stood until then
  HoldTurn turn = HoldTurn::given;
  Point by;  // position 0: no event, such as of an invitation that ran out at that instant
};

// Those in the scope on either side of the change, in order of `by` and then of hold. `before` and `after` are the two
// ends of the stretch at one knowledge. Ends early with a refusal past `most`.
Decided<std::vector<HoldChange>> hold_changes(Holds& before, Holds& after, const review::ReviewScope& scope,
                                              std::size_t most, const HasFinding& has_finding);

}  // namespace tenure::projections
