// What is assigned to a member, and how far a grant that depends on it reaches.
#include <algorithm>

#include "projections/access.h"

namespace tenure::projections {

bool Access::owned_by_creator(Number resource) {
  const ResourceKind* kind = model_->resource_kind(kind_of(facts_.name(resource).name));
  return kind && kind->owned_by_creator;
}

template <class Is>
bool Access::some_assigned(const EntityState& member, const Is& is) {
  if (!member.exists()) return false;  // an assignment needs both ends
  const auto counts = [&](const Live& l) { return resource_exists(l.slot.a, l.at) && is(l.slot.a); };
  const auto [first, last] = member.of_kind(SlotKind::assigned);
  if (std::any_of(first, last, counts)) return true;
  const auto [own, own_last] = member.of_kind(SlotKind::created);
  return std::any_of(own, own_last, [&](const Live& l) { return owned_by_creator(l.slot.a) && counts(l); });
}

bool Access::any_assignment(const EntityState& member, const std::string& kind) {
  return some_assigned(member, [&](Number resource) { return kind_of(facts_.name(resource).name) == kind; });
}

bool Access::holds_kind(Number resource, const std::string& kind, int depth) {
  if (depth > chain_max) return false;
  for (const Interval& child : facts_.list({ListKind::children, resource})) {
    if (!resource_exists(resource, child.link) || !facts_.state(child.principal).exists()) continue;
    if (kind_of(facts_.name(child.principal).name) == kind) return true;
    if (holds_kind(child.principal, kind, depth + 1)) return true;
  }
  return false;
}

bool Access::assigned_to_some(const EntityState& member, const std::string& kind) {
  if (any_assignment(member, kind)) return true;
  return some_assigned(member, [&](Number resource) { return holds_kind(resource, kind, 0); });
}

bool Access::assigned_directly(const EntityState& member, Number resource) {
  const Live* link = member.find({SlotKind::assigned, resource});
  if (link && resource_exists(resource, link->at)) return true;
  const Live* own = member.find({SlotKind::created, resource});
  return own && owned_by_creator(resource) && resource_exists(resource, own->at);
}

bool Access::assigned_to(const EntityState& member, Number resource) {
  if (!member.exists()) return false;
  for (int step = 0; resource != 0 && step < chain_max; ++step) {
    if (assigned_directly(member, resource)) return true;
    const Live* parent = facts_.state(resource).find({SlotKind::parent});
    resource = parent && resource_exists(parent->value, parent->at) ? parent->value : 0;
  }
  return false;
}

std::optional<Reach> Access::visible(const EntityState& member, Visibility visibility, const Question& question) {
  const std::string& kind = model_->permissions()[question.permission].resource_kind;
  if (visibility == Visibility::all || kind.empty()) return Reach::all;
  if (visibility == Visibility::all_unless_assigned && !any_assignment(member, kind)) return Reach::all;
  if (!question.resource) {
    const bool held = visibility == Visibility::where_assigned || assigned_to_some(member, kind);
    return held ? std::optional(Reach::assigned) : std::nullopt;
  }
  const Number resource = facts_.number(EntityKind::scope, to_text(*question.resource));
  return assigned_to(member, resource) ? std::optional(Reach::assigned) : std::nullopt;
}

bool Access::assigned_where_needed(const EntityState& member, Visibility visibility, Number resource) {
  const std::string_view kind = kind_of(facts_.name(resource).name);
  if (visibility == Visibility::all_unless_assigned && !any_assignment(member, std::string(kind))) return true;
  return assigned_to(member, resource);
}

std::vector<Number> Access::own_resources(Number member) {
  std::vector<Number> found;
  std::unordered_set<Number> seen;
  const auto add = [&](Number scope) {
    const std::string& name = facts_.name(scope).name;
    if (name != "org" && !name.ends_with(":*") && seen.insert(scope).second) found.push_back(scope);
  };
  const auto add_slots = [&](Number holder, SlotKind kind) {
    const auto [first, last] = facts_.state(holder).of_kind(kind);
    for (const Live* l = first; l != last; ++l) add(l->slot.a);
  };
  add_slots(member, SlotKind::assigned);
  add_slots(member, SlotKind::created);
  // What lies in an assigned resource is assigned as well.
  for (std::size_t next = 0; next < found.size(); ++next) {
    for (const Interval& child : facts_.list({ListKind::children, found[next]})) add(child.principal);
  }
  add_slots(member, SlotKind::grant);
  add_slots(facts_.org_entity(), SlotKind::grant);
  for (const GroupLink& link : all_groups_of(member)) add_slots(link.group, SlotKind::grant);
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<const Live*> Access::grants_of(Number member) {
  std::vector<const Live*> grants;
  const EntityState& state = facts_.state(member);
  if (!state.exists() && !model_->outsiders_hold_scoped_grants()) return grants;
  const auto [first, last] = state.of_kind(SlotKind::grant);
  for (const Live* l = first; l != last; ++l) {
    if (grant_counts(l->slot.b, l->slot.a, l->at)) grants.push_back(l);
  }
  return grants;
}

std::vector<Number> Access::assignments_of(Number member) {
  std::vector<Number> assigned;
  (void)some_assigned(facts_.state(member), [&](Number resource) {
    assigned.push_back(resource);
    return false;
  });
  std::sort(assigned.begin(), assigned.end());
  assigned.erase(std::unique(assigned.begin(), assigned.end()), assigned.end());
  return assigned;
}

}  // namespace tenure::projections
