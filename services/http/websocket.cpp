#include "services/http/websocket.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cassert>

#include "services/http/problem.h"
#include "services/http/utf8.h"

namespace tenure::http {
namespace {

// RFC 6455, 1.3: what the key is joined with.
constexpr std::string_view handshake_text = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::size_t key_bytes = 24;  // 16 bytes in base64

// Whether a list-valued field names the token, in any case.
bool lists(std::optional<std::string_view> field, std::string_view token) {
  if (!field) return false;
  std::string_view rest = *field;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    std::string_view item = rest.substr(0, comma);
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    while (!item.empty() && (item.front() == ' ' || item.front() == '\t')) item.remove_prefix(1);
    while (!item.empty() && (item.back() == ' ' || item.back() == '\t')) item.remove_suffix(1);
    if (same_name(item, token)) return true;
  }
  return false;
}

bool is_key(std::string_view key) {
  std::array<unsigned char, key_bytes> decoded{};
  if (key.size() != key_bytes || !key.ends_with("==")) return false;
  return EVP_DecodeBlock(decoded.data(), reinterpret_cast<const unsigned char*>(key.data()),
                         static_cast<int>(key.size())) > 0;
}

void append_big_endian(std::string& out, std::uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) out += static_cast<char>(number >> shift & 0xff);
}

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<std::uint8_t>(c);
  return number;
}

// Codes that may stand in a close frame (RFC 6455, 7.4).
bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
         (code >= 3000 && code <= 4999);
}

}  // namespace

bool wants_websocket(const Request& request) {
  return lists(request.header("Upgrade"), "websocket") && lists(request.header("Connection"), "upgrade");
}

std::optional<Response> websocket_fault(const Request& request, bool http11) {
  const auto bad = [](std::string_view because) {
    return problem(400, "bad_handshake", "This is no WebSocket handshake", because);
  };
  if (request.method != Method::get || !http11) return bad("A WebSocket begins with a GET of HTTP/1.1.");
  if (request.header("Sec-WebSocket-Version") != "13") {
    Response response = problem(426, "upgrade_required", "Another version of WebSocket is needed",
                                "This server speaks version 13 (RFC 6455).");
    response.headers.emplace_back("Sec-WebSocket-Version", "13");
    return response;
  }
  if (request.header_times("Sec-WebSocket-Key") != 1 || !is_key(*request.header("Sec-WebSocket-Key"))) {
    return bad("Sec-WebSocket-Key must be 16 bytes in base64, once.");
  }
  return std::nullopt;
}

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text += handshake_text;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
  assert(done == 1 && size == 20 && "OpenSSL has SHA-1");
  (void)done;
  std::array<unsigned char, 32> encoded{};
  const int length = EVP_EncodeBlock(encoded.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(length)};
}

void append_frame_head(std::string& out, Opcode opcode, std::size_t size) {
  out += static_cast<char>(0x80 | static_cast<std::uint8_t>(opcode));
  if (size < 126) {
    out += static_cast<char>(size);
  } else if (size <= 0xffff) {
    out += static_cast<char>(126);
    append_big_endian(out, size, 2);
  } else {
    out += static_cast<char>(127);
    append_big_endian(out, size, 8);
  }
}

void append_frame(std::string& out, Opcode opcode, std::string_view payload) {
  append_frame_head(out, opcode, payload.size());
  out += payload;
}

void append_close_frame(std::string& out, std::uint16_t code, std::string_view reason) {
  std::string payload;
  append_big_endian(payload, code, 2);
  payload += reason.substr(0, control_bytes_max - 2);
  append_frame(out, Opcode::close, payload);
}

std::size_t first_frame_bytes(std::string_view frames) {
  assert(frames.size() >= 2);
  const std::uint8_t size = static_cast<std::uint8_t>(frames[1]) & 0x7f;
  if (size < 126) return 2 + size;
  const std::size_t more = size == 126 ? 2 : 8;
  assert(frames.size() >= 2 + more);
  return 2 + more + static_cast<std::size_t>(big_endian(frames.substr(2, more)));
}

// ---- reading ----

// True once the frame's head is whole.
bool FrameReader::take_head(std::string_view& bytes) {
  const auto need = [this]() -> std::size_t {
    if (head_.size() < 2) return 2;
    const std::uint8_t size = static_cast<std::uint8_t>(head_[1]) & 0x7f;
    const bool masked = (static_cast<std::uint8_t>(head_[1]) & 0x80) != 0;
    return 2 + (size == 126 ? 2U : size == 127 ? 8U : 0U) + (masked ? 4U : 0U);
  };
  while (head_.size() < need()) {
    const std::size_t take = std::min(need() - head_.size(), bytes.size());
    if (take == 0) return false;
    head_ += bytes.substr(0, take);
    bytes.remove_prefix(take);
  }
  return true;
}

FrameFault FrameReader::read_head() {
  const auto first = static_cast<std::uint8_t>(head_[0]), second = static_cast<std::uint8_t>(head_[1]);
  const std::uint8_t opcode = first & 0x0f;
  final_ = (first & 0x80) != 0;
  // Reserved bits, an opcode that there is not, or a frame of a client that is not masked.
  if ((first & 0x70) != 0 || (opcode > 2 && opcode < 8) || opcode > 10 || (second & 0x80) == 0) {
    return FrameFault::protocol;
  }
  opcode_ = static_cast<Opcode>(opcode);
  const std::string_view head(head_);
  left_ = second & 0x7f;
  if (left_ == 126) {
    left_ = big_endian(head.substr(2, 2));
    if (left_ < 126) return FrameFault::protocol;
  } else if (left_ == 127) {
    left_ = big_endian(head.substr(2, 8));
    if (left_ <= 0xffff || left_ >> 63 != 0) return FrameFault::protocol;
  }
  std::copy(head_.end() - 4, head_.end(), mask_);
  mask_at_ = 0;
  if (opcode >= 8) return final_ && left_ <= control_bytes_max ? FrameFault::none : FrameFault::protocol;
  if ((opcode_ == Opcode::continuation) != in_message_) return FrameFault::protocol;
  if (opcode_ != Opcode::continuation) text_ = opcode_ == Opcode::text;
  return message_.size() + left_ > message_bytes_max_ ? FrameFault::too_big : FrameFault::none;
}

FrameFault FrameReader::take(std::string_view bytes, FrameSink& sink) {
  while (!closed_) {
    if (!in_payload_) {
      if (!take_head(bytes)) break;
      if (const FrameFault fault = read_head(); fault != FrameFault::none) return fault;
      in_payload_ = true;
    }
    std::string& to = static_cast<std::uint8_t>(opcode_) >= 8 ? control_ : message_;
    const std::size_t size = std::min<std::uint64_t>(left_, bytes.size());
    for (std::size_t i = 0; i < size; ++i) {
      to += static_cast<char>(static_cast<std::uint8_t>(bytes[i]) ^ mask_[(mask_at_ + i) & 3]);
    }
    mask_at_ += size;
    left_ -= size;
    bytes.remove_prefix(size);
    if (left_ > 0) break;
    in_payload_ = false;
    head_.clear();
    if (const FrameFault fault = end_frame(sink); fault != FrameFault::none) return fault;
  }
  return FrameFault::none;
}

FrameFault FrameReader::end_frame(FrameSink& sink) {
  if (static_cast<std::uint8_t>(opcode_) >= 8) {
    const FrameFault fault = end_control(sink);
    control_.clear();
    return fault;
  }
  in_message_ = !final_;
  if (!final_) return FrameFault::none;
  if (text_ && !is_utf8(message_)) return FrameFault::not_utf8;
  sink.on_message(message_);
  message_.clear();
  return FrameFault::none;
}

FrameFault FrameReader::end_control(FrameSink& sink) {
  if (opcode_ == Opcode::ping) sink.on_ping(control_);
  if (opcode_ == Opcode::pong) sink.on_pong(control_);
  if (opcode_ != Opcode::close) return FrameFault::none;
  if (control_.size() == 1) return FrameFault::protocol;
  std::uint16_t code = 1005;
  if (control_.size() >= 2) {
    code = static_cast<std::uint16_t>(big_endian(std::string_view(control_).substr(0, 2)));
    if (!may_be_sent(code)) return FrameFault::protocol;
    if (!is_utf8(std::string_view(control_).substr(2))) return FrameFault::not_utf8;
  }
  closed_ = true;
  sink.on_close(code);
  return FrameFault::none;
}

}  // namespace tenure::http
