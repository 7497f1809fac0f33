// Clients of the feed on plain sockets, as cheap as they can be and with every byte and every ending in the test's
// hands: FrameSocket for WebSockets, LineSocket for the lines of the two chunked carriers. Every wait ends. One thread
// each.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "services/http/websocket.h"

namespace tenure::test {

using http::Opcode;

struct Frame {
  Opcode opcode;
  std::string payload;
};

// How a connection ended: the code of the close frame, or that it was reset, or neither.
struct Ended {
  unsigned code = 1006;  // what clients say when there was no close frame
  bool reset = false;
};

class FeedSocket {
 public:
  ~FeedSocket() { ::close(fd_); }
  FeedSocket(const FeedSocket&) = delete;

  void send_bytes(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;  // the next read says why
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  }
  // About it once the connection has ended.
  const Ended& ended() const { return ended_; }
  std::uint64_t bytes() const { return bytes_; }  // read so far

 protected:
  // Asks for `target` and reads the head of the answer, which must begin with `expected`; else it throws
  // std::runtime_error with what came. `room` is what the kernel keeps for it; 0: as much as it likes.
  FeedSocket(std::uint16_t port, const std::string& target, const std::string& headers, const std::string& expected,
             int room)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (room > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    const timeval limit{120, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in end{};
    end.sin_family = AF_INET;
    end.sin_port = htons(port);
    end.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&end), sizeof end) != 0) give_up("no connection");
    send_bytes("GET " + target + " HTTP/1.1\r\nHost: x\r\n" + headers + "\r\n");
    std::size_t head = 0;
    while ((head = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!fill()) give_up("no answer: " + in_);
    }
    if (!in_.starts_with(expected)) give_up("refused: " + in_);
    in_.erase(0, head + 4);
  }

  std::string_view unread() const { return std::string_view(in_).substr(at_); }
  void take(std::size_t size) {
    at_ += size;
    if (at_ > 256 * 1024 || at_ == in_.size()) in_.erase(0, std::exchange(at_, 0));
  }
  // False when the connection has ended.
  bool fill() {
    char room[65536];
    const ssize_t n = ::recv(fd_, room, sizeof room, 0);
    if (n < 0 && errno != ECONNRESET) throw std::runtime_error("the server keeps silent");
    if (n < 0) ended_.reset = true;
    if (n <= 0) return false;
    in_.append(room, static_cast<std::size_t>(n));
    bytes_ += static_cast<std::uint64_t>(n);
    return true;
  }

  Ended ended_;

 private:
  [[noreturn]] void give_up(const std::string& because) {
    ::close(fd_);
    throw std::runtime_error(because);
  }

  int fd_;
  std::string in_;
  std::size_t at_ = 0;
  std::uint64_t bytes_ = 0;
};

class FrameSocket : public FeedSocket {
 public:
  FrameSocket(std::uint16_t port, const std::string& target, const std::string& token, int room = 0)
      : FeedSocket(port, target,
                   "Authorization: Bearer " + token +
                       "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                   "HTTP/1.1 101", room) {}

  void send(Opcode opcode, const std::string& payload) {
    std::string frame;
    http::append_frame_head(frame, opcode, payload.size());
    frame[1] = static_cast<char>(static_cast<std::uint8_t>(frame[1]) | 0x80);
    send_bytes(frame + std::string(4, '\0') + payload);  // masked with zeros, which change nothing
  }
  // The next frame; nothing once the connection has ended. A close frame is answered.
  std::optional<Frame> read() {
    for (;;) {
      const std::string_view rest = unread();
      const std::size_t head = rest.size() < 2 ? 2 : rest[1] < 126 ? 2 : rest[1] == 126 ? 4 : 10;
      if (rest.size() < head || rest.size() < http::first_frame_bytes(rest)) {
        if (!fill()) return std::nullopt;
        continue;
      }
      const std::size_t size = http::first_frame_bytes(rest);
      Frame frame{static_cast<Opcode>(static_cast<std::uint8_t>(rest[0]) & 0x0f),
                  std::string(rest.substr(head, size - head))};
      take(size);
      if (frame.opcode != Opcode::close) return frame;
      const auto byte = [&](std::size_t i) {
        return static_cast<unsigned>(static_cast<std::uint8_t>(frame.payload[i]));
      };
      ended_.code = frame.payload.size() < 2 ? 1005 : byte(0) << 8 | byte(1);
      send(Opcode::close, frame.payload.substr(0, 2));
      return std::nullopt;
    }
  }
};

class LineSocket : public FeedSocket {
 public:
  LineSocket(std::uint16_t port, const std::string& target, const std::string& token, const std::string& accept)
      : FeedSocket(port, target, "Authorization: Bearer " + token + "\r\nAccept: " + accept + "\r\n", "HTTP/1.1 200",
                   0) {}

  // The next line; nothing once the body or the connection has ended.
  std::optional<std::string> read() {
    for (;;) {
      if (const std::size_t end = body_.find('\n', from_); end != std::string::npos) {
        std::string line = body_.substr(from_, end - from_);
        from_ = end + 1;
        return line;
      }
      body_.erase(0, std::exchange(from_, 0));
      if (over_ || !read_chunk()) return std::nullopt;
    }
  }

 private:
  // Of the chunk that comes, what has come of it.
  bool read_chunk() {
    while (unread().empty() || (left_ == 0 && unread().find("\r\n", 2) == std::string_view::npos)) {
      if (!fill()) return false;
    }
    if (left_ == 0) {
      std::string_view head = unread();
      const std::size_t skipped = head.starts_with("\r\n") ? 2 : 0;  // the end of the chunk before
      head = head.substr(skipped, head.find("\r\n", skipped + 1) - skipped);
      left_ = std::stoul(std::string(head), nullptr, 16);
      over_ = left_ == 0;
      take(skipped + head.size() + 2);
      return true;
    }
    const std::size_t size = std::min(left_, unread().size());
    body_ += unread().substr(0, size);
    left_ -= size;
    take(size);
    return true;
  }

  std::string body_;
  std::size_t from_ = 0, left_ = 0;
  bool over_ = false;
};

}  // namespace tenure::test
