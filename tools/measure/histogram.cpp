#include "tools/measure/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tenure::bench {

std::size_t Histogram::bucket_of(std::uint64_t ns) {
  if (ns < (1u << sub_bits)) return ns;
  const unsigned shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - sub_bits;
  return ((shift + 1ULL) << sub_bits) + (ns >> shift) - (1u << sub_bits);
}

std::uint64_t Histogram::upper_end(std::size_t bucket) {
  if (bucket < (1u << sub_bits)) return bucket;
  const std::uint64_t shift = (bucket >> sub_bits) - 1;
  const std::uint64_t part = (bucket & ((1u << sub_bits) - 1)) + (1u << sub_bits);
  return ((part + 1) << shift) - 1;
}

void Histogram::add(std::chrono::nanoseconds latency) {
  const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(0, latency.count()));
  ++buckets_[bucket_of(ns)];
  ++count_;
  max_ = std::max(max_, ns);
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::chrono::nanoseconds Histogram::at(double share) const {
  // Rounded up: of ten answers the share 0.99 is all ten.
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > 0 && seen >= wanted) return std::chrono::nanoseconds(std::min(upper_end(i), max_));
  }
  return max();
}

}  // namespace tenure::bench
