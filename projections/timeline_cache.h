// Timelines that are asked for again and again, kept as their stored bytes: what a question about access costs when
// the organization has not changed since the last one.
//
// A kept timeline holds for the organization's head that it was read at. An organization that has moved on is read from
// the store, and a timeline is kept only when it was asked for twice at one head: a busy organization does
// not fill the cache in vain. Nothing else is remembered, so an answer never rests on a stale row.
//
// Owned by the program; any thread. Memory: at most bytes_max, about; what was not asked for lately is forgotten.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "projections/directory.h"
#include "projections/timeline.h"

namespace tenure::projections {

class TimelineCache {
 public:
  static constexpr std::size_t bytes_max = 80 << 20;
  // A longer timeline is read from the store each time, one chunk of it.
  static constexpr std::size_t timeline_bytes_max = 32 << 10;

  // How who asks will ask: who compares instants wants each timeline more than once, so that it is read whole at once.
  enum class Use : std::uint8_t { one_instant, several_instants };

  // As state_at of timeline.h; `head` is the position of the organization's head in `views`.
  Outcome<EntityState> state_at(storage::ViewReader& views, OrgNumber org, Position head, Number entity, Point at,
                                Use use);
  // The entity's entries in order, retracted ones too: all from a point on, and perhaps earlier ones.
  Outcome<std::vector<Entry>> entries_from(storage::ViewReader& views, OrgNumber org, Position head, Number entity,
                                           Point from);
  // The organization's head in a snapshot.
  Outcome<std::optional<OrgHead>> head(storage::Snapshot& snapshot, OrgNumber org);

 private:
  struct Kept {
    Position head;
    std::shared_ptr<const StoredTimeline> timeline;  // null: asked for once
  };
  struct Shard {
    std::mutex guard;
    std::unordered_map<std::uint64_t, Kept> young, old;
    std::size_t bytes = 0;  // of young
  };
  struct KeptHead {
    Position snapshot;
    OrgHead head;
  };

  static constexpr std::size_t shards = 16;
  static constexpr std::size_t heads_max = 1'000;

  // The kept timeline; `again` is set if this one was asked for before at this head.
  std::shared_ptr<const StoredTimeline> find(std::uint64_t key, Position head, bool& again);
  void keep(std::uint64_t key, Position head, std::shared_ptr<const StoredTimeline> timeline);

  std::array<Shard, shards> shards_;
  std::mutex heads_guard_;
  std::unordered_map<OrgNumber, KeptHead> heads_;
};

}  // namespace tenure::projections
