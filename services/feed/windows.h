// The blocks that are in memory, shared by all subscribers: what was asked for lately, of every kind, within a bound.
//
// A subscriber asks for the block that holds a position. If there is none it is noted as waiting, and its Waker is used
// once there is: that position was encoded, or was committed and then encoded. The readers ask what to encode next.
// What was committed since the last time, and is waited for, comes first; the rest in the order asked.
//
// Whoever wants few of the events looks at blocks of traits, and asks for the single positions that pass (Part in
// kind.h). These are windows of their own, so that they never cut up the whole blocks of others.
//
// Threads: any; one lock. Memory: blocks_bytes_max, and one entry a subscriber. Blocks that a subscriber still sends
// live on after they were dropped here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/feed/watch.h"

namespace tenure::services {

class Windows {
 public:
  static constexpr std::size_t blocks_bytes_max = std::size_t{16} << 20;

  struct Work {
    Kind kind;
    Position first;
    Position last;  // at most
  };

  struct Ask {
    Kind kind;
    Position position;
    std::uint64_t subscriber = 0;  // a number of its own
    http::Waker waker;
    // If set, blocks in which nothing is wanted are passed over while it waits, without waking it.
    std::shared_ptr<const Wants> wants;
  };

  // By subscribers. Null: the waker will be used. `position` is moved on to where nothing was passed over that is
  // wanted. True in `wake_reader`: there is something to be encoded now.
  std::shared_ptr<const Block> find(Ask& ask, bool& wake_reader);
  // The same, but null is all: nothing is noted and nothing encoded.
  std::shared_ptr<const Block> held(const Kind& kind, Position position);
  // Encoded soon, though nobody waits for it yet. True: there is something to be encoded now.
  bool ask(const Kind& kind, Position position);
  void forget(const Kind& kind, std::uint64_t subscriber);

  // By a reader. What is to be encoded next, now that the log reaches to `head`. One below an earlier call's is what a
  // store shows while it is opened anew: nothing is to be done until it shows all again, and the reader is woken then.
  // No two readers have the same positions of a kind at a time. `more`: there is work for another reader.
  std::optional<Work> next(Position head, bool& more);
  // The block of some work, which it may not fill, is there; who waits for it is woken. True: there is more to do.
  bool put(const Kind& kind, std::shared_ptr<const Block> block);
  // Wakes everyone.
  void wake_all();

  std::size_t bytes() const;

 private:
  struct Place {
    Kind kind;
    Position first;
  };
  struct Held {
    std::shared_ptr<const Block> block;
    std::list<Place>::iterator used;
  };
  struct Waiting {
    Position position;
    http::Waker waker;
    std::shared_ptr<const Wants> wants;
    bool woken = false;  // and kept for its position
  };
  struct Window {
    std::map<Position, Held> blocks;
    std::unordered_map<std::uint64_t, Waiting> waiting;
    Watch watch;                            // those of them who want few, and have come to the end of the log
    std::map<Position, Position> encoding;  // at work on these, first to last
    std::set<Position> deferred;            // asked for while at work there, where a block may come out shorter
  };
  using Wanted = std::pair<Kind, Position>;

  void tell(Window& window, const Kind& kind, Waiting& waiting, std::shared_ptr<const Block> block);
  void tell_watch(Window& window, const Kind& kind, std::shared_ptr<const Block> block);
  bool may_watch(const Window& window, Position position) const;

  std::map<Position, Held>::iterator holder(Window& window, Position position);
  std::shared_ptr<const Block> use(std::map<Position, Held>::iterator found);
  bool want(const Kind& kind, Position position);
  std::map<Position, Position>::const_iterator encoder_of(const Window& window, Position position) const;
  void look_ahead(Window& window, const Kind& kind, Position from, bool& wake_reader);
  Work work_for(const Kind& kind, Position first, Position head);
  void drop(std::list<Place>::iterator place);

  mutable std::mutex guard_;
  std::map<Kind, Window> windows_;
  std::list<Place> used_;  // the latest first
  std::deque<Wanted> wanted_;
  std::set<Wanted> wanted_once_;
  Position head_;  // as the reader last knew it
  std::size_t bytes_ = 0;
};

}  // namespace tenure::services
