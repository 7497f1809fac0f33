// What the disk and RocksDB allow when each write is durable and each writer waits for its own: the figure that
// batching has to beat; with many puts a write, what batching could reach; and how fast it reads a log through.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

namespace tenure::bench {

struct RocksCeiling {
  std::size_t threads = 16;
  std::size_t value_bytes = 400;
  std::size_t puts_a_write = 1;  // that share a sync
  std::chrono::milliseconds duration{5'000};
};

// Puts per second, `puts_a_write` of them in each synced write, into a fresh database at `path`, which must not exist
// and is removed. Throws std::runtime_error when RocksDB fails.
double rocks_synced_puts_per_second(const std::string& path, const RocksCeiling& settings);

// Records per second of the log in a store that no server has open: from its first to its last, each with its block's
// checksum verified, and nothing done with them. There must be `records` of them. Throws as above.
double rocks_scanned_per_second(const std::string& store, std::uint64_t records);

}  // namespace tenure::bench
