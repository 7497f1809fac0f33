// The newest chunks of the timelines that the writer met lately, decoded, each with the state at its end: judging an
// event, noting what it replaced and folding it all ask for the same few entities, and so do the events after it.
//
// The rows of the views stay what counts: whatever is dropped here is read from them again. So a change that is undone
// drops what it touched, and a late event, which changes a timeline before its end, drops that timeline.
//
// Owned by the ViewWriter; one thread. What `find` and `keep` answer stays where it is until the next `trim`, `drop`
// (of the same), `roll_back` or `forget`. Memory: about bytes_max; what was not met for two generations is forgotten.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <vector>

#include "projections/entity_state.h"

namespace tenure::projections {

// The newest chunk of a timeline, with the point where it begins. One without entries: there is no timeline yet.
struct HeadChunk {
  Point start;
  Chunk chunk;
};

class OpenTimelines {
 public:
  static constexpr std::size_t bytes_max = 16 << 20;

  struct Open {
    HeadChunk head;
    EntityState now;  // with all of the chunk's entries
  };

  // Null if it is not kept.
  Open* find(OrgNumber org, Number entity);
  Open& keep(OrgNumber org, Number entity, Open open);
  void drop(OrgNumber org, Number entity);
  // Says that what is kept is about to change with the views.
  void touch(OrgNumber org, Number entity);

  // As ViewWriter's own: what was touched since the last mark is dropped by `roll_back`.
  void mark() { touched_.clear(); }
  void roll_back();
  void forget();
  // Starts a generation if the young one is full.
  void trim();

 private:
  using Kept = boost::unordered_flat_map<std::uint64_t, std::unique_ptr<Open>>;

  static std::uint64_t key_of(OrgNumber org, Number entity) { return std::uint64_t{org} << 32 | entity; }
  static std::size_t bytes_of(const Open& open);

  Kept young_, old_;
  std::size_t bytes_ = 0;  // of young_, as it was when each came
  std::vector<std::uint64_t> touched_;
};

}  // namespace tenure::projections
