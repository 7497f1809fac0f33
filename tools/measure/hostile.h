// Clients that a server must bear, all at once: a thousand that are idle, some that never read what they asked for, and
// one thread that for as long as this object lives sends garbage, frames of 16 MB, floods of pings and handshakes
// without a token. What the server does to them does not matter here.
//
// The constructor connects them, the destructor ends them. What cannot be connected throws std::runtime_error.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "tools/measure/servers.h"

namespace tenure::bench {

inline constexpr std::size_t idle_clients = 1'000, never_reading = 20;
inline constexpr std::size_t handshakes_per_second = 100, pings_per_second = 20'000;

class Hostile {
 public:
  // The idle ones follow the organization `quiet`.
  Hostile(const TenureServer& server, const std::string& quiet);
  ~Hostile();
  Hostile(const Hostile&) = delete;

 private:
  void attack();
  void knock();
  void send_garbage();
  void send_large_frame();
  void flood();
  void close_older_than(std::size_t ticks);

  struct Open {
    int socket;
    std::size_t since;  // the tick that opened it
  };

  const std::uint16_t port_;
  const std::string follow_;  // a request for the feed
  std::vector<int> waiting_;
  std::vector<Open> open_;
  int flooding_ = -1;
  std::size_t tick_ = 0;
  std::string garbage_, pings_, large_;
  std::atomic<bool> stop_{false};
  std::thread attacking_;
};

}  // namespace tenure::bench
