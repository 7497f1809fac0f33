// The WebSocket protocol (RFC 6455) without sockets: the handshake, frames to bytes, bytes to messages. No extensions
// and no sub-protocols; a server's frames are not masked, so that their bytes can be the same for every client.
//
// Pure but for FrameReader, which one connection owns and uses on one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/http/request.h"
#include "services/http/response.h"

namespace tenure::http {

// ---- the handshake ----

// Whether the request asks to be upgraded to a WebSocket.
bool wants_websocket(const Request& request);
// What is wrong with its handshake: 426 for another version, else 400.
std::optional<Response> websocket_fault(const Request& request, bool http11);
// Sec-WebSocket-Accept for a Sec-WebSocket-Key.
std::string websocket_accept(std::string_view key);

// ---- writing ----

enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

inline constexpr std::size_t frame_head_bytes_max = 10;
inline constexpr std::size_t control_bytes_max = 125;  // of a control frame's payload (RFC 6455, 5.5)

// The head of a whole, unmasked message of `size` bytes.
void append_frame_head(std::string& out, Opcode opcode, std::size_t size);
void append_frame(std::string& out, Opcode opcode, std::string_view payload);
void append_close_frame(std::string& out, std::uint16_t code, std::string_view reason);
// The bytes of the first of these unmasked frames, head and payload; `frames` begins with a whole head.
std::size_t first_frame_bytes(std::string_view frames);

// ---- reading ----

// What comes out of a client's bytes. Views hold during the call.
class FrameSink {
 public:
  virtual ~FrameSink() = default;
  virtual void on_message(std::string_view message) = 0;  // text or binary, its fragments joined
  virtual void on_ping(std::string_view payload) = 0;
  virtual void on_pong(std::string_view payload) = 0;
  virtual void on_close(std::uint16_t code) = 0;  // 1005 when it says none; nothing is read after it
};

// Why a client's bytes cannot be read on, as the close code that says so.
enum class FrameFault : std::uint16_t { none = 0, protocol = 1002, not_utf8 = 1007, too_big = 1009 };

class FrameReader {
 public:
  // A message longer than that is refused by its frame's head, before any of it is kept.
  explicit FrameReader(std::size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  // Takes all the bytes, up to a fault or a close frame. Memory: one message.
  FrameFault take(std::string_view bytes, FrameSink& sink);

 private:
  bool take_head(std::string_view& bytes);
  FrameFault read_head();
  FrameFault end_frame(FrameSink& sink);
  FrameFault end_control(FrameSink& sink);

  const std::size_t message_bytes_max_;
  std::string head_;     // of the frame being read, as far as it has come
  std::string message_;  // its fragments so far
  std::string control_;  // a control frame's payload, which may come between two fragments
  std::uint64_t left_ = 0;
  std::uint8_t mask_[4] = {};
  std::size_t mask_at_ = 0;
  Opcode opcode_ = Opcode::text;
  bool final_ = false;
  bool in_payload_ = false;
  bool in_message_ = false;  // between fragments
  bool text_ = false;
  bool closed_ = false;
};

}  // namespace tenure::http
