// Which facts became known late, found by the time that they speak of: the index behind "what did we know then".
//
// Such facts overlap as they like, so they are kept as intervals: from the time that a fact speaks of to what was the
// newest time known when it came. `intervals_at` finds those that hold at a point at the cost of the
// answer, not of the history: it is the relational interval tree (Kriegel, Pötke, Seidl: "Managing
// Intervals Efficiently in Object-Relational Databases", VLDB 2000). A closed interval is registered
// at its fork node in the virtual binary tree over time and found by one short scan a level.
//
// Times below are indexed in cells of 2^20 µs (about a second), which saves twenty levels; what shares
// a cell is filtered exactly.
//
// Threads: as the ViewReader or ViewWriter that is passed in. Failures: those of the store.
#pragma once

#include "projections/interval.h"
#include "storage/store.h"

namespace tenure::projections {

class ViewWriter;

// `interval` is closed.
void put_interval(ViewWriter& views, OrgNumber org, const Interval& interval);

// The intervals of a list that hold at a point, in no promised order; stops when `row` answers false. None ends after
// `last_us`, the last instant of the history: nodes beyond it are not looked at.
// O(log(time of the history in seconds) seeks + answers).
Outcome<void> intervals_at(storage::ViewReader& views, OrgNumber org, List list, Point at, std::int64_t last_us,
                           const IntervalRow& row);

}  // namespace tenure::projections
