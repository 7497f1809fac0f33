// The bounds and time-outs of what is pushed, each with its reason. Constants and plain values; any thread.
#pragma once

#include <chrono>
#include <cstddef>

namespace tenure::services {

// One thread drives all sinks and each may hold a batch: 32 MiB and 32 connections at most.
inline constexpr std::size_t sinks_max = 32;
// What goes out at once. A single message that is longer goes out alone. Splunk takes 1 MiB unless told otherwise.
inline constexpr std::size_t batch_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t batch_events_max = 1'000;
// Written in such pieces, each with its own time limit: slow is no error, standing still is.
inline constexpr std::size_t write_piece_bytes = std::size_t{64} << 10;
// Of an answer: enough for any error's text, not enough to fill memory.
inline constexpr std::size_t answer_bytes_max = std::size_t{64} << 10;
// Of what a receiver said, in the state and in the log.
inline constexpr std::size_t said_bytes_max = 200;
inline constexpr std::size_t url_bytes_max = 2'048;
inline constexpr std::size_t secret_bytes_max = 4'096;

struct PushTimes {
  using ms = std::chrono::milliseconds;
  // Looking up, connecting and the TLS handshake: a host that is there does it in far less, and two lost packets fit.
  ms connect{10'000};
  // A piece that is not taken for so long, or an answer that does not come: an indexer under load takes seconds.
  ms answer{30'000};
  // How long a syslog connection has to outlive what was written to it before that counts as received (README.md).
  ms settle{5'000};
  // After a failure; twice as long after each further one, half of it by chance, so that many do not come at once.
  ms pause_first{500};
  // No slower, so that what was mended is noticed within a minute. What is refused is tried at this pace at once.
  ms pause_most{60'000};
  // A Retry-After is heeded up to here; a wrong one must not stop a sink for a day.
  ms retry_after_most{600'000};
  // A batch is filled from the log for so long at most before it goes out as it is.
  ms gather{100};
  // What is under way when the server stops.
  ms farewell{1'000};
};

}  // namespace tenure::services
