#include "projections/stood_together.h"

#include <algorithm>

namespace tenure::projections {

namespace {

// So many are followed at once, since the events that bear on each are kept meanwhile.
constexpr std::size_t together_max = 128;

void put(std::string& key, Number number) { key.append(reinterpret_cast<const char*>(&number), sizeof number); }
void put(std::string& key, const std::vector<Number>& numbers) {
  put(key, static_cast<Number>(numbers.size()));
  for (const Number number : numbers) put(key, number);
}

// The state of the organization just before a point; nothing where no model is known.
std::optional<Access> access_before(Facts& facts, Point point) {
  if (point.position == 0 && point.us == std::numeric_limits<std::int64_t>::min()) return std::nullopt;
  const bool begins = point.position == 0;
  return access_at(facts, begins ? Point::end_of(Instant{point.us - 1}) : Point{point.us, point.position - 1});
}

}  // namespace

StoodTogether::StoodTogether(const Looking& looking, What what)
    : looking_(looking), facts_(looking.facts()), what_(std::move(what)) {
  std::erase_if(what_.turns, [&](const Turn& turn) { return turn.at > facts_.at(); });
  std::sort(what_.turns.begin(), what_.turns.end(), [](const Turn& a, const Turn& b) { return a.at > b.at; });
}

std::vector<Point> StoodTogether::since(const std::vector<Member>& members) {
  std::vector<Point> since(members.size());
  for (std::size_t begin = 0; begin < members.size(); begin += together_max) {
    std::vector<Walk> walks;
    for (std::size_t i = begin; i < std::min(members.size(), begin + together_max); ++i) {
      looking_.meanwhile();
      Walk& walk = walks.emplace_back();
      walk.member = members[i].number;
      walk.so_far.by = members[i].by;
      walk.so_far.role = looking_.access.direct_role(walk.member);
      walk.place = i;
      walk.bearing = events_bearing_on(facts_, walk.member);
      std::erase_if(walk.bearing, [&](const BearingEvent& each) { return each.at > facts_.at(); });
      std::reverse(walk.bearing.begin(), walk.bearing.end());
    }
    follow(walks, since);
    if (facts_.failure()) break;
  }
  return since;
}

void StoodTogether::follow(std::vector<Walk>& walks, std::vector<Point>& since) {
  std::vector<Walk*> all;
  for (Walk& walk : walks) all.push_back(&walk);
  go_back(all, Steps::instants);
  std::erase_if(all, [](const Walk* walk) { return walk->first == Point{}; });
  for (Walk* walk : all) walk->so_far = walk->after_first;
  go_back(all, Steps::events);
  for (const Walk* walk : all) since[walk->place] = walk->first;
}

void StoodTogether::go_back(const std::vector<Walk*>& walks, Steps steps) {
  Walks next;
  for (Walk* walk : walks) {
    if (step(*walk, steps)) next[walk->first].push_back(walk);
  }
  while (!next.empty() && !facts_.failure()) {
    const auto newest = next.extract(next.begin());
    try_before(newest.key(), newest.mapped(), next, steps);
  }
}

bool StoodTogether::bears_on(const Turn& turn, const Stretch& so_far) const {
  return turn.of == 0 || turn.of == so_far.role || (what_.bears && what_.bears(turn.of, so_far.by));
}

bool StoodTogether::step(Walk& walk, Steps steps) {
  const std::vector<Turn>& turns = what_.turns;
  Stretch& so_far = walk.so_far;
  so_far.next_look = std::max(so_far.next_look, so_far.next_turn);
  while (so_far.next_look < turns.size() && !bears_on(turns[so_far.next_look], so_far)) ++so_far.next_look;
  const bool more = so_far.next_bearing < walk.bearing.size(), more_turns = so_far.next_look < turns.size();
  if (!more && !more_turns) return false;
  Point first;
  if (more) first = walk.bearing[so_far.next_bearing].at;
  if (more_turns) first = std::max(first, turns[so_far.next_look].at);
  if (steps == Steps::instants) {
    first.position = 0;
    walk.after_first = so_far;
  } else if (first.us != walk.first.us) {
    return false;
  }
  for (; so_far.next_bearing < walk.bearing.size() && walk.bearing[so_far.next_bearing].at >= first;
       ++so_far.next_bearing) {
    if (walk.bearing[so_far.next_bearing].on_links) so_far.held.reset();
  }
  while (so_far.next_turn < turns.size() && turns[so_far.next_turn].at >= first) ++so_far.next_turn;
  walk.first = first;
  return steps == Steps::instants || more_of_instant(walk);
}

bool StoodTogether::more_of_instant(const Walk& walk) const {
  const auto of_it = [&](const auto& all, std::size_t next) {
    return next < all.size() && all[next].at.us == walk.first.us;
  };
  return of_it(walk.bearing, walk.so_far.next_bearing) || of_it(what_.turns, walk.so_far.next_turn);
}

void StoodTogether::try_before(Point first, const std::vector<Walk*>& walks, Walks& next, Steps steps) {
  auto then = access_before(facts_, first);
  const Stands stands = then ? what_.stands(*then) : Stands();
  std::map<std::pair<std::size_t, StandsBy>, std::optional<StandsBy>> answers;
  for (Walk* walk : walks) {
    looking_.meanwhile();
    Stretch& so_far = walk->so_far;
    const Number role = so_far.role;
    std::optional<StandsBy> by;
    if (then) {
      if (!so_far.held) so_far.held = held(*then, *walk);
      const auto [answer, is_new] = answers.try_emplace({*so_far.held, so_far.by});
      if (is_new) answer->second = stands(walk->member, so_far.by);
      by = answer->second;
    }
    // Before that, others may bear on them than those that were passed over.
    if (so_far.role != role || (by && *by != so_far.by)) so_far.next_look = so_far.next_turn;
    so_far.by = by.value_or(so_far.by);
    if (by && step(*walk, steps)) next[walk->first].push_back(walk);
  }
  if (then && then->facts().failure()) facts_.fail(*then->facts().failure());
}

std::size_t StoodTogether::held(Access& then, Walk& walk) {
  const Number role = walk.so_far.role = then.direct_role(walk.member);
  std::string key;
  put(key, then.active(walk.member) ? 1 : 0);
  put(key, role);
  // From whom ownership may be taken depends on who has it.
  const AccessModel& model = then.model();
  const bool owner = role != 0 && then.facts().name(role).name == model.roles()[model.owner_role()].id.text;
  put(key, owner ? walk.member : 0);
  put(key, then.disabled_in(walk.member));
  std::vector<Number> links;
  for (const Live* group : then.groups_of(walk.member)) links.push_back(group->slot.a);
  put(key, links);
  links.clear();
  for (const Live* grant : then.grants_of(walk.member)) {
    links.push_back(grant->slot.a);
    links.push_back(grant->slot.b);
  }
  put(key, links);
  put(key, then.assignments_of(walk.member));
  return holdings_.try_emplace(std::move(key), holdings_.size()).first->second;
}

}  // namespace tenure::projections
