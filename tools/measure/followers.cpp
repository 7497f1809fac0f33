#include "tools/measure/followers.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <stdexcept>
#include <string_view>

#include "events/instant.h"
#include "services/http/websocket.h"
#include "tools/measure/sockets.h"

namespace tenure::bench {
namespace {

constexpr std::size_t read_bytes = 256 * 1024;

[[noreturn]] void give_up(const std::string& because) { throw std::runtime_error("feed: " + because); }

// The number behind `name` in a message of the server's own making.
std::uint64_t number_of(std::string_view message, std::string_view name) {
  const std::size_t at = message.rfind(name);
  std::uint64_t number = 0;
  if (at != std::string_view::npos) {
    std::from_chars(message.data() + at + name.size(), message.data() + message.size(), number);
  }
  return number;
}

}  // namespace

Followers::Followers(std::uint16_t port, const std::string& request, std::size_t clients, std::size_t timed_every)
    : clients_(clients), room_(read_bytes), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (std::size_t i = 0; i < clients; ++i) {
    Client& client = clients_[i];
    client.timed = timed_every > 0 && i % timed_every == 0;
    client.socket = connected(port);
    client.in = upgraded(client.socket, request);
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    wanted.data.u64 = i;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client.socket, &wanted);
  }
}

Followers::~Followers() {
  for (const Client& client : clients_) {
    if (client.socket >= 0) ::close(client.socket);
  }
  ::close(epoll_);
}

void Followers::follow(const std::atomic<bool>& stop, std::uint64_t last) {
  last_ = last;
  through_ = 0;
  for (const Client& client : clients_) through_ += client.next > last;
  std::vector<epoll_event> ready(256);
  while (!stop && through_ < clients_.size()) {
    const int count = ::epoll_wait(epoll_, ready.data(), static_cast<int>(ready.size()), 50);
    for (int i = 0; i < count; ++i) read(clients_[ready[static_cast<std::size_t>(i)].data.u64]);
  }
}

void Followers::read(Client& client) {
  const ssize_t n = ::recv(client.socket, room_.data(), room_.size(), MSG_DONTWAIT);
  if (n == 0) give_up("a connection was closed");
  if (n < 0) return;
  bytes_.fetch_add(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  std::string_view rest(room_.data(), static_cast<std::size_t>(n));
  const bool held = !client.in.empty();
  if (held) rest = client.in.append(rest);
  while (rest.size() >= http::frame_head_bytes_max) {
    const std::size_t size = http::first_frame_bytes(rest);
    if (size > rest.size()) break;
    const std::size_t head = size < 128 ? 2 : size <= 0xffff + 4 ? 4 : 10;
    if ((static_cast<std::uint8_t>(rest[0]) & 0x0f) == 1) take(client, rest.substr(head, size - head));
    if ((static_cast<std::uint8_t>(rest[0]) & 0x0f) == 8) give_up("the server closed a connection");
    rest.remove_prefix(size);
  }
  if (held) {
    client.in.erase(0, client.in.size() - rest.size());
  } else {
    client.in.assign(rest);
  }
}

void Followers::take(Client& client, std::string_view message) {
  if (client.next == 0) {
    client.next = number_of(message, R"("cursor":)");
    return;
  }
  if (message.starts_with(R"({"type":)")) return;  // a heartbeat
  // What an event says of itself stands behind what clients wrote, but for its type, verdict and version.
  const std::uint64_t position = number_of(message, R"("position":)");
  if (position != client.next) {
    give_up("position " + std::to_string(position) + " came for " + std::to_string(client.next));
  }
  ++client.next;
  events_.fetch_add(1, std::memory_order_relaxed);
  if (position == last_) ++through_;
  if (!client.timed) return;
  static constexpr std::string_view name = R"("recorded_at":")";
  const std::size_t at = message.rfind(name);
  if (at == std::string_view::npos) return;
  const std::string_view text = message.substr(at + name.size());
  const auto recorded = parse_instant(text.substr(0, text.find('"')));
  if (!recorded) return;
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  latency_.add(now - std::chrono::microseconds(recorded->us));
}

}  // namespace tenure::bench
