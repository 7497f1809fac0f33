// Clients that a server must bear, of one kind or of all at once, in a process of their own, so that what they do takes
// no time of the threads that measure. What the server does to them does not matter here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/measure/child.h"
#include "tools/measure/servers.h"

namespace tenure::bench {

inline constexpr std::size_t idle_clients = 1'000, never_reading = 20;
inline constexpr std::size_t handshakes_per_second = 100, pings_per_second = 20'000;

struct HostileKind {
  const char* name;
  std::string what;
};
const std::vector<HostileKind>& hostile_kinds();

struct HostileWish {
  std::uint16_t port = 0;
  std::string token_file;
  std::string quiet;               // the organization that the idle ones follow
  std::vector<std::string> kinds;  // by name
};

// The body of the process: connects, calls `ready`, and is hostile until it is killed.
// Throws std::runtime_error when it cannot connect at first.
[[noreturn]] void be_hostile(const HostileWish& wish, const std::function<void()>& ready);

// That process: connected when the constructor returns, and gone with the object.
class Hostile {
 public:
  Hostile(const TenureServer& server, const std::string& quiet, const std::vector<std::string>& kinds);

  double cpu_seconds() const { return cost_of(child_.pid()).cpu_seconds; }

 private:
  Child child_;
};

}  // namespace tenure::bench
