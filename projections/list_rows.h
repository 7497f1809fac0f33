// The rows of a list's history, as bytes, and how they are read. Internal to list_history.h and who keeps lists
// decoded; projections/README.md has the table.
//
//   list 'h'                         the newest stretch: where it begins, its changes, links that stand now
//   list 'm' point                   an older stretch, by where it begins: its changes, links in its base
//   list 'd' point 0 first link      a block of the base at `point`: links in order of (principal, extra)
//   list 'd' point 1 link            a change: how the link stands from `point` on; empty: gone
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "projections/interval.h"
#include "storage/store.h"

namespace tenure::projections {

struct LinkId {
  Number principal = 0;
  Number extra = 0;
  auto operator<=>(const LinkId&) const = default;
};

// How a link stands. `open` is where it came to stand so.
struct Standing {
  Point open, link, since;
  bool operator==(const Standing&) const = default;
};

// A link of a base.
struct Link {
  LinkId id;
  Standing standing;
};

// A stretch of the history: from one base to the next.
struct Stretch {
  Point begin;                // of the first one: Point(), before everything
  std::uint64_t changes = 0;  // rows
  std::uint64_t links = 0;    // in its base; of the newest one: that stand now
};

enum class RowKind : char { base = 0, change = 1 };

std::string list_key(OrgNumber org, List list, char tag);
std::string stretch_key(OrgNumber org, List list, Point begin);
// All rows of a point sort together, its base first.
std::string point_key(OrgNumber org, List list, Point at, RowKind kind);
std::string link_key(OrgNumber org, List list, Point at, RowKind kind, LinkId link);

std::string encode_stretch(const Stretch& stretch, bool newest);
bool decode_stretch(std::string_view bytes, bool newest, Stretch& stretch);

std::string encode_block(const std::vector<Link>& links);
bool decode_block(std::string_view bytes, std::vector<Link>& links);

std::string encode_standing(const Standing& standing);

// One row of 'd', taken apart.
struct HistoryRow {
  Point at;
  RowKind kind = RowKind::change;
  LinkId link;
  std::optional<Standing> standing;  // of a change; nothing: gone
};
// False when the row is damaged. The block of a base is not looked into.
bool read_row(std::string_view key, std::string_view value, HistoryRow& row);

Failure broken_list(OrgNumber org, List list);

// Past every row of a point.
std::string past_point(OrgNumber org, List list, Point at);
// False where the list has no history.
Outcome<bool> read_newest(storage::ViewReader& views, OrgNumber org, List list, Stretch& newest);
// The stretch that covers a point, where that is not the newest one.
Outcome<Stretch> older_stretch(storage::ViewReader& views, OrgNumber org, List list, Point at);
// The rows from a base on, up to a key: `base` for each link of that base, `change` for each change; later bases are
// passed over. Stops where `change` answers false.
Outcome<void> read_stretch(storage::ViewReader& views, OrgNumber org, List list, Point begin, const std::string& to,
                           const std::function<void(const Link&)>& base,
                           const std::function<bool(const HistoryRow&)>& change);

}  // namespace tenure::projections
