// nats-server as a yardstick for the feed: a private instance without storage, clients that subscribe over WebSockets,
// and a publisher. Its own protocol is lines of text
// (https://docs.nats.io/reference/reference-protocols/nats-protocol).
//
// Each used on one thread. What is not as it should be throws std::runtime_error.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/measure/bench.h"
#include "tools/measure/child.h"

namespace tenure::bench {

class NatsServer {
 public:
  // Throws, and says what to install, where there is none.
  explicit NatsServer(Bench& bench);
  ~NatsServer() { child_.kill(); }

  std::uint16_t port() const { return port_; }
  std::uint16_t websocket_port() const { return websocket_port_; }
  pid_t pid() const { return child_.pid(); }

 private:
  std::string folder_;
  Child child_;
  std::uint16_t port_ = 0, websocket_port_ = 0;
};

// One thread with epoll reads them all. Each message must have the same bytes.
class NatsFollowers {
 public:
  NatsFollowers(std::uint16_t websocket_port, std::size_t clients, const std::string& payload);
  ~NatsFollowers();
  NatsFollowers(const NatsFollowers&) = delete;

  // Until `stop`, or until every client has got so many messages.
  void follow(const std::atomic<bool>& stop, std::uint64_t messages);
  std::uint64_t messages() const { return messages_; }  // of all clients; may be read while they follow

 private:
  struct Client {
    int socket = -1;
    std::string frames;  // the beginning of a frame
    std::string text;    // of the protocol, not yet a whole message
    std::uint64_t got = 0;
  };

  void read(Client& client);
  void take(Client& client);

  std::vector<Client> clients_;
  std::vector<char> room_;
  const std::string message_;  // as it comes
  int epoll_ = -1;
  std::atomic<std::uint64_t> messages_{0};
};

// Publishes the payload `batch` times a request over so many connections, each of which sends its next batch when the
// server has said that it has the last. How many messages.
std::uint64_t publish(std::uint16_t port, std::string_view payload, std::size_t connections, std::size_t batch,
                      std::chrono::milliseconds duration);

}  // namespace tenure::bench
