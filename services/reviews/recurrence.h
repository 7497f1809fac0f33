// When a schedule of access reviews runs: once, or by a rule of RFC 5545, at a wall clock's time in a time zone.
//
//     Recurrence::parse("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-05T09:00:00", "Europe/Berlin")
//     Recurrence::parse("once", "2026-01-05T09:00:00", "Europe/Berlin")
//
// A value that does not change; any thread. Reads no clock. What it rests on besides its arguments is the machine's
// tzdb, read once a process: after an update of tzdb and a restart, the same schedule may run at other instants.
//
// What runs are (numbers are sections of RFC 5545):
//   - The rule's dates from the start's on, each at the start's time of day. The start is one only if the rule has it;
//     COUNT counts what the rule has. (3.8.5.3 leaves a start beside its rule undefined.) Where the rule names no day,
//     it is the start's: FREQ=MONTHLY from the 31st is the 31st.
//   - A date that is in no calendar is skipped, not moved (3.3.10): BYMONTHDAY=31 has seven runs a year; -1 is the last
//     day of every month.
//   - The run is at the first instant at which the wall clock shows that time or a later one. Of a time that comes
//   twice,
//     in autumn, it is the first, as 3.3.5 says. For one that is skipped, in spring, it is the end of the gap: 02:30
//     runs at 03:00. 3.3.5 would take the offset before the gap, 03:30; here nothing runs later than the clock passed
//     it, and days begin so as well ("on=DATE").
//   - UNTIL is inclusive, and compared with the run's instant.
//
// Limits: a start from 1970 on, and no run after 2037, where the zones' tables end: runs_past_known_years() says that
// there would be more. The work of parse is bounded by the 24,837 days of these years, and so is what is kept: 2 bytes
// a date. Questions take time with its logarithm.
//
// Refusals are invalid_field and say the way out: at "schedule/rrule" as in recurrence_rule.h, and a rule that never
// fires after its start; at "schedule/start" what is not such a time, with an offset, or outside these years; at
// "schedule/tz" what is no IANA name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "events/instant.h"
#include "events/result.h"

namespace date {
class time_zone;
}

namespace tenure::services {

class Recurrence {
 public:
  static constexpr std::size_t zone_bytes_max = 64;
  static constexpr std::size_t upcoming_max = 1000;  // of one question

  static Decided<Recurrence> parse(std::string_view rrule, std::string_view start, std::string_view zone);

  // The next run; nothing if there was the last one.
  std::optional<Instant> first_after(Instant at) const;
  // The latest run that is due: of several that were missed while the server was down, the one that is made up for.
  std::optional<Instant> last_at_or_before(Instant at) const;
  // The next `n` runs, at most upcoming_max, in order; fewer at the end.
  std::vector<Instant> upcoming(Instant after, std::size_t n) const;
  // The rule would go on, but no run after 2037 can be told.
  bool runs_past_known_years() const { return runs_past_known_years_; }

 private:
  using Day = std::uint16_t;  // since 1970-01-01

  Recurrence() = default;
  Instant instant(Day day) const;
  std::vector<Day>::const_iterator after(Instant at) const;

  std::vector<Day> days_;     // rising, never empty
  std::int64_t seconds_ = 0;  // since midnight, by the wall clock
  const date::time_zone* zone_ = nullptr;
  bool runs_past_known_years_ = false;
};

}  // namespace tenure::services
