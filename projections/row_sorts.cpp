#include "projections/row_sorts.h"

namespace tenure::projections {

namespace {

constexpr std::string_view no_org = "\xff\xff\xff\xff";  // rows that are no view of the log (storage/FORMAT.md)

}  // namespace

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

bool may_have_heads(std::string_view from, std::string_view to) {
  if (from.starts_with(no_org)) return false;
  for (const Row row : {Row::timeline, Row::list, Row::event_id}) {
    std::string first(from.substr(0, kind_at));
    first.resize(kind_at, '\0');
    first += static_cast<char>(row);
    std::string last = first;
    last.back() = static_cast<char>(last.back() + 1);
    if (from < last && first < to) return true;
  }
  return from.substr(0, kind_at) != to.substr(0, kind_at);
}

bool is_ordered_range(std::string_view from, std::string_view to) {
  if (!is_ordered(from)) return false;
  const auto row = static_cast<Row>(from[kind_at]);
  const std::size_t shared = row == Row::list ? list_tag_at : row == Row::timeline ? timeline_tag_at : kind_at + 1;
  if (to.size() < shared || to.substr(0, shared) != from.substr(0, shared)) return false;
  if (row != Row::list && row != Row::timeline) return true;
  return to.size() > shared &&
         (to[shared] == from[shared] || (to[shared] == from[shared] + 1 && to.size() == shared + 1));
}

}  // namespace tenure::projections
