// Timelines: every entity's history, kept in chunks, each with the state before it, so that the state
// at any instant is one lookup and a short fold.
//
// The newest chunk stands under a fixed key; older ones under their first point. A chunk is sealed when it
// has as many entries as twice its carried state (at least chunk_entries_min), so a timeline takes
// space in proportion to its events.
//
// Writing keeps the interval index in step. An event in order touches the newest chunk alone; a late one
// folds the entity again from its own place on, and moves the intervals that changed.
//
// Threads: as the reader or writer passed in. Failures: the store's; corruption names the entity.
#pragma once

#include <vector>

#include "projections/entity_state.h"
#include "projections/list_history.h"

namespace tenure::projections {

inline constexpr std::size_t chunk_entries_min = 16;

// The row of a timeline's newest chunk.
std::string head_chunk_key(OrgNumber org, Number entity);

// The state at a point, as known now. One get; one seek more when the point is older than the newest chunk.
Outcome<EntityState> state_at(storage::ViewReader& views, OrgNumber org, Number entity, Point at);
// The same for the writer, from the timelines that it keeps decoded; null for a point before the newest entry. Good
// until the timeline changes (open_timelines.h).
Outcome<const EntityState*> newest_state(ViewWriter& views, OrgNumber org, Number entity, Point at);
// A whole timeline as it is stored: the chunks, each with the point where it begins, in order.
struct StoredTimeline {
  std::vector<std::pair<Point, std::string>> chunks;
  std::size_t bytes = 0;

  // As `state_at` above. Pure.
  Outcome<EntityState> state_at(OrgNumber org, Number entity, Point at) const;
  // As `entries_of` below, but for what lies in chunks that end before a point. Pure.
  Outcome<std::vector<Entry>> entries_from(OrgNumber org, Number entity, Point from) const;
};
// Nothing if it takes more than `bytes_max`. By a reader: the writer has newest chunks elsewhere (view_writer.h).
Outcome<std::optional<StoredTimeline>> stored_timeline(storage::ViewReader& views, OrgNumber org, Number entity,
                                                       std::size_t bytes_max);
// The state at a point as known at a position: the entity's whole history is folded.
Outcome<EntityState> state_known(storage::ViewReader& views, OrgNumber org, Number entity, Point at,
                                 std::uint64_t known);
// Every entry of the entity in order, retracted ones too.
Outcome<std::vector<Entry>> entries_of(storage::ViewReader& views, OrgNumber org, Number entity);

// The intervals that are open in a state: what the entity's live slots mean for the lists.
std::vector<Interval> open_intervals(EntityKind kind, Number entity, const EntityState& state);

// Adds the entries of one event (all at one point, in the order of the event).
Outcome<void> add_entries(ViewWriter& views, OrgNumber org, EntityKind kind, Number entity,
                          const std::vector<Entry>& entries);
// Marks the entries of the event at `target` as turned (retracted, or counting again) by `by`.
Outcome<void> turn_entries(ViewWriter& views, OrgNumber org, EntityKind kind, Number entity, Point target,
                           std::uint64_t by);

}  // namespace tenure::projections
