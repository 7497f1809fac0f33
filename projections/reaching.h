// What reaches a resource, a group or a role otherwise than by its own name: every event by which somebody may come to
// hold something else on the resource, what is above and below a group, and who is in the groups that have a role.
//
// Of a resource these are the grants on its kind and on the organization, whoever holds a role that gives anything of
// what it is about, the groups through which they do, what these roles say, features, settings and models, and where
// something rests on assignments also those. Each is a candidate: what it did to access on the thing, a diff of just
// before it and just with it says (diff.h).
//
// Nothing is looked for but from the thing outwards: its scopes' grants, the roles that give something, their holders,
// the groups among them and their members, by the lists as they were at any time (list_history.h). Where the
// organization has ended at some time the lists do not tell all, and everybody is looked at.
//
// One thread; errors stick in the facts. Complexity: the entries of all whom it reached at some time.
#pragma once

#include <functional>
#include <vector>

#include "projections/access.h"

namespace tenure::projections {

// In no order; one may stand twice. `go_on` is called before each thousand entities. A resource "kind:*" stands for
// what is held on every one.
std::vector<Point> events_reaching_resource(Facts& facts, const ResourceId& resource,
                                            const std::function<void()>& go_on);
// Whether an event can have to do with what is held on a resource, by what it says of one entity alone, whoever holds
// what. `facts` and `resource` must outlive it.
std::function<bool(const Entry&)> words_about_resource(Facts& facts, const ResourceId& resource);
// Of groups above and below it, and of the roles that it or those above it had at some time.
std::vector<Point> events_reaching_group(Facts& facts, Number group, const std::function<void()>& go_on);
// The group, those above and below it at some time, the roles that these above or itself had and what they had them on.
std::unordered_set<Number> entities_around_group(Facts& facts, Number group, const std::function<void()>& go_on);
// The groups that had a role at some time, and those below them.
std::unordered_set<Number> groups_with_role(Facts& facts, Number role, const std::function<void()>& go_on);
// Of the groups that had the role at some time, and of those below them: who was in them, and what they hung on.
std::vector<Point> events_reaching_role(Facts& facts, Number role, const std::function<void()>& go_on);

}  // namespace tenure::projections
