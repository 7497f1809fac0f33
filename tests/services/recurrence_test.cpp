// Schedules of access reviews: dates that were worked out by hand or stand as examples in RFC 5545, the hours that
// summer time takes and gives, every refusal, and random rules against a naive walk through the days.
#include "services/reviews/recurrence.h"

#include <algorithm>
#include <iostream>
#include <random>

#include "tests/catch.h"
#include "tests/services/recurrence_naive.h"

namespace {

using namespace tenure;
using services::Recurrence;
using test::NaiveClock;
using test::NaiveSchedule;
using Texts = std::vector<std::string>;

constexpr std::string_view berlin = "Europe/Berlin";
constexpr std::string_view new_york = "America/New_York";
constexpr std::int64_t us_per_second = 1'000'000;

Recurrence schedule(std::string_view rrule, std::string_view start, std::string_view zone) {
  const auto parsed = Recurrence::parse(rrule, start, zone);
  INFO(rrule << " from " << start << ": " << (parsed ? "" : parsed.error().because));
  REQUIRE(parsed.has_value());
  return *parsed;
}

// The first runs, or all that there are.
Texts runs(std::string_view rrule, std::string_view start, std::string_view zone, std::size_t n) {
  Texts texts;
  for (const Instant at : schedule(rrule, start, zone).upcoming(Instant::min(), n)) texts.push_back(format_instant(at));
  return texts;
}

Instant instant(std::string_view text) { return parse_instant(text).value(); }

void refused(std::string_view rrule, std::string_view start, std::string_view zone, std::string_view field,
             std::string_view says) {
  INFO(rrule << " from " << start << " in " << zone);
  const auto parsed = Recurrence::parse(rrule, start, zone);
  REQUIRE(parsed.has_error());
  CHECK(parsed.error().code == RefusalCode::invalid_field);
  CHECK(parsed.error().field == field);
  CHECK_THAT(parsed.error().because, Catch::Contains(std::string(says)));
}
void rule_refused(std::string_view rrule, std::string_view says) {
  refused(rrule, "2026-01-05T09:00:00", berlin, "schedule/rrule", says);
}

}  // namespace

TEST_CASE("a quarterly review runs at the ends of the quarters, at nine by the clock on the wall") {
  const Texts ends{"2026-03-31T07:00:00Z", "2026-06-30T07:00:00Z", "2026-09-30T07:00:00Z", "2026-12-31T08:00:00Z",
                   "2027-03-31T07:00:00Z"};
  CHECK(runs("FREQ=YEARLY;BYMONTH=3,6,9,12;BYMONTHDAY=-1", "2026-01-05T09:00:00", berlin, 5) == ends);
  CHECK(runs("FREQ=MONTHLY;BYMONTH=12,9,6,3;BYMONTHDAY=-1", "2026-01-05T09:00:00", berlin, 5) == ends);
  CHECK(runs("FREQ=MONTHLY;INTERVAL=3", "2026-01-05T09:00:00", berlin, 4) ==
        Texts{"2026-01-05T08:00:00Z", "2026-04-05T07:00:00Z", "2026-07-05T07:00:00Z", "2026-10-05T07:00:00Z"});
}

TEST_CASE("the last Friday and the last working day of each month are found") {
  CHECK(runs("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-05T09:00:00", "UTC", 6) ==
        Texts{"2026-01-30T09:00:00Z", "2026-02-27T09:00:00Z", "2026-03-27T09:00:00Z", "2026-04-24T09:00:00Z",
              "2026-05-29T09:00:00Z", "2026-06-26T09:00:00Z"});
  CHECK(runs("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", "2026-01-05T09:00:00", "UTC", 6) ==
        Texts{"2026-01-30T09:00:00Z", "2026-02-27T09:00:00Z", "2026-03-31T09:00:00Z", "2026-04-30T09:00:00Z",
              "2026-05-29T09:00:00Z", "2026-06-30T09:00:00Z"});
}

TEST_CASE("months without a 31st are skipped, and years without a 29 February") {
  const Texts long_months{"2026-01-31T09:00:00Z", "2026-03-31T09:00:00Z", "2026-05-31T09:00:00Z",
                          "2026-07-31T09:00:00Z", "2026-08-31T09:00:00Z", "2026-10-31T09:00:00Z",
                          "2026-12-31T09:00:00Z", "2027-01-31T09:00:00Z"};
  CHECK(runs("FREQ=MONTHLY;BYMONTHDAY=31", "2026-01-05T09:00:00", "UTC", 8) == long_months);
  CHECK(runs("FREQ=MONTHLY", "2026-01-31T09:00:00", "UTC", 8) == long_months);
  CHECK(runs("FREQ=YEARLY", "2024-02-29T09:00:00", "UTC", 10) ==
        Texts{"2024-02-29T09:00:00Z", "2028-02-29T09:00:00Z", "2032-02-29T09:00:00Z", "2036-02-29T09:00:00Z"});
  CHECK(runs("FREQ=MONTHLY;BYMONTHDAY=-1;COUNT=2", "2028-02-01T09:00:00", "UTC", 3) ==
        Texts{"2028-02-29T09:00:00Z", "2028-03-31T09:00:00Z"});
}

TEST_CASE("examples of RFC 5545 come out as they stand there") {
  const auto days = [](std::string_view rrule, std::string_view start) {
    Texts texts = runs(rrule, start, "UTC", 6);
    for (std::string& text : texts) text.resize(10);
    return texts;
  };
  CHECK(days("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05T09:00:00") ==
        Texts{"1997-08-05", "1997-08-10", "1997-08-19", "1997-08-24"});
  CHECK(days("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05T09:00:00") ==
        Texts{"1997-08-05", "1997-08-17", "1997-08-19", "1997-08-31"});
  CHECK(days("FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", "1997-09-22T09:00:00") ==
        Texts{"1997-09-22", "1997-10-20", "1997-11-17", "1997-12-22", "1998-01-19", "1998-02-16"});
  CHECK(days("FREQ=YEARLY;BYDAY=20MO;COUNT=3", "1997-05-19T09:00:00") ==
        Texts{"1997-05-19", "1998-05-18", "1999-05-17"});
  CHECK(days("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=5", "1997-09-02T09:00:00") ==
        Texts{"1998-02-13", "1998-03-13", "1998-11-13", "1999-08-13", "2000-10-13"});
  CHECK(days("FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=3", "1996-11-05T09:00:00") ==
        Texts{"1996-11-05", "2000-11-07", "2004-11-02"});
  CHECK(days("FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04T09:00:00") ==
        Texts{"1997-09-04", "1997-10-07", "1997-11-06"});
}

TEST_CASE("a time that summer time skips runs when the gap ends, and the day after at its own time again") {
  CHECK(runs("FREQ=DAILY;COUNT=3", "2026-03-28T02:30:00", berlin, 3) ==
        Texts{"2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"});
  CHECK(runs("FREQ=DAILY;COUNT=3", "2026-03-07T02:30:00", new_york, 3) ==
        Texts{"2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"});
  CHECK(runs("FREQ=DAILY;COUNT=3", "2026-10-03T02:15:00", "Australia/Lord_Howe", 3) ==
        Texts{"2026-10-02T15:45:00Z", "2026-10-03T15:30:00Z", "2026-10-04T15:15:00Z"});
  CHECK(runs("once", "2026-03-29T02:30:00", berlin, 1) == Texts{"2026-03-29T01:00:00Z"});
}

TEST_CASE("a time that comes twice in autumn runs the first time only") {
  CHECK(runs("FREQ=DAILY;COUNT=3", "2026-10-24T02:30:00", berlin, 3) ==
        Texts{"2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"});
  CHECK(runs("FREQ=DAILY;COUNT=3", "2026-10-31T01:30:00", new_york, 3) ==
        Texts{"2026-10-31T05:30:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"});
  CHECK(runs("FREQ=DAILY;COUNT=3", "2026-04-04T01:45:00", "Australia/Lord_Howe", 3) ==
        Texts{"2026-04-03T14:45:00Z", "2026-04-04T14:45:00Z", "2026-04-05T15:15:00Z"});
}

TEST_CASE("two runs that fall on one instant, since a zone skipped a day, are one") {
  CHECK(runs("FREQ=DAILY;COUNT=3", "2011-12-29T00:00:00", "Pacific/Apia", 3) ==
        Texts{"2011-12-29T10:00:00Z", "2011-12-30T10:00:00Z"});
}

TEST_CASE("COUNT and UNTIL end a schedule, UNTIL with a run at its very second in it") {
  CHECK(runs("FREQ=WEEKLY;COUNT=2", "2026-01-05T09:00:00", berlin, 9).size() == 2);
  CHECK(runs("FREQ=WEEKLY;UNTIL=20260119T080000Z", "2026-01-05T09:00:00", berlin, 9).back() == "2026-01-19T08:00:00Z");
  CHECK(runs("FREQ=WEEKLY;UNTIL=20260119T075959Z", "2026-01-05T09:00:00", berlin, 9).back() == "2026-01-12T08:00:00Z");
  const Recurrence ended = schedule("FREQ=WEEKLY;COUNT=2", "2026-01-05T09:00:00", berlin);
  CHECK(ended.first_after(instant("2026-01-12T07:59:59.999999Z")) == instant("2026-01-12T08:00:00Z"));
  CHECK_FALSE(ended.first_after(instant("2026-01-12T08:00:00Z")));
  CHECK_FALSE(ended.runs_past_known_years());
}

TEST_CASE("of the runs missed while nobody looked, the latest is the one to make up for") {
  const Recurrence weekly = schedule("FREQ=WEEKLY", "2026-01-05T09:00:00", berlin);
  CHECK(weekly.last_at_or_before(instant("2026-02-18T12:00:00Z")) == instant("2026-02-16T08:00:00Z"));
  CHECK(weekly.last_at_or_before(instant("2026-02-16T08:00:00Z")) == instant("2026-02-16T08:00:00Z"));
  CHECK(weekly.last_at_or_before(instant("2026-02-16T07:59:59Z")) == instant("2026-02-09T08:00:00Z"));
  CHECK_FALSE(weekly.last_at_or_before(instant("2026-01-05T07:59:59Z")));
  CHECK(weekly.upcoming(instant("2026-02-16T08:00:00Z"), 2) ==
        std::vector{instant("2026-02-23T08:00:00Z"), instant("2026-03-02T08:00:00Z")});
  CHECK(weekly.upcoming(Instant::max(), 2).empty());
  CHECK(schedule("FREQ=DAILY", "2026-01-05T09:00:00", berlin).upcoming(Instant::min(), 5'000).size() ==
        Recurrence::upcoming_max);
}

TEST_CASE("a schedule that runs once has its start as the only run") {
  const Recurrence once = schedule("once", "2026-01-05T09:00:00", berlin);
  CHECK(once.first_after(Instant::min()) == instant("2026-01-05T08:00:00Z"));
  CHECK_FALSE(once.first_after(instant("2026-01-05T08:00:00Z")));
  CHECK(once.last_at_or_before(Instant::max()) == instant("2026-01-05T08:00:00Z"));
  CHECK_FALSE(once.runs_past_known_years());
}

TEST_CASE("a start that is not of the rule is no run, and COUNT does not count it") {
  CHECK(runs("FREQ=MONTHLY;BYMONTHDAY=1;COUNT=2", "2026-01-05T09:00:00", "UTC", 9) ==
        Texts{"2026-02-01T09:00:00Z", "2026-03-01T09:00:00Z"});
}

TEST_CASE("capitals, order and saying a thing twice make no difference to a rule") {
  CHECK(runs("count=2;byday=mo,mo;freq=weekly", "2026-01-06T09:00:00", "UTC", 9) ==
        Texts{"2026-01-12T09:00:00Z", "2026-01-19T09:00:00Z"});
  CHECK(runs("COUNT=2;BYDAY=+1MO,1MO;FREQ=MONTHLY", "2026-01-06T09:00:00", "UTC", 9) ==
        Texts{"2026-02-02T09:00:00Z", "2026-03-02T09:00:00Z"});
}

TEST_CASE("every second week counts from the start's week, also where its day there is still to come") {
  // Wednesday; the Sunday of that week is the 28th.
  CHECK(runs("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;COUNT=2", "2025-12-24T09:00:00", "UTC", 9) ==
        Texts{"2025-12-28T09:00:00Z", "2026-01-11T09:00:00Z"});
  // With weeks from Sunday on, the Sunday of that week was the 21st.
  CHECK(runs("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU;WKST=SU;COUNT=2", "2025-12-24T09:00:00", "UTC", 9) ==
        Texts{"2026-01-04T09:00:00Z", "2026-01-18T09:00:00Z"});
}

TEST_CASE("runs end with 2037, where the zones do, and a schedule says when there would be more") {
  const Recurrence yearly = schedule("FREQ=YEARLY", "2026-07-05T09:00:00", berlin);
  CHECK(yearly.last_at_or_before(Instant::max()) == instant("2037-07-05T07:00:00Z"));
  CHECK(yearly.runs_past_known_years());
  CHECK(schedule("FREQ=YEARLY;UNTIL=20990101T000000Z", "2026-07-05T09:00:00", berlin).runs_past_known_years());
  CHECK(schedule("FREQ=YEARLY;COUNT=30", "2026-07-05T09:00:00", berlin).runs_past_known_years());
  CHECK_FALSE(schedule("FREQ=YEARLY;COUNT=12", "2026-07-05T09:00:00", berlin).runs_past_known_years());
  CHECK_FALSE(schedule("FREQ=YEARLY;UNTIL=20371231T000000Z", "2026-07-05T09:00:00", berlin).runs_past_known_years());
  CHECK(schedule("FREQ=DAILY", "1970-01-01T00:00:00", new_york).last_at_or_before(Instant::max()) ==
        instant("2037-12-31T05:00:00Z"));
}

TEST_CASE("a rule that never fires is refused, and an UNTIL before the first run is told that run") {
  for (const char* rrule : {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30,31",
                            "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29",
                            "FREQ=MONTHLY;INTERVAL=12;BYMONTH=3", "FREQ=MONTHLY;BYDAY=5MO;BYMONTHDAY=1",
                            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5", "FREQ=YEARLY;BYDAY=53MO;BYMONTHDAY=1",
                            "FREQ=MONTHLY;INTERVAL=1000;BYMONTHDAY=1"}) {
    rule_refused(rrule, "never fires after its start");
  }
  refused("FREQ=YEARLY;BYMONTH=2", "2026-01-30T09:00:00", berlin, "schedule/rrule", "never fires after its start");
  rule_refused("FREQ=MONTHLY;BYDAY=-1FR;UNTIL=20260130T075959Z", "which is at 2026-01-30T08:00:00Z");
}

TEST_CASE("each part of a rule that is wrong is refused by name, with what is taken") {
  rule_refused("", "not a part that schedules take");
  rule_refused("INTERVAL=2", "must have FREQ");
  rule_refused("FREQ=HOURLY", "DAILY, WEEKLY, MONTHLY or YEARLY, not \"HOURLY\"");
  rule_refused("FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30", "not \"SECONDLY\"");
  rule_refused("RRULE:FREQ=DAILY", "\"RRULE:FREQ\", which is not a part");
  rule_refused("FREQ=DAILY;", "\"\", which is not a part");
  rule_refused("FREQ=DAILY;BYHOUR=9,17", "the time of day from \"start\"");
  rule_refused("FREQ=YEARLY;BYWEEKNO=20", "they take FREQ, INTERVAL, BYMONTH");
  rule_refused("FREQ=YEARLY;RSCALE=CHINESE", "\"RSCALE\"");
  rule_refused("FREQ=DAILY;FREQ=DAILY", "\"FREQ\" twice");
  for (const char* interval : {"0", "1001", "-1", "+1", "", "1.5", "99999999999", "1 ", "0x1", "--1"}) {
    rule_refused("FREQ=DAILY;INTERVAL=" + std::string(interval), "from 1 to 1000");
  }
  rule_refused("FREQ=DAILY;COUNT=0", "from 1 to 25000");
  rule_refused("FREQ=DAILY;COUNT=25001", "from 1 to 25000");
  rule_refused("FREQ=DAILY;COUNT=2;UNTIL=20270101T000000Z", "COUNT and UNTIL");
  for (const char* day : {"0", "32", "-32", "1,", ",1", "a", "--1", "+-1"}) {
    rule_refused("FREQ=MONTHLY;BYMONTHDAY=" + std::string(day), "from -31 to -1 and 1 to 31");
  }
  for (const char* month : {"0", "13", "-1", "+1", "JAN"}) {
    rule_refused("FREQ=YEARLY;BYMONTH=" + std::string(month), "from 1 to 12");
  }
  rule_refused("FREQ=WEEKLY;BYMONTHDAY=1", "does not go with FREQ=WEEKLY");
  for (const char* day : {"", "M", "XX", "0MO", "1", "MO,", "MOTU", "1 MO", "123456MO"}) {
    rule_refused("FREQ=MONTHLY;BYDAY=" + std::string(day), "must be of SU, MO");
  }
  rule_refused("FREQ=WEEKLY;BYDAY=1MO", "only with FREQ=MONTHLY or YEARLY");
  rule_refused("FREQ=DAILY;BYDAY=-1FR", "only with FREQ=MONTHLY or YEARLY");
  rule_refused("FREQ=MONTHLY;BYDAY=6MO", "to 5 or -5 within a month");
  rule_refused("FREQ=YEARLY;BYMONTH=3;BYDAY=-6MO", "to 5 or -5 within a month");
  rule_refused("FREQ=YEARLY;BYDAY=54MO", "to 53 or -53 within a year");
  rule_refused("FREQ=DAILY;BYDAY=MO;BYSETPOS=1", "weekdays alone");
  rule_refused("FREQ=MONTHLY;BYSETPOS=1", "weekdays alone");
  rule_refused("FREQ=MONTHLY;BYDAY=1MO;BYSETPOS=1", "weekdays alone");
  rule_refused("FREQ=MONTHLY;BYDAY=MO;BYMONTHDAY=1;BYSETPOS=1", "weekdays alone");
  rule_refused("FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-9", "at most 8 or -8");
  rule_refused("FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "from -366 to -1 and 1 to 366");
  rule_refused("FREQ=WEEKLY;WKST=1MO", "WKST");
  for (const char* until : {"20261231", "20261231T225959", "20260230T090000Z", "20261231T225960Z", "2026-12-31T22:59Z",
                            "20261231X225959Z", "20261231T2259:9Z", ""}) {
    rule_refused("FREQ=DAILY;UNTIL=" + std::string(until),
                 "UTC time that is in the calendar, such as 20261231T225959Z");
  }
  rule_refused("FREQ=DAILY;BYDAY=" + std::string(600, ','), "it may have 512");
  rule_refused("FREQ=DAILY;" + std::string(39, 'A') + "äöü", std::string(39, 'A') + "…");
}

TEST_CASE("a start or a zone that is wrong is refused by its field") {
  for (const char* start :
       {"", "2026-01-05", "2026-01-05T09:00", "2026-01-05 09:00:00", "2026-01-05t09:00:00", "2026-01-05T09:00:00Z",
        "2026-01-05T09:00:00+01:00", "2026-02-30T09:00:00", "2026-01-05T24:00:00", "2026-01-05T09:00:60",
        "2027-02-29T09:00:00", "2026-01-05T09:00:00.5"}) {
    refused("FREQ=DAILY", start, berlin, "schedule/start", "such as 2026-01-05T09:00:00, without an offset");
  }
  refused("once", "1969-12-31T23:59:59", berlin, "schedule/start", "from 1970 to 2037");
  refused("once", "2038-01-01T00:00:00", berlin, "schedule/start", "from 1970 to 2037");
  for (const char* zone :
       {"", "Europe/Atlantis", "../../etc/passwd", "europe/berlin", "+02:00", "localtime", "posix/Europe/Berlin"}) {
    refused("once", "2026-01-05T09:00:00", zone, "schedule/tz", "use an IANA name such as Europe/Berlin");
  }
  refused("once", "2026-01-05T09:00:00", std::string(100'000, 'x'), "schedule/tz", "more than 64 bytes");
}

namespace {

constexpr long last_known_day = 24'836;  // 2037-12-31

class Rules {
 public:
  explicit Rules(std::uint64_t seed) : random_(seed) {}

  long below(long n) { return static_cast<long>(random_() % static_cast<std::uint64_t>(n)); }
  bool one_in(long n) { return below(n) == 0; }

  NaiveSchedule next() {
    NaiveSchedule rule;
    rule.frequency = static_cast<NaiveSchedule::Frequency>(below(4));
    rule.start = one_in(8) ? below(last_known_day) : 20'400 + below(1'500);
    if (one_in(2)) rule.interval = one_in(6) ? 1 + below(40) : 1 + below(4);
    if (one_in(3)) rule.week_start = static_cast<int>(below(7));
    while (one_in(2)) rule.months.insert(1 + static_cast<int>(below(12)));
    while (rule.frequency != NaiveSchedule::weekly && one_in(2)) {
      const int day = 1 + static_cast<int>(one_in(2) ? below(31) : 26 + below(5));
      rule.month_days.insert(one_in(3) ? -day : day);
    }
    const bool counts = rule.frequency == NaiveSchedule::monthly || rule.frequency == NaiveSchedule::yearly;
    const bool of_year = rule.frequency == NaiveSchedule::yearly && rule.months.empty();
    while (one_in(2)) {
      const int which = counts && one_in(2) ? 1 + static_cast<int>(below(of_year ? 53 : 5)) : 0;
      rule.weekdays.insert({one_in(2) ? which : -which, static_cast<int>(below(7))});
    }
    const bool plain =
        std::all_of(rule.weekdays.begin(), rule.weekdays.end(), [](const auto& day) { return day.first == 0; });
    if (counts && plain && !rule.weekdays.empty() && one_in(2)) {
      rule.month_days.clear();
      do {
        const int position = 1 + static_cast<int>(below(4 * static_cast<long>(rule.weekdays.size())));
        rule.positions.insert(one_in(2) ? position : -position);
      } while (one_in(3));
    }
    if (one_in(4)) rule.count = 1 + static_cast<std::size_t>(below(30));
    return rule;
  }

 private:
  std::mt19937_64 random_;
};

std::string local_text(std::int64_t seconds) {
  std::string text = format_instant(Instant{seconds * us_per_second});
  text.pop_back();
  return text;
}

// Every day of the whole list, and the questions around some of its runs.
void agree(const Recurrence& recurrence, const std::vector<long>& days, std::int64_t time, Rules& random) {
  std::vector<long> told;
  Instant at = Instant::min();
  for (std::vector<Instant> page; !(page = recurrence.upcoming(at, 1'000)).empty(); at = page.back()) {
    for (const Instant run : page) told.push_back(NaiveClock::shows(run.us / us_per_second) / 86'400);
  }
  REQUIRE(told == days);
  const auto expected = [&](std::size_t i) {
    return Instant{NaiveClock::reaches(days[i] * 86'400 + time) * us_per_second};
  };
  for (int turn = 0; turn < 4; ++turn) {
    const auto i = static_cast<std::size_t>(random.below(static_cast<long>(days.size())));
    const Instant run = expected(i);
    INFO("run " << i << ", " << format_instant(run));
    const Instant just_before{run.us - 1};
    REQUIRE(recurrence.first_after(just_before) == run);
    REQUIRE(recurrence.last_at_or_before(run) == run);
    REQUIRE(recurrence.first_after(run) == (i + 1 < days.size() ? std::optional(expected(i + 1)) : std::nullopt));
    REQUIRE(recurrence.last_at_or_before(just_before) == (i > 0 ? std::optional(expected(i - 1)) : std::nullopt));
  }
}

}  // namespace

TEST_CASE("random rules have the runs that a walk through all the days finds") {
  const char* given = std::getenv("TENURE_SEED");
  const std::uint64_t seed = given ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "schedules: TENURE_SEED=" << seed << "\n";
  INFO("TENURE_SEED=" << seed);
  Rules random(seed);
  const Texts zones{std::string(berlin), std::string(new_york), "Australia/Lord_Howe", "America/Sao_Paulo", "UTC",
                    "Africa/Casablanca"};
  std::size_t fired = 0;
  for (int round = 0; round < 200; ++round) {
    const NaiveSchedule rule = random.next();
    const std::string zone = zones[static_cast<std::size_t>(random.below(static_cast<long>(zones.size())))];
    const std::int64_t time = random.below(random.one_in(2) ? 16 : 96) * 900;
    const NaiveClock clock(zone);
    const std::string start = local_text(rule.start * 86'400 + time);
    INFO("round " << round << ": " << rule.text() << " from " << start << " in " << zone);
    const std::vector<long> days = rule.days(last_known_day);
    const auto parsed = Recurrence::parse(rule.text(), start, zone);
    if (days.empty()) {
      REQUIRE(parsed.has_error());
      REQUIRE_THAT(parsed.error().because, Catch::Contains("never fires"));
      continue;
    }
    REQUIRE(parsed.has_value());
    agree(*parsed, days, time, random);
    ++fired;
  }
  CHECK(fired > 100);
}

TEST_CASE("every day of two years runs at the first instant that the clock on the wall reached its time") {
  const Texts zones{"Europe/Berlin", "America/New_York", "Australia/Lord_Howe",
                    "Africa/Cairo",  "America/Havana",   "Africa/Casablanca"};
  for (const std::string& zone : zones) {
    const NaiveClock clock(zone);
    for (const std::int64_t time : {0, 900, 5'400, 6'300, 7'200, 8'100, 9'000, 10'800, 50'400}) {
      constexpr std::int64_t first = 20'454;  // 2026-01-01
      const std::string start = local_text(first * 86'400 + time);
      INFO(start << " in " << zone);
      std::vector<Instant> expected;
      for (std::int64_t day = first; day < first + 730; ++day) {
        expected.push_back(Instant{NaiveClock::reaches(day * 86'400 + time) * us_per_second});
      }
      REQUIRE(schedule("FREQ=DAILY", start, zone).upcoming(Instant::min(), 730) == expected);
    }
  }
}
