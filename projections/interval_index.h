// Which links were held when: the index behind "who had it at that instant".
//
// A list (the members of group 7, the holders of role 3, …) is a set of intervals, one for each time
// that a principal held the link. `at` finds the intervals that hold at a point at the cost of the
// answer, not of the history: it is the relational interval tree (Kriegel, Pötke, Seidl: "Managing
// Intervals Efficiently in Object-Relational Databases", VLDB 2000). A closed interval is registered
// at its fork node in the virtual binary tree over time and found by one short scan a level; an open
// interval stands apart, ordered by its beginning.
//
// Times below are indexed in cells of 2^20 µs (about a second), which saves twenty levels; what shares
// a cell is filtered exactly.
//
// Threads: as the ViewReader or ViewWriter that is passed in. Failures: those of the store.
#pragma once

#include <functional>
#include <vector>

#include "projections/layout.h"
#include "projections/view_writer.h"
#include "storage/store.h"

namespace tenure::projections {

enum class ListKind : char {
  members = 'm',        // of: 0; everyone who exists
  holders = 'r',        // of: role; members and groups whose direct role it is
  group_members = 'g',  // of: group
  grants_on = 'x',      // of: scope; extra: role
  grants_of = 'G',      // of: role; extra: scope
  assigned = 'a',       // of: scope (a resource)
  disabled = 'd',       // of: 0; extra: area
  invited = 'i',        // of: 0
  children = 'c',       // of: parent group or resource
  entities = 'e',       // of: the kind's letter; groups, roles and resources that exist
  moved_roles = 'v',    // of: 0; roles whose deletion gave their holders another role
  late = 'l',           // of: 0; what became known late (history.h)
};

struct List {
  ListKind kind = ListKind::members;
  Number of = 0;
  auto operator<=>(const List&) const = default;
};

struct Interval {
  List list;
  Number principal = 0;
  Number extra = 0;
  Point open;                    // the event from which it holds
  Point close = Point::never();  // the event that ended it
  Point link;                    // the latest event that set the link itself (at or before `open`)
  Point since;                   // the first of an unbroken run of events that set it
  auto operator<=>(const Interval&) const = default;

  bool holds_at(Point at) const { return open <= at && at < close; }
};

void put_interval(ViewWriter& views, OrgNumber org, const Interval& interval);
void erase_interval(ViewWriter& views, OrgNumber org, const Interval& interval);

using IntervalRow = std::function<bool(const Interval&)>;

// The first and last instants of an organization's history. No interval begins before the one or ends after the other
// (but for the list `late`, which keeps what was retracted too), so nodes outside are not looked at.
struct Extent {
  std::int64_t first_us = std::numeric_limits<std::int64_t>::min();
  std::int64_t last_us = std::numeric_limits<std::int64_t>::max();
};

// The intervals of a list that hold at a point, in no promised order; stops when `row` answers false.
// One seek after the last instant of the history; else O(log(extent in seconds) seeks + answers).
Outcome<void> intervals_at(storage::ViewReader& views, OrgNumber org, List list, Point at, const Extent& extent,
                           const IntervalRow& row);

// Those that hold at any instant of [from, to).
Outcome<void> intervals_over(storage::ViewReader& views, OrgNumber org, List list, Instant from, Instant to,
                             const IntervalRow& row);

}  // namespace tenure::projections
