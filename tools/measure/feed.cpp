// The feed: how quickly one client catches up, how much goes out to many, and how soon an event is there.

#include <fmt/core.h>

#include "tools/measure/feed_parts.h"
#include "tools/measure/feed_run.h"
#include "tools/measure/scratch.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 300'000, lines_least = 5'000;
constexpr double caught_up_min = 150'000, delivered_min = 150'000;
constexpr double p99_ms_max = 5;

void measure_following(Bench& bench) {
  FeedRun run(bench, "feed", lines_whole);
  // Without a disk to wait for, what is between an event's recorded_at and its receipt is between commit and receipt.
  Scratch memory("/dev/shm");
  Bench in_memory(bench.settings, memory, bench.report);
  FeedRun no_disk(in_memory, "feed-in-memory", lines_least);
  Row one{"one client from position 1", "events/s"}, fan{fmt::format("delivered to {} clients", many), "events/s"},
      steady{steady_name(), "events/s"}, appends{fmt::format("appends of {} events meanwhile", batch), "answers/s"},
      singles{singles_name(), "answers/s"}, steady_in_memory{"the same, the store in memory", "events/s"},
      singles_in_memory{"appends, the store in memory", "answers/s"};
  std::vector<double> p99_ms;
  for (unsigned round = 0; round < bench.settings.rounds; ++round) {
    run.catch_up(one);
    run.follow(fan, appends, many, batch, std::nullopt);
    run.follow_steadily(steady, singles, events_per_second);
    p99_ms.push_back(no_disk.follow_steadily(steady_in_memory, singles_in_memory, events_per_second));
  }
  Section section{"feed", "every change to those who follow, over WebSockets", {}, {}, {}};
  section.settings = {
      {"log", fmt::format("{} positions when it began to be read",
                          number_text(static_cast<double>(one.done) / bench.settings.rounds))},
      {"clients", "one thread with epoll reads them all; each must get every position once and in order"},
      {"latency",
       "from an event's recorded_at, which is before its commit is synced, to its frame read; with the store "
       "in memory no disk is waited for in between"}};
  section.verdicts = {
      {"one client from position 1", "events/s", one.rates, Bound::at_least, caught_up_min},
      {fmt::format("delivered to {} clients", many), "events/s", fan.rates, Bound::at_least, delivered_min},
      {"p99 from commit to received, the store in memory", "ms", p99_ms, Bound::below, p99_ms_max},
      memory_verdict("tenure", run.server().cost().peak_bytes)};
  section.rows = {one, fan, appends, steady, singles, steady_in_memory, singles_in_memory};
  run.server().stop();
  no_disk.server().stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace

void measure_feed(Bench& bench) {
  measure_following(bench);
  measure_filters(bench);
  if (bench.settings.peers) measure_peers(bench);
}

}  // namespace tenure::bench
