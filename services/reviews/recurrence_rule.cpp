#include "services/reviews/recurrence_rule.h"

#include <algorithm>
#include <charconv>
#include <string>

namespace tenure::services {

namespace {

using Frequency = RecurrenceRule::Frequency;
using Weekday = RecurrenceRule::Weekday;

constexpr std::size_t echoed_bytes_max = 40;  // of what was wrong, in a refusal
constexpr int weekday_per_month = 4;          // at least, of each

Refusal wrong(std::string because) { return refuse(RefusalCode::invalid_field, std::move(because), "schedule/rrule"); }

std::string quoted(std::string_view text) {
  if (text.size() <= echoed_bytes_max) return "\"" + std::string(text) + "\"";
  std::size_t end = echoed_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;  // not within a character of UTF-8
  return "\"" + std::string(text.substr(0, end)) + "…\"";
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return result;
}

// Cuts `text` at each separator and gives the pieces in turn, the empty ones too.
template <class Take>
Decided<void> each_piece(std::string_view text, char separator, const Take& take) {
  while (true) {
    const std::size_t end = std::min(text.find(separator), text.size());
    if (const auto taken = take(text.substr(0, end)); !taken) return taken.error();
    if (end == text.size()) return {};
    text.remove_prefix(end + 1);
  }
}

// At most five digits, with a sign before them if `sign`.
std::optional<int> whole(std::string_view text, bool sign) {
  const bool signed_here = !text.empty() && (text.front() == '-' || text.front() == '+');
  if (signed_here && !sign) return std::nullopt;
  const std::string_view digits = text.substr(signed_here ? 1 : 0);
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.front() == '-') return std::nullopt;
  return text.front() == '-' ? -value : value;
}

std::optional<unsigned> weekday(std::string_view name) {
  const auto& names = RecurrenceRule::weekday_names;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<unsigned>(found - names.begin());
}

class RuleReader {
 public:
  Decided<RecurrenceRule> read(std::string_view text) {
    const auto read = each_piece(text, ';', [this](std::string_view part) { return take(part); });
    if (!read) return read.error();
    if (const auto fits = check_together(); !fits) return fits.error();
    return rule_;
  }

 private:
  Decided<void> take(std::string_view part) {
    const std::size_t equals = part.find('=');
    const std::string_view name = part.substr(0, equals);
    const std::string_view value = equals == std::string_view::npos ? "" : part.substr(equals + 1);
    if (!seen_.insert(name).second) return wrong("\"rrule\" has " + quoted(name) + " twice; one of each is taken.");
    if (name == "FREQ") return frequency(value);
    if (name == "INTERVAL") return number(name, value, RecurrenceRule::interval_max, rule_.interval);
    if (name == "COUNT") return number(name, value, RecurrenceRule::count_max, rule_.count.emplace());
    if (name == "BYMONTH") return numbers(name, value, 12, false, rule_.months);
    if (name == "BYMONTHDAY") return numbers(name, value, 31, true, rule_.month_days);
    if (name == "BYSETPOS") return numbers(name, value, 366, true, rule_.set_positions);
    if (name == "BYDAY") return weekdays(value);
    if (name == "WKST") return week_start(value);
    if (name == "UNTIL") return until(value);
    return wrong("\"rrule\" has " + quoted(name) +
                 ", which is not a part that schedules take; they take FREQ, INTERVAL, BYMONTH, BYMONTHDAY, BYDAY, "
                 "BYSETPOS, WKST, COUNT and UNTIL, as NAME=VALUE with ; between them, and the time of day from "
                 "\"start\".");
  }

  Decided<void> frequency(std::string_view value) {
    if (value == "DAILY")
      rule_.frequency = Frequency::daily;
    else if (value == "WEEKLY")
      rule_.frequency = Frequency::weekly;
    else if (value == "MONTHLY")
      rule_.frequency = Frequency::monthly;
    else if (value == "YEARLY")
      rule_.frequency = Frequency::yearly;
    else
      return wrong("FREQ in \"rrule\" must be DAILY, WEEKLY, MONTHLY or YEARLY, not " + quoted(value) + ".");
    return {};
  }

  Decided<void> number(std::string_view name, std::string_view value, int most, int& into) {
    const auto read = whole(value, false);
    if (!read || *read < 1 || *read > most) {
      return wrong(std::string(name) + " in \"rrule\" must be a number from 1 to " + std::to_string(most) + ", not " +
                   quoted(value) + ".");
    }
    into = *read;
    return {};
  }

  Decided<void> numbers(std::string_view name, std::string_view list, int most, bool from_end, std::set<int>& into) {
    return each_piece(list, ',', [&](std::string_view value) -> Decided<void> {
      const auto read = whole(value, from_end);
      if (!read || *read == 0 || *read > most || *read < -most) {
        const std::string least = from_end ? "-" + std::to_string(most) + " to -1 and 1" : "1";
        return wrong(std::string(name) + " in \"rrule\" must be numbers from " + least + " to " + std::to_string(most) +
                     " with , between them, not " + quoted(value) + ".");
      }
      into.insert(*read);
      return {};
    });
  }

  Decided<void> weekdays(std::string_view list) {
    return each_piece(list, ',', [&](std::string_view value) -> Decided<void> {
      const std::size_t digits = value.size() < 2 ? 0 : value.size() - 2;
      const auto name = weekday(value.substr(digits));
      const auto ordinal = digits == 0 ? std::optional(0) : whole(value.substr(0, digits), true);
      if (!name || !ordinal || (digits > 0 && *ordinal == 0)) {
        return wrong(
            "BYDAY in \"rrule\" must be of SU, MO, TU, WE, TH, FR and SA with , between them, each with a "
            "count before it if need be (1MO: the first, -1FR: the last), not " +
            quoted(value) + ".");
      }
      rule_.weekdays.insert(Weekday{*ordinal, *name});
      return {};
    });
  }

  Decided<void> week_start(std::string_view value) {
    const auto name = weekday(value);
    if (!name)
      return wrong("WKST in \"rrule\" must be one of SU, MO, TU, WE, TH, FR and SA, not " + quoted(value) + ".");
    rule_.week_start = *name;
    return {};
  }

  // The form of section 3.3.5, "FORM #2"; a bare date and a local time are not that of a start in a time zone.
  Decided<void> until(std::string_view value) {
    if (value.size() == 16) {
      std::string instant(value);
      for (const auto& [at, mark] : {std::pair(13, ':'), std::pair(11, ':'), std::pair(6, '-'), std::pair(4, '-')}) {
        instant.insert(static_cast<std::size_t>(at), 1, mark);
      }
      const auto read = parse_instant(instant);
      if (read && value[8] == 'T' && value[15] == 'Z') {
        rule_.until = *read;
        return {};
      }
    }
    return wrong(
        "UNTIL in \"rrule\" must be a UTC time that is in the calendar, such as 20261231T225959Z, since "
        "\"start\" is in a time zone; not " +
        quoted(value) + ".");
  }

  Decided<void> check_together() const {
    if (!seen_.contains("FREQ")) {
      return wrong("\"rrule\" must have FREQ=DAILY, WEEKLY, MONTHLY or YEARLY, or be the word once.");
    }
    if (rule_.count && rule_.until) return wrong("\"rrule\" has COUNT and UNTIL; only one of them can end it.");
    if (rule_.frequency == Frequency::weekly && !rule_.month_days.empty()) {
      return wrong("BYMONTHDAY in \"rrule\" does not go with FREQ=WEEKLY; use MONTHLY, or DAILY with BYDAY as well.");
    }
    if (const auto fits = check_ordinals(); !fits) return fits.error();
    return rule_.set_positions.empty() ? Decided<void>() : check_set_positions();
  }

  bool by_month_or_year() const {
    return rule_.frequency == Frequency::monthly || rule_.frequency == Frequency::yearly;
  }

  Decided<void> check_ordinals() const {
    const bool in_year = rule_.frequency == Frequency::yearly && rule_.months.empty();
    const int most = in_year ? 53 : 5;
    for (const Weekday& day : rule_.weekdays) {
      if (day.ordinal != 0 && !by_month_or_year()) {
        return wrong("BYDAY in \"rrule\" can be counted (1MO, -1FR) only with FREQ=MONTHLY or YEARLY.");
      }
      if (day.ordinal > most || day.ordinal < -most) {
        return wrong("BYDAY in \"rrule\" counts to " + std::to_string(most) + " or -" + std::to_string(most) +
                     " within a " + (in_year ? "year" : "month") + ", not to " + std::to_string(day.ordinal) + ".");
      }
    }
    return {};
  }

  Decided<void> check_set_positions() const {
    const bool counted =
        std::any_of(rule_.weekdays.begin(), rule_.weekdays.end(), [](const Weekday& day) { return day.ordinal != 0; });
    if (!by_month_or_year() || rule_.weekdays.empty() || counted || !rule_.month_days.empty()) {
      return wrong(
          "BYSETPOS in \"rrule\" is taken with FREQ=MONTHLY or YEARLY and weekdays alone, such as "
          "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1.");
    }
    const int most = weekday_per_month * static_cast<int>(rule_.weekdays.size());
    if (*rule_.set_positions.rbegin() > most || *rule_.set_positions.begin() < -most) {
      return wrong("BYSETPOS in \"rrule\" counts to at most " + std::to_string(most) + " or -" + std::to_string(most) +
                   " here, 4 for each weekday in BYDAY, which every month has.");
    }
    return {};
  }

  RecurrenceRule rule_;
  std::set<std::string_view> seen_;
};

}  // namespace

Decided<RecurrenceRule> read_recurrence_rule(std::string_view text) {
  if (text.size() > RecurrenceRule::text_bytes_max) {
    return wrong("\"rrule\" has " + std::to_string(text.size()) + " bytes; it may have " +
                 std::to_string(RecurrenceRule::text_bytes_max) + ".");
  }
  const std::string in_capitals = upper(text);
  return RuleReader().read(in_capitals);
}

}  // namespace tenure::services
