// The feed: how quickly one client catches up, how much goes out to many, and how soon an event is there.

#include <fmt/core.h>

#include "tools/measure/feed_parts.h"
#include "tools/measure/feed_run.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 300'000;
constexpr double caught_up_min = 150'000, delivered_min = 150'000;
constexpr double p99_ms_max = 5;

void measure_following(Bench& bench) {
  FeedRun run(bench, "feed", lines_whole);
  Row one{"one client from position 1", "events/s"}, fan{fmt::format("delivered to {} clients", many), "events/s"},
      steady{steady_name(), "events/s"}, appends{fmt::format("appends of {} events meanwhile", batch), "answers/s"},
      singles{singles_name(), "answers/s"};
  std::vector<double> p99_ms;
  for (unsigned round = 0; round < bench.settings.rounds; ++round) {
    run.catch_up(one);
    run.follow(fan, appends, many, batch, std::nullopt);
    p99_ms.push_back(run.follow_steadily(steady, singles, events_per_second));
  }
  Section section{"feed", "every change to those who follow, over WebSockets", {}, {}, {}};
  section.settings = {
      {"log", fmt::format("{} positions when it began to be read",
                          number_text(static_cast<double>(one.done) / bench.settings.rounds))},
      {"clients", "one thread with epoll reads them all; each must get every position once and in order"},
      {"latency", "from an event's recorded_at, which is before its commit is synced, to its frame read"}};
  section.verdicts = {
      {"one client from position 1", "events/s", one.rates, Bound::at_least, caught_up_min},
      {fmt::format("delivered to {} clients", many), "events/s", fan.rates, Bound::at_least, delivered_min},
      {"p99 from recorded to received", "ms", p99_ms, Bound::below, p99_ms_max},
      memory_verdict("tenure", run.server().cost().peak_bytes)};
  section.rows = {one, fan, appends, steady, singles};
  run.server().stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace

void measure_feed(Bench& bench) {
  measure_following(bench);
  measure_filters(bench);
  if (bench.settings.peers) measure_peers(bench);
}

}  // namespace tenure::bench
