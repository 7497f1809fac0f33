#include "tools/measure/hostile.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include "services/http/websocket.h"
#include "tools/measure/sockets.h"

namespace tenure::bench {
namespace {

constexpr std::chrono::milliseconds tick{10};
constexpr std::size_t ticks_per_second = 1'000 / tick.count();
constexpr int little_room = 16 * 1024;
constexpr std::chrono::seconds connected_within{60};

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

class Attack {
 public:
  explicit Attack(const HostileWish& wish);
  [[noreturn]] void run();

 private:
  bool has(std::string_view kind) const { return std::ranges::find(wish_.kinds, kind) != wish_.kinds.end(); }
  std::string request(const std::string& target) const;
  int follow(const std::string& query) const;
  void knock();
  void send(std::string_view bytes);
  void flood();
  void close_older_than(std::size_t ticks);

  struct Open {
    int socket;
    std::size_t since;  // the tick that opened it
  };

  const HostileWish& wish_;
  std::string token_;
  std::vector<Open> open_;
  int flooding_ = -1;
  std::size_t tick_ = 0;
  std::string garbage_, pings_, large_;
};

Attack::Attack(const HostileWish& wish)
    : wish_(wish),
      garbage_(random_bytes(5'000)),
      large_(masked(http::Opcode::binary, std::string(std::size_t{16} << 20, 'x'))) {
  std::ifstream(wish.token_file) >> token_;
  raise_file_limit();
  for (std::size_t i = 0; i < pings_per_second / ticks_per_second; ++i) pings_ += masked(http::Opcode::ping, "p");
  for (std::size_t i = 0; has("idle") && i < idle_clients; ++i) (void)follow("?org=" + wish.quiet);
  for (std::size_t i = 0; has("unread") && i < never_reading; ++i) {
    const int socket = follow("?cursor=1");
    ::setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &little_room, sizeof little_room);
  }
  if (has("pings")) flooding_ = follow("?org=" + wish.quiet);
}

void Attack::run() {
  auto due = std::chrono::steady_clock::now();
  for (;; ++tick_) {
    try {
      for (std::size_t i = 0; has("knocks") && i < handshakes_per_second / ticks_per_second; ++i) knock();
      if (has("garbage") && tick_ % 5 == 0) send(garbage_);
      if (has("large") && tick_ % ticks_per_second == 0) send(large_);
      flood();
    } catch (const std::exception&) {
      // It was let go, which is the server's right.
    }
    close_older_than(5);
    due += tick;
    std::this_thread::sleep_until(due);
  }
}

std::string Attack::request(const std::string& target) const {
  return "GET " + target + " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + token_ + "\r\n\r\n";
}

int Attack::follow(const std::string& query) const {
  const int socket = connected(wish_.port);
  (void)upgraded(socket, request("/v1/feed" + query));
  return socket;
}

void Attack::knock() {
  open_.push_back({connected(wish_.port), tick_});
  send_all(open_.back().socket,
           "GET /v1/feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
           "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
}

void Attack::send(std::string_view bytes) {
  open_.push_back({connected(wish_.port), tick_});
  (void)upgraded(open_.back().socket, request("/v1/feed"));
  send_all(open_.back().socket, bytes);
}

void Attack::flood() {
  if (flooding_ < 0) return;
  char room[16 * 1024];
  while (::recv(flooding_, room, sizeof room, MSG_DONTWAIT) > 0) {
  }
  (void)::send(flooding_, pings_.data(), pings_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Attack::close_older_than(std::size_t ticks) {
  std::erase_if(open_, [&](const Open& one) {
    const bool old = one.since + ticks <= tick_;
    if (old) ::close(one.socket);
    return old;
  });
}

std::vector<std::string> command(const TenureServer& server, const std::string& quiet,
                                 const std::vector<std::string>& kinds) {
  std::vector<std::string> words{std::filesystem::read_symlink("/proc/self/exe").string(),
                                 "hostile-clients",
                                 "--port",
                                 std::to_string(server.port()),
                                 "--token-file",
                                 server.folder() + "/admin.token",
                                 "--quiet",
                                 quiet};
  for (const std::string& kind : kinds) words.insert(words.end(), {"--kind", kind});
  return words;
}

}  // namespace

const std::vector<HostileKind>& hostile_kinds() {
  static const std::vector<HostileKind> kinds{
      {"idle", fmt::format("{} idle clients", idle_clients)},
      {"unread", fmt::format("{} that never read", never_reading)},
      {"pings", fmt::format("{} pings/s from one", pings_per_second)},
      {"garbage", "20 times garbage a second"},
      {"large", "one frame of 16 MB a second"},
      {"knocks", fmt::format("{} handshakes/s without a token", handshakes_per_second)}};
  return kinds;
}

void be_hostile(const HostileWish& wish, const std::function<void()>& ready) {
  Attack attack(wish);
  ready();
  attack.run();
}

Hostile::Hostile(const TenureServer& server, const std::string& quiet, const std::vector<std::string>& kinds)
    : child_(command(server, quiet, kinds)) {
  (void)child_.line(connected_within);
}

}  // namespace tenure::bench
