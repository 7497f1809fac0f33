#include "events/instant.h"

#include <string>

#include "tests/catch.h"

using namespace tenure;

namespace {

std::int64_t us_of(std::string_view text) {
  INFO(text);
  auto at = parse_instant(text);
  REQUIRE(at.has_value());
  return at->us;
}
std::string again(std::string_view text) { return format_instant(Instant{us_of(text)}); }

}  // namespace

TEST_CASE("an instant counts microseconds from 1970 in UTC") {
  CHECK(us_of("1970-01-01T00:00:00Z") == 0);
  CHECK(us_of("1970-01-01T00:00:00.000001Z") == 1);
  CHECK(us_of("1969-12-31T23:59:59.999999Z") == -1);
  CHECK(us_of("2000-03-01T00:00:00Z") == 951'868'800'000'000);
  CHECK(us_of("2024-02-29T10:00:00.25+02:00") == 1'709'193'600'250'000);
}

TEST_CASE("an offset moves the instant to UTC, across days and years too") {
  CHECK(again("2024-01-01T00:30:00+05:45") == "2023-12-31T18:45:00Z");
  CHECK(again("2023-12-31T23:30:00-23:59") == "2024-01-01T23:29:00Z");
  CHECK(again("2024-06-01T12:00:00-00:00") == "2024-06-01T12:00:00Z");
}

TEST_CASE("lower-case t and z and a space are taken as the RFC permits") {
  CHECK(again("2024-06-01t12:00:00z") == "2024-06-01T12:00:00Z");
  CHECK(again("2024-06-01 12:00:00Z") == "2024-06-01T12:00:00Z");
}

TEST_CASE("finer than a microsecond is cut, never rounded") {
  CHECK(again("2024-06-01T12:00:00.9999999999Z") == "2024-06-01T12:00:00.999999Z");
  CHECK(again("1960-06-01T12:00:00.9999999Z") == "1960-06-01T12:00:00.999999Z");
}

TEST_CASE("an instant is written with as many digits as it needs") {
  CHECK(again("2024-06-01T12:00:00.000Z") == "2024-06-01T12:00:00Z");
  CHECK(again("2024-06-01T12:00:00.250Z") == "2024-06-01T12:00:00.25Z");
  CHECK(again("2024-06-01T12:00:00.000010Z") == "2024-06-01T12:00:00.00001Z");
}

TEST_CASE("the ends of the calendar are instants and what lies beyond them is not") {
  CHECK(again("0000-01-01T00:00:00Z") == "0000-01-01T00:00:00Z");
  CHECK(again("9999-12-31T23:59:59.999999Z") == "9999-12-31T23:59:59.999999Z");
  CHECK_FALSE(parse_instant("0000-01-01T00:00:00+00:01").has_value());
  CHECK_FALSE(parse_instant("9999-12-31T23:59:59-00:01").has_value());
  CHECK(format_instant(Instant::max()) == "9999-12-31T23:59:59.999999Z");
  CHECK(format_instant(Instant::min()) == "0000-01-01T00:00:00Z");
}

TEST_CASE("dates that no calendar has are refused, leap days of leap years are not") {
  CHECK(parse_instant("2024-02-29T00:00:00Z").has_value());
  CHECK(parse_instant("2000-02-29T00:00:00Z").has_value());
  for (const char* text :
       {"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2024-02-30T00:00:00Z", "2024-04-31T00:00:00Z",
        "2024-13-01T00:00:00Z", "2024-00-01T00:00:00Z", "2024-01-00T00:00:00Z", "2024-01-01T24:00:00Z",
        "2024-01-01T23:60:00Z", "2024-06-30T23:59:60Z", "2024-01-01T00:00:00+24:00", "2024-01-01T00:00:00+00:60"}) {
    INFO(text);
    CHECK_FALSE(parse_instant(text).has_value());
  }
}

TEST_CASE("text that is no RFC 3339 instant is refused with the field at fault") {
  for (const char* text :
       {"", "2024", "2024-01-01", "2024-01-01T00:00:00", "2024-01-01T00:00Z", "2024-1-1T00:00:00Z",
        "2024-01-01T00:00:00.Z", "2024-01-01T00:00:00,5Z", "2024-01-01T00:00:00Zx", " 2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00+0200", "2024-01-01T00:00:00+2:00", "2024-01-01T00:00:00 02:00", "+024-01-01T00:00:00Z",
        "2024-01-01_00:00:00Z", "20240101T000000Z"}) {
    INFO(text);
    auto at = parse_instant(text, "/occurred_at");
    REQUIRE_FALSE(at.has_value());
    CHECK(at.error().code == RefusalCode::invalid_field);
    CHECK(at.error().field == "/occurred_at");
    CHECK_FALSE(at.error().because.empty());
  }
}

TEST_CASE("every day of eight hundred years survives its way through text") {
  constexpr std::int64_t us_per_day = 86'400'000'000;
  std::int64_t failed = 0;
  for (std::int64_t day = -146'097; day <= 146'097; ++day) {
    const Instant at{day * us_per_day + (day * 7919 % us_per_day)};
    const auto back = parse_instant(format_instant(at));
    if (!back || *back != at) ++failed;
  }
  CHECK(failed == 0);
}
