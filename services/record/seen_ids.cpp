#include "services/record/seen_ids.h"

#include <cstring>

namespace tenure::services {

namespace {

// The digest in a key is as good as random; the organization is mixed in.
struct Hash {
  std::uint64_t line, bits;
};
Hash hash_of(std::string_view key) {
  constexpr std::size_t digest_at = 5;
  Hash hash{};
  std::memcpy(&hash.line, key.data() + digest_at, sizeof hash.line);
  std::memcpy(&hash.bits, key.data() + digest_at + sizeof hash.line, sizeof hash.bits);
  hash.line += projections::take_u32(key, 0) * 0x9E3779B97F4A7C15ULL;
  return hash;
}

constexpr int bits_an_id = 6;

// One bit in each of six words of the line; the nine bits a word are enough for which word and which bit.
template <class Bit>
bool each_bit(std::uint64_t bits, const Bit& bit) {
  for (int i = 0; i < bits_an_id; ++i, bits >>= 9) {
    if (!bit(bits >> 6 & 7, std::uint64_t{1} << (bits & 63))) return false;
  }
  return true;
}

}  // namespace

Outcome<void> SeenIds::read_some(storage::ViewReader& views, projections::OrgNumber org, std::size_t rows) {
  if (read_.size() >= orgs_max) read_.clear();
  Reading& reading = read_[org];
  if (reading.done) return {};
  const std::string from = projections::row_key(org, projections::Row::event_id);
  std::string to = from;
  to.back() = static_cast<char>(to.back() + 1);
  std::size_t left = rows;
  const auto done =
      views.scan(reading.next.empty() ? from : reading.next, to, [&](std::string_view key, std::string_view) {
        if (left-- == 0) return reading.next = key, false;
        add(key);
        return true;
      });
  if (!done) return done;
  reading.done = left <= rows;
  return {};
}

bool SeenIds::may_have(projections::OrgNumber org, const EventId& id) const {
  const auto reading = read_.find(org);
  if (reading == read_.end() || !reading->second.done) return true;
  const Hash hash = hash_of(projections::id_key(org, id));
  for (const Filter& filter : filters_) {
    const Line& line = filter.lines[hash.line & (filter.lines.size() - 1)];
    if (each_bit(hash.bits, [&](std::uint64_t word, std::uint64_t bit) { return (line[word] & bit) != 0; }))
      return true;
  }
  return false;
}

void SeenIds::add(std::string_view key) {
  const std::size_t next = filters_.empty() ? lines_first : filters_.back().lines.size() * 2;
  const bool full = filters_.empty() || filters_.back().ids >= filters_.back().lines.size() * ids_a_line;
  // The ones before are together as large as the last one.
  if (full && 2 * next * sizeof(Line) <= bytes_max) filters_.push_back({std::vector<Line>(next), 0});
  Filter& filter = filters_.back();
  const Hash hash = hash_of(key);
  Line& line = filter.lines[hash.line & (filter.lines.size() - 1)];
  each_bit(hash.bits, [&](std::uint64_t word, std::uint64_t bit) { return line[word] |= bit, true; });
  ++filter.ids;
}

}  // namespace tenure::services
