// The history of a list against a plain set of intervals, over thousands of changes in order and out of it, so that
// bases are made, split and mended. The seed is printed; TENURE_SEED repeats a run.

#include "projections/list_history.h"

#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "projections/view_writer.h"
#include "storage/memory/store.h"
#include "tests/catch.h"

namespace {

using namespace tenure;
using namespace tenure::projections;

constexpr OrgNumber org = 7;
const List list{ListKind::holders, 3};

using LinkKey = std::pair<Number, Number>;
// All intervals of each link, in order.
using Naive = std::map<LinkKey, std::vector<Interval>>;

Interval interval(LinkKey link, Point open, Point close) {
  Interval i;
  i.list = list;
  i.principal = link.first;
  i.extra = link.second;
  i.open = i.link = i.since = open;
  i.close = close;
  return i;
}

struct Subject {
  storage::MemoryStore store;
  ViewWriter views;
  Naive naive;
  std::mt19937_64 random;

  explicit Subject(std::uint64_t seed) : random(seed) { views.stand_on(store.snapshot()); }

  std::uint64_t below(std::uint64_t n) { return random() % n; }

  // The link's intervals become `after`.
  void change(LinkKey link, std::vector<Interval> after) {
    auto& before = naive[link];
    const auto done = change_lists(views, org, before, after);
    REQUIRE(done.has_value());
    before = std::move(after);
    if (below(20) == 0) {
      storage::Commit commit;
      commit.first = store.head().next();
      commit.views = views.take();
      REQUIRE(store.commit(std::move(commit)).has_value());
      views.stand_on(store.snapshot());
    }
  }

  // As the live path does it: only the interval that is open is known.
  void in_order(LinkKey link, Point at) {
    auto& all = naive[link];
    const bool open = !all.empty() && all.back().close == Point::never();
    std::vector<Interval> before, after;
    if (open) {
      before.push_back(all.back());
      all.back().close = at;
      after.push_back(all.back());
    }
    if (!open || below(3) == 0) after.push_back(interval(link, at, Point::never()));
    REQUIRE(change_lists(views, org, before, after).has_value());
    if (after.back().close == Point::never()) all.push_back(after.back());
  }

  // A fact about the past: the link's intervals are cut anew from random points.
  void late(LinkKey link, std::int64_t until) {
    std::set<std::int64_t> times;
    for (std::uint64_t n = below(6); n > 0; --n) times.insert(static_cast<std::int64_t>(below(until)) + 1);
    std::vector<Interval> after;
    for (const std::int64_t us : times) {
      const Point at{us, 1'000'000 + below(1'000'000)};
      const bool adjacent = !after.empty() && after.back().close == Point::never();
      if (adjacent) after.back().close = at;
      if (!adjacent || below(2) == 0) after.push_back(interval(link, at, Point::never()));
    }
    change(link, std::move(after));
  }

  std::set<LinkKey> asked_at(Point at) {
    std::set<LinkKey> found;
    const auto done = list_at(views, org, list, at, [&](const Interval& i) {
      REQUIRE(found.insert({i.principal, i.extra}).second);
      const auto& all = naive[{i.principal, i.extra}];
      const auto same = std::find_if(all.begin(), all.end(), [&](const Interval& n) { return n.open == i.open; });
      REQUIRE(same != all.end());
      REQUIRE(same->link == i.link);
      REQUIRE(same->since == i.since);
      return true;
    });
    REQUIRE(done.has_value());
    return found;
  }

  std::set<LinkKey> expected_at(Point at) const {
    std::set<LinkKey> expected;
    for (const auto& [link, all] : naive) {
      for (const Interval& i : all) {
        if (i.holds_at(at)) expected.insert(link);
      }
    }
    return expected;
  }

  void compare(std::int64_t until) {
    const Point at{static_cast<std::int64_t>(below(until + 2)),
                   below(3) == 0 ? Point::never().position : below(2'000'000)};
    INFO("at " << at.us << "." << at.position);
    REQUIRE(asked_at(at) == expected_at(at));
    const auto from = static_cast<std::int64_t>(below(until)), to = from + 1 + static_cast<std::int64_t>(below(50));
    std::set<LinkKey> expected = expected_at(Point::end_of(Instant{from})), found;
    for (const auto& [link, all] : naive) {
      for (const Interval& i : all) {
        if (i.open.us > from && i.open.us < to) expected.insert(link);
      }
    }
    const auto done = list_over(views, org, list, Point::end_of(Instant{from}), Instant{to}, [&](const Interval& i) {
      found.insert({i.principal, i.extra});
      return true;
    });
    REQUIRE(done.has_value());
    REQUIRE(found == expected);
  }

  // Everyone whose links stand otherwise at two points, and nobody whose links did not change in between.
  void compare_differences(std::int64_t until) {
    const Point from{static_cast<std::int64_t>(below(until)), below(2'000'000)};
    const Point to{from.us + static_cast<std::int64_t>(below(2) == 0 ? below(60) : below(until)), below(2'000'000)};
    INFO("from " << from.us << "." << from.position << " to " << to.us << "." << to.position);
    std::set<Number> differ, changed, found;
    for (const auto& [link, all] : naive) {
      for (const Interval& i : all) {
        if (i.holds_at(from) != i.holds_at(to)) differ.insert(link.first);
        const bool opened = i.open > from && i.open <= to, closed = i.close > from && i.close <= to;
        if (opened || closed) changed.insert(link.first);
      }
    }
    if (from >= to) return;
    const auto done = list_differences(views, org, list, from, to, [&](Number who) { found.insert(who); });
    REQUIRE(done.has_value());
    CHECK(std::includes(found.begin(), found.end(), differ.begin(), differ.end()));
    CHECK(std::includes(changed.begin(), changed.end(), found.begin(), found.end()));
  }
};

std::uint64_t seed_of_run() {
  const char* text = std::getenv("TENURE_SEED");
  const std::uint64_t seed = text ? std::strtoull(text, nullptr, 10) : std::random_device{}();
  std::cout << "list history: TENURE_SEED=" << seed << "\n";
  return seed;
}

}  // namespace

TEST_CASE("a list at any point holds the links that stand there, however many changes came in order") {
  Subject subject(seed_of_run());
  constexpr std::int64_t changes = 6'000;
  for (std::int64_t us = 1; us <= changes; ++us) {
    // First few links, then many, then few again: bases grow and shrink.
    const std::uint64_t links = us < 1'000 ? 5 : us < 4'000 ? 700 : 3;
    const LinkKey link{static_cast<Number>(1 + subject.below(links)), static_cast<Number>(subject.below(2))};
    subject.in_order(link, {us, static_cast<std::uint64_t>(us)});
    if (us % 50 == 0) subject.compare(us);
    if (us % 50 == 0) subject.compare_differences(us);
  }
  for (int i = 0; i < 200; ++i) subject.compare(changes);
  for (int i = 0; i < 500; ++i) subject.compare_differences(changes);
}

TEST_CASE("facts that arrive late, in any order, leave the same list as if they had come in time") {
  Subject subject(seed_of_run());
  constexpr std::int64_t until = 3'000;
  for (int step = 0; step < 3'000; ++step) {
    const std::uint64_t links = step < 1'500 ? 30 : 400;
    subject.late({static_cast<Number>(1 + subject.below(links)), 0}, until);
    if (step % 25 == 0) subject.compare(until);
  }
  for (int i = 0; i < 200; ++i) subject.compare(until);
  for (int i = 0; i < 500; ++i) subject.compare_differences(until);
}

TEST_CASE("late facts between changes in order") {
  Subject subject(seed_of_run());
  constexpr std::int64_t changes = 3'000;
  for (std::int64_t us = 1; us <= changes; ++us) {
    subject.in_order({static_cast<Number>(1 + subject.below(100)), 1}, {us, static_cast<std::uint64_t>(us)});
    if (us % 7 == 0) subject.late({static_cast<Number>(1 + subject.below(100)), 2}, us);
    if (us % 50 == 0) subject.compare(us);
    if (us % 50 == 0) subject.compare_differences(us);
  }
  for (int i = 0; i < 200; ++i) subject.compare(changes);
  for (int i = 0; i < 500; ++i) subject.compare_differences(changes);
}
