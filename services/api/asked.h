// What a query asks, read from its parameters: when, as known when, which page. Refusals name the parameter.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "services/api/parts.h"

namespace tenure::services {

// "at an instant", or "over a range" (`on`+`tz`, `from`+`to`).
struct When {
  Instant at;
  bool range = false;
  Instant from, to;
};

struct Page {
  std::size_t limit = 100;
  std::uint64_t after = 0;  // the last row's number on the page before
};

// Refuses parameters that the route does not know, and any that is given twice.
Decided<void> only_known(const http::Request& request, std::initializer_list<std::string_view> known);
Decided<When> asked_when(const http::Request& request, Instant now);
// The position as of which things were known: `known_at` as a position or an instant; else the newest.
Decided<Position> asked_known(const http::Request& request, storage::Snapshot& snapshot);

// A page of a list pinned to what its first page rested on. The cursor carries it, sealed against change.
struct Pinned {
  When when;
  Position position;  // the snapshot the first page was pinned to
  Position known;
  Page page;
};
Decided<Pinned> asked_page(const http::Request& request, Parts& parts, storage::Snapshot& snapshot);
std::string next_cursor(const http::Request& request, const Parts& parts, const Pinned& pinned, std::uint64_t after);

// The day of a date in a time zone, as [from, to): 23, 24 or 25 hours and odd ones too.
Decided<std::pair<Instant, Instant>> zoned_day(std::string_view date, std::string_view zone);

}  // namespace tenure::services
