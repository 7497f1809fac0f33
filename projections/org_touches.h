// Which events of the organization itself touch a role, a group or a resource that they do not name.
//
// An end of the organization takes everything away, and another model says anew what roles grant, what groups inherit
// and what there are resources of: both touch whatever is there, or is linked to, just before or with them. A feature
// that is turned touches the roles that grant something of what it turns: they give more or less by it. A setting that
// gives everyone a role on every resource of a kind is like a grant: it touches the role that it gives or gave, and
// "kind:*".
//
// One thread; errors stick in the facts of both. Complexity: the permissions of the model; of what is not there, its
// links.
#pragma once

#include <vector>

#include "projections/access.h"

namespace tenure::projections {

// Whether one of the organization's own entries is of such an event.
bool may_touch_others(const Entry& entry);

// Whether an event touches the thing: `before` is just before it, `with` just with it, `entry` one of its.
bool org_touches(Access& before, Access& with, Number thing, const Entry& entry);

}  // namespace tenure::projections
