// When a role, a group or a resource loses a link because what is at the link's other end ends: a group its role, its
// parent or what it was granted, a role its grants on a resource, a resource its parent or the grants on it of a role.
//
// A link stands with one of its ends (layout of timelines), and what ends at the other end leaves no entry there: so
// no list and no history of the thing itself tells of it.
//
// One thread; errors stick in the facts. Complexity: a state or a list of the thing, and one of each other end.
#pragma once

#include <set>

#include "projections/access.h"

namespace tenure::projections {

// Everything that one of the thing's links ever led to, up to the point of `facts`, as far as its end takes the link.
std::set<Number> other_ends(Facts& facts, Number thing);

// Whether the thing has a link to `other` that stands: `before` is just before `other` ends.
bool loses_link(Access& before, Number thing, Number other);

}  // namespace tenure::projections
