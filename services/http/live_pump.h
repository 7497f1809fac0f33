// A connection that carries a LiveStream: writes what the stream gives, reads what a WebSocket's client sends, and sees
// to keep-alive, closing and the client that makes no progress. Inside services/http only.
//
// Owned by its Connection, on its loop's thread only. Memory: what the stream gave at one `fill`, one message of the
// client's, and one control frame of each kind; a flood of pings is answered by its last one.
//
// Progress is that the client's side takes bytes which waited for it, as its TCP acknowledges them, or that anything at
// all comes from it. What was given to the kernel proves nothing: that takes megabytes from us for a client that is
// gone. So it is given little that is not on its way yet, and a pong overtakes all the rest.
#pragma once

#include <boost/asio/buffer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "services/http/live.h"
#include "services/http/loop.h"
#include "services/http/websocket.h"

namespace tenure::http {

// The connection's side of it.
class LiveOwner {
 public:
  virtual ~LiveOwner() = default;
  virtual void operation_begun() = 0;
  virtual void operation_ended() = 0;  // the last thing that a completion does
  virtual void live_cut() = 0;         // the socket is closed, and the connection over
  virtual void live_done() = 0;        // the body is at its end, and the connection may go on
  virtual void live_crashed(std::string_view what) = 0;
};

class LivePump final : private FrameSink {
 public:
  LivePump(LiveOwner& owner, Loop& loop, Socket& socket, std::unique_ptr<LiveStream> stream, Carrier carrier,
           bool by_chunks);
  ~LivePump() override;

  // `head` is sent first; `unread` came behind the request.
  void begin(std::string head, std::string_view unread, Waker waker);
  void pump();
  void tick(Clock::time_point now);
  void drain(CloseCode code);
  // The connection ends from outside: before its socket is closed, and after.
  void reset_if_unsaid();
  void stopped();

 private:
  enum class State { open, closing, lingering, over };

  void on_message(std::string_view message) override;
  void on_ping(std::string_view payload) override;
  void on_pong(std::string_view payload) override;
  void on_close(std::uint16_t code) override;

  bool websocket() const { return carrier_ == Carrier::websocket; }
  bool writes() const { return state_ == State::open || state_ == State::closing; }
  void read_more();
  void drop_more();
  void got(std::string_view bytes);
  void watch_for_end();
  void take_from_stream();
  std::vector<Piece>::iterator next_border();
  void place_control();
  void enqueue_chunk(std::vector<Piece>& pieces, std::size_t bytes, bool last);
  void push(Piece piece);
  void push(std::string bytes);
  bool write_some();
  std::size_t gather();
  void sent(std::size_t bytes);
  void wait_to_write();
  void all_sent();
  void yield();
  void close_with(std::uint16_t code, std::string_view reason, Ending how);
  void leave(CloseCode code, Ending how);
  void fail();
  void linger();
  void cut(Ending how);
  void tell(Ending how);
  void look_for_progress(Clock::time_point now);
  std::uint64_t unacknowledged();

  LiveOwner& owner_;
  Loop& loop_;
  Socket& socket_;
  std::unique_ptr<LiveStream> stream_;
  const Carrier carrier_;
  const bool by_chunks_;
  State state_ = State::open;
  std::optional<Ending> told_;          // what the stream was told
  Ending planned_ = Ending::by_stream;  // what it will be told once the rest is sent

  std::vector<Piece> queue_;
  std::size_t queue_from_ = 0;  // pieces before it have been sent
  std::size_t front_sent_ = 0;  // bytes of the first piece
  std::size_t queued_ = 0;      // bytes
  Outgoing out_;
  std::vector<boost::asio::const_buffer> buffers_;
  std::size_t head_bytes_ = 0;
  bool leaving_ = false;  // the stream was told to say its farewell

  FrameReader reader_;
  std::string in_;
  std::optional<std::string> pong_due_;
  bool ping_due_ = false;

  bool reading_ = false;
  bool done_ = false;
  bool waiting_to_write_ = false;
  bool pumping_ = false;
  Clock::time_point heard_at_{}, pinged_at_{}, progress_at_{}, left_at_{}, lingers_since_{};
  std::uint64_t sent_in_all_ = 0, taken_in_all_ = 0;
  bool waited_ = false;  // at the last look there were bytes that the client had not taken
};

}  // namespace tenure::http
