#include "tools/measure/load_client.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>
#include <utility>
#include <vector>

#include "tools/measure/sockets.h"

namespace tenure::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t read_bytes = 64 * 1024;

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("load client: " + what); }
[[noreturn]] void give_up_errno(const std::string& what) { give_up(what + ": " + std::strerror(errno)); }

bool same_letters(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

std::string_view field(std::string_view head, std::string_view name) {
  std::size_t at = head.find("\r\n");
  while (at != std::string_view::npos) {
    const std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
    if (line.size() > name.size() && line[name.size()] == ':' && same_letters(line.substr(0, name.size()), name)) {
      const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
      return value == std::string_view::npos ? std::string_view() : line.substr(value);
    }
    at = head.find("\r\n", at + 2);
  }
  return {};
}

// The size of a chunked body at the front of `bytes`, if all of it is there.
std::optional<std::size_t> chunked_size(std::string_view bytes) {
  std::size_t at = 0;
  for (;;) {
    const std::size_t line = bytes.find("\r\n", at);
    if (line == std::string_view::npos) return std::nullopt;
    std::size_t size = 0;
    if (std::from_chars(bytes.data() + at, bytes.data() + line, size, 16).ec != std::errc()) give_up("a bad chunk");
    at = line + 2 + size + 2;
    if (at > bytes.size()) return std::nullopt;
    if (size == 0) return at;
  }
}

// The first answer in `bytes`, if it is complete.
std::optional<LoadAnswer> http_answer(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view head = bytes.substr(0, end);
  LoadAnswer answer;
  if (head.size() < 12 || !head.starts_with("HTTP/1.1 ")) give_up("not an HTTP answer: " + std::string(head));
  std::from_chars(head.data() + 9, head.data() + 12, answer.status);
  const std::size_t from = end + 4;
  std::size_t size = 0;
  if (const std::string_view length = field(head, "content-length"); !length.empty()) {
    std::from_chars(length.data(), length.data() + length.size(), size);
  } else if (!field(head, "transfer-encoding").empty()) {
    const auto chunked = chunked_size(bytes.substr(from));
    if (!chunked) return std::nullopt;
    size = *chunked;
  }
  if (bytes.size() < from + size) return std::nullopt;
  answer.body = bytes.substr(from, size);
  answer.size = from + size;
  return answer;
}

// One connection. Requests are small next to a socket's buffer, so they are written blocking; only reading waits.
struct Client {
  int fd = -1;
  std::string in;
  Clock::time_point sent{};
  bool done = false;

  ~Client() {
    if (fd >= 0) ::close(fd);
  }
};

class Run {
 public:
  explicit Run(const Load& load) : load_(load), clients_(load.connections) {
    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0) give_up_errno("epoll");
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      clients_[i].fd = load.path.empty() ? connected(load.port) : connected(load.path);
      if (load.greet) load.greet(clients_[i].fd);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, clients_[i].fd, &event) != 0) give_up_errno("epoll");
    }
  }
  ~Run() { ::close(epoll_); }

  LoadResult run() {
    const auto begin = Clock::now();
    measure_from_ = begin + load_.warm_up;
    end_ = measure_from_ + load_.duration;
    due_ = begin;
    // The last connection is taken first: those that are not needed at this rate stay out of it.
    for (std::size_t i = clients_.size(); i-- > 0;) load_.per_second ? idle_.push_back(i) : send_next(i, begin);
    std::array<epoll_event, 256> events;
    Clock::time_point now = begin;
    while ((active_ > 0 || load_.per_second) && now < end_ && !enough()) {
      send_due(now);
      const auto wake = until_next(now);
      const timespec wait{wake.count() / 1'000'000'000, wake.count() % 1'000'000'000};
      const int count = ::epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
      if (count < 0 && errno != EINTR) give_up_errno("epoll");
      for (int i = 0; i < count; ++i) read_from(events[static_cast<std::size_t>(i)].data.u64);
      now = Clock::now();
    }
    if (result_.answers > 0) result_.took = last_answer_ - measure_from_;
    if (load_.per_second) count_waiting(now);
    return result_;
  }

 private:
  bool enough() const { return load_.answers_max && result_.answers >= *load_.answers_max; }

  std::chrono::nanoseconds spacing() const {
    return std::chrono::nanoseconds(static_cast<std::int64_t>(1e9 / *load_.per_second));
  }

  // How long the loop may sleep: until a request falls due that a connection is free for, and never past the end.
  std::chrono::nanoseconds until_next(Clock::time_point now) const {
    auto wake = std::min<std::chrono::nanoseconds>(std::chrono::milliseconds(100), end_ - now);
    if (load_.per_second && !idle_.empty()) wake = std::min<std::chrono::nanoseconds>(wake, due_ - now);
    return std::max(wake, std::chrono::nanoseconds(0));
  }

  void send_due(Clock::time_point now) {
    if (!load_.per_second) return;
    for (; due_ <= now && !idle_.empty(); due_ += spacing()) {
      const std::size_t i = idle_.back();
      idle_.pop_back();
      send_next(i, due_);
    }
  }

  // Left out, the slowest requests would make the figures look better: they have waited that long at least.
  void count_waiting(Clock::time_point now) {
    const auto waits = [&](Clock::time_point since) {
      ++result_.behind;
      if (now >= measure_from_) result_.latency.add(now - since);
    };
    for (; due_ < now; due_ += spacing()) waits(due_);
    std::vector<bool> is_idle(clients_.size());
    for (const std::size_t i : idle_) is_idle[i] = true;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      if (!is_idle[i]) waits(clients_[i].sent);
    }
  }

  // `since` is what the latency counts from.
  void send_next(std::size_t i, Clock::time_point since) {
    const std::string_view request = load_.next(i);
    Client& client = clients_[i];
    if (request.empty()) {
      if (!std::exchange(client.done, true) && client.sent != Clock::time_point{}) --active_;
      return;
    }
    if (client.sent == Clock::time_point{}) ++active_;
    client.sent = since;
    for (std::size_t at = 0; at < request.size();) {
      const ssize_t n = ::send(client.fd, request.data() + at, request.size() - at, MSG_NOSIGNAL);
      if (n < 0) give_up_errno("send");
      at += static_cast<std::size_t>(n);
    }
  }

  std::optional<LoadAnswer> first_answer(std::string_view bytes) const {
    return load_.first_answer ? load_.first_answer(bytes) : http_answer(bytes);
  }

  void read_from(std::size_t i) {
    Client& client = clients_[i];
    const ssize_t n = ::recv(client.fd, room_.data(), room_.size(), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n < 0) give_up_errno("recv");
    if (n == 0) give_up("the server closed a connection");
    const std::string_view bytes(room_.data(), static_cast<std::size_t>(n));
    if (client.in.empty()) {
      if (const auto answer = first_answer(bytes)) return take(i, *answer);
    }
    client.in += bytes;
    if (const auto answer = first_answer(client.in)) {
      take(i, *answer);
      client.in.clear();
    }
  }

  void take(std::size_t i, const LoadAnswer& answer) {
    const auto now = Clock::now();
    ++result_.answers_all;
    const bool expected = load_.expected_status == 0 || answer.status == load_.expected_status;
    if (!expected && result_.unexpected++ == 0) {
      result_.first_unexpected = answer.body.substr(0, 500);
    }
    if (now >= measure_from_) {
      last_answer_ = now;
      ++result_.answers;
      result_.latency.add(now - clients_[i].sent);
    }
    if (load_.answered) load_.answered(i, answer.status, answer.body);
    if (load_.per_second) {
      idle_.push_back(i);
    } else {
      send_next(i, Clock::now());
    }
  }

  const Load& load_;
  std::vector<Client> clients_;
  std::string room_ = std::string(read_bytes, '\0');
  int epoll_ = -1;
  std::size_t active_ = 0;
  std::vector<std::size_t> idle_;  // open loop: connections that wait for a request
  Clock::time_point due_{};        // open loop: when the next request is
  Clock::time_point measure_from_{};
  Clock::time_point end_{};
  Clock::time_point last_answer_{};
  LoadResult result_;
};

}  // namespace

double LoadResult::per_second() const {
  return took.count() <= 0 ? 0 : static_cast<double>(answers) / std::chrono::duration<double>(took).count();
}

LoadResult run_load(const Load& load) { return Run(load).run(); }

}  // namespace tenure::bench
