#include <date/tz.h>

#include <sstream>

#include "services/api/asked.h"

namespace tenure::services {

Decided<std::pair<Instant, Instant>> zoned_day(std::string_view text, std::string_view zone) {
  std::istringstream in{std::string(text)};
  date::year_month_day day;
  in >> date::parse("%F", day);
  if (in.fail() || !day.ok() || text.size() != 10) {
    return refuse(RefusalCode::invalid_field, "\"on\" must be a date that is in the calendar, for example 2024-02-29.",
                  "on");
  }
  // The zone's table ends there; its rules for later years are not read.
  if (day.year() >= date::year(2038)) {
    return refuse(RefusalCode::invalid_field, "\"on\" must be before 2038; use \"from\" and \"to\" for later times.",
                  "on");
  }
  const date::time_zone* found = nullptr;
  try {
    found = date::locate_zone(std::string(zone));
  } catch (const std::runtime_error&) {
    return refuse(RefusalCode::invalid_field,
                  "there is no time zone \"" + std::string(zone) + "\"; use an IANA name such as Europe/Berlin.", "tz");
  }
  const auto instant = [&](date::local_days local) {
    const auto time = found->to_sys(local, date::choose::earliest).time_since_epoch();
    return Instant{std::chrono::duration_cast<std::chrono::microseconds>(time).count()};
  };
  const date::local_days local(day);
  const std::pair range{instant(local), instant(local + date::days(1))};
  if (range.second <= range.first) {
    return refuse(RefusalCode::invalid_field, "that day was skipped in " + std::string(zone) + "; it had no hours.",
                  "on");
  }
  return range;
}

}  // namespace tenure::services
