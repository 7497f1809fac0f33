// One client's connection: reads requests one after the other, has them answered, writes the answers. Inside
// services/http only.
//
// Owned by its loop and used on that loop's thread only. It is a state machine driven by `run`, which goes on until it
// has to wait for the client or for an answer; a request whose answer is at hand goes from read to write without
// another trip through the event loop. At most one read and one wait for writing are pending at any time (both only
// after a time-out was answered while a read was pending).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "services/http/live_pump.h"
#include "services/http/loop.h"
#include "services/http/request_reader.h"
#include "services/http/response_head.h"

namespace tenure::http {

inline constexpr std::size_t idle_buffer_bytes = 8 * kibibyte;   // what a connection keeps between requests
inline constexpr std::size_t body_buffer_bytes = 64 * kibibyte;  // one piece of a body

class Connection final : private LiveOwner {
 public:
  Connection(Loop& loop, Socket socket, std::uint32_t slot);
  ~Connection() override;
  Connection(const Connection&) = delete;

  void begin();
  // Answers 503 and goes: there are too many.
  void refuse();
  // An answer or a piece of work came back for request `serial`; ignored if that is no longer the current one.
  void receive(std::uint64_t serial, Arrival& arrival);
  void check_deadlines(Clock::time_point now);
  void drain();
  void cut();

  bool over() const { return step_ == Step::over && pending_ == 0; }
  std::uint32_t slot() const { return slot_; }

 private:
  enum class Step {
    head,      // reads a request's head, or waits for its first byte
    body,      // reads a body that is kept whole
    upload,    // reads a piece of a streamed body
    dispatch,  // has a whole request
    wait,      // for an answer from a handler or the pool
    write,     // gives out_ and body to the client
    live,      // carries a live answer: live_ has the socket
    linger,    // reads and drops what the client still sends
    over
  };

  void run();
  bool read_head();
  std::string_view unread() const;
  bool framing_too_long() const;
  bool take_request();
  bool stopped_by_hook();
  bool read_body();
  bool read_upload();
  bool send_continue();
  void want_bytes();
  void got_bytes(boost::system::error_code code, std::size_t size);
  void end_of_bytes(bool orderly);
  bool count_body();

  void dispatch();
  void call_loop(const LoopHandler& handler);
  void call_async(const AsyncHandler& handler);
  void call_blocking(const BlockingHandler& handler);
  void begin_upload();
  void continue_upload();
  void receive_upload(std::unique_ptr<UploadWork> work);
  void receive_stream(std::unique_ptr<StreamWork> work);
  void pull_stream();
  void get_ahead(const StreamWork& work);
  Reply make_reply();

  void begin_live();
  void receive_live(std::unique_ptr<LiveWork> work);
  void operation_begun() override { ++pending_; }
  void operation_ended() override;
  void live_cut() override { cut(); }
  void live_done() override;
  void live_crashed(std::string_view what) override;

  void answer(Response response);
  void begin_write();
  void begin_piece(const StreamWork& work);
  bool write_some();
  void finish_write();
  void finish_request();
  void begin_linger();
  void release_body();
  bool expired(Clock::time_point since, std::chrono::milliseconds limit, Clock::time_point now) const;
  bool body_too_slow(Clock::time_point now) const;
  void look_for_client();
  void observe();

  Loop& loop_;
  Socket socket_;
  RequestReader reader_;
  const std::uint32_t slot_;
  Step step_ = Step::head;
  int pending_ = 0;  // operations on the socket that will still call back
  bool reading_ = false;
  bool dispatching_ = false;  // a handler of this connection is on the stack
  std::uint64_t serial_ = 0;  // of the request being answered
  Peer peer_;
  std::shared_ptr<std::atomic<bool>> gone_;  // of the client; made with the first request that goes to the pool

  std::string in_;  // bytes read; [in_from_, in_to_) are not yet taken
  std::size_t in_from_ = 0;
  std::size_t in_to_ = 0;

  const Router::Endpoint* endpoint_ = nullptr;
  Method method_ = Method::other;
  std::unique_ptr<UploadWork> upload_;
  std::unique_ptr<StreamWork> stream_;
  std::unique_ptr<LivePump> live_;  // of the last live answer; only in use in its step
  std::string websocket_accept_;    // what a handshake is answered with; empty: no WebSocket is asked for
  Response response_;
  std::string out_;            // head, and body too if that is small or chunked
  std::string_view out_body_;  // the rest of a large body
  std::size_t out_sent_ = 0;
  bool keep_alive_ = true;
  bool head_sent_ = false;  // of a streamed answer
  bool ahead_under_way_ = false;
  bool body_by_chunks_ = true;  // of a streamed answer
  bool body_unread_ = false;    // the client may still be sending what we do not want

  bool request_begun_ = false;
  Clock::time_point request_since_{};  // first byte of the request; when idle, end of the last one
  Clock::time_point waiting_since_{};  // for the client, in the current step
  Clock::duration body_waited_{};      // for this body so far
  std::size_t body_received_ = 0;
  std::size_t body_counted_ = 0;  // of the bytes shared by all bodies
  std::size_t bytes_in_ = 0;
  std::size_t bytes_out_ = 0;
};

}  // namespace tenure::http
