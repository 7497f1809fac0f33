// Instants: UTC to the microsecond, as RFC 3339 text at the edges and as one number inside.
// Pure arithmetic; nothing here reads a clock. Years 0000 to 9999.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "events/result.h"

namespace tenure {

// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX).
struct Instant {
  std::int64_t us = 0;

  constexpr auto operator<=>(const Instant&) const = default;
  static constexpr Instant min() { return {std::numeric_limits<std::int64_t>::min()}; }
  static constexpr Instant max() { return {std::numeric_limits<std::int64_t>::max()}; }
};

// Reads RFC 3339 section 5.6 ("2024-02-29T10:00:00.25+02:00"; `t`, `z` and a space as separator are
// taken too, as the RFC permits). Finer than a microsecond is cut, not rounded. Refuses a date that
// is in no calendar, second 60, an offset beyond 23:59 and text without an offset; `field` goes into
// the refusal.
Decided<Instant> parse_instant(std::string_view text, std::string_view field = {});

// "2024-02-29T08:00:00.25Z": as many digits of the second as are needed, none when whole.
std::string format_instant(Instant at);

}  // namespace tenure
