// The feed beside clients that mean ill: what those who behave notice of them.

#include <fmt/core.h>

#include <algorithm>

#include "tools/measure/feed_parts.h"
#include "tools/measure/feed_run.h"
#include "tools/measure/hostile.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 100'000;
constexpr double p99_times_max = 1.5;
constexpr double memory_mb_max = 64 * 1.048576;

}  // namespace

void measure_hostile(Bench& bench) {
  FeedRun run(bench, "feed-hostile", lines_whole);
  run.server().make_org("quiet", "2020-01-01T00:00:00Z");
  Row before{steady_name(), "events/s"}, beside{"the same beside hostile clients", "events/s"},
      appends{singles_name(), "answers/s"}, appends_beside{"the same beside hostile clients", "answers/s"};
  std::vector<double> p99_before, p99_beside, grown_mb;
  for (unsigned round = 0; round < bench.settings.rounds; ++round) {
    p99_before.push_back(run.follow_steadily(before, appends));
    const std::uint64_t bytes = run.server().cost().peak_bytes;
    const Hostile hostile(run.server(), "quiet");
    p99_beside.push_back(run.follow_steadily(beside, appends_beside));
    grown_mb.push_back(static_cast<double>(run.server().cost().peak_bytes - bytes) / 1e6);
  }
  Section section{"feed-hostile", "those who behave, beside those who do not", {}, {}, {}};
  section.settings = {
      {"hostile",
       fmt::format("{} idle clients, {} that never read, {} pings/s from one, {} handshakes/s without a token, "
                   "20 times garbage and one frame of 16 MB a second",
                   idle_clients, never_reading, pings_per_second, handshakes_per_second)},
      {"latency", "from an event's recorded_at to its frame read; hostile clients run in this program too"}};
  section.verdicts = {
      {"p99 before", "ms", p99_before, Bound::below, {}},
      {"p99 beside hostile clients", "ms", p99_beside, Bound::below, {}},
      {"p99 beside hostile clients / before", "x", ratios(p99_beside, p99_before), Bound::below, p99_times_max},
      {"memory grown", "MB", {*std::max_element(grown_mb.begin(), grown_mb.end())}, Bound::below, memory_mb_max}};
  section.rows = {before, beside, appends, appends_beside};
  run.server().stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
