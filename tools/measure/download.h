// A streamed answer, read to its end as fast as it comes and never kept: how many lines, how many bytes, how long.
//
// Blocks; one thread. Throws std::runtime_error when it is not an answer 200 that comes to its end.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tenure::bench {

struct Downloaded {
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  std::chrono::nanoseconds first_byte{};  // from sending the request to the first byte of the body
  std::chrono::nanoseconds took{};
};

// `request` is whole; the server is on 127.0.0.1.
Downloaded download(std::uint16_t port, const std::string& request);

}  // namespace tenure::bench
