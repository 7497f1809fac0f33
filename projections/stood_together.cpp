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

// The state of the organization at a point; nothing where no model is known.
std::optional<Access> access_at(Facts& facts, Point at) {
  Facts then = facts.moved_to(at);
  auto model = then.model_at(then.at());
  if (!model) return std::nullopt;
  return Access(std::move(then), std::move(model));
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
      walk.by = members[i].by;
      walk.role = looking_.access.direct_role(walk.member);
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
  Walks next;
  std::vector<Walk*> done;
  for (Walk& walk : walks) {
    if (step(walk)) next[walk.first_us].push_back(&walk);
  }
  while (!next.empty() && !facts_.failure()) {
    const auto newest = next.extract(next.begin());
    try_before(newest.key(), newest.mapped(), next, done);
  }
  for (const Walk* walk : done) since[walk->place] = event_of(*walk);
}

bool StoodTogether::bears_on(const Turn& turn, const Walk& walk) const {
  return turn.of == 0 || turn.of == walk.role || (what_.bears && what_.bears(turn.of, walk.by));
}

bool StoodTogether::step(Walk& walk) {
  const std::vector<Turn>& turns = what_.turns;
  walk.next_look = std::max(walk.next_look, walk.next_turn);
  while (walk.next_look < turns.size() && !bears_on(turns[walk.next_look], walk)) ++walk.next_look;
  const bool more = walk.next_bearing < walk.bearing.size(), more_turns = walk.next_look < turns.size();
  if (!more && !more_turns) return false;
  std::int64_t us = std::numeric_limits<std::int64_t>::min();
  if (more) us = walk.bearing[walk.next_bearing].at.us;
  if (more_turns) us = std::max(us, turns[walk.next_look].at.us);
  for (; walk.next_bearing < walk.bearing.size() && walk.bearing[walk.next_bearing].at.us == us; ++walk.next_bearing) {
    if (walk.bearing[walk.next_bearing].on_links) walk.held.reset();
  }
  while (walk.next_turn < turns.size() && turns[walk.next_turn].at.us >= us) ++walk.next_turn;
  walk.first_us = us;
  return true;
}

void StoodTogether::try_before(std::int64_t us, const std::vector<Walk*>& walks, Walks& next,
                               std::vector<Walk*>& done) {
  const bool begins = us == std::numeric_limits<std::int64_t>::min();
  auto then = begins ? std::optional<Access>() : access_at(facts_, Point::end_of(Instant{us - 1}));
  const Stands stands = then ? what_.stands(*then) : Stands();
  std::map<std::pair<std::size_t, StandsBy>, std::optional<StandsBy>> answers;
  for (Walk* walk : walks) {
    looking_.meanwhile();
    const Number role = walk->role;
    std::optional<StandsBy> by;
    if (then) {
      if (!walk->held) walk->held = held(*then, *walk);
      const auto [answer, is_new] = answers.try_emplace({*walk->held, walk->by});
      if (is_new) answer->second = stands(walk->member, walk->by);
      by = answer->second;
    }
    // Before that, others may bear on them than those that were passed over.
    if (walk->role != role || (by && *by != walk->by)) walk->next_look = walk->next_turn;
    walk->by = by.value_or(walk->by);
    if (by && step(*walk)) {
      next[walk->first_us].push_back(walk);
    } else {
      done.push_back(walk);
    }
  }
  if (then && then->facts().failure()) facts_.fail(*then->facts().failure());
}

std::size_t StoodTogether::held(Access& then, Walk& walk) {
  walk.role = then.direct_role(walk.member);
  std::string key;
  put(key, then.active(walk.member) ? 1 : 0);
  put(key, walk.role);
  // From whom ownership may be taken depends on who has it.
  const AccessModel& model = then.model();
  const bool owner = walk.role != 0 && then.facts().name(walk.role).name == model.roles()[model.owner_role()].id.text;
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

Point StoodTogether::event_of(const Walk& walk) {
  std::vector<Point> events;  // the newest first
  const auto add = [&](Point at) {
    if (at.us == walk.first_us) events.push_back(at);
  };
  for (const BearingEvent& each : walk.bearing) add(each.at);
  const auto turns = std::equal_range(what_.turns.begin(), what_.turns.end(), Turn{Point{walk.first_us, 0}, 0},
                                      [](const Turn& a, const Turn& b) { return a.at.us > b.at.us; });
  for (auto turn = turns.first; turn != turns.second; ++turn) add(turn->at);
  std::sort(events.begin(), events.end(), std::greater<>());
  events.erase(std::unique(events.begin(), events.end()), events.end());
  std::size_t first = 0;
  for (; first + 1 < events.size(); ++first) {
    looking_.meanwhile();
    auto then = access_at(facts_, events[first + 1]);
    if (!then || !what_.stands(*then)(walk.member, walk.by)) break;
    if (then->facts().failure()) facts_.fail(*then->facts().failure());
  }
  return events[first];
}

}  // namespace tenure::projections
