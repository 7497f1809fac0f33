// The events that touched one thing: a member, a role, a group, a resource or a permission.
//
// An event is told of a member if it names them or if it bears on them through what they hold; of a role, group or
// resource if it names the thing, or changed who has it, is in it or holds something on it: also when it named the
// thing before whoever was given it was there, or they never were; and if it happened to the organization as a whole
// and touched the thing (org_touches.h), or was the coming or the end of what one of its links leads to (other_ends.h).
// Of a permission every event is a candidate that may turn it (turning.h): what each did to effective access, a diff
// (diff.h) of just before it and just with it says. A retraction is told, at its own time, of what the event that it
// turned is told of where that counts (retracted.h).
//
// What reaches a resource, group or role otherwise than by its name (reaching.h) is told if it changed what somebody
// holds on the resource, what somebody in the group has, or what somebody has who came to the role through a group.
//
// One thread; errors stick in the facts. Complexity: the entries of whoever ever had it, was in it or held something on
// it, and of all who were ever invited; of a member, what bears on them.
#pragma once

#include "projections/diff.h"
#include "projections/retracted.h"

namespace tenure::projections {

enum class SubjectKind : std::uint8_t { member, role, group, resource, permission };

struct Touch {
  Point at;
  bool own = false;  // it names the thing; of a member, another one counts only if it changed access
  bool retraction = false;
  bool reaches = false;  // otherwise than by the thing's name: it counts only if it changed access
};

// Whether the event's own effects have to be looked at to know that it belongs there.
inline bool must_change_access(SubjectKind kind, const Touch& touch) {
  return touch.reaches || kind == SubjectKind::permission || (kind == SubjectKind::member && !touch.own);
}

struct Subject {
  SubjectKind kind = SubjectKind::member;
  Number entity = 0;                        // nothing for a permission, nor for a resource that no event names
  PermissionId permission;                  // whatever for all others
  std::optional<ResourceId> resource = {};  // a resource's kind and id, or "*" for every one; none for "org"
  // Called before each thousand members, roles and so on of a permission's story, and before each of what a thing's
  // links led to; what it throws ends it.
  std::function<void()> meanwhile = {};
  bool with_retractions = true;
};

// In order of Point, from an instant on; those after the point of `access` are left out.
std::vector<Touch> touches_of(Access& access, const Subject& subject, const RecordOf& records,
                              Instant from = Instant::min());

}  // namespace tenure::projections
