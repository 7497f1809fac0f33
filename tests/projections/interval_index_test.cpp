// The interval index against a plain vector of the same intervals.
#include "projections/interval_index.h"

#include <algorithm>
#include <iostream>
#include <random>

#include "storage/memory/store.h"
#include "tests/catch.h"

using namespace tenure;
using namespace tenure::projections;

namespace {

constexpr OrgNumber org = 1;
constexpr List list{ListKind::members, 0};
constexpr std::int64_t from_us = 1'704'067'200'000'000, span_us = 64'000'000;

std::vector<Interval> random_intervals(std::mt19937_64& random, std::size_t count) {
  std::vector<Interval> intervals;
  for (std::size_t i = 0; i < count; ++i) {
    Interval one;
    one.list = list;
    one.principal = static_cast<Number>(i + 1);
    one.open = one.link = one.since = {from_us + static_cast<std::int64_t>(random() % span_us), i + 1};
    const auto length = static_cast<std::int64_t>(random() % (random() % 2 == 0 ? span_us : 3'000'000));
    if (random() % 5 != 0) one.close = {one.open.us + length, count + i + 1};
    intervals.push_back(one);
  }
  return intervals;
}

std::vector<Number> holders(const std::vector<Interval>& intervals, const std::function<bool(const Interval&)>& test) {
  std::vector<Number> found;
  for (const Interval& one : intervals) {
    if (test(one)) found.push_back(one.principal);
  }
  std::sort(found.begin(), found.end());
  return found;
}

template <class Search>
std::vector<Number> found_by(const Search& search) {
  std::vector<Number> found;
  const auto done = search([&](const Interval& one) {
    found.push_back(one.principal);
    return true;
  });
  REQUIRE(done.has_value());
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

TEST_CASE("the interval index finds what holds at a point and within a range, each once") {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "interval index: seed " << seed << std::endl;
  std::mt19937_64 random(seed);
  for (int round = 0; round < 60; ++round) {
    INFO("seed " << seed << ", round " << round);
    const auto intervals = random_intervals(random, 1 + random() % 60);
    storage::MemoryStore store;
    ViewWriter views;
    views.stand_on(store.snapshot());
    for (const Interval& one : intervals) put_interval(views, org, one);
    for (int question = 0; question < 40; ++question) {
      const auto some_us = [&] { return from_us - 5'000'000 + static_cast<std::int64_t>(random() % (2 * span_us)); };
      const Point at = Point::end_of(Instant{some_us()});
      const auto then = found_by([&](const IntervalRow& row) { return intervals_at(views, org, list, at, {}, row); });
      REQUIRE(then == holders(intervals, [&](const Interval& one) { return one.holds_at(at); }));
      Instant from{some_us()}, to{some_us()};
      if (to < from) std::swap(from, to);
      INFO("from " << from.us << " to " << to.us);
      const auto within =
          found_by([&](const IntervalRow& row) { return intervals_over(views, org, list, from, to, row); });
      REQUIRE(within == holders(intervals, [&](const Interval& one) {
                const bool lasts = one.close.us > one.open.us;
                return from < to && lasts && one.open.us < to.us && one.close.us > from.us;
              }));
    }
  }
}
