// One client of the feed with its own dice: it connects, follows, lags, drops and goes on, over one of the carriers,
// with a cursor of its own or as a named consumer, with a filter or without, until it has seen the log to its end.
//
// `run` on a thread of its own; the rest after it has returned. What is wrong with what it saw is kept in words, since
// assertions are the test's thread's.
#pragma once

#include <atomic>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenure::test {

// What all of them look at: where the server is, and where the log ends once that is known.
struct World {
  std::atomic<std::uint16_t> port{0};  // 0: it is down
  std::atomic<std::uint64_t> last{UINT64_MAX};
  std::string token;
};

enum class FeedCarrier { websocket, sse, ndjson };

struct Habits {
  FeedCarrier carrier = FeedCarrier::websocket;
  std::string consumer;       // empty: a cursor of its own
  bool acks_by_pong = false;  // else by message, or by a request where there is no WebSocket
  std::string org;            // empty: every event
};

class Wanderer {
 public:
  using Seen = std::pair<std::uint64_t, std::size_t>;  // a position, and its message's hash

  Wanderer(const World& world, std::uint64_t seed, Habits habits);

  void run();

  // In order, each position once. What a consumer was sent again is counted, and must have been the same.
  const std::vector<Seen>& seen() const { return seen_; }
  const std::vector<std::string>& faults() const { return faults_; }
  const Habits& habits() const { return habits_; }
  std::uint64_t sessions() const { return sessions_; }
  std::uint64_t again() const { return again_; }

 private:
  std::string target();
  void follow();
  void follow_frames();
  void follow_lines();
  bool take(const std::string& text);
  void take_hello(std::string_view text);
  void take_event(const std::string& text);
  void moved_to(std::uint64_t through);
  std::uint64_t acknowledgement_due();
  void acknowledge_by_request();
  void fault(const std::string& what);
  bool done() const { return next_ > world_.last; }

  const World& world_;
  std::mt19937_64 random_;
  const Habits habits_;
  std::vector<Seen> seen_;
  std::vector<std::string> faults_;
  std::uint64_t next_ = 1;     // all before it was seen, or does not pass the filter
  std::uint64_t durable_ = 0;  // acknowledged, and said to be so
  std::uint64_t sessions_ = 0, again_ = 0;
  // Of this connection: the position that is due, the events until it drops, and those since an acknowledgement.
  std::uint64_t due_ = 0, left_ = 0, since_ack_ = 0;
};

}  // namespace tenure::test
