// Whether a no is certain. What was found so (basis baseline) may have been so long before it was found, back to the
// last that is known of the same thing: another word about that slot, or an end of whoever holds it.
//
// Looked at is what gives something: that the member is one, their role, groups, grants and assignments; the role,
// grants and place of groups that they were put into; grants to everyone. Not what a role grants, what there is of
// resources, settings and features.
#include <algorithm>
#include <set>

#include "projections/access.h"

namespace tenure::projections {

namespace {

bool gives_something(SlotKind kind) {
  switch (kind) {
    case SlotKind::exists:
    case SlotKind::role:
    case SlotKind::group:
    case SlotKind::grant:
    case SlotKind::assigned:
    case SlotKind::parent:
      return true;
    default:
      return false;
  }
}

bool is_implied(const std::string& role) { return role == implied_owner || role == implied_former_owner; }

}  // namespace

LevelIndex Access::given(Number member, const Question& question) {
  LevelIndex given = 0;
  for (const Path& way : ways(member, question, false)) given = std::max(given, way.level);
  return given > 0 ? given : everyone_gives(member, question);
}

std::vector<Number> Access::groups_linked(Number member) {
  std::vector<Number> groups;
  std::set<Number> seen;
  const auto [first, last] = facts_.state(member).of_kind(SlotKind::group);
  for (const Live* link = first; link != last; ++link) {
    if (!ended_since(link->slot.a, link->at) && seen.insert(link->slot.a).second) groups.push_back(link->slot.a);
  }
  for (std::size_t i = 0; model_->groups_inherit_from_parents() && i < groups.size(); ++i) {
    const Live* parent = facts_.state(groups[i]).find({SlotKind::parent});
    const bool leads = parent && !ended_since(parent->value, parent->at);
    if (leads && seen.insert(parent->value).second) groups.push_back(parent->value);
  }
  return groups;
}

bool Access::stands_already(Number entity, const Entry& entry) {
  const Live* link = facts_.state(entity).find(entry.slot);
  if (!link) return false;
  switch (entry.slot.kind) {
    case SlotKind::exists:
      return true;
    case SlotKind::role:
      // Which role an implied one is may have changed.
      return link->value == entry.value && !is_implied(facts_.name(link->value).name) &&
             !ended_since(link->value, link->at);
    case SlotKind::parent:
      return link->value == entry.value && !ended_since(link->value, link->at);
    case SlotKind::grant:
      return !ended_since(link->slot.a, link->at) && !ended_since(link->slot.b, link->at);
    default:
      return !ended_since(link->slot.a, link->at);
  }
}

std::optional<Entry> Access::first_found(Number entity, Point until) {
  const bool everyone = entity == facts_.org_entity();
  std::set<Slot> heard_of;
  for (Entry& entry : facts_.entries_between(entity, facts_.at(), until)) {
    if (entry.op == Op::end) return std::nullopt;
    const bool accepts = entry.op == Op::accept;
    if (accepts) {
      // Whoever accepts becomes a member, and has whatever role was offered.
      entry.slot = {SlotKind::exists};
      heard_of.insert({SlotKind::role});
    }
    const bool looked_at = everyone ? entry.slot.kind == SlotKind::grant : gives_something(entry.slot.kind);
    if (!looked_at || !heard_of.insert(entry.slot).second) continue;
    const bool says_so = accepts || entry.op == Op::set;
    if (says_so && facts_.found_so(entry.at.position) && !stands_already(entity, entry)) return std::move(entry);
  }
  return std::nullopt;
}

std::string Access::found_in_words(Number entity, const Entry& found) {
  const EntityKind kind = facts_.name(entity).kind;
  const bool group = kind == EntityKind::group;
  const std::string who = group ? "the group " + facts_.name(entity).name + ", which they are in, was"
                          : kind == EntityKind::org ? "everyone was"
                                                    : "they were";
  const auto name = [&](Number number) { return facts_.name(number).name; };
  switch (found.slot.kind) {
    case SlotKind::exists:
      return who + " found to be " + (group ? "there" : "a member");
    case SlotKind::role:
      if (name(found.value) == implied_owner) return who + " found to be the owner";
      if (name(found.value) == implied_former_owner) return who + " found to be a former owner";
      return who + " found to have the role " + name(found.value);
    case SlotKind::group:
      return who + " found to be in the group " + name(found.slot.a);
    case SlotKind::parent:
      return who + " found to be below the group " + name(found.value);
    case SlotKind::grant:
      return who + " found to have the role " + name(found.slot.b) + " on " + name(found.slot.a);
    default:
      return who + " found to have " + name(found.slot.a) + " assigned";
  }
}

std::optional<Lack> Access::found_later(Number member, const Question& question) {
  if (!facts_.any_found_so()) return std::nullopt;
  const std::string& kind = model_->permissions()[question.permission].resource_kind;
  if (question.resource && !kind.empty() && kind != question.resource->kind) return std::nullopt;
  // It may also have been there, and something cut it.
  if (given(member, question) >= question.level) return std::nullopt;
  Point until = Point::never();
  for (const Point& end : facts_.ends_of_org()) {
    if (end > facts_.at()) until = std::min(until, end);
  }
  std::vector<Number> entities{member};
  const std::vector<Number> groups = groups_linked(member);
  entities.insert(entities.end(), groups.begin(), groups.end());
  entities.push_back(facts_.org_entity());
  for (const Number entity : entities) {
    const auto found = first_found(entity, until);
    if (!found) continue;
    return Lack{
        "found_later",
        found_in_words(entity, *found) + " on " + format_instant(Instant{found->at.us}) + ", and since when is unknown",
        "ask about a time from then on, or record what happened before"};
  }
  return std::nullopt;
}

}  // namespace tenure::projections
