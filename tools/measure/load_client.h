// A load generator over N kept-alive connections, for HTTP/1.1 unless told another protocol. Closed loop: each
// connection sends its next request when it has the answer to the last. Open loop: requests fall due at a fixed rate,
// whatever the server does, and a latency counts from that moment on, so that waiting for a free connection is seen
// too. One thread, plain sockets and epoll, so that the client costs as little as it can beside the server that it
// measures. For any server that answers with Content-Length or in chunks, and for other protocols by `greet` and
// `first_answer`: what is compared has one client.
//
// Everything happens inside `run_load`, on the caller's thread. What cannot be measured (no connection, a connection
// closed in the middle, an answer that is no HTTP) throws std::runtime_error: a benchmark with a hole in it has no
// result.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tools/measure/histogram.h"

namespace tenure::bench {

// One answer at the front of what came over a connection.
struct LoadAnswer {
  unsigned status = 0;
  std::string_view body;  // still in chunks if it came so
  std::size_t size = 0;   // of the whole answer
};

struct Load {
  std::uint16_t port = 0;  // on 127.0.0.1
  std::string path;        // of a socket in the file system instead, if set
  std::size_t connections = 64;
  // Not measured; lets caches fill and connections settle.
  std::chrono::milliseconds warm_up{500};
  std::chrono::milliseconds duration{5'000};
  // Open loop at that many requests a second, if set; closed loop otherwise.
  std::optional<double> per_second;
  // Stops earlier when that many answers were measured, if set.
  std::optional<std::uint64_t> answers_max;
  unsigned expected_status = 200;  // 0: any; `answered` looks at it then
  // What a protocol other than HTTP needs: what is said over a new connection, which blocks, before anything is
  // measured, and the first answer in what came, if all of it is there.
  std::function<void(int socket)> greet;
  std::function<std::optional<LoadAnswer>(std::string_view bytes)> first_answer;
  // The whole next request of a connection, valid until it is called again for that connection.
  // An empty one ends the connection's work: it sends nothing more.
  std::function<std::string_view(std::size_t connection)> next;
  // Called for each answer, if set.
  std::function<void(std::size_t connection, unsigned status, std::string_view body)> answered;
};

struct LoadResult {
  std::uint64_t answers = 0;      // measured
  std::uint64_t answers_all = 0;  // with those of the warm-up
  std::uint64_t unexpected = 0;   // of all, those with another status
  std::string first_unexpected;   // the first such answer's body, cut to 500 bytes
  // Open loop: requests that were due and had no answer when time was up. They are among the latencies, with the time
  // that they had waited by then.
  std::uint64_t behind = 0;
  unsigned runs = 1;  // each ended with up to one request in flight on every connection
  std::chrono::nanoseconds took{};
  Histogram latency;

  double per_second() const;
};

LoadResult run_load(const Load& load);

}  // namespace tenure::bench
