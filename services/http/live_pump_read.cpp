// How a live answer's connection reads: a client's frames, what is left of them when it closes, a chunked body's end.
#include <sys/socket.h>

#include <cerrno>

#include "services/http/live_pump.h"

namespace tenure::http {
namespace {

constexpr std::size_t read_bytes = 8 * kibibyte;       // of a client's messages at a time
constexpr std::size_t dropped_bytes = 256 * kibibyte;  // of what comes while it closes, at a time

}  // namespace

void LivePump::read_more() {
  if (reading_ || state_ == State::over) return;
  if (state_ != State::open) return drop_more();
  in_.resize(read_bytes);
  reading_ = true;
  owner_.operation_begun();
  socket_.async_read_some(boost::asio::buffer(in_), [this](boost::system::error_code code, std::size_t size) {
    reading_ = false;
    if (state_ != State::over) {
      if (code) {
        cut(state_ != State::open             ? planned_
            : code == boost::asio::error::eof ? Ending::client_closed
                                              : Ending::client_lost);
      } else {
        got(std::string_view(in_).substr(0, size));
        read_more();
        pump();
      }
    }
    owner_.operation_ended();
  });
}

// What comes while it closes, the rest of a refused frame say, is thrown away by the kernel and not copied.
void LivePump::drop_more() {
  reading_ = true;
  owner_.operation_begun();
  socket_.async_wait(Socket::wait_read, [this](boost::system::error_code code) {
    reading_ = false;
    if (state_ != State::over) {
      const ssize_t dropped =
          code ? -1 : ::recv(socket_.native_handle(), nullptr, dropped_bytes, MSG_TRUNC | MSG_DONTWAIT);
      if (dropped > 0 || (!code && dropped < 0 && (errno == EAGAIN || errno == EINTR))) {
        drop_more();
        pump();
      } else {
        cut(planned_);
      }
    }
    owner_.operation_ended();
  });
}

void LivePump::got(std::string_view bytes) {
  if (state_ != State::open) return;
  heard_at_ = progress_at_ = Clock::now();
  FrameFault fault = FrameFault::none;
  try {
    fault = reader_.take(bytes, *this);
  } catch (const std::exception& e) {
    owner_.live_crashed(e.what());
    return fail();
  }
  if (fault == FrameFault::none) return;
  const std::string_view reason = fault == FrameFault::too_big    ? "the message is longer than 65536 bytes"
                                  : fault == FrameFault::not_utf8 ? "the text is not UTF-8"
                                                                  : "this is no WebSocket frame of a client";
  close_with(static_cast<std::uint16_t>(fault), reason, Ending::protocol_error);
}

void LivePump::on_message(std::string_view message) { stream_->heard(message); }
void LivePump::on_ping(std::string_view payload) { pong_due_ = std::string(payload); }
void LivePump::on_pong(std::string_view payload) { stream_->ponged(payload); }
void LivePump::on_close(std::uint16_t code) { close_with(code == 1005 ? 1000 : code, {}, Ending::client_closed); }

// A chunked body's client says nothing more but its end; what it sends is its next request and is left where it is.
void LivePump::watch_for_end() {
  owner_.operation_begun();
  reading_ = true;
  socket_.async_wait(Socket::wait_read, [this](boost::system::error_code code) {
    reading_ = false;
    boost::system::error_code failed;
    if (done_) {
      owner_.live_done();
    } else if (writes() && !code && socket_.available(failed) == 0) {
      cut(Ending::client_closed);
    }
    owner_.operation_ended();
  });
}

}  // namespace tenure::http
