#include "tools/measure/hostile.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <random>

#include "services/http/websocket.h"
#include "tools/measure/sockets.h"

namespace tenure::bench {
namespace {

constexpr std::chrono::milliseconds tick{10};
constexpr std::size_t ticks_per_second = 1'000 / tick.count();
constexpr int little_room = 16 * 1024;

std::string masked(http::Opcode opcode, std::string_view payload) {
  std::string frame;
  http::append_frame_head(frame, opcode, payload.size());
  frame[1] = static_cast<char>(static_cast<std::uint8_t>(frame[1]) | 0x80);
  return frame + std::string(4, '\0') + std::string(payload);
}

std::string random_bytes(std::size_t size) {
  std::mt19937 random(1);
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
  return bytes;
}

}  // namespace

Hostile::Hostile(const TenureServer& server, const std::string& quiet)
    : port_(server.port()),
      follow_(server.get_request("/v1/feed")),
      garbage_(random_bytes(5'000)),
      large_(masked(http::Opcode::binary, std::string(std::size_t{16} << 20, 'x'))) {
  raise_file_limit();
  for (std::size_t i = 0; i < pings_per_second / ticks_per_second; ++i) pings_ += masked(http::Opcode::ping, "p");
  for (std::size_t i = 0; i < idle_clients; ++i) {
    waiting_.push_back(connected(port_));
    (void)upgraded(waiting_.back(), server.get_request("/v1/feed?org=" + quiet));
  }
  for (std::size_t i = 0; i < never_reading; ++i) {
    waiting_.push_back(connected(port_));
    ::setsockopt(waiting_.back(), SOL_SOCKET, SO_RCVBUF, &little_room, sizeof little_room);
    (void)upgraded(waiting_.back(), server.get_request("/v1/feed?cursor=1"));
  }
  flooding_ = connected(port_);
  (void)upgraded(flooding_, server.get_request("/v1/feed?org=" + quiet));
  attacking_ = std::thread([this] { attack(); });
}

Hostile::~Hostile() {
  stop_ = true;
  attacking_.join();
  close_older_than(0);
  for (const int socket : waiting_) ::close(socket);
  if (flooding_ >= 0) ::close(flooding_);
}

void Hostile::attack() {
  auto due = std::chrono::steady_clock::now();
  for (; !stop_; ++tick_) {
    try {
      for (std::size_t i = 0; i < handshakes_per_second / ticks_per_second; ++i) knock();
      if (tick_ % 5 == 0) send_garbage();
      if (tick_ % ticks_per_second == 0) send_large_frame();
      flood();
    } catch (const std::exception&) {
      // It was let go, which is the server's right.
    }
    close_older_than(5);
    due += tick;
    std::this_thread::sleep_until(due);
  }
}

void Hostile::knock() {
  open_.push_back({connected(port_), tick_});
  send_all(open_.back().socket,
           "GET /v1/feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
}

void Hostile::send_garbage() {
  open_.push_back({connected(port_), tick_});
  (void)upgraded(open_.back().socket, follow_);
  send_all(open_.back().socket, garbage_);
}

void Hostile::send_large_frame() {
  open_.push_back({connected(port_), tick_});
  (void)upgraded(open_.back().socket, follow_);
  send_all(open_.back().socket, large_);
}

void Hostile::flood() {
  if (flooding_ < 0) return;
  char room[16 * 1024];
  while (::recv(flooding_, room, sizeof room, MSG_DONTWAIT) > 0) {
  }
  (void)::send(flooding_, pings_.data(), pings_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Hostile::close_older_than(std::size_t ticks) {
  std::erase_if(open_, [&](const Open& one) {
    const bool old = one.since + ticks <= tick_;
    if (old) ::close(one.socket);
    return old;
  });
}

}  // namespace tenure::bench
