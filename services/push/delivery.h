// One sink at work: takes blocks off the feed from where its consumer stands, sends them as batches in order, and moves
// the consumer on once they were taken. What fails is sent again, from the same position, for as long as it takes.
//
//   Feed::find -> batch -> Receiver::send -> taken -> Consumers::acknowledge
//                  ^                      -> failed or refused -> a pause --+
//                  +--------------------------------------------------------+
//
// At least once and in order: nothing is skipped, and a position is acknowledged when its batch was taken, where the
// protocol says so by an answer; else when the connection has outlived it for PushTimes::settle. A connection that
// broke before takes the sink back to what was acknowledged.
//
// Threads: run and told (`end`, `ring`) on the sinks' loop; `pause` and `state` from any. Memory: one batch.
#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>

#include "services/feed/feed.h"
#include "services/push/receiver.h"
#include "services/push/sink.h"

namespace tenure::services {

// What all sinks share.
struct PushWorld {
  Feed& feed;
  boost::asio::io_context& loop;
  LineWriter& log;
  Clock clock;
  PushTimes times;
  std::string version;
};

// How a waker of the feed reaches the loop, from any thread; shut before the loop goes.
class Door {
 public:
  explicit Door(boost::asio::io_context& loop) : loop_(&loop) {}
  void post(std::function<void()> what);
  void shut();

 private:
  std::mutex guard_;
  boost::asio::io_context* loop_;
};

class Delivery : public std::enable_shared_from_this<Delivery> {
 public:
  // `secret`: what its token is, if it has one; nothing if that cannot be read any more.
  Delivery(PushWorld& world, std::shared_ptr<Door> door, const Sink& sink, std::optional<std::string> secret);

  // Until `end`. What it throws is a bug.
  static boost::asio::awaitable<void> run(std::shared_ptr<Delivery> self);
  void pause(bool yes);
  // After what is under way; `at_once`: that is broken off.
  void end(bool at_once);
  void ring();

  SinkState state() const;

 private:
  using Steady = std::chrono::steady_clock;
  struct Batch {
    std::string bytes;
    std::size_t events = 0;
    Position next;  // behind it
    std::optional<Failure> unreadable;
  };
  struct Settling {
    Steady::time_point until;
    Position through;
  };

  std::unique_ptr<Receiver> make_receiver();
  boost::asio::awaitable<void> turn();
  boost::asio::awaitable<Batch> gather();
  bool add(Batch& batch, const Block& block) const;
  boost::asio::awaitable<void> rest();
  boost::asio::awaitable<void> wait_until(Steady::time_point until);
  boost::asio::awaitable<void> failed(const Sent& sent);
  boost::asio::awaitable<void> part();
  void took(const Batch& batch);
  void note_taken(const Batch& batch, Position through);
  void settle();
  void acknowledge(Position through);
  void hang_up();
  bool attach();
  void enter(SinkPhase phase);
  // With `guard_` held: what a failure or a success changes is seen whole or not at all.
  void enter_locked(SinkPhase phase);
  std::chrono::milliseconds pause_after(const Sent& sent);

  PushWorld& world_;
  const std::shared_ptr<Door> door_;
  const Sink sink_;
  const Kind kind_;
  const FeedFilter filter_;
  const std::uint64_t number_;  // as a subscriber
  const std::optional<std::string> secret_;
  http::Waker waker_;
  std::shared_ptr<Attachment> attachment_;
  std::unique_ptr<Receiver> receiver_;
  boost::asio::steady_timer bell_;
  std::minstd_rand dice_;
  Position next_;
  std::deque<Settling> settling_;
  bool rung_ = false, ending_ = false, at_once_ = false, went_back_ = false;
  std::atomic<bool> paused_{false};

  mutable std::mutex guard_;
  SinkState state_;
};

}  // namespace tenure::services
