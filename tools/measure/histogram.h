// Latencies in buckets that are never wider than 1/64 of their value, so that millions of them cost a few kilobytes.
//
// A plain value; one thread at a time.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace tenure::bench {

class Histogram {
 public:
  void add(std::chrono::nanoseconds latency);
  // Takes in all that another one holds: the rounds of one measurement become one distribution.
  void add(const Histogram& other);
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

}  // namespace tenure::bench
