#include "projections/other_ends.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace tenure::projections {

namespace {

// The list of the grants whose other end is told by `extra`.
std::optional<List> grants_with(Facts& facts, Number thing) {
  const EntityKind kind = facts.name(thing).kind;
  if (kind == EntityKind::role) return List{ListKind::grants_of, thing};
  if (kind == EntityKind::scope) return List{ListKind::grants_on, thing};
  return std::nullopt;
}

bool stands(Access& access, const Live& link, Number other) {
  const auto leads = [&](Number end) { return end == other && !access.ended_since(other, link.at); };
  switch (link.slot.kind) {
    case SlotKind::role:
      // A deletion may have moved it on.
      return leads(link.value) || access.resolve_role(link.value, link.at, nullptr) == other;
    case SlotKind::parent:
      return leads(link.value);
    case SlotKind::grant:
      return (leads(link.slot.a) && !access.ended_since(link.slot.b, link.at)) ||
             (leads(link.slot.b) && !access.ended_since(link.slot.a, link.at));
    default:
      return false;
  }
}

}  // namespace

std::set<Number> other_ends(Facts& facts, Number thing) {
  std::set<Number> others;
  for (const Entry& entry : facts.entries(thing)) {
    if (entry.op != Op::set || entry.at > facts.at()) continue;
    if (entry.slot.kind == SlotKind::grant) others.insert({entry.slot.a, entry.slot.b});
    if (entry.slot.kind == SlotKind::parent) others.insert(entry.value);
    if (entry.slot.kind != SlotKind::role) continue;
    // And where deletions moved it on.
    std::vector<Number> roles{entry.value};
    while (!roles.empty()) {
      const Number role = roles.back();
      roles.pop_back();
      if (role == 0 || !others.insert(role).second) continue;
      for (const Entry& of_role : facts.entries(role)) {
        if (of_role.op == Op::end) roles.push_back(of_role.value);
      }
    }
  }
  if (const auto grants = grants_with(facts, thing)) {
    for (const Interval& grant : facts.list_over(*grants, Instant::min(), Instant::max())) others.insert(grant.extra);
  }
  others.erase(0);
  return others;
}

bool loses_link(Access& before, Number thing, Number other) {
  Facts& facts = before.facts();
  const EntityState& state = facts.state(thing);
  if (std::any_of(state.live.begin(), state.live.end(), [&](const Live& l) { return stands(before, l, other); }))
    return true;
  const auto grants = grants_with(facts, thing);
  if (!grants) return false;
  const std::vector<Interval> all = facts.list(*grants);
  return std::any_of(all.begin(), all.end(), [&](const Interval& grant) {
    return grant.extra == other && !before.ended_since(other, grant.link) && !before.ended_since(thing, grant.link);
  });
}

}  // namespace tenure::projections
