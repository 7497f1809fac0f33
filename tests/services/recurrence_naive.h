// A second opinion on schedules: every day is asked whether it is of the rule, and the clock on the wall is the C
// library's, looked at every quarter of an hour. Shares no code with what it judges, and knows no libical and no date.
//
// Not for several threads: the C library's zone is the process's.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace tenure::test {

class NaiveSchedule {
 public:
  enum Frequency { daily, weekly, monthly, yearly };

  Frequency frequency = daily;
  long interval = 1;
  int week_start = 1;  // 0: Sunday
  std::set<int> months, month_days, positions;
  std::set<std::pair<int, int>> weekdays;  // which one, 0 for every; 0: Sunday
  std::optional<std::size_t> count;
  long start = 0;  // days since 1970

  std::string text() const {
    static const char* const frequencies[] = {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"};
    static const char* const names[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
    std::string text = "FREQ=" + std::string(frequencies[frequency]) + ";INTERVAL=" + std::to_string(interval);
    const auto list = [&](const char* name, const std::set<int>& numbers) {
      std::string numbered;
      for (const int n : numbers) numbered += (numbered.empty() ? "" : ",") + std::to_string(n);
      if (!numbers.empty()) text += std::string(";") + name + "=" + numbered;
    };
    list("BYMONTH", months);
    list("BYMONTHDAY", month_days);
    list("BYSETPOS", positions);
    std::string days;
    for (const auto& [which, day] : weekdays) {
      days += (days.empty() ? "" : ",") + (which == 0 ? "" : std::to_string(which)) + names[day];
    }
    if (!days.empty()) text += ";BYDAY=" + days;
    if (week_start != 1) text += std::string(";WKST=") + names[week_start];
    if (count) text += ";COUNT=" + std::to_string(*count);
    return text;
  }

  // Those from the start to `last`.
  std::vector<long> days(long last) const {
    std::vector<long> found;
    for (long day = start; day <= last && found.size() < count.value_or(1'000'000); ++day) {
      if (in_turn(day) && named(day) && in_position(day)) found.push_back(day);
    }
    return found;
  }

 private:
  static std::tm broken(long day) {
    const std::time_t at = day * 86'400;
    std::tm parts{};
    gmtime_r(&at, &parts);
    return parts;
  }
  static long first_of_month(long day) { return day - broken(day).tm_mday + 1; }
  static long last_of_month(long day) {
    while (broken(day + 1).tm_mday != 1) ++day;
    return day;
  }
  static long first_of_year(long day) { return day - broken(day).tm_yday; }
  static long last_of_year(long day) {
    while (broken(day + 1).tm_yday != 0) ++day;
    return day;
  }
  long week(long day) const {
    while (broken(day).tm_wday != week_start) --day;
    return day;
  }

  bool in_turn(long day) const {
    const std::tm here = broken(day);
    const std::tm there = broken(start);
    const long years = here.tm_year - there.tm_year;
    switch (frequency) {
      case daily:
        return (day - start) % interval == 0;
      case weekly:
        return (week(day) - week(start)) / 7 % interval == 0;
      case monthly:
        return (years * 12 + here.tm_mon - there.tm_mon) % interval == 0;
      default:
        return years % interval == 0;
    }
  }

  bool named(long day) const {
    const std::tm here = broken(day);
    const std::tm there = broken(start);
    if (!months.empty() && !months.contains(here.tm_mon + 1)) return false;
    if (!month_days.empty()) {
      const int from_end = static_cast<int>(day - last_of_month(day)) - 1;
      if (!month_days.contains(here.tm_mday) && !month_days.contains(from_end)) return false;
    }
    if (!weekdays.empty()) return weekday_named(day, here.tm_wday);
    if (frequency == weekly) return here.tm_wday == there.tm_wday;
    if (frequency == daily || !month_days.empty()) return true;
    if (frequency == yearly && months.empty() && here.tm_mon != there.tm_mon) return false;
    return here.tm_mday == there.tm_mday;
  }

  bool weekday_named(long day, int weekday) const {
    const bool of_year = frequency == yearly && months.empty();
    const long first = of_year ? first_of_year(day) : first_of_month(day);
    const long last = of_year ? last_of_year(day) : last_of_month(day);
    const int from_first = static_cast<int>((day - first) / 7) + 1;
    const int from_last = -static_cast<int>((last - day) / 7) - 1;
    return weekdays.contains({0, weekday}) || weekdays.contains({from_first, weekday}) ||
           weekdays.contains({from_last, weekday});
  }

  bool in_position(long day) const {
    if (positions.empty()) return true;
    const long last = frequency == yearly ? last_of_year(day) : last_of_month(day);
    int before = 0;
    int from = 0;
    for (long other = frequency == yearly ? first_of_year(day) : first_of_month(day); other <= last; ++other) {
      if (named(other)) ++(other < day ? before : from);
    }
    return positions.contains(before + 1) || positions.contains(-from);
  }
};

// The wall's clock in a zone.
class NaiveClock {
 public:
  explicit NaiveClock(const std::string& zone) {
    setenv("TZ", zone.c_str(), 1);
    tzset();
  }
  ~NaiveClock() {
    unsetenv("TZ");
    tzset();
  }
  NaiveClock(const NaiveClock&) = delete;
  NaiveClock& operator=(const NaiveClock&) = delete;

  // What it shows, as seconds since 1970 by itself.
  static std::int64_t shows(std::int64_t utc) {
    const std::time_t at = utc;
    std::tm parts{};
    localtime_r(&at, &parts);
    return timegm(&parts);
  }
  // The first instant at which it shows `local` or later.
  static std::int64_t reaches(std::int64_t local) {
    std::int64_t utc = local - std::int64_t{15} * 3'600;
    while (shows(utc) < local) utc += std::int64_t{15} * 60;
    return utc;
  }
};

}  // namespace tenure::test
