#include "events/instant.h"

#include <chrono>
#include <cstddef>

namespace tenure {

namespace {

constexpr std::int64_t us_per_second = 1'000'000;
constexpr std::int64_t us_per_day = 86'400 * us_per_second;
constexpr int fraction_digits_max = 6;  // a microsecond; finer digits are read and dropped

constexpr std::int64_t us_at_midnight(int year, unsigned month, unsigned day) {
  const std::chrono::sys_days date{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
  return date.time_since_epoch().count() * us_per_day;
}
constexpr std::int64_t us_first = us_at_midnight(0, 1, 1);
constexpr std::int64_t us_last = us_at_midnight(9999, 12, 31) + us_per_day - 1;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Walks the text once; each call takes what it names from the front or says no.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool number(std::size_t digits, int& value) {
    if (rest_.size() < digits) return false;
    value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (!is_digit(rest_[i])) return false;
      value = value * 10 + (rest_[i] - '0');
    }
    rest_.remove_prefix(digits);
    return true;
  }
  bool one_of(std::string_view allowed, char& taken) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) return false;
    taken = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  bool one_of(std::string_view allowed) {
    char taken;
    return one_of(allowed, taken);
  }
  // The digits after the point as microseconds; at least one digit must stand there.
  bool fraction(int& us) {
    us = 0;
    int seen = 0;
    for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1), ++seen) {
      if (seen < fraction_digits_max) us = us * 10 + (rest_.front() - '0');
    }
    for (int i = seen; i < fraction_digits_max; ++i) us *= 10;
    return seen > 0;
  }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view rest_;
};

// What the text says, before anybody asks whether such a day exists.
struct Fields {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, us = 0;
  int offset_sign = 0, offset_hour = 0, offset_minute = 0;
};

bool read_offset(Reader& in, Fields& f) {
  char sign;
  if (!in.one_of("Zz+-", sign)) return false;
  if (sign == 'Z' || sign == 'z') return true;
  f.offset_sign = sign == '+' ? 1 : -1;
  return in.number(2, f.offset_hour) && in.one_of(":") && in.number(2, f.offset_minute);
}

bool read_fields(std::string_view text, Fields& f) {
  Reader in(text);
  if (!(in.number(4, f.year) && in.one_of("-") && in.number(2, f.month) && in.one_of("-") && in.number(2, f.day) &&
        in.one_of("Tt ") && in.number(2, f.hour) && in.one_of(":") && in.number(2, f.minute) && in.one_of(":") &&
        in.number(2, f.second))) {
    return false;
  }
  if (in.one_of(".") && !in.fraction(f.us)) return false;
  return read_offset(in, f) && in.at_end();
}

Refusal no(std::string because, std::string_view field) {
  return refuse(RefusalCode::invalid_field, std::move(because), std::string(field));
}

void append_number(std::string& text, std::int64_t value, int digits) {
  const std::size_t start = text.size();
  text.append(static_cast<std::size_t>(digits), '0');
  for (std::size_t i = start + static_cast<std::size_t>(digits); i > start; value /= 10) {
    text[--i] = static_cast<char>('0' + value % 10);
  }
}

}  // namespace

Decided<Instant> parse_instant(std::string_view text, std::string_view field) {
  Fields f;
  if (!read_fields(text, f)) {
    return no(
        "An instant is written as RFC 3339 with its offset, as in 2024-02-29T10:00:00Z or 2024-02-29T10:00:00+02:00.",
        field);
  }
  const std::chrono::year_month_day date{std::chrono::year{f.year}, std::chrono::month{static_cast<unsigned>(f.month)},
                                         std::chrono::day{static_cast<unsigned>(f.day)}};
  if (!date.ok()) return no("The date is in no calendar: that month has no such day.", field);
  if (f.hour > 23 || f.minute > 59 || f.second > 59) {
    return no("The time of day must lie between 00:00:00 and 23:59:59 (leap seconds are not counted).", field);
  }
  if (f.offset_hour > 23 || f.offset_minute > 59) return no("The offset must lie between -23:59 and +23:59.", field);

  const std::int64_t seconds_of_day = f.hour * 3600 + f.minute * 60 + f.second;
  const std::int64_t offset_seconds = f.offset_sign * (f.offset_hour * 3600 + f.offset_minute * 60);
  const Instant at{us_at_midnight(f.year, static_cast<unsigned>(f.month), static_cast<unsigned>(f.day)) +
                   (seconds_of_day - offset_seconds) * us_per_second + f.us};
  if (at.us < us_first || at.us > us_last) return no("In UTC the instant is outside the years 0000 to 9999.", field);
  return at;
}

// What lies outside the years that text can hold is shown as the nearest instant that it can.
std::string format_instant(Instant at) {
  const std::int64_t us = at.us < us_first ? us_first : at.us > us_last ? us_last : at.us;
  const std::int64_t us_since_first = us - us_first;  // never negative, so that division cuts towards the past
  const std::int64_t days = us_first / us_per_day + us_since_first / us_per_day;
  std::int64_t us_of_day = us_since_first % us_per_day;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};

  std::string text;
  text.reserve(27);
  append_number(text, static_cast<int>(date.year()), 4);
  text.push_back('-');
  append_number(text, static_cast<unsigned>(date.month()), 2);
  text.push_back('-');
  append_number(text, static_cast<unsigned>(date.day()), 2);
  text.push_back('T');
  append_number(text, us_of_day / (3600 * us_per_second), 2);
  text.push_back(':');
  append_number(text, us_of_day / (60 * us_per_second) % 60, 2);
  text.push_back(':');
  append_number(text, us_of_day / us_per_second % 60, 2);
  us_of_day %= us_per_second;
  if (us_of_day != 0) {
    text.push_back('.');
    append_number(text, us_of_day, fraction_digits_max);
    text.erase(text.find_last_not_of('0') + 1);
  }
  text.push_back('Z');
  return text;
}

}  // namespace tenure
