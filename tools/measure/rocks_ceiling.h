// What the disk and RocksDB allow when each write is durable and each writer waits for its own: the figure that
// batching has to beat.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace tenure::bench {

struct RocksCeiling {
  std::size_t threads = 16;
  std::size_t value_bytes = 400;
  std::chrono::milliseconds duration{5'000};
};

// Writes per second, each one put with `sync`, into a fresh database at `path`, which must not exist and is removed.
// Throws std::runtime_error when RocksDB fails.
double rocks_synced_puts_per_second(const std::string& path, const RocksCeiling& settings);

}  // namespace tenure::bench
