// Who held which link when: the history of each list (the members of group 7, the holders of role 3, …), so that the
// list at any instant costs what the answer is long, not what the history is.
//
// A list is a set of links, one for each (principal, extra) that holds it. Its history is a row for each change, in
// order of Point: from here on this link stands so, or it is gone. Now and then a base is written: all links as they
// stood just before a point, packed in blocks. A list at a point is the last base at or before it and the few rows
// between: two seeks. A base is due when as many changes have come as there are links (at least changes_min), so a
// question reads at most a few rows for each link that the list had, and the bases take no more room than the changes.
//
// Nothing is ever deleted when events come in order, so a scan never walks over the dead. A late event puts its rows
// into their places and mends the bases after them in which its link stood otherwise.
//
// Threads: as the ViewReader or ViewWriter that is passed in. Failures: the store's; corruption names the list.
#pragma once

#include <vector>

#include "projections/interval.h"
#include "storage/store.h"

namespace tenure::projections {

class ViewWriter;

inline constexpr std::size_t changes_min = 64;  // between two bases

// The intervals of one entity were `before` and are `after`: the lists follow. Both are sorted and hold, of every link
// that differs at all, each interval that meets the stretch of time in question.
Outcome<void> change_lists(ViewWriter& views, OrgNumber org, const std::vector<Interval>& before,
                           const std::vector<Interval>& after);

// The links of a list at a point, in no promised order; stops when `row` answers false. Of each interval `close` is
// not told (Point::never()).
Outcome<void> list_at(storage::ViewReader& views, OrgNumber org, List list, Point at, const IntervalRow& row);

// Every link that stood at the point `from` or came to stand after it and before the instant `to`, with each change of
// a link a row of its own.
Outcome<void> list_over(storage::ViewReader& views, OrgNumber org, List list, Point from, Instant to,
                        const IntervalRow& row);

// Whose link it is that changed, and the point of the change.
using LinkChanged = std::function<void(Number principal, Point at)>;
// Every change of a link after `from` and at or before `to`, in order of Point. Costs the changes in between and no
// base.
Outcome<void> list_changes(storage::ViewReader& views, OrgNumber org, List list, Point from, Point to,
                           const LinkChanged& changed);
// Whose links stand otherwise at `to` than at `from`, each at least once, in no order; also some whose links changed in
// between and stand as they did. Costs the links at both points and a few changes for each, however much lies between.
Outcome<void> list_differences(storage::ViewReader& views, OrgNumber org, List list, Point from, Point to,
                               const std::function<void(Number principal)>& differs);

}  // namespace tenure::projections
