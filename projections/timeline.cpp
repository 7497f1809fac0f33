#include "projections/timeline.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>

#include "projections/finding_rows.h"
#include "projections/unlisted.h"
#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

constexpr std::uint64_t known_now = std::numeric_limits<std::uint64_t>::max();

std::string timeline_key(OrgNumber org, Number entity, char tag) {
  std::string key = row_key(org, Row::timeline);
  put_u32(key, entity);
  key += tag;
  return key;
}

std::string sealed_key(OrgNumber org, Number entity, Point start) {
  std::string key = timeline_key(org, entity, 'S');
  put_time(key, start.us);
  put_u64(key, start.position);
  return key;
}

Failure broken(OrgNumber org, Number entity) {
  return fail(FailureCode::corruption, "the timeline of entity " + std::to_string(entity) + " in organization " +
                                           std::to_string(org) + " cannot be read; run `tenure rebuild`");
}

// A head chunk as its row has it.
Outcome<bool> read_head_row(storage::ViewReader& views, OrgNumber org, Number entity, Point& start,
                            std::string& chunk) {
  const auto found = views.get(timeline_key(org, entity, 'H'), chunk);
  if (!found || !*found) return found;
  if (chunk.size() < 16) return broken(org, entity);
  start = {take_time(chunk, 0), take_u64(chunk, 8)};
  chunk.erase(0, 16);
  return true;
}

// A chunk with the point where it begins.
struct ReadChunk {
  Point start;
  Chunk chunk;
};

Outcome<ReadChunk> read_head_chunk(storage::ViewReader& views, OrgNumber org, Number entity) {
  ReadChunk head;
  std::string bytes;
  const auto found = read_head_row(views, org, entity, head.start, bytes);
  if (!found) return found.error();
  if (*found && !Chunk::decode(bytes, head.chunk)) return broken(org, entity);
  return head;
}

void fold_until(EntityState& state, const std::vector<Entry>& entries, Point at, std::uint64_t known) {
  for (const Entry& entry : entries) {
    if (entry.at > at) break;
    if (entry.counts(known)) state.apply(entry);
  }
}

// The timeline as the writer keeps it, read if it is not kept yet.
Outcome<OpenTimelines::Open*> open_timeline(ViewWriter& views, OrgNumber org, Number entity) {
  if (auto* kept = views.timelines().find(org, entity)) return kept;
  OpenTimelines::Open open;
  std::string bytes;
  const auto found = read_head_row(views, org, entity, open.head.start, bytes);
  if (!found) return found.error();
  if (*found && !open.head.chunk.read(bytes, open.now)) return broken(org, entity);
  if (*found) open.in_row = bytes.size();
  return &views.timelines().keep(org, entity, std::move(open));
}

std::size_t chunk_limit(std::size_t carried) { return std::max(chunk_entries_min, carried * 2); }

}  // namespace

std::string head_chunk_key(OrgNumber org, Number entity) { return timeline_key(org, entity, 'H'); }

Outcome<EntityState> state_at(storage::ViewReader& views, OrgNumber org, Number entity, Point at) {
  EntityState state;
  Point start;
  std::string chunk;
  const auto found = read_head_row(views, org, entity, start, chunk);
  if (!found) return found.error();
  if (!*found) return state;
  if (at < start) {
    std::string key;
    const auto sealed = views.last_at_most(timeline_key(org, entity, 'S'), sealed_key(org, entity, at), key, chunk);
    if (!sealed) return sealed.error();
    if (!*sealed) return state;
  }
  if (!state_in_chunk(chunk, at, state)) return broken(org, entity);
  return state;
}

Outcome<const EntityState*> newest_state(ViewWriter& views, OrgNumber org, Number entity, Point at) {
  const auto open = open_timeline(views, org, entity);
  if (!open) return open.error();
  const GrowingChunk& chunk = (*open)->head.chunk;
  return chunk.entries() == 0 || chunk.last() <= at ? &(*open)->now : nullptr;
}

Outcome<EntityState> StoredTimeline::state_at(OrgNumber org, Number entity, Point at) const {
  EntityState state;
  const auto after = std::upper_bound(chunks.begin(), chunks.end(), at,
                                      [](Point point, const auto& chunk) { return point < chunk.first; });
  if (after == chunks.begin()) return state;
  if (!state_in_chunk(std::prev(after)->second, at, state)) return broken(org, entity);
  return state;
}

Outcome<std::vector<Entry>> StoredTimeline::entries_from(OrgNumber org, Number entity, Point from) const {
  std::vector<Entry> all;
  auto chunk = std::upper_bound(chunks.begin(), chunks.end(), from,
                                [](Point point, const auto& chunk) { return point < chunk.first; });
  if (chunk != chunks.begin()) --chunk;
  for (Chunk one; chunk != chunks.end(); ++chunk) {
    if (!Chunk::decode(chunk->second, one)) return broken(org, entity);
    std::move(one.entries.begin(), one.entries.end(), std::back_inserter(all));
  }
  return all;
}

Outcome<std::optional<StoredTimeline>> stored_timeline(storage::ViewReader& views, OrgNumber org, Number entity,
                                                       std::size_t bytes_max) {
  StoredTimeline all;
  const auto add = [&](std::string_view point, std::string_view chunk) {
    all.chunks.emplace_back(Point{take_time(point, 0), take_u64(point, 8)}, chunk);
    all.bytes += chunk.size() + sizeof all.chunks.front();
    return all.bytes <= bytes_max;
  };
  // The newest chunk's row stands before those of the others.
  const std::string head_key = head_chunk_key(org, entity);
  std::optional<std::string> head;
  bool fits = true;
  const auto done =
      views.scan(head_key, timeline_key(org, entity, 'S' + 1), [&](std::string_view key, std::string_view value) {
        if (key != head_key) return fits = add(key.substr(key.size() - 16), value);
        head = value;
        return true;
      });
  if (!done) return done.error();
  if (head && head->size() < 16) return broken(org, entity);
  if (head && fits) fits = add(std::string_view(*head).substr(0, 16), std::string_view(*head).substr(16));
  if (!fits) return std::optional<StoredTimeline>();
  return std::optional(std::move(all));
}

Outcome<std::vector<Entry>> entries_of(storage::ViewReader& views, OrgNumber org, Number entity) {
  std::vector<Entry> all;
  bool good = true;
  const auto done = views.scan(timeline_key(org, entity, 'S'), timeline_key(org, entity, 'S' + 1),
                               [&](std::string_view, std::string_view value) {
                                 Chunk chunk;
                                 good = Chunk::decode(value, chunk);
                                 std::move(chunk.entries.begin(), chunk.entries.end(), std::back_inserter(all));
                                 return good;
                               });
  if (!done) return done.error();
  auto head = read_head_chunk(views, org, entity);
  if (!head) return head.error();
  if (!good) return broken(org, entity);
  std::move(head->chunk.entries.begin(), head->chunk.entries.end(), std::back_inserter(all));
  return all;
}

Outcome<EntityState> state_known(storage::ViewReader& views, OrgNumber org, Number entity, Point at,
                                 std::uint64_t known) {
  const auto entries = entries_of(views, org, entity);
  if (!entries) return entries.error();
  EntityState state;
  fold_until(state, *entries, at, known);
  return state;
}

namespace {

// Whether a link of this kind counts only while its holder exists. A member's scoped grants do not:
// a model may let them reach people who are no members.
bool needs_existence(EntityKind kind, SlotKind slot) {
  switch (slot) {
    case SlotKind::role:
    case SlotKind::group:
    case SlotKind::assigned:
    case SlotKind::parent:
      return true;
    case SlotKind::grant:
      return kind == EntityKind::group;
    default:
      return false;
  }
}

template <class Intervals>
void add_intervals(EntityKind kind, Number entity, const EntityState& state, const Live& live, Intervals& out) {
  Interval i;
  i.principal = entity;
  i.open = i.link = live.at;
  i.since = live.since;
  if (needs_existence(kind, live.slot.kind)) {
    const Live* exists = state.find({SlotKind::exists});
    if (!exists) return;
    i.open = std::max(i.open, exists->since);
  }
  const auto in = [&](ListKind list, Number of, Number extra = 0) {
    i.list = {list, of};
    i.extra = extra;
    out.push_back(i);
  };
  switch (live.slot.kind) {
    case SlotKind::exists:
      // Being added twice changes nothing: the interval runs from the first time.
      i.open = i.link = live.since;
      if (kind == EntityKind::member) return in(ListKind::members, 0);
      return in(ListKind::entities, static_cast<Number>(kind));
    case SlotKind::role:
      return in(ListKind::holders, live.value);
    case SlotKind::group:
      return in(ListKind::group_members, live.slot.a);
    case SlotKind::grant:
      in(ListKind::grants_on, live.slot.a, live.slot.b);
      return in(ListKind::grants_of, live.slot.b, live.slot.a);
    case SlotKind::assigned:
      return in(ListKind::assigned, live.slot.a);
    case SlotKind::disabled:
      return in(ListKind::disabled, 0, live.slot.a);
    case SlotKind::invited:
      return in(ListKind::invited, 0, live.slot.b);
    case SlotKind::parent:
      return live.value != 0 ? in(ListKind::children, live.value) : void();
    case SlotKind::ended:
      // A role whose deletion moved its holders to another: where to look for them from then on.
      return kind == EntityKind::role && live.value != 0 ? in(ListKind::moved_roles, 0, live.slot.b) : void();
    default:
      return;
  }
}

// Runs entries over a state and tells which intervals ended and which began.
class IntervalFold {
 public:
  // Nearly every event changes one or two: they need no memory of their own.
  using Few = boost::container::small_vector<Interval, 2>;

  IntervalFold(EntityKind kind, Number entity, EntityState state)
      : kind_(kind), entity_(entity), state_(std::move(state)) {}

  void apply(const Entry& entry) {
    const bool one_slot = (entry.op == Op::set || entry.op == Op::clear) && entry.slot.kind != SlotKind::exists;
    before_.clear();
    after_.clear();
    collect(one_slot ? &entry.slot : nullptr, before_);
    state_.apply(entry);
    collect(one_slot ? &entry.slot : nullptr, after_);
    // Both are sorted: what is in one alone has ended or begun.
    auto a = before_.begin();
    auto b = after_.begin();
    while (a != before_.end() || b != after_.end()) {
      if (b == after_.end() || (a != before_.end() && *a < *b)) {
        ended_.push_back(*a);
        ended_.back().close = entry.at;
        ++a;
      } else if (a == before_.end() || *b < *a) {
        begun_.push_back(*b);
        ++b;
      } else {
        ++a;
        ++b;
      }
    }
  }

  const EntityState& state() const { return state_; }
  EntityState take_state() { return std::move(state_); }
  // Since the start: closed intervals, and all that were opened (those that have closed since too).
  Few& ended() { return ended_; }
  Few& begun() { return begun_; }

 private:
  void collect(const Slot* one, Few& out) const {
    if (one) {
      if (const Live* live = state_.find(*one)) add_intervals(kind_, entity_, state_, *live, out);
    } else {
      for (const Live& live : state_.live) add_intervals(kind_, entity_, state_, live, out);
    }
    std::sort(out.begin(), out.end());
  }

  EntityKind kind_;
  Number entity_;
  EntityState state_;
  Few before_, after_, ended_, begun_;
};

Interval as_open(Interval interval) {
  interval.close = Point::never();
  return interval;
}

// The rows of what the newest event took; `now` is how its holder stands with it.
Outcome<void> note_newest(ViewWriter& views, OrgNumber org, const std::vector<Interval>& before,
                          const std::vector<Interval>& after, const EntityState& now) {
  const bool lost_a_grant = std::any_of(after.begin(), after.end(), [](const Interval& i) {
    return i.list.kind == ListKind::grants_of && i.close != Point::never();
  });
  if (!lost_a_grant) return note_short_links(views, org, before, after, true);
  std::vector<Interval> there = memberships(after), with_grants = after;
  if (const Live* exists = now.find({SlotKind::exists}); exists && there.empty()) {
    there.emplace_back().open = exists->since;
  }
  add_grants_while_there(there, with_grants);
  return note_short_links(views, org, before, with_grants, true);
}

// In order: the newest chunk grows.
Outcome<void> append(ViewWriter& views, OrgNumber org, EntityKind kind, Number entity, OpenTimelines::Open& open,
                     const std::vector<Entry>& entries) {
  views.timelines().change(org, entity, open);
  HeadChunk& head = open.head;
  if (head.chunk.entries() >= chunk_limit(head.chunk.carried())) {
    views.put(sealed_key(org, entity, head.start), head.chunk.encoded());
    head = {entries.front().at, GrowingChunk({open.now.live, {}})};
    open.in_row = 0;
  }
  IntervalFold fold(kind, entity, std::move(open.now));
  for (const Entry& entry : entries) {
    fold.apply(entry);
    head.chunk.add(entry);
  }
  open.now = fold.take_state();
  // An interval that began and ended within this one event never was.
  std::vector<Interval> before, after;
  for (const Interval& i : fold.ended()) {
    const auto begun = std::find(fold.begun().begin(), fold.begun().end(), as_open(i));
    if (begun != fold.begun().end()) {
      fold.begun().erase(begun);
      continue;
    }
    before.push_back(as_open(i));
    after.push_back(i);
  }
  after.insert(after.end(), fold.begun().begin(), fold.begun().end());
  std::sort(before.begin(), before.end());
  std::sort(after.begin(), after.end());
  note_unlisted(views, org, entity, entries, before, after);
  if (const auto done = note_newest(views, org, before, after, open.now); !done) return done;
  return change_lists(views, org, before, after);
}

// All that the entity's entries from a point on make of the lists: closed and open, sorted.
std::vector<Interval> intervals_from(EntityKind kind, Number entity, const std::vector<Live>& carry,
                                     const std::vector<Entry>& entries) {
  IntervalFold fold(kind, entity, EntityState{carry});
  for (const Entry& entry : entries) {
    if (entry.counts(known_now)) fold.apply(entry);
  }
  std::vector<Interval> all(fold.ended().begin(), fold.ended().end());
  // What began and ended within one event never was.
  std::erase_if(all, [](const Interval& i) { return i.open == i.close; });
  const auto open = open_intervals(kind, entity, fold.state());
  all.insert(all.end(), open.begin(), open.end());
  std::sort(all.begin(), all.end());
  return all;
}

// The tail of a timeline: everything from the chunk that covers a point.
struct Tail {
  Point start;
  std::vector<Live> carry;
  std::vector<Entry> entries;
};

// Reads the tail and erases its sealed chunks, to be written anew.
Outcome<Tail> take_tail(ViewWriter& views, OrgNumber org, Number entity, ReadChunk head, Point at) {
  Tail tail{head.start, std::move(head.chunk.carry), {}};
  if (at < head.start) {
    std::string key, value;
    const auto first = views.last_at_most(timeline_key(org, entity, 'S'), sealed_key(org, entity, at), key, value);
    if (!first) return first.error();
    if (!*first) return broken(org, entity);
    std::vector<std::string> erased;
    bool good = true, begun = false;
    const auto done = views.scan(key, timeline_key(org, entity, 'S' + 1), [&](std::string_view k, std::string_view v) {
      Chunk chunk;
      good = Chunk::decode(v, chunk);
      if (!begun) {
        begun = true;
        tail.start = {take_time(k, k.size() - 16), take_u64(k, k.size() - 8)};
        tail.carry = chunk.carry;
      }
      std::move(chunk.entries.begin(), chunk.entries.end(), std::back_inserter(tail.entries));
      erased.emplace_back(k);
      return good;
    });
    if (!done) return done.error();
    if (!good) return broken(org, entity);
    for (std::string& k : erased) views.erase(std::move(k));
  }
  std::move(head.chunk.entries.begin(), head.chunk.entries.end(), std::back_inserter(tail.entries));
  return tail;
}

// Cuts a tail into chunks again.
void write_tail(ViewWriter& views, OrgNumber org, Number entity, Tail tail) {
  HeadChunk head{tail.start, GrowingChunk({tail.carry, {}})};
  EntityState state{std::move(tail.carry)};
  for (const Entry& entry : tail.entries) {
    const bool new_event = head.chunk.entries() > 0 && head.chunk.last() != entry.at;
    if (new_event && head.chunk.entries() >= chunk_limit(head.chunk.carried())) {
      views.put(sealed_key(org, entity, head.start), head.chunk.encoded());
      head = {entry.at, GrowingChunk({state.live, {}})};
    }
    if (entry.counts(known_now)) state.apply(entry);
    head.chunk.add(entry);
  }
  views.put(head_chunk_key(org, entity), head.encode());
}

// Out of order: the tail is changed by `change`, and the lists follow.
template <class Change>
Outcome<void> refold(ViewWriter& views, OrgNumber org, EntityKind kind, Number entity, ReadChunk head, Point at,
                     const Change& change) {
  views.timelines().drop(org, entity);
  auto tail = take_tail(views, org, entity, std::move(head), at);
  if (!tail) return tail.error();
  auto before = intervals_from(kind, entity, tail->carry, tail->entries);
  change(tail->entries);
  auto after = intervals_from(kind, entity, tail->carry, tail->entries);
  note_unlisted(views, org, entity, tail->entries, before, after);
  write_tail(views, org, entity, std::move(*tail));
  if (const auto done = change_lists(views, org, before, after); !done) return done;
  for (auto* intervals : {&before, &after}) add_grants_while_there(memberships(*intervals), *intervals);
  return note_short_links(views, org, before, after, false);
}

}  // namespace

std::vector<Interval> open_intervals(EntityKind kind, Number entity, const EntityState& state) {
  std::vector<Interval> all;
  for (const Live& live : state.live) add_intervals(kind, entity, state, live, all);
  return all;
}

Outcome<void> add_entries(ViewWriter& views, OrgNumber org, EntityKind kind, Number entity,
                          const std::vector<Entry>& entries) {
  const auto open = open_timeline(views, org, entity);
  if (!open) return open.error();
  const HeadChunk& head = (*open)->head;
  const Point at = entries.front().at;
  // A chunk that is empty but sealed before cannot be: a head always has the entry that opened it.
  if (head.chunk.entries() == 0 || head.chunk.last() < at) {
    return append(views, org, kind, entity, **open, entries);
  }
  ReadChunk read{head.start, {}};
  if (!Chunk::decode(head.chunk.encoded(), read.chunk)) return broken(org, entity);
  return refold(views, org, kind, entity, std::move(read), at, [&](std::vector<Entry>& all) {
    const auto place = std::upper_bound(all.begin(), all.end(), at, [](Point p, const Entry& e) { return p < e.at; });
    all.insert(place, entries.begin(), entries.end());
  });
}

Outcome<void> turn_entries(ViewWriter& views, OrgNumber org, EntityKind kind, Number entity, Point target,
                           std::uint64_t by) {
  auto head = read_head_chunk(views, org, entity);
  if (!head) return head.error();
  return refold(views, org, kind, entity, std::move(*head), target, [&](std::vector<Entry>& all) {
    for (Entry& entry : all) {
      if (entry.at == target) entry.retractions.push_back(by);
    }
  });
}

}  // namespace tenure::projections
