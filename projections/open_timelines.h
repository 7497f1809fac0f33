// The newest chunks of the timelines that the writer met lately, each with the state at its end: judging an event,
// noting what it replaced and folding it all ask for the same few entities, and so do the events after it.
//
// What changed counts until it is taken, and its row is written then, once for all events of a batch; who drops a
// timeline writes its row. A late event, which changes a timeline before its end, drops that timeline. Whatever is as
// its row says may be dropped at any time: it is read again.
//
// Owned by the ViewWriter; one thread. What `find` and `keep` answer stays where it is until the next `trim`, `drop`
// (of the same), `roll_back` or `forget`. Memory: about bytes_max; what was not met for two generations is forgotten.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <memory>
#include <string>
#include <vector>

#include "projections/entity_state.h"

namespace tenure::projections {

// The newest chunk of a timeline, with the point where it begins. One without entries: there is no timeline yet.
struct HeadChunk {
  Point start;
  GrowingChunk chunk;

  // The bytes of its row: what is added to the chunk comes at their end.
  std::string encode() const;
};

class OpenTimelines {
 public:
  static constexpr std::size_t bytes_max = 16 << 20, bulk_bytes_max = 96 << 20;

  struct Open {
    HeadChunk head;
    EntityState now;         // with all of the chunk's entries
    std::size_t in_row = 0;  // so many of the chunk's bytes its row has, or will have when what was taken is there; 0:
                             // the row is to be written anew
    bool changed = false;    // since it was taken last
    bool taken = false;      // and the store does not show it yet
    std::uint64_t touched = 0;
  };

  // In bulk nothing is rolled back.
  explicit OpenTimelines(bool in_bulk = false) : in_bulk_(in_bulk), bytes_max_(in_bulk ? bulk_bytes_max : bytes_max) {}

  // Null if it is not kept.
  Open* find(OrgNumber org, Number entity);
  // The same for who only looks: it gets no younger by it.
  const Open* peek(OrgNumber org, Number entity) const;
  Open& keep(OrgNumber org, Number entity, Open open);
  // Says that what is kept is about to change, and that its row is to be written.
  void change(OrgNumber org, Number entity, Open& open);
  void drop(OrgNumber org, Number entity);
  // What `take_changed` will hand over, roughly.
  std::size_t changed_bytes() const { return changed_bytes_; }

  // Calls `row(org, entity, head, in_row)` for each that changed since the last time.
  template <class Row>
  void take_changed(const Row& row) {
    for (const std::uint64_t key : changed_) {
      Open* open = peek_key(key);
      if (!open || !open->changed) continue;  // dropped since, undone, or named twice
      row(static_cast<OrgNumber>(key >> 32), static_cast<Number>(key), open->head, open->in_row);
      open->in_row = open->head.chunk.encoded().size();
      open->changed = false;
      open->taken = true;
      taken_.push_back(key);
    }
    changed_.clear();
    changed_bytes_ = 0;
  }
  // The store shows what was taken.
  void seen();

  // What changed since the last mark is undone by `roll_back`.
  void mark();
  void roll_back();
  void forget();
  // Starts a generation if the young one is full.
  void trim();

 private:
  using Kept = boost::unordered_flat_map<std::uint64_t, std::unique_ptr<Open>>;

  static std::uint64_t key_of(OrgNumber org, Number entity) { return std::uint64_t{org} << 32 | entity; }
  static std::size_t bytes_of(const Open& open);

  // One as it was at the mark; none: as its row says.
  struct Undo {
    std::uint64_t key;
    std::unique_ptr<Open> before;
  };

  Open* peek_key(std::uint64_t key);
  std::unique_ptr<Open> remove(std::uint64_t key);

  const bool in_bulk_;
  std::size_t bytes_max_;
  Kept young_, old_;
  std::size_t bytes_ = 0;  // of young_, as it was when each came
  std::vector<std::uint64_t> changed_, taken_;
  std::size_t changed_bytes_ = 0;
  std::uint64_t mark_ = 1;  // how many there were
  std::vector<Undo> undo_;
};

}  // namespace tenure::projections
