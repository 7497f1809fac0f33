#include "projections/interval_index.h"

namespace tenure::projections {

namespace {

constexpr int cell_bits = 20;
// Tags of the three kinds of key under a list.
constexpr char open_tag = 'o', lower_tag = 'l', upper_tag = 'u';

// Cells are unsigned and keep the order of time.
std::uint64_t cell_of(std::int64_t us) { return (static_cast<std::uint64_t>(us) ^ (1ULL << 63)) >> cell_bits; }
constexpr int levels = 64 - cell_bits;

std::string list_key(OrgNumber org, List list, char tag) {
  std::string key = row_key(org, Row::interval);
  key += static_cast<char>(list.kind);
  put_u32(key, list.of);
  key += tag;
  return key;
}

void put_tail(std::string& key, const Interval& interval, std::uint64_t order) {
  put_u64(key, order);
  put_u32(key, interval.principal);
  put_u32(key, interval.extra);
  // Two intervals of one link may begin in one cell or at one instant.
  put_u64(key, interval.open.position);
}

// The last cell in which a closed interval holds; one that ends where it begins keeps its own cell.
std::uint64_t last_cell(const Interval& interval) {
  const std::int64_t last = interval.close.us > interval.open.us ? interval.close.us - 1 : interval.open.us;
  return cell_of(last);
}

std::uint64_t fork_node(std::uint64_t first, std::uint64_t last) {
  if (first == last) return first;
  const int level = 63 - __builtin_clzll(first ^ last);
  return last >> level << level;
}

struct Keys {
  std::string open, lower, upper;
};

bool is_open(const Interval& interval) { return interval.close == Point::never(); }

Keys keys_of(OrgNumber org, const Interval& interval) {
  Keys keys;
  if (is_open(interval)) {
    keys.open = list_key(org, interval.list, open_tag);
    put_tail(keys.open, interval, cell_of(interval.open.us));
    return keys;
  }
  const std::uint64_t first = cell_of(interval.open.us), last = last_cell(interval);
  const std::uint64_t node = fork_node(first, last);
  keys.lower = list_key(org, interval.list, lower_tag);
  put_u64(keys.lower, node);
  put_tail(keys.lower, interval, first);
  keys.upper = list_key(org, interval.list, upper_tag);
  put_u64(keys.upper, node);
  put_tail(keys.upper, interval, last);
  return keys;
}

std::string value_of(const Interval& interval) {
  std::string out;
  put_signed(out, interval.open.us);
  const auto relative = [&](Point p) {
    put_signed(out, static_cast<std::int64_t>(static_cast<std::uint64_t>(interval.open.us) -
                                              static_cast<std::uint64_t>(p.us)));
    put_signed(out, static_cast<std::int64_t>(interval.open.position - p.position));
  };
  relative(interval.link);
  if (interval.since != interval.link || !is_open(interval)) relative(interval.since);
  if (!is_open(interval)) relative(interval.close);
  return out;
}

bool read_value(List list, std::string_view key, std::string_view value, Interval& interval) {
  if (key.size() < 16) return false;
  const std::size_t tail = key.size() - 16;
  interval.list = list;
  interval.principal = take_u32(key, tail);
  interval.extra = take_u32(key, tail + 4);
  interval.open.position = take_u64(key, tail + 8);
  Reader in{value};
  interval.open.us = in.signed_varint();
  const auto relative = [&] {
    Point p;
    p.us = static_cast<std::int64_t>(static_cast<std::uint64_t>(interval.open.us) -
                                     static_cast<std::uint64_t>(in.signed_varint()));
    p.position = interval.open.position - static_cast<std::uint64_t>(in.signed_varint());
    return p;
  };
  interval.link = relative();
  interval.since = in.rest.empty() ? interval.link : relative();
  interval.close = in.rest.empty() ? Point::never() : relative();
  return in.good && in.rest.empty();
}

Failure broken(OrgNumber org, List list) {
  return fail(FailureCode::corruption, "an interval row of organization " + std::to_string(org) + ", list '" +
                                           static_cast<char>(list.kind) + "' " + std::to_string(list.of) +
                                           " cannot be read; run `tenure rebuild`");
}

// One scan, each row decoded; `go_on` ends the whole search.
Outcome<void> scan_rows(storage::ViewReader& views, OrgNumber org, List list, const std::string& from,
                        const std::string& to, const IntervalRow& row, bool& go_on) {
  bool good = true;
  const auto done = views.scan(from, to, [&](std::string_view key, std::string_view value) {
    Interval interval;
    good = read_value(list, key, value, interval);
    if (good) go_on = row(interval);
    return good && go_on;
  });
  if (!done) return done.error();
  if (!good) return broken(org, list);
  return {};
}

struct Range {
  std::string from, to;
};

Range open_range(OrgNumber org, List list, std::uint64_t cell) {
  Range range{list_key(org, list, open_tag), list_key(org, list, open_tag)};
  put_u64(range.to, cell + 1);
  return range;
}
// Rows at `node` that begin in or before `cell`.
Range lower_range(OrgNumber org, List list, std::uint64_t node, std::uint64_t cell) {
  Range range{list_key(org, list, lower_tag), {}};
  put_u64(range.from, node);
  range.to = range.from;
  put_u64(range.to, cell + 1);
  return range;
}
// Rows at `node` that end in or after `cell`.
Range upper_range(OrgNumber org, List list, std::uint64_t node, std::uint64_t cell) {
  Range range{list_key(org, list, upper_tag), list_key(org, list, upper_tag)};
  put_u64(range.from, node);
  put_u64(range.from, cell);
  put_u64(range.to, node + 1);
  return range;
}

}  // namespace

void put_interval(ViewWriter& views, OrgNumber org, const Interval& interval) {
  Keys keys = keys_of(org, interval);
  std::string value = value_of(interval);
  if (is_open(interval)) return views.put(std::move(keys.open), std::move(value));
  views.put(std::move(keys.lower), value);
  views.put(std::move(keys.upper), std::move(value));
}

void erase_interval(ViewWriter& views, OrgNumber org, const Interval& interval) {
  Keys keys = keys_of(org, interval);
  if (is_open(interval)) return views.erase(std::move(keys.open));
  views.erase(std::move(keys.lower));
  views.erase(std::move(keys.upper));
}

Outcome<void> intervals_at(storage::ViewReader& views, OrgNumber org, List list, Point at, const Extent& extent,
                           const IntervalRow& row) {
  bool go_on = true;
  const auto exact = [&](const Interval& interval) { return !interval.holds_at(at) || row(interval); };
  const std::uint64_t cell = cell_of(at.us);
  const auto visit = [&](const Range& range) {
    return scan_rows(views, org, list, range.from, range.to, exact, go_on);
  };
  if (const auto done = visit(open_range(org, list, cell)); !done || !go_on) return done;
  const std::uint64_t first = list.kind == ListKind::late ? 0 : cell_of(extent.first_us);
  const std::uint64_t last = cell_of(extent.last_us);
  if (cell > last) return {};  // every closed interval has ended
  // A leaf at `cell` is met by the level of its lowest set bit; cell 0 has none and needs no visit of its own
  // (it is the year -290,000).
  for (int level = levels - 1; level >= 0; --level) {
    const std::uint64_t node = (cell >> level | 1) << level;
    if (node < first || node > last) continue;
    const bool right = (cell >> level & 1) == 0;  // the node lies after the cell
    const auto done = visit(right ? lower_range(org, list, node, cell) : upper_range(org, list, node, cell));
    if (!done || !go_on) return done;
  }
  return {};
}

Outcome<void> intervals_over(storage::ViewReader& views, OrgNumber org, List list, Instant from, Instant to,
                             const IntervalRow& row) {
  if (to <= from) return {};
  bool go_on = true;
  const Point end{to.us, 0};
  // Holding at some instant means: opened before the end, and not closed at or before the first instant's end.
  const auto exact = [&](const Interval& interval) {
    const bool meets = interval.open < end && interval.close.us > from.us && (interval.close.us > interval.open.us);
    return !meets || row(interval);
  };
  const std::uint64_t first = cell_of(from.us), last = cell_of(to.us - 1);
  const auto visit = [&](const Range& range) {
    return scan_rows(views, org, list, range.from, range.to, exact, go_on);
  };
  if (const auto done = visit(open_range(org, list, last)); !done || !go_on) return done;
  // Everything that forks inside the range, in one scan …
  Range inside{list_key(org, list, lower_tag), list_key(org, list, lower_tag)};
  put_u64(inside.from, first);
  put_u64(inside.to, last + 1);
  if (const auto done = visit(inside); !done || !go_on) return done;
  // … and what forks outside it but reaches in, at the ancestors of its first cell.
  for (int level = levels - 1; level >= 0; --level) {
    const std::uint64_t node = (first >> level | 1) << level;
    if (node >= first && node <= last) continue;
    const auto done = visit(node > last ? lower_range(org, list, node, last) : upper_range(org, list, node, first));
    if (!done || !go_on) return done;
  }
  return {};
}

}  // namespace tenure::projections
