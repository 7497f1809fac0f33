// One event loop: its io_context, its connections, its mailbox, and the tick that looks at their deadlines. Inside
// services/http only.
//
// Owned by the server; `run` is the body of one thread, and everything else happens on that thread except Mailbox's
// calls, `adopt` and `drain`, which come from any.
//
// Time-outs are checked by one timer a loop that looks at every connection, instead of a timer each: re-arming one for
// every request costs more than the request's parsing.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "services/http/pool.h"
#include "services/http/response.h"
#include "services/http/router.h"
#include "services/http/server.h"
#include "services/http/upload_places.h"

namespace tenure::http {

// The loop's own executor type spares the type erasure that Asio's default sockets have.
using Socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;
using Clock = std::chrono::steady_clock;

class Connection;
class Loop;

// What all loops of a server share.
struct Shared {
  Shared(ServerOptions o, Router r)
      : options(std::move(o)),
        router(std::move(r)),
        uploads(options.limits.uploads_max, options.limits.uploads_of_one_max),
        pool(options.pool_threads, options.pool_queued_max) {}

  const ServerOptions options;
  const Router router;
  std::atomic<std::size_t> connections{0};
  std::atomic<std::size_t> body_bytes{0};
  UploadPlaces uploads;
  Pool pool;

  void count_connections(std::ptrdiff_t change);
  void crashed(std::string_view route, std::string_view what) const;
  void abandoned(std::string_view route) const;
};

// A streaming upload on its way between the loop and the pool; whoever has it may touch it.
struct UploadWork {
  std::unique_ptr<UploadPlaces::Place> place;
  Request request;
  const Router::Endpoint* endpoint = nullptr;
  std::unique_ptr<Upload> upload;  // none until the handler has made it
  std::string bytes;
  bool last = false;
  std::optional<Response> answer;
};

// A streamed answer, likewise.
struct StreamWork {
  std::function<bool(std::string&)> more;
  std::function<void()> ahead;
  std::string_view route;
  std::string chunk;
  bool last = false;
  bool failed = false;
  bool abandoned = false;  // the client had gone
};

// A live answer in the making, likewise.
struct LiveWork {
  Request request;
  const Router::Endpoint* endpoint = nullptr;
  std::variant<LiveOpening, Response> made;
};

// A live answer's Waker was used.
struct Wake {};

// What a streamed answer had to get ready is ready.
struct AheadDone {};

using Arrival = std::variant<Response, std::unique_ptr<UploadWork>, std::unique_ptr<StreamWork>,
                             std::unique_ptr<LiveWork>, Wake, AheadDone>;

// What other threads send to a loop. However many messages come while the loop is busy, it is woken once; what comes in
// a Bunch is waited for. What is sent from the loop's own thread arrives before `send` returns.
class Mailbox final : public ReplyTarget, public WakeTarget, public std::enable_shared_from_this<Mailbox> {
 public:
  explicit Mailbox(Loop& loop) : loop_(&loop) {}
  void deliver(std::uint32_t slot, std::uint64_t serial, Response&& response) override {
    send(slot, serial, Arrival(std::in_place_index<0>, std::move(response)));
  }
  void wake(std::uint32_t slot, std::uint64_t serial) override { send(slot, serial, Wake{}); }
  void send(std::uint32_t slot, std::uint64_t serial, Arrival arrival);
  // Wakes the loop, if it is still there.
  void wake_loop();

 private:
  friend class Loop;
  struct Letter {
    std::uint32_t slot;
    std::uint64_t serial;
    Arrival arrival;
  };

  void close();
  void take(std::vector<Letter>& letters);

  std::mutex mutex_;
  Loop* loop_;  // null once closed
  std::vector<Letter> letters_;
};

class Loop {
 public:
  explicit Loop(Shared& shared);
  ~Loop();

  void run();
  void adopt(Socket socket, bool refused);  // from any thread
  // From any thread. `restart`: live answers are told that the server comes back.
  void drain(bool restart);

  boost::asio::io_context& context() { return context_; }
  Shared& shared() { return shared_; }
  const ServerLimits& limits() const { return shared_.options.limits; }
  const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  const std::string& date() const { return date_; }
  bool draining() const { return draining_; }
  CloseCode farewell() const { return farewell_; }
  std::uint64_t next_serial() { return ++serial_; }
  // Frees the connection if it is over and no operation of it is pending. The last thing that its callers do.
  void settle(Connection& connection);

 private:
  friend class Mailbox;

  void receive_all();
  void receive(std::uint32_t slot, std::uint64_t serial, Arrival& arrival);
  void tick();
  std::size_t tick_parts() const;
  void look_at_deadlines(std::size_t from);
  void wait_for_tick();
  void begin_drain(bool restart);
  void end_if_empty();

  Shared& shared_;
  boost::asio::io_context context_{1};
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> stay_;
  boost::asio::basic_waitable_timer<Clock, boost::asio::wait_traits<Clock>, boost::asio::io_context::executor_type>
      timer_;
  std::shared_ptr<Mailbox> mailbox_;
  std::vector<Mailbox::Letter> received_;
  std::vector<std::unique_ptr<Connection>> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t live_ = 0;
  std::uint64_t serial_ = 0;
  std::chrono::milliseconds tick_every_;
  std::size_t part_ = 0;  // of the connections, which was looked at last
  std::string date_;
  bool draining_ = false;
  CloseCode farewell_ = CloseCode::going_away;
  Clock::time_point drain_until_{};
};

}  // namespace tenure::http
