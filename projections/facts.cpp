#include "projections/facts.h"

#include <algorithm>

#include "events/wire/record_wire.h"
#include "projections/interval_index.h"
#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

const EntityState nothing;

}  // namespace

Facts::Facts(storage::ViewReader& views, DirectoryCache& names, const Models& models, OrgNumber org, Point at)
    : views_(&views), names_(&names), models_(&models), org_(org), at_(at), knowledge_(std::make_shared<Knowledge>()) {}

Outcome<std::optional<Instant>> newest_known(storage::Snapshot& snapshot, const OrgId& org, OrgNumber number,
                                             Position known) {
  const auto version = snapshot.version_at(org, known);
  if (!version) return version.error();
  if (*version == Version(0)) return std::optional<Instant>();
  auto row = newest_row(snapshot, number, *version);
  if (!row || *row) return row;
  // The event of that version was not late: its own time is the newest.
  const auto position = snapshot.position_of(org, *version);
  if (!position) return position.error();
  const auto stored = snapshot.record(*position);
  if (!stored) return stored.error();
  const auto record = wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot.blob(hash); });
  if (!record) return record.error();
  return record->event.occurred_at;
}

Outcome<Facts> Facts::known_at(storage::Snapshot& snapshot, DirectoryCache& names, const Models& models, OrgNumber org,
                               const OrgHead& head, Point at, Position known) {
  Facts facts(snapshot, names, models, org, at);
  facts.next_number_ = head.next_number;
  facts.newest_baseline_ = head.newest_baseline;
  if (known >= head.position) return facts;
  const auto newest = newest_known(snapshot, OrgId(head.name), org, known);
  if (!newest) return newest.error();
  Knowledge& knowledge = *facts.knowledge_;
  knowledge.known = known.value;
  knowledge.horizon = *newest ? Point{(*newest)->us, known.value} : Point{};
  const Point stab = Point::end_of(Instant{knowledge.horizon.us});
  const auto done = intervals_at(snapshot, org, {ListKind::late, 0}, stab, head.newest_us, [&](const Interval& late) {
    if (late.open.position > known.value) knowledge.touched.insert(late.principal);
    return true;
  });
  if (!done) return done.error();
  facts.at_ = facts.clipped(at);
  return facts;
}

void Facts::read_through(TimelineCache& timelines, Position head) {
  timelines_ = &timelines;
  head_ = head;
}

void Facts::read_as_writer(ViewWriter& views, Number next) {
  writer_ = &views;
  next_number_ = next;
}

Facts Facts::moved_to(Point at) const {
  Facts moved(*views_, *names_, *models_, org_, at);
  moved.knowledge_ = knowledge_;
  moved.at_ = moved.clipped(at);
  moved.failure_ = failure_;
  moved.writer_ = writer_;
  moved.timelines_ = timelines_;
  moved.use_ = use_;
  moved.head_ = head_;
  moved.org_entity_ = org_entity_;
  moved.next_number_ = next_number_;
  moved.newest_baseline_ = newest_baseline_;
  return moved;
}

Facts Facts::supposing(Point event, bool counts, const std::vector<Number>& entities) const {
  Facts other = moved_to(at_);
  other.knowledge_ = std::make_shared<Knowledge>(*knowledge_);
  other.knowledge_->touched.insert(entities.begin(), entities.end());
  other.knowledge_->supposed = {event, counts};
  return other;
}

std::optional<Point> Facts::ended_at(Number entity, Point at) {
  const Number org = org_entity();
  if (entity == org) return std::nullopt;
  // At another point it is looked at and not kept: a diff asks of as many points as there are events.
  const bool kept = at == at_ || writer_;
  const EntityState once = kept ? EntityState{} : state_once(org, at);
  const Live* ended = (kept ? state_at(org, at) : once).find({SlotKind::ended});
  return ended ? std::optional(ended->at) : std::nullopt;
}

EntityState Facts::state_once(Number entity, Point at) {
  EntityState state;
  if (entity == 0 || failure_) return state;
  at = clipped(at);
  if (ended_at(entity, at)) {
    // org.deleted ends everything. Rare enough to fold the entity anew.
    for (const Entry& entry : entries_until(entity, at)) state.apply(entry);
    return state;
  }
  if (knowledge_->touched.contains(entity)) {
    if (!knowledge_->supposed) return take(state_known(*views_, org_, entity, at, knowledge_->known), EntityState{});
    for (const Entry& entry : entries(entity)) {
      if (entry.at <= at) state.apply(entry);
    }
    return state;
  }
  return take(timelines_ ? timelines_->state_at(*views_, org_, head_, entity, at, use_)
                         : projections::state_at(*views_, org_, entity, at),
              EntityState{});
}

const EntityState& Facts::state_at(Number entity, Point at) {
  if (entity == 0 || failure_) return nothing;
  at = clipped(at);
  if (at == at_) {
    if (const auto it = states_.find(entity); it != states_.end()) return *it->second;
  }
  if (writer_ && !ended_at(entity, at)) {
    const EntityState* none = nullptr;
    if (const auto* newest = take(newest_state(*writer_, org_, entity, at), none)) return *newest;
  }
  auto state = std::make_unique<EntityState>(state_once(entity, at));
  const EntityState& kept = *state;
  if (at == at_) {
    states_.emplace(entity, std::move(state));
  } else {
    others_.push_back(std::move(state));
  }
  return kept;
}

std::vector<ToldRow> Facts::told(Told kind, bool retracted_too) {
  auto rows = take(told_until(*views_, org_, kind, at_), {});
  std::erase_if(rows, [&](const ToldRow& row) { return row.at.position > knowledge_->known; });
  if (retracted_too || rows.empty()) return rows;
  // Few events are ever retracted: which ones may be is read at once.
  std::unordered_set<std::uint64_t> named;
  for (const auto& [target, by] : retractions()) named.insert(target);
  std::erase_if(rows, [&](const ToldRow& row) {
    return named.contains(row.at.position) && retracted(row.at.position, knowledge_->known);
  });
  return rows;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> Facts::retractions() {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
  const std::string from = row_key(org_, Row::retractions);
  const auto done = views_->scan(from, from + std::string(8, '\xff'), [&](std::string_view key, std::string_view by) {
    for (Reader in{by}; !in.rest.empty() && in.good;) {
      const std::uint64_t position = in.varint();
      if (in.good && position <= knowledge_->known) all.emplace_back(take_u64(key, from.size()), position);
    }
    return true;
  });
  if (!done && !failure_) failure_ = done.error();
  return all;
}

bool Facts::retracted(std::uint64_t position, std::uint64_t known) {
  return take(is_retracted(*views_, org_, Position(position), Position(known)), true);
}

bool Facts::each_of_states(List list, const std::unordered_set<Number>& holders, const IntervalRow& row) {
  for (const Number holder : holders) {
    for (const Interval& i : open_intervals(name(holder).kind, holder, state(holder))) {
      if (i.list == list && !row(i)) return false;
    }
  }
  return true;
}

void Facts::each(List list, const IntervalRow& row) {
  if (failure_) return;
  // The index knows nothing of an end of the whole organization (what was accepted after it may rest on an invitation
  // of before it): then every holder is asked. An organization that is used again after its end is rare.
  if (state(org_entity()).find({SlotKind::ended})) {
    std::unordered_set<Number> all{org_entity()};
    for (const EntityKind kind : {EntityKind::member, EntityKind::group, EntityKind::role, EntityKind::scope}) {
      for (const Number holder : numbers_of(kind)) all.insert(holder);
    }
    (void)each_of_states(list, all, row);
    return;
  }
  if (!each_of_states(list, knowledge_->touched, row)) return;
  const auto done = list_at(*views_, org_, list, at_,
                            [&](const Interval& i) { return knowledge_->touched.contains(i.principal) || row(i); });
  if (!done && !failure_) failure_ = done.error();
}

std::vector<Interval> Facts::list(List list) {
  std::vector<Interval> found;
  each(list, [&](const Interval& i) {
    found.push_back(i);
    return true;
  });
  return found;
}

std::vector<Interval> Facts::list_over(List list, Instant from, Instant to) {
  std::vector<Interval> found;
  const auto done =
      projections::list_over(*views_, org_, list, clipped(Point::end_of(from)), to, [&](const Interval& i) {
        if (!knowledge_->touched.contains(i.principal)) found.push_back(i);
        return true;
      });
  if (!done && !failure_) failure_ = done.error();
  for (const Number entity : knowledge_->touched) {
    const EntityKind kind = name(entity).kind;
    each_state(entity, {}, [&](Point, const EntityState& state) {
      for (const Interval& i : open_intervals(kind, entity, state)) {
        if (i.list == list) found.push_back(i);
      }
    });
  }
  return found;
}

void Facts::each_change(List list, Point from, Point to, const LinkChanged& changed) {
  const auto done = list_changes(*views_, org_, list, clipped(from), clipped(to), [&](Number principal, Point at) {
    if (!knowledge_->touched.contains(principal)) changed(principal, at);
  });
  if (!done && !failure_) failure_ = done.error();
}

void Facts::each_difference(List list, Point from, Point to, const std::function<void(Number)>& differs) {
  const auto done = list_differences(*views_, org_, list, clipped(from), clipped(to), [&](Number principal) {
    if (!knowledge_->touched.contains(principal)) differs(principal);
  });
  if (!done && !failure_) failure_ = done.error();
}

std::vector<Point> Facts::changes_of(List list) {
  std::vector<Point> points;
  // The lists know nothing of an end of the whole organization, nor of what came into force again after it.
  if (state(org_entity()).find({SlotKind::ended})) points = changes_by_holders()[list];
  each_change(list, Point{}, at_, [&](Number, Point at) { points.push_back(at); });
  for (const Number entity : knowledge_->touched) changes_of_touched(list, entity, points);
  return points;
}

// Whose own history is another one at this knowledge: folded anew.
void Facts::changes_of_touched(List list, Number entity, std::vector<Point>& points) {
  each_interval_change(entity, {}, [&](List changed, Point at) {
    if (changed == list) points.push_back(at);
  });
}

std::map<List, std::vector<Point>>& Facts::changes_by_holders() {
  if (changes_by_holders_) return *changes_by_holders_;
  auto& changes = changes_by_holders_.emplace();
  std::vector<Number> holders{org_entity()};
  for (const EntityKind kind : {EntityKind::member, EntityKind::group, EntityKind::role, EntityKind::scope}) {
    for (const Number holder : numbers_of(kind)) holders.push_back(holder);
  }
  const std::vector<Point> ends = ends_of_org();
  for (const Number holder : holders) {
    each_interval_change(holder, holder == org_entity() ? std::vector<Point>() : ends,
                         [&](List list, Point at) { changes[list].push_back(at); });
  }
  return changes;
}

void Facts::each_interval_change(Number entity, const std::vector<Point>& ends,
                                 const std::function<void(List list, Point at)>& changed) {
  const EntityKind kind = name(entity).kind;
  std::vector<Interval> before;
  each_state(entity, ends, [&](Point at, const EntityState& state) {
    if (at > at_) return;
    std::vector<Interval> after = open_intervals(kind, entity, state), differ;
    std::sort(after.begin(), after.end());
    std::set_symmetric_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(differ));
    for (std::size_t i = 0; i < differ.size(); ++i) {
      if (i == 0 || differ[i].list != differ[i - 1].list) changed(differ[i].list, at);
    }
    before = std::move(after);
  });
}

std::vector<Point> Facts::ends_of_org() {
  std::vector<Point> ends;
  for (const Entry& entry : entries(org_entity())) {
    if (entry.op == Op::end) ends.push_back(entry.at);
  }
  return ends;
}

// What stood between two entries of one event never was.
void Facts::each_state(Number entity, const std::vector<Point>& ends,
                       const std::function<void(Point at, const EntityState& state)>& each) {
  const std::vector<Entry> all = entries(entity);
  EntityState state;
  auto end = ends.begin();
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (; end != ends.end() && *end < all[i].at; ++end) each(*end, state = EntityState());
    state.apply(all[i]);
    if (i + 1 == all.size() || all[i + 1].at != all[i].at) each(all[i].at, state);
  }
  for (; end != ends.end(); ++end) each(*end, state = EntityState());
}

std::vector<Entry> Facts::entries(Number entity) {
  auto all = all_entries(entity);
  std::erase_if(all, [&](const Entry& e) { return !knowledge_->counts(e); });
  return all;
}

std::vector<Entry> Facts::entries_between(Number entity, Point from, Point to) {
  auto all = timelines_ ? take(timelines_->entries_from(*views_, org_, head_, entity, from), {}) : all_entries(entity);
  std::erase_if(all, [&](const Entry& e) { return e.at <= from || e.at > to || !knowledge_->counts(e); });
  return all;
}

std::vector<Entry> Facts::entries_until(Number entity, Point at) {
  at = clipped(at);
  const auto ended = ended_at(entity, at);
  std::vector<Entry> until = entries(entity);
  std::erase_if(until, [&](const Entry& entry) { return entry.at > at || (ended && entry.at <= *ended); });
  return until;
}

std::vector<Number> Facts::numbers_of(EntityKind kind) {
  std::vector<Number> numbers;
  std::string from = row_key(org_, Row::number), to = from;
  from += static_cast<char>(kind);
  to += static_cast<char>(static_cast<char>(kind) + 1);
  const auto done = views_->scan(from, to, [&](std::string_view, std::string_view value) {
    numbers.push_back(take_u32(value, 0));
    return true;
  });
  if (!done && !failure_) failure_ = done.error();
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

Number Facts::number(EntityKind kind, std::string_view name) {
  return take(names_->number(*views_, org_, kind, name, next_number_), Number{0});
}

const NamedEntity& Facts::name(Number number) {
  const auto it = names_seen_.find(number);
  if (it != names_seen_.end()) return it->second;
  return names_seen_.emplace(number, take(names_->name(*views_, org_, number), NamedEntity{})).first->second;
}

Models::Model Facts::model_at(Point at) {
  const Number org = org_entity();
  Number model = 0;
  // Of another point it is looked at and not kept: some ask about each event.
  const bool kept = writer_ || clipped(at) == at_;
  const EntityState once = kept ? EntityState{} : state_once(org, at);
  const EntityState& state = kept ? state_at(org, at) : once;
  if (const Live* in_force = state.find({SlotKind::model})) {
    model = in_force->value;
  } else {
    // Before the organization's creation its first model holds: the one that was recorded first.
    std::uint64_t first = std::numeric_limits<std::uint64_t>::max();
    for (const Entry& entry : entries(org)) {
      if (entry.op != Op::set || entry.slot.kind != SlotKind::model || entry.at.position > first) continue;
      first = entry.at.position;
      model = entry.value;
    }
  }
  if (model == 0) return nullptr;
  const std::string& text = name(model).name;
  const auto space = text.find(' ');
  return models_->find(ModelId(text.substr(0, space)), text.substr(space + 1));
}

std::vector<Models::Model> Facts::models_over(Instant from, Instant to) {
  std::vector<Models::Model> models;
  const auto add = [&](const Models::Model& model) {
    if (model && std::find(models.begin(), models.end(), model) == models.end()) models.push_back(model);
  };
  const std::vector<Entry> entries = this->entries(org_entity());
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const bool inside = entry->at.us > from.us && entry->at.us < to.us;
    if (inside && entry->slot.kind == SlotKind::model) add(model_at(Point::end_of(Instant{entry->at.us})));
  }
  add(model_at(Point::end_of(from)));
  return models;
}

}  // namespace tenure::projections
