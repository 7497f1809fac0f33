// When exactly somebody held a power: the intervals behind "who could, on that day".
//
// Every event that may bear on a member's power (their own, their groups', the roles', the
// organization's) is a point at which it may change; the power is evaluated at each, by the same rules
// as for one instant (access.h). An interval is whole: it begins where the level was reached, also if
// that was before the range, and ends where it was left, or not yet. What happens within one instant counts by its
// result: an interval does not end where the same instant brings the level back.
//
// Threads and failures as Facts. Complexity: the events that bear on the member, times one evaluation.
#pragma once

#include <optional>
#include <vector>

#include "projections/access.h"

namespace tenure::projections {

struct Span {
  Point open;   // the event that opened it
  Point close;  // the event that closed it; Point::never() while it is open
  std::string level;
  Reach reach = Reach::all;  // the widest at that level within the range
};

// What is asked, by name: the model may change within the range.
struct SpanQuestion {
  PermissionId permission;
  std::optional<LevelId> level;  // nothing: any access
  std::optional<ResourceId> resource;
};

// The member's intervals that touch [from, to), in order.
std::vector<Span> spans_of(Facts& facts, Number member, const SpanQuestion& question, Instant from, Instant to);

// The event since which the member has held it without a break at an instant, at whatever level counts; nothing if they
// do not. Goes back from the instant, so it costs what happened since.
std::optional<Point> held_since(Facts& facts, Number member, const SpanQuestion& question, Instant at);

// An event that may bear on a member.
struct BearingEvent {
  Point at;
  bool on_links = false;  // on what they hold, and not only on what that is worth
};
// Every event that may bear on anything that the member holds on at least one resource or on every one, in order. One
// that bears in several ways stands as often.
std::vector<BearingEvent> events_bearing_on(Facts& facts, Number member);

}  // namespace tenure::projections
