// Start here: the feed. Every change, from any position on, to everyone who may see it.
//
// One way of reading the log serves all, from the first position to the newest: whoever follows asks for the block that
// holds its next position (services/feed/windows.h), and gets the same bytes whether that was written years or
// milliseconds ago. A commit only rings a bell; what is sent is always read from the log, through a snapshot, so no
// position is sent that is not durable, and none is left out or doubled where old meets new.
//
//   a client's cursor -> Subscription (its loop) -> Windows -> [reader threads: snapshot -> FeedEncoder -> Windows] ->
//   Subscription -> Outgoing -> socket
//
// Who filters much away asks for less: first for what filters ask of a run of events, then for the single events that
// pass. So an event that nobody wants is read once, and never opened, shown or framed.
//
// Owned by the program. `start`, then `open` on pool threads and the rest from any, then `stop` once the HTTP server
// has stopped and before the append queue does. Memory: Windows::blocks_bytes_max and a few hundred bytes a subscriber,
// beside what its connection has at hand.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "services/feed/consumers.h"
#include "services/feed/encoder.h"
#include "services/feed/filter.h"
#include "services/feed/line_writer.h"
#include "services/feed/windows.h"
#include "services/http/live.h"
#include "storage/store.h"

namespace tenure::services {

struct FeedTimes {
  // A heartbeat goes out when nothing else has for that long.
  std::chrono::milliseconds heartbeat_every{5'000};
};

// Told in messages of formats that name their source.
struct FeedSource {
  std::string version;  // Tenure's
  std::string host;     // empty: not told
};

// What one client asked for, settled and allowed.
struct FeedWish {
  Kind kind;
  FeedFilter filter;
  Position from;
  std::string client;  // for the log: principal and address
  // NDJSON: ends after that many positions were sent, or when nothing came for that long.
  std::optional<std::uint64_t> limit;
  std::optional<std::chrono::milliseconds> wait;
  // Asked about once a second: whether the token still allows it. Memory alone.
  std::function<bool()> allowed;
  std::shared_ptr<Attachment> consumer;
  bool ack_by_pong = false;
};

// What the feed has done, for metrics.
struct FeedFigures {
  std::map<std::string, std::uint64_t> subscribers;  // now, by carrier
  std::map<std::string, std::uint64_t> disconnects;  // by reason
  std::uint64_t events_sent = 0, bytes_sent = 0;
  std::uint64_t blocks_encoded = 0, events_encoded = 0;
  std::uint64_t events_looked_at = 0;  // for filters alone, without being encoded
  std::size_t window_bytes = 0;
};

class Feed {
 public:
  Feed(storage::Store& store, Identities identities, projections::DirectoryCache& names, Consumers& consumers,
       Clock clock, FeedTimes times = {}, FeedSource source = {});
  ~Feed();  // stops

  void start();
  // The log has grown. From any thread; cheap.
  void committed();
  std::unique_ptr<http::LiveStream> open(FeedWish wish);
  void stop();

  FeedFigures figures() const;
  Consumers& consumers() { return consumers_; }
  storage::Store& store() { return store_; }

  // ---- for subscriptions ----
  std::shared_ptr<const Block> find(const Kind& kind, Position position, std::uint64_t subscriber,
                                    const http::Waker& waker);
  // Traits of the next position from there on in whose block something is wanted, where `position` is then.
  std::shared_ptr<const Block> find_traits(Position& position, std::uint64_t subscriber, const http::Waker& waker,
                                           std::shared_ptr<const Wants> wants);
  std::shared_ptr<const Block> held(const Kind& kind, Position position) { return windows_.held(kind, position); }
  void ask(const Kind& kind, Position position) {
    if (windows_.ask(kind, position)) wake_reader();
  }
  std::uint64_t number_for_subscriber() { return next_subscriber_++; }
  void forget(const Kind& kind, std::uint64_t subscriber) { windows_.forget(kind, subscriber); }
  Position head() const { return store_.head(); }
  Instant now() const { return clock_(); }
  const FeedTimes& times() const { return times_; }
  void joined(Framing framing);
  void left(const FeedWish& wish, std::string_view reason, Position next);
  void sent(std::uint64_t events, std::uint64_t bytes) {
    events_sent_.fetch_add(events, std::memory_order_relaxed);
    bytes_sent_.fetch_add(bytes, std::memory_order_relaxed);
  }

 private:
  // The readers take turns at taking work, so that no reader's snapshot is older than what another has seen.
  struct Look {
    std::unique_ptr<storage::Snapshot> snapshot;
    std::optional<Windows::Work> work;
    bool more = false;
  };
  Look look();
  struct Reader {
    std::unique_ptr<FeedEncoder> encoder;
    std::condition_variable bell;
    bool idle = false;  // waits for its bell
    std::thread thread;
  };
  void read(Reader& reader);
  void wait(Reader& reader, std::unique_lock<std::mutex>& lock);
  bool is_first(const Reader& reader) const { return &reader == &readers_.front(); }
  // Encodes one block, if there is one to encode. True: there may be another one.
  bool encode_one(Reader& reader);
  void wake_reader();

  storage::Store& store_;
  Consumers& consumers_;
  Clock clock_;
  const FeedTimes times_;
  Windows windows_;
  LineWriter log_;

  std::mutex guard_;
  bool ringing_ = false, acknowledged_ = false, stopping_ = false;
  std::chrono::steady_clock::time_point write_at_;
  std::array<Reader, 2> readers_;
  std::mutex looking_;

  std::atomic<std::uint64_t> next_subscriber_{1};
  std::atomic<std::uint64_t> events_sent_{0}, bytes_sent_{0}, blocks_encoded_{0}, events_encoded_{0},
      events_looked_at_{0};
  mutable std::mutex counting_;
  std::map<std::string, std::uint64_t> subscribers_, disconnects_;
};

}  // namespace tenure::services
