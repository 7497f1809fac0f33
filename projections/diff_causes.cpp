// Which event brought what the second side of a diff has: one goes back from there, moment by moment through all that
// bears on the member, until what was held is another thing.
#include <algorithm>

#include "projections/diff.h"

namespace tenure::projections {

namespace {

// Sights of earlier members that are kept for the next one.
constexpr std::size_t kept_max = 512;

}  // namespace

void Causes::follow(Slot slot, Number value, Point at, std::vector<Number>& links) {
  switch (slot.kind) {
    case SlotKind::grant:
      links.push_back(slot.b);
      [[fallthrough]];
    case SlotKind::group:
    case SlotKind::invited_group:
    case SlotKind::assigned:
    case SlotKind::created:
      links.push_back(slot.a);
      return;
    case SlotKind::role:
    case SlotKind::invited:
      // What an implied role stands for is the model's to say.
      links.push_back(value);
      links.push_back(sides_.before.named_role(value, at));
      links.push_back(sides_.after.named_role(value, at));
      return;
    case SlotKind::came_by:
    case SlotKind::invited_by:
    case SlotKind::parent:
    case SlotKind::based_on:
    case SlotKind::ended:
      links.push_back(value);
      return;
    default:
      return;
  }
}

void Causes::add_steps(Number entity, bool shared, Bearing& bearing) {
  Facts &before = sides_.before.facts(), &after = sides_.after.facts();
  if (!sides_.as_known_at) {
    for (const Entry& entry : after.entries_between(entity, before.at(), after.at())) {
      bearing.steps.push_back({entry.at.us, entry.at.position, shared});
      follow(entry.slot, entry.value, entry.at, bearing.links);
      if (entry.op == Op::end && entry.value != 0) bearing.links.push_back(entry.value);
    }
    return;
  }
  const auto learnt = [&](std::uint64_t position) {
    if (position <= before.known() || position > after.known()) return;
    bearing.steps.push_back({static_cast<std::int64_t>(position), position, shared});
  };
  for (const Entry& entry : after.all_entries(entity)) {
    learnt(entry.at.position);
    for (const std::uint64_t position : entry.retractions) learnt(position);
    // What was known before leads on as well: it may be seen again, or hidden, for a while in between alone.
    follow(entry.slot, entry.value, entry.at, bearing.links);
    if (entry.op == Op::end && entry.value != 0) bearing.links.push_back(entry.value);
  }
}

void Causes::add_links(Number entity, Bearing& bearing) {
  for (Access* side : {&sides_.before, &sides_.after}) {
    for (const Live& live : side->facts().state(entity).live) follow(live.slot, live.value, live.at, bearing.links);
  }
  const NamedEntity& named = sides_.after.facts().name(entity);
  if (named.kind != EntityKind::scope || named.name == "org" || named.name.ends_with(":*")) return;
  // What lies in it, or came to in between.
  const List children{ListKind::children, entity};
  for (Access* side : {&sides_.before, &sides_.after}) {
    for (const Interval& child : side->facts().list(children)) bearing.links.push_back(child.principal);
  }
  sides_.after.facts().each_change(children, sides_.before.facts().at(), sides_.after.facts().at(),
                                   [&](Number child, Point) { bearing.links.push_back(child); });
  // Of those about which something was learnt later no list tells what they did in between.
  for (Access* side : {&sides_.before, &sides_.after}) {
    for (const Number other : side->facts().touched()) {
      if (side->facts().name(other).kind == EntityKind::scope) bearing.links.push_back(other);
    }
  }
}

Causes::Bearing Causes::bearing_of(Number entity) {
  const EntityKind kind = sides_.after.facts().name(entity).kind;
  Bearing bearing;
  add_steps(entity, kind != EntityKind::member, bearing);
  add_links(entity, bearing);
  std::erase(bearing.links, Number{0});
  std::sort(bearing.links.begin(), bearing.links.end());
  bearing.links.erase(std::unique(bearing.links.begin(), bearing.links.end()), bearing.links.end());
  return bearing;
}

std::vector<Causes::Step> Causes::steps_of(Number member, Number resource) {
  std::vector<Number> queue{member, sides_.after.facts().org_entity()};
  if (resource != 0) queue.push_back(resource);
  std::unordered_set<Number> seen(queue.begin(), queue.end());
  std::vector<Step> steps;
  for (std::size_t next = 0; next < queue.size(); ++next) {
    const Number entity = queue[next];
    Bearing own;
    const Bearing* bearing = &own;
    if (entity == member) {
      own = bearing_of(entity);
    } else {
      const auto known = shared_.find(entity);
      bearing = known != shared_.end() ? &known->second : &shared_.emplace(entity, bearing_of(entity)).first->second;
    }
    steps.insert(steps.end(), bearing->steps.begin(), bearing->steps.end());
    for (const Number link : bearing->links) {
      if (seen.insert(link).second) queue.push_back(link);
    }
  }
  std::sort(steps.begin(), steps.end());
  const auto same_event = [](const Step& a, const Step& b) { return a.moment == b.moment && a.position == b.position; };
  steps.erase(std::unique(steps.begin(), steps.end(), same_event), steps.end());
  return steps;
}

Access Causes::access_over(Outcome<Facts> facts) {
  if (!facts) {
    failure_ = facts.error();
    return Access(sides_.after.facts().moved_to(Point{}), nullptr);
  }
  auto model = facts->model_at(facts->at());
  return Access(std::move(*facts), std::move(model));
}

Access Causes::before_moment(std::int64_t moment) {
  if (sides_.as_known_at) return access_over(sides_.as_known_at(static_cast<std::uint64_t>(moment) - 1));
  return access_over(sides_.after.facts().moved_to(Point::end_of(Instant{moment - 1})));
}

Access Causes::with_event(const Step& step) {
  if (sides_.as_known_at) return access_over(sides_.as_known_at(step.position));
  return access_over(sides_.after.facts().moved_to({step.moment, step.position}));
}

Access& Causes::kept_before(const Step& step) {
  if (!step.shared) {
    last_ = std::make_unique<Access>(before_moment(step.moment));
    return *last_;
  }
  if (kept_.size() >= kept_max) kept_.clear();
  auto& kept = kept_[step.moment];
  if (!kept) kept = std::make_unique<Access>(before_moment(step.moment));
  return *kept;
}

// Whether it is what the second side has. Before anything was known nobody held anything.
bool Causes::holds(Access& access, Number member, const Sought& sought) {
  const Power then = access.has_model() ? power_of(access, member, sought.compared) : Power{};
  if (access.facts().failure()) failure_ = access.facts().failure();
  return same_power(then, sought.after, sought.compared.grain);
}

// The events of one moment: the last one that brought it.
void Causes::resolve(Number member, const Sought& sought, const Step* first, const Step* last) {
  *sought.cause = first->position;
  if (last - first == 1) return;
  bool now = false;
  for (const Step* step = first; step != last; ++step) {
    Access access = with_event(*step);
    const bool then = holds(access, member, sought);
    if (then && !now) *sought.cause = step->position;
    now = then;
  }
}

void Causes::find(Number member, Number resource, std::vector<Sought> sought) {
  if (sought.empty()) return;
  const std::vector<Step> steps = steps_of(member, resource);
  const Step* const begin = steps.data();
  const Step* end = begin + steps.size();
  while (end != begin && !sought.empty()) {
    const Step* first = end - 1;
    while (first != begin && (first - 1)->moment == first->moment) --first;
    const bool shared = std::any_of(first, end, [](const Step& s) { return s.shared; });
    Access* before = first == begin ? nullptr : &kept_before({first->moment, first->position, shared});
    std::erase_if(sought, [&](const Sought& each) {
      const bool came_here = before ? !holds(*before, member, each) : !each.kept;
      if (came_here) resolve(member, each, first, end);
      return came_here;
    });
    end = first;
  }
}

}  // namespace tenure::projections
