#include "services/reviews/recurrence.h"

#include <date/tz.h>
#include <libical/ical.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include "services/reviews/recurrence_rule.h"

namespace tenure::services {

namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;
using Frequency = RecurrenceRule::Frequency;

constexpr std::int64_t us_per_second = 1'000'000;
constexpr std::int64_t seconds_per_day = 86'400;
constexpr int last_year = 2037;  // the zones' tables end there, and their rules for later years are not read
constexpr int first_unknown_day = sys_days(std::chrono::year(last_year + 1) / 1 / 1).time_since_epoch().count();

Refusal wrong(std::string_view field, std::string because) {
  return refuse(RefusalCode::invalid_field, std::move(because), "schedule/" + std::string(field));
}

std::string list(const std::set<int>& numbers) {
  std::string text;
  for (const int number : numbers) text += (text.empty() ? "" : ",") + std::to_string(number);
  return text;
}

std::string list(const std::set<RecurrenceRule::Weekday>& weekdays) {
  std::string text;
  for (const auto& [ordinal, name] : weekdays) {
    if (!text.empty()) text += ',';
    if (ordinal != 0) text += std::to_string(ordinal);
    text += RecurrenceRule::weekday_names.at(name);
  }
  return text;
}

// The rule, with what it leaves to its start written into it.
RecurrenceRule complete(RecurrenceRule rule, year_month_day start) {
  if (!rule.weekdays.empty() || rule.frequency == Frequency::daily) return rule;
  if (rule.frequency == Frequency::weekly) {
    rule.weekdays.insert({0, std::chrono::weekday(sys_days(start)).c_encoding()});
    return rule;
  }
  const bool yearly_day = rule.frequency == Frequency::yearly && rule.month_days.empty();
  if (yearly_day && rule.months.empty()) rule.months.insert(static_cast<int>(unsigned(start.month())));
  if (rule.month_days.empty()) rule.month_days.insert(static_cast<int>(unsigned(start.day())));
  return rule;
}

// What libical is asked: what the RFC calls to expand, and INTERVAL. What it calls to limit is left to `limited_to`, as
// are COUNT and UNTIL: a rule whose limits leave nothing keeps libical searching to the year 20000, a rule without
// limits comes to its next date at once. Only BYMONTH with counted weekdays or BYSETPOS must be known to both.
std::string expanding(const RecurrenceRule& rule) {
  const std::string every = ";INTERVAL=" + std::to_string(rule.interval);
  const std::string positions = rule.set_positions.empty() ? "" : ";BYSETPOS=" + list(rule.set_positions);
  switch (rule.frequency) {
    case Frequency::daily:
      return "FREQ=DAILY" + every;
    case Frequency::weekly:
      return "FREQ=WEEKLY" + every;
    case Frequency::monthly:
      return "FREQ=MONTHLY" + every +
             (rule.weekdays.empty() ? ";BYMONTHDAY=" + list(rule.month_days)
                                    : ";BYDAY=" + list(rule.weekdays) + positions);
    case Frequency::yearly:
      if (rule.weekdays.empty()) {
        return "FREQ=YEARLY" + every + ";BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYMONTHDAY=" + list(rule.month_days);
      }
      return "FREQ=YEARLY" + every + (rule.months.empty() ? "" : ";BYMONTH=" + list(rule.months)) +
             ";BYDAY=" + list(rule.weekdays) + positions;
  }
  return {};
}

bool limited_to(const RecurrenceRule& rule, sys_days day) {
  const year_month_day date(day);
  if (!rule.months.empty() && !rule.months.contains(static_cast<int>(unsigned(date.month())))) return false;
  if (!rule.month_days.empty()) {
    const year_month_day last(date.year() / date.month() / std::chrono::last);
    const int from_first = static_cast<int>(unsigned(date.day()));
    const int from_last = from_first - static_cast<int>(unsigned(last.day())) - 1;
    if (!rule.month_days.contains(from_first) && !rule.month_days.contains(from_last)) return false;
  }
  const bool by_week = rule.frequency == Frequency::daily || rule.frequency == Frequency::weekly;
  if (!by_week || rule.weekdays.empty()) return true;
  return rule.weekdays.contains({0, std::chrono::weekday(day).c_encoding()});
}

struct Expanded {
  std::vector<std::uint16_t> days;
  bool to_the_end = true;  // of the known years, and not by COUNT
};

// libical sees dates alone, neither the time of day nor the zone: with a zone it moves all runs after a gap, and takes
// the later of two. Of a WEEKLY rule it sees the weeks alone, by their first days: with BYDAY and INTERVAL it starts in
// the wrong week where that week's named day has the lower number (SU after a start on a Wednesday). Its one global is
// set once; its error number is one a thread.
Expanded expand(const RecurrenceRule& rule, sys_days start) {
  [[maybe_unused]] static const bool once = [] {
    icalerror_set_errors_are_fatal(false);
    return true;
  }();
  const bool weekly = rule.frequency == Frequency::weekly;
  const auto into_week = std::chrono::weekday(start) - std::chrono::weekday(rule.week_start);
  const year_month_day from(weekly ? start - into_week : start);
  icaltimetype first = icaltime_null_time();
  first.year = int(from.year());
  first.month = static_cast<int>(unsigned(from.month()));
  first.day = static_cast<int>(unsigned(from.day()));
  first.is_date = 1;

  const std::size_t most = rule.count ? static_cast<std::size_t>(*rule.count) : first_unknown_day;
  Expanded expanded;
  const icalrecurrencetype asked = icalrecurrencetype_from_string(expanding(rule).c_str());
  const std::unique_ptr<icalrecur_iterator, decltype(&icalrecur_iterator_free)> iterator(
      icalrecur_iterator_new(asked, first), icalrecur_iterator_free);
  while (iterator && expanded.days.size() < most) {
    const icaltimetype next = icalrecur_iterator_next(iterator.get());
    if (icaltime_is_null_time(next) || next.year > last_year) break;
    sys_days day = std::chrono::year(next.year) / next.month / next.day;
    const sys_days end = day + std::chrono::days(weekly ? 7 : 1);
    for (; day < end && expanded.days.size() < most; ++day) {
      const auto number = day.time_since_epoch().count();
      if (day < start || number >= first_unknown_day || !limited_to(rule, day)) continue;
      expanded.days.push_back(static_cast<std::uint16_t>(number));
    }
  }
  expanded.to_the_end = !rule.count || expanded.days.size() < most;
  return expanded;
}

// Seconds since 1970 by the wall clock.
Decided<std::int64_t> read_start(std::string_view text) {
  const bool form = text.size() == 19 && text[10] == 'T';
  const auto read = parse_instant(std::string(text) + "Z");
  if (!form || !read) {
    return wrong("start",
                 "\"start\" must be a date and time by the wall clock that is in the calendar, such as "
                 "2026-01-05T09:00:00, without an offset; \"tz\" names the zone.");
  }
  const std::int64_t seconds = read->us / us_per_second;
  if (read->us < 0 || seconds >= first_unknown_day * seconds_per_day) {
    return wrong("start", "\"start\" must be from 1970 to 2037, the years for which time zones are known.");
  }
  return seconds;
}

Decided<const date::time_zone*> find_zone(std::string_view name) {
  if (name.size() > Recurrence::zone_bytes_max) {
    return wrong("tz", "\"tz\" has more than " + std::to_string(Recurrence::zone_bytes_max) +
                           " bytes; use an IANA name such as Europe/Berlin.");
  }
  try {
    // Another machine's "localtime" is another zone.
    if (name != "localtime") return date::locate_zone(std::string(name));
  } catch (const std::runtime_error&) {  // as below
  }
  return wrong("tz", "there is no time zone \"" + std::string(name) + "\"; use an IANA name such as Europe/Berlin.");
}

}  // namespace

Decided<Recurrence> Recurrence::parse(std::string_view rrule, std::string_view start, std::string_view zone) {
  const auto local = read_start(start);
  if (!local) return local.error();
  const auto found = find_zone(zone);
  if (!found) return found.error();
  Recurrence recurrence;
  recurrence.zone_ = *found;
  recurrence.seconds_ = *local % seconds_per_day;
  const std::int64_t first = *local / seconds_per_day;
  if (rrule == "once") {
    recurrence.days_.push_back(static_cast<Day>(first));
    return recurrence;
  }

  const auto rule = read_recurrence_rule(rrule);
  if (!rule) return rule.error();
  const sys_days date{std::chrono::days(first)};
  Expanded expanded = expand(complete(*rule, date), date);
  recurrence.days_ = std::move(expanded.days);
  recurrence.runs_past_known_years_ = expanded.to_the_end;
  if (recurrence.days_.empty()) {
    return wrong("rrule",
                 "\"rrule\" never fires after its start: no date from \"start\" to the end of 2037, the last year for "
                 "which time zones are known, is of this rule; check its days against its months and INTERVAL.");
  }
  if (rule->until) {
    const auto end = recurrence.after(*rule->until);
    if (end == recurrence.days_.begin()) {
      return wrong("rrule", "\"rrule\" never fires after its start: UNTIL is before the first run, which is at " +
                                format_instant(recurrence.instant(*end)) + "; use a later UNTIL.");
    }
    recurrence.days_.erase(end, recurrence.days_.end());
    if (*rule->until < recurrence.instant(first_unknown_day)) recurrence.runs_past_known_years_ = false;
  }
  return recurrence;
}

// choose::earliest is the end of the gap where the time is skipped.
Instant Recurrence::instant(Day day) const {
  const date::local_seconds local(std::chrono::seconds(day * seconds_per_day + seconds_));
  const std::chrono::seconds utc = zone_->to_sys(local, date::choose::earliest).time_since_epoch();
  return Instant{utc.count() * us_per_second};
}

// Instants never fall from one day to the next; two are equal where a whole day was skipped (Apia, 2011-12-30).
std::vector<Recurrence::Day>::const_iterator Recurrence::after(Instant at) const {
  return std::partition_point(days_.begin(), days_.end(), [&](Day day) { return instant(day) <= at; });
}

std::optional<Instant> Recurrence::first_after(Instant at) const {
  const auto found = after(at);
  return found == days_.end() ? std::nullopt : std::optional(instant(*found));
}

std::optional<Instant> Recurrence::last_at_or_before(Instant at) const {
  const auto found = after(at);
  return found == days_.begin() ? std::nullopt : std::optional(instant(*std::prev(found)));
}

std::vector<Instant> Recurrence::upcoming(Instant after, std::size_t n) const {
  std::vector<Instant> runs;
  for (auto day = this->after(after); day != days_.end() && runs.size() < std::min(n, upcoming_max); ++day) {
    const Instant at = instant(*day);
    if (runs.empty() || runs.back() < at) runs.push_back(at);
  }
  return runs;
}

}  // namespace tenure::services
