#include "projections/interval_index.h"

#include <cassert>

#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

constexpr int cell_bits = 20;
// Tags of the two keys of an interval: by its beginning and by its end.
constexpr char lower_tag = 'l', upper_tag = 'u';

// Cells are unsigned and keep the order of time.
std::uint64_t cell_of(std::int64_t us) { return (static_cast<std::uint64_t>(us) ^ (1ULL << 63)) >> cell_bits; }
constexpr int levels = 64 - cell_bits;

std::string late_list_key(OrgNumber org, List list, char tag) {
  std::string key = row_key(org, Row::interval);
  key += static_cast<char>(list.kind);
  put_u32(key, list.of);
  key += tag;
  return key;
}

std::string node_key(OrgNumber org, const Interval& interval, char tag, std::uint64_t node, std::uint64_t order) {
  std::string key = late_list_key(org, interval.list, tag);
  put_u64(key, node);
  put_u64(key, order);
  put_u32(key, interval.principal);
  put_u32(key, interval.extra);
  // Two intervals may begin in one cell or at one instant.
  put_u64(key, interval.open.position);
  return key;
}

// The last cell in which an interval holds; one that ends where it begins keeps its own cell.
std::uint64_t last_cell(const Interval& interval) {
  const std::int64_t last = interval.close.us > interval.open.us ? interval.close.us - 1 : interval.open.us;
  return cell_of(last);
}

std::uint64_t fork_node(std::uint64_t first, std::uint64_t last) {
  if (first == last) return first;
  const int level = 63 - __builtin_clzll(first ^ last);
  return last >> level << level;
}

std::string value_of(const Interval& interval) {
  std::string out;
  put_signed(out, interval.open.us);
  put_signed(out, interval.close.us - interval.open.us);
  put_signed(out, static_cast<std::int64_t>(interval.close.position - interval.open.position));
  return out;
}

bool read_value(List list, std::string_view key, std::string_view value, Interval& interval) {
  if (key.size() < 16) return false;
  const std::size_t tail = key.size() - 16;
  interval.list = list;
  interval.principal = take_u32(key, tail);
  interval.extra = take_u32(key, tail + 4);
  Reader in{value};
  interval.open = {in.signed_varint(), take_u64(key, tail + 8)};
  interval.close.us = interval.open.us + in.signed_varint();
  interval.close.position = interval.open.position + static_cast<std::uint64_t>(in.signed_varint());
  interval.link = interval.since = interval.open;
  return in.good && in.rest.empty();
}

Failure broken(OrgNumber org) {
  return fail(FailureCode::corruption, "a row of the late facts of organization " + std::to_string(org) +
                                           " cannot be read; run `tenure rebuild`");
}

struct Range {
  std::string from, to;
};

// Rows at `node` that begin in or before `cell`.
Range lower_range(OrgNumber org, List list, std::uint64_t node, std::uint64_t cell) {
  Range range{late_list_key(org, list, lower_tag), {}};
  put_u64(range.from, node);
  range.to = range.from;
  put_u64(range.to, cell + 1);
  return range;
}
// Rows at `node` that end in or after `cell`.
Range upper_range(OrgNumber org, List list, std::uint64_t node, std::uint64_t cell) {
  Range range{late_list_key(org, list, upper_tag), late_list_key(org, list, upper_tag)};
  put_u64(range.from, node);
  put_u64(range.from, cell);
  put_u64(range.to, node + 1);
  return range;
}

}  // namespace

void put_interval(ViewWriter& views, OrgNumber org, const Interval& interval) {
  assert(interval.close != Point::never());
  const std::string value = value_of(interval);
  const std::uint64_t first = cell_of(interval.open.us), last = last_cell(interval);
  const std::uint64_t node = fork_node(first, last);
  views.put(node_key(org, interval, lower_tag, node, first), value);
  views.put(node_key(org, interval, upper_tag, node, last), value);
}

Outcome<void> intervals_at(storage::ViewReader& views, OrgNumber org, List list, Point at, std::int64_t last_us,
                           const IntervalRow& row) {
  const std::uint64_t cell = cell_of(at.us), last = cell_of(last_us);
  if (cell > last) return {};  // every interval has ended
  bool go_on = true, good = true;
  const auto visit = [&](std::string_view key, std::string_view value) {
    Interval interval;
    good = read_value(list, key, value, interval);
    if (good && interval.holds_at(at)) go_on = row(interval);
    return good && go_on;
  };
  // A leaf at `cell` is met by the level of its lowest set bit; cell 0 has none and needs no visit of its own
  // (it is the year -290,000).
  for (int level = levels - 1; level >= 0 && go_on; --level) {
    const std::uint64_t node = (cell >> level | 1) << level;
    if (node > last) continue;
    const bool right = (cell >> level & 1) == 0;  // the node lies after the cell
    const Range range = right ? lower_range(org, list, node, cell) : upper_range(org, list, node, cell);
    const auto done = views.scan(range.from, range.to, visit);
    if (!done) return done;
    if (!good) return broken(org);
  }
  return {};
}

}  // namespace tenure::projections
