// Lists and the intervals in which links stand in them: what the histories of lists (list_history.h) and the late facts
// (interval_index.h) are made of. Plain values.
#pragma once

#include <functional>

#include "projections/layout.h"

namespace tenure::projections {

enum class ListKind : char {
  members = 'm',        // of: 0; everyone who exists
  holders = 'r',        // of: role; members and groups whose direct role it is
  group_members = 'g',  // of: group
  grants_on = 'x',      // of: scope; extra: role
  grants_of = 'G',      // of: role; extra: scope
  assigned = 'a',       // of: scope (a resource)
  disabled = 'd',       // of: 0; extra: area
  invited = 'i',        // of: 0; extra: low half of the invitation's position, since one person may have several
  children = 'c',       // of: parent group or resource
  entities = 'e',       // of: the kind's letter; groups, roles and resources that exist
  moved_roles = 'v',    // of: 0; extra: low half of the ending's position; roles whose holders got another role
  late = 'l',           // of: 0; what became known late
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

using IntervalRow = std::function<bool(const Interval&)>;

}  // namespace tenure::projections
