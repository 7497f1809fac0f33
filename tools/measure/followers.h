// Clients that follow the feed over WebSockets and count: plain sockets and one thread with epoll, so that many of them
// cost as little as they can beside the server that they measure.
//
// Every client must get every position once and in order, from its first on; anything else throws std::runtime_error,
// as does a connection that ends. `latency` is from an event's recorded_at to the moment that its frame was read, so
// the sync of its commit is in it; of every `timed_every`th client.
//
// The constructor connects; `follow` runs on whichever thread until it is told to end. One thread at a time.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tools/measure/histogram.h"

namespace tenure::bench {

class Followers {
 public:
  // `request` is a whole GET of /v1/feed, up to and with its empty line; the handshake's fields are added.
  Followers(std::uint16_t port, const std::string& request, std::size_t clients, std::size_t timed_every);
  ~Followers();
  Followers(const Followers&) = delete;

  // Until `stop`, or until every client has got the position `last`.
  void follow(const std::atomic<bool>& stop, std::uint64_t last);

  std::uint64_t events() const { return events_; }  // of all clients; may be read while they follow
  std::uint64_t bytes() const { return bytes_; }
  const Histogram& latency() const { return latency_; }
  void forget_latency() { latency_ = {}; }

 private:
  struct Client {
    int socket = -1;
    std::uint64_t next = 0;  // the position that is due; 0: the hello is
    std::string in;          // the beginning of a frame
    bool timed = false;
  };

  void read(Client& client);
  void take(Client& client, std::string_view message);

  std::vector<Client> clients_;
  std::vector<char> room_;
  int epoll_ = -1;
  std::atomic<std::uint64_t> events_{0}, bytes_{0};
  std::uint64_t last_ = 0;
  std::size_t through_ = 0;  // clients that have got `last_`
  Histogram latency_;
};

}  // namespace tenure::bench
