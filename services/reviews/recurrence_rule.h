// The repetition that a schedule asks for, read from RFC 5545's RRULE (section 3.3.10) by an allow-list.
//
// Pure; any thread. Time grows with the text, of which at most text_bytes_max bytes are read.
//
// Taken, in any order and case, each at most once:
//
//   FREQ        DAILY, WEEKLY, MONTHLY or YEARLY; the one part that must be there
//   INTERVAL    1 to 1000
//   BYMONTH     1 to 12; without it there are no quarters at fixed months (FREQ=YEARLY;BYMONTH=3,6,9,12)
//   BYMONTHDAY  -31 to 31 without 0; not with WEEKLY
//   BYDAY       SU to SA; with MONTHLY and YEARLY also counted, 1MO or -1FR: to 5, within a year without BYMONTH to 53
//   BYSETPOS    "the last working day": MONTHLY or YEARLY, with uncounted BYDAY and no BYMONTHDAY, and at most 4 for
//   each
//               weekday named, which every month has, so that a rule with it always fires
//   WKST        SU to SA: where INTERVAL=2 of WEEKLY begins to count
//   COUNT       1 to count_max; not with UNTIL
//   UNTIL       20261231T225959Z, inclusive: always UTC, as the RFC has it for a start in a time zone, so no bare date
//
// Whatever else there is in the RFC is refused by name, invalid_field at "schedule/rrule" with what is taken instead:
// parts that repeat within a day, since a schedule has one time of day, and parts that nobody plans reviews with.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>

#include "events/instant.h"
#include "events/result.h"

namespace tenure::services {

struct RecurrenceRule {
  static constexpr std::size_t text_bytes_max = 512;
  static constexpr int interval_max = 1000;
  static constexpr int count_max = 25'000;  // more days than there are from 1970 to 2037

  enum class Frequency : std::uint8_t { daily, weekly, monthly, yearly };
  struct Weekday {
    int ordinal;    // 1: the first, -1: the last, of its month or year; 0: every one
    unsigned name;  // 0 to 6, in weekday_names
    auto operator<=>(const Weekday&) const = default;
  };
  static constexpr std::array<std::string_view, 7> weekday_names{"SU", "MO", "TU", "WE", "TH", "FR", "SA"};

  Frequency frequency = Frequency::daily;
  int interval = 1;
  unsigned week_start = 1;
  std::set<int> months;  // these five are empty where the rule says nothing
  std::set<int> month_days;
  std::set<Weekday> weekdays;
  std::set<int> set_positions;
  std::optional<int> count;
  std::optional<Instant> until;
};

Decided<RecurrenceRule> read_recurrence_rule(std::string_view text);

}  // namespace tenure::services
