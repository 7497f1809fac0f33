// A client that sends exactly the bytes it is told to, and a server to send them to. For tests of what a
// well-behaved HTTP library would never send. One thread each.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "services/http/server.h"

namespace tenure::http::test {

// Far above what any step takes: reaching it means that something hangs.
inline constexpr std::chrono::seconds patience{120};

struct Answer {
  unsigned status = 0;
  std::string head;
  std::string body;  // chunks joined

  std::optional<std::string> header(std::string_view name) const {
    std::size_t at = head.find("\r\n");
    while (at != std::string::npos) {
      const std::size_t end = std::min(head.find("\r\n", at + 2), head.size());
      const std::string line = head.substr(at + 2, end - at - 2);
      const std::size_t colon = line.find(": ");
      if (colon != std::string::npos && same_name(line.substr(0, colon), name)) return line.substr(colon + 2);
      at = head.find("\r\n", at + 2);
    }
    return std::nullopt;
  }
};

class RawClient {
 public:
  explicit RawClient(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{patience.count(), 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    sockaddr_in end{};
    end.sin_family = AF_INET;
    end.sin_port = htons(port);
    end.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&end), sizeof end) != 0)
      throw std::runtime_error("no connection");
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) noexcept : fd_(std::exchange(other.fd_, -1)), in_(std::move(other.in_)) {}

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void end_sending() { ::shutdown(fd_, SHUT_WR); }

  // False when the server has closed or takes no more.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // How many of the bytes went without waiting.
  std::size_t send_some(std::string_view bytes) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    return n < 0 ? 0 : static_cast<std::size_t>(n);
  }
  bool readable_within(std::chrono::milliseconds wait) {
    if (!in_.empty()) return true;
    pollfd p{fd_, POLLIN, 0};
    return ::poll(&p, 1, static_cast<int>(wait.count())) > 0;
  }

  // What comes until the server closes.
  std::string read_all() {
    while (fill()) {
    }
    return std::exchange(in_, {});
  }
  bool closed() { return in_.empty() && !fill(); }
  // Whether the last read met an end that was no orderly one.
  bool was_reset() const { return reset_; }
  std::size_t discard() {
    fill();
    return std::exchange(in_, {}).size();
  }

  Answer ask(std::string_view request, bool head_only = false) {
    send(request);
    return read_answer(head_only);
  }

  Answer read_answer(bool head_only = false) {
    Answer answer;
    std::size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) need();
    answer.head = in_.substr(0, end);
    in_.erase(0, end + 4);
    answer.status = static_cast<unsigned>(std::stoul(answer.head.substr(9, 3)));
    if (head_only || answer.status < 200) return answer;
    if (const auto length = answer.header("Content-Length")) {
      answer.body = take(std::stoul(*length));
    } else if (answer.header("Transfer-Encoding")) {
      read_chunks(answer.body);
    } else if (answer.header("Connection") == "close") {
      answer.body = read_all();
    }
    return answer;
  }

 private:
  bool fill() {
    char room[65536];
    const ssize_t n = ::recv(fd_, room, sizeof room, 0);
    if (n > 0) in_.append(room, static_cast<std::size_t>(n));
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) throw std::runtime_error("the server keeps silent");
    reset_ = n < 0 && errno == ECONNRESET;
    return n > 0;
  }
  void need() {
    if (!fill()) throw std::runtime_error("the server closed; so far: " + in_);
  }
  std::string take(std::size_t size) {
    while (in_.size() < size) need();
    std::string taken = in_.substr(0, size);
    in_.erase(0, size);
    return taken;
  }
  void read_chunks(std::string& body) {
    for (;;) {
      std::size_t end = 0;
      while ((end = in_.find("\r\n")) == std::string::npos) need();
      const std::size_t size = std::stoul(take(end + 2), nullptr, 16);
      body += take(size);
      take(2);
      if (size == 0) return;
    }
  }

  int fd_;
  std::string in_;
  bool reset_ = false;
};

// Keeps what the server told it.
class Notebook final : public Observer {
 public:
  void served(const Served& request) override {
    const std::lock_guard lock(mutex_);
    served_.push_back({std::string(request.route), request.status, request.bytes_in, request.bytes_out});
    changed_.notify_all();
  }
  void connections(std::size_t open) override {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }
  void crashed(std::string_view route, std::string_view what) override {
    const std::lock_guard lock(mutex_);
    crashes_.push_back(std::string(route) + ": " + std::string(what));
  }
  void abandoned(std::string_view) override {
    const std::lock_guard lock(mutex_);
    ++abandoned_;
    changed_.notify_all();
  }

  struct Line {
    std::string route;
    unsigned status;
    std::size_t bytes_in;
    std::size_t bytes_out;
  };
  std::vector<Line> wait_for_served(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return served_.size() >= count; });
    return served_;
  }
  bool wait_for_open(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return open_ == count; });
  }
  bool wait_for_abandoned(std::size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return abandoned_ >= count; });
  }
  std::vector<std::string> crashes() {
    const std::lock_guard lock(mutex_);
    return crashes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Line> served_;
  std::vector<std::string> crashes_;
  std::size_t open_ = 0, abandoned_ = 0;
};

// A door that handlers wait at until the test opens it.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    ++arrived_;
    changed_.notify_all();
    if (!changed_.wait_for(lock, patience, [&] { return open_; })) throw std::runtime_error("the gate stayed shut");
  }
  bool wait_for_arrivals(int count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [&] { return arrived_ >= count; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  int arrived_ = 0;
};

// Holds replies that a handler was given, for the test to use.
class ReplyBox {
 public:
  void put(Reply reply) {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
    changed_.notify_all();
  }
  Reply take() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, patience, [&] { return !replies_.empty(); }))
      throw std::runtime_error("no reply came");
    Reply reply = std::move(replies_.front());
    replies_.erase(replies_.begin());
    return reply;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Reply> replies_;
};

// A server on a free port, with a notebook. Routes are added before `start`.
struct TestServer {
  Router router;
  ServerOptions options;
  Notebook notebook;
  std::optional<Server> server;
  std::uint16_t port = 0;

  void start() {
    options.observer = &notebook;
    server.emplace(options, std::move(router));
    port = server->listen().value();
    server->run_in_background();
  }
  RawClient client() const { return RawClient(port); }
};

inline std::string get(std::string_view target, std::string_view fields = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(fields) + "\r\n";
}
inline std::string post(std::string_view target, std::string_view body, std::string_view fields = {}) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n" + std::string(fields) + "\r\n" + std::string(body);
}
inline Response text(std::string body) { return Response{200, MediaType("text/plain"), std::move(body)}; }

}  // namespace tenure::http::test
