// A closed-loop HTTP/1.1 load generator: N kept-alive connections, each sends its next request when it has the answer
// to the last. One thread, plain sockets and epoll, so that the client costs as little as it can beside the server that
// it measures. For any server that answers with Content-Length or in chunks.
//
// Everything happens inside `run_load`, on the caller's thread. What cannot be measured (no connection, a connection
// closed in the middle, an answer that is no HTTP) throws std::runtime_error: a benchmark with a hole in it has no
// result.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace tenure::bench {

// Latencies in buckets that are never wider than 1/64 of their value.
class Histogram {
 public:
  void add(std::chrono::nanoseconds latency);
  // The latency that a share of all answers (0.99) was not slower than; zero when empty.
  std::chrono::nanoseconds at(double share) const;
  std::chrono::nanoseconds max() const { return std::chrono::nanoseconds(max_); }
  std::uint64_t count() const { return count_; }

 private:
  static constexpr unsigned sub_bits = 6;
  static std::size_t bucket_of(std::uint64_t ns);
  static std::uint64_t upper_end(std::size_t bucket);

  std::array<std::uint64_t, 64 << sub_bits> buckets_{};
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

struct Load {
  std::uint16_t port = 0;  // on 127.0.0.1
  std::size_t connections = 64;
  // Not measured; lets caches fill and connections settle.
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds duration{5'000};
  // Stops earlier when that many answers were measured, if set.
  std::optional<std::uint64_t> answers_max;
  unsigned expected_status = 200;
  // The whole next request of a connection, valid until it is called again for that connection.
  // An empty one ends the connection's work: it sends nothing more.
  std::function<std::string_view(std::size_t connection)> next;
  // Called for each answer, if set.
  std::function<void(std::size_t connection, unsigned status, std::string_view body)> answered;
};

struct LoadResult {
  std::uint64_t answers = 0;     // measured
  std::uint64_t unexpected = 0;  // of them with another status
  std::string first_unexpected;  // the first such answer's body, cut to 500 bytes
  std::chrono::nanoseconds took{};
  Histogram latency;

  double per_second() const;
};

LoadResult run_load(const Load& load);

}  // namespace tenure::bench
