// When a role, a group or a resource gains or loses a link because what is at the link's other end comes or ends: a
// group its role, its parent or what it was granted, a role its grants on a resource, a resource its parent or the
// grants on it of a role. And when whoever was granted something on a scope comes to be a member.
//
// A link stands with one of its ends (layout of timelines), and what happens at the other end leaves no entry there: so
// no list and no history of the thing itself tells of it.
//
// One thread; errors stick in the facts. Complexity: the thing's entries, its grants over all time, and the entries of
// each other end.
#pragma once

#include <functional>
#include <vector>

#include "projections/access.h"

namespace tenure::projections {

// Those events, up to the point of `access`, at which one of the thing's links stood just before or just after, in no
// order; one may stand twice. `other` is the one other end that is asked about, 0 for all. `go_on` is called before
// each.
std::vector<Point> turned_links(Access& access, Number thing, Number other, const std::function<void()>& go_on = {});

}  // namespace tenure::projections
