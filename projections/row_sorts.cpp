#include "projections/row_sorts.h"

#include <initializer_list>

namespace tenure::projections {

namespace {

constexpr std::string_view no_org = "\xff\xff\xff\xff";  // rows that are no view of the log (storage/FORMAT.md)

}  // namespace

std::uint64_t bytes_of(std::string_view key, std::size_t at) {
  if (at + 8 <= key.size()) return boost::endian::load_big_u64(reinterpret_cast<const unsigned char*>(key.data()) + at);
  std::uint64_t bytes = 0;
  for (std::size_t i = at; i < at + 8; ++i)
    bytes = bytes << 8 | (i < key.size() ? static_cast<std::uint8_t>(key[i]) : 0);
  return bytes;
}

bool is_ordered(std::string_view key) {
  if (key.size() <= kind_at + 1) return false;
  switch (static_cast<Row>(key[kind_at])) {
    case Row::interval:
    case Row::earliest:
    case Row::finding:
      return true;
    case Row::list:
      return key.size() > list_tag_at && (key[list_tag_at] == 'd' || key[list_tag_at] == 'm');
    case Row::timeline:
      return key.size() > timeline_tag_at && key[timeline_tag_at] == 'S';
    default:
      return false;
  }
}

bool is_head(std::string_view key) {
  if (key.size() == timeline_tag_at + 1) {
    return static_cast<Row>(key[kind_at]) == Row::timeline && key[timeline_tag_at] == 'H';
  }
  return key.size() == list_tag_at + 1 && static_cast<Row>(key[kind_at]) == Row::list && key[list_tag_at] == 'h';
}

bool is_id(std::string_view key) {
  return key.size() == id_key_bytes && static_cast<Row>(key[kind_at]) == Row::event_id && !key.starts_with(no_org);
}

namespace {

// Whether a range meets the rows of one of some kinds.
bool may_have(std::string_view from, std::string_view to, std::initializer_list<Row> kinds) {
  if (from.starts_with(no_org)) return false;
  for (const Row row : kinds) {
    std::string first(from.substr(0, kind_at));
    first.resize(kind_at, '\0');
    first += static_cast<char>(row);
    std::string last = first;
    last.back() = static_cast<char>(last.back() + 1);
    if (from < last && first < to) return true;
  }
  return from.substr(0, kind_at) != to.substr(0, kind_at);
}

}  // namespace

bool may_have_heads(std::string_view from, std::string_view to) {
  return may_have(from, to, {Row::timeline, Row::list, Row::event_id});
}

bool may_have_ordered(std::string_view from, std::string_view to) {
  return may_have(from, to, {Row::interval, Row::earliest, Row::finding, Row::list, Row::timeline});
}

bool is_ordered_range(std::string_view from, std::string_view to) {
  if (from.size() <= kind_at || to.size() <= kind_at) return false;
  const auto row = static_cast<Row>(from[kind_at]);
  if (row == Row::interval || row == Row::earliest || row == Row::finding) {
    return to.substr(0, kind_at + 1) == from.substr(0, kind_at + 1);
  }
  if (!is_ordered(from)) return false;
  const std::size_t tag_at = shared_bytes(from) - 1;
  if (to.size() <= tag_at || to.substr(0, tag_at) != from.substr(0, tag_at)) return false;
  return to[tag_at] == from[tag_at] || (to[tag_at] == from[tag_at] + 1 && to.size() == tag_at + 1);
}

std::size_t shared_bytes(std::string_view key) {
  switch (static_cast<Row>(key[kind_at])) {
    case Row::list:
      return list_tag_at + 1;
    case Row::timeline:
      return timeline_tag_at + 1;
    default:
      return kind_at + 1;
  }
}

}  // namespace tenure::projections
