#include "projections/retracted.h"

#include <algorithm>

#include "projections/org_touches.h"
#include "projections/other_ends.h"

namespace tenure::projections {

namespace {

// Whether a slot that is set, or was, names the thing.
bool names(Slot slot, Number value, Number thing) {
  switch (slot.kind) {
    case SlotKind::role:
    case SlotKind::invited:
    case SlotKind::parent:
      return value == thing;
    case SlotKind::grant:
      return slot.a == thing || slot.b == thing;
    case SlotKind::group:
    case SlotKind::invited_group:
    case SlotKind::assigned:
      return slot.a == thing;
    default:
      return false;
  }
}

class Reading {
 public:
  Reading(Access& access, const Retraction& retraction, Number thing)
      : facts_(access.facts()), retraction_(retraction), thing_(thing) {}

  Bearing of() {
    Bearing found = Bearing::none;
    for (const Retraction::Changed& change : retraction_.changes) {
      if (names_it(change)) {
        found = Bearing::names;
        break;
      }
      if (bears(change)) found = Bearing::bears;
    }
    if (then_ && then_->facts().failure()) facts_.fail(*then_->facts().failure());
    return found;
  }

 private:
  using Link = std::pair<Slot, Number>;

  bool names_it(const Retraction::Changed& change) {
    return change.entity == thing_ || std::any_of(change.entries.begin(), change.entries.end(), [&](const Entry& e) {
             if (e.op == Op::end) return e.value == thing_ && !then().ended_nothing(change.entity, e.at);
             return e.op != Op::clear_kind && (names(e.slot, e.value, thing_) || stands_for_it(e));
           });
  }

  // As a part of the organization, or as what a link of it led to.
  bool touches_from_outside(const Retraction::Changed& change) {
    const bool of_org = change.entity == facts_.org_entity();
    const auto may_touch = [&](const Entry& entry) {
      if (of_org) return may_touch_others(entry);
      if (entry.op == Op::end) return !then().ended_nothing(change.entity, entry.at);
      return entry.op == Op::set && entry.slot.kind == SlotKind::exists;
    };
    if (std::none_of(change.entries.begin(), change.entries.end(), may_touch)) return false;
    const Point event = retraction_.event;
    if (!of_org) {
      if (facts_.name(change.entity).kind == EntityKind::member) return false;
      const auto turned = turned_links(then(), thing_, change.entity);
      return std::find(turned.begin(), turned.end(), event) != turned.end();
    }
    Facts facts = facts_.moved_to({event.us, event.position - 1});
    auto model = facts.model_at(facts.at());
    Access before(std::move(facts), std::move(model));
    const bool touches = std::any_of(change.entries.begin(), change.entries.end(),
                                     [&](const Entry& entry) { return org_touches(before, then(), thing_, entry); });
    if (before.facts().failure()) facts_.fail(*before.facts().failure());
    return touches;
  }

  // Just before the event and with it: are other links to the thing there, or does their holder come or go?
  bool bears(const Retraction::Changed& change) {
    if (touches_from_outside(change)) return true;
    EntityState state;
    for (const Entry& entry : facts_.entries(change.entity)) {
      if (entry.at < retraction_.event) state.apply(entry);
    }
    const std::vector<Link> before = links(state);
    const bool existed = state.exists();
    for (const Entry& entry : change.entries) state.apply(entry);
    const std::vector<Link> after = links(state);
    return before != after || (!after.empty() && existed != state.exists());
  }

  std::vector<Link> links(const EntityState& state) {
    std::vector<Link> links;
    for (const Live& live : state.live) {
      const bool leads = live.slot.kind == SlotKind::role && leads_to_it(live);
      if (leads || names(live.slot, live.value, thing_)) links.emplace_back(live.slot, live.value);
    }
    return links;
  }

  // By deletions that moved a role's holders, or as ownership does.
  bool leads_to_it(const Live& link) {
    return then().has_model() && then().resolve_role(link.value, link.at, nullptr) == thing_;
  }

  // Ownership is given without naming the role.
  bool stands_for_it(const Entry& entry) {
    if (entry.op != Op::set || entry.slot.kind != SlotKind::role) return false;
    return then().named_role(entry.value, entry.at) == thing_;
  }

  // With the event, at its own instant.
  Access& then() {
    if (!then_) {
      Facts facts = facts_.moved_to(retraction_.event).supposing(retraction_.event, true, retraction_.entities());
      auto model = facts.model_at(facts.at());
      then_.emplace(std::move(facts), std::move(model));
    }
    return *then_;
  }

  Facts& facts_;
  const Retraction& retraction_;
  Number thing_;
  std::optional<Access> then_;
};

}  // namespace

std::vector<Number> Retraction::entities() const {
  std::vector<Number> all;
  for (const Changed& change : changes) all.push_back(change.entity);
  return all;
}

std::optional<Retraction> retraction_of(Facts& facts, const RecordOf& records, std::uint64_t position) {
  auto record = records(position);
  if (!record) return std::nullopt;
  Retraction found;
  found.at = {record->event.occurred_at->us, position};
  while (const auto* retracted = std::get_if<event::EventRetracted>(&record->event.data)) {
    const std::uint64_t target = retracted->position.value;
    if (found.target == 0) found.target = target;
    record = records(target);
    if (!record) return std::nullopt;
  }
  const std::uint64_t turned = record->position.value;
  found.event = {record->event.occurred_at->us, turned};
  const bool counted = !facts.retracted(turned, position - 1);
  found.counts = !facts.retracted(turned, position);
  found.turned = counted != found.counts;
  const auto changes = changes_of(
      *record, [&](EntityKind kind, std::string_view name) { return Outcome<Number>(facts.number(kind, name)); });
  if (!changes) {
    facts.fail(changes.error());
    return std::nullopt;
  }
  for (const Change& change : *changes) {
    if (!change.entries.empty()) found.changes.push_back({facts.number(change.kind, change.name), change.entries});
  }
  return found;
}

Bearing bearing_of(Access& access, const Retraction& retraction, Number thing) {
  return Reading(access, retraction, thing).of();
}

}  // namespace tenure::projections
