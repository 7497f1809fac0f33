// What `tenure serve` can be told: one field an option, with its default. A plain value, filled in by serve_command.cpp
// from flags, environment and file (in that order of strength) and given to `run_serve`; any thread may read it.
#pragma once

#include <cstdint>
#include <string>

namespace tenure {

struct ServeOptions {
  std::string address = "127.0.0.1";  // --listen ADDRESS:PORT, loopback only
  std::uint16_t port = 7400;
  std::string data = "./data";
  std::string master_key;  // a file; empty: DATA/master.key
  bool demo = false;
  unsigned io_threads = 2;
  unsigned pool_threads = 2;
  unsigned cache_mb = 96;
  std::string log_level = "info";  // trace, debug, info, warn, error
  unsigned drain_seconds = 10;
};

}  // namespace tenure
