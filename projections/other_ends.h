// When a role, a group or a resource loses a link because what is at the link's other end ends: a group its role, its
// parent or what it was granted, a role its grants on a resource, a resource its parent or the grants on it of a role.
//
// A link stands with one of its ends (layout of timelines), and what ends at the other end leaves no entry there: so
// no list and no history of the thing itself tells of it.
//
// One thread; errors stick in the facts. Complexity: the thing's entries, its grants over all time, and the entries of
// each other end.
#pragma once

#include <functional>
#include <vector>

#include "projections/access.h"

namespace tenure::projections {

// The ends, up to the point of `access`, that took one of the thing's links that stood, in no order; one may stand
// twice. `other` is the one other end that is asked about, 0 for all. `go_on` is called before each.
std::vector<Point> lost_links(Access& access, Number thing, Number other, const std::function<void()>& go_on = {});

}  // namespace tenure::projections
