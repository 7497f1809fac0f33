// One client that follows the feed: where it is, what it is sent next, what it says.
//
// A LiveStream (services/http/live.h): made on the pool, then used on its connection's loop only. It holds no events:
// it asks for the block at its position, gives what passes its filter, and moves on. While the filter lets little
// through, it asks for what filters look at first, and then for the single events that pass.
//
// What is sent: hello first; then events, in order, from the position asked for; a heartbeat when nothing was
// sent for a while, with `through`, the position up to which all that matches was sent; an error before every end
// that the client did not ask for. services/feed/README.md has the messages.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "services/feed/feed.h"

namespace tenure::services {

class Subscription final : public http::LiveStream {
 public:
  Subscription(Feed& feed, FeedWish wish, std::uint64_t number);
  ~Subscription() override;

  void begin(http::Waker waker) override;
  void fill(http::Outgoing& out) override;
  bool is_due() override;
  void heard(std::string_view message) override;
  void ponged(std::string_view payload) override;
  void leave(http::CloseCode code) override;
  void ended(http::Ending how) override;

 private:
  using Clock = std::chrono::steady_clock;

  bool is(Framing framing) const { return wish_.kind.framing == framing; }
  Position through() const { return Position(next_.value - 1); }
  void say(std::string_view name, const std::string& message, Position id = {});
  void say_hello();
  void say_error(std::string_view code, std::string_view because, bool last);
  void say_heartbeat();
  void add_events(http::Outgoing& out);
  bool add_block(http::Outgoing& out, const std::shared_ptr<const Block>& block);
  std::shared_ptr<const Block> next_block();
  std::shared_ptr<const Block> next_that_passes();
  void count(std::uint64_t looked_at, std::uint64_t passed);
  void add_ping(http::Outgoing& out);
  void look_at_token();
  void look_at_consumer();
  void finish(http::Outgoing& out);
  void note_sent();
  void end_if_done(http::Outgoing& out);
  void acknowledge(Position position);

  Feed& feed_;
  FeedWish wish_;
  const std::uint64_t number_;
  http::Waker waker_;
  Position next_;
  Position newest_at_first_;
  std::string said_;  // what goes out before further events
  std::size_t replies_ = 0;
  std::uint64_t events_ = 0;  // sent
  // Of late, what the filter looked at and let through; and whether that is so little that the filter comes first.
  std::uint64_t looked_at_ = 0, passed_ = 0;
  bool sparse_;
  std::deque<Position> passing_;  // what passes from here up to passing_through_, where the filter comes first
  Position passing_through_;
  std::shared_ptr<const Wants> wants_;
  Position pinged_;                 // the newest position that a ping carried
  std::uint64_t acknowledged_ = 0;  // told to the client as durable
  bool tells_acknowledged_ = false;
  Clock::time_point sent_at_{}, came_at_{}, asked_at_{};
  bool begun_ = false, over_ = false;
  std::optional<http::CloseCode> leaving_;
  std::string reason_;  // why it ends, for the log
};

}  // namespace tenure::services
