// The feed beside clients that mean ill: what those who behave notice of them.

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "tools/measure/feed_parts.h"
#include "tools/measure/feed_run.h"
#include "tools/measure/hostile.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 100'000;
constexpr double p99_times_max = 1.5;
constexpr double memory_mb_max = 64 * 1.048576;

struct Rounds {
  std::vector<double> p99_before, p99_beside, cores_before, cores_beside, cores_hostile, grown_mb;
};

std::vector<HostileKind> kinds_of(const Settings& settings) {
  std::vector<HostileKind> kinds = hostile_kinds();
  std::erase_if(kinds, [&](const HostileKind& kind) {
    return !settings.hostile.empty() &&
           std::find(settings.hostile.begin(), settings.hostile.end(), kind.name) == settings.hostile.end();
  });
  return kinds;
}

// What one round takes of the cores by the server, and the round's p99.
class Watched {
 public:
  explicit Watched(FeedRun& run) : run_(run) {}
  void follow(Row& row, Row& appends, double per_second, std::vector<double>& p99, std::vector<double>& cores) {
    const auto start = std::chrono::steady_clock::now();
    const double before = run_.server().cost().cpu_seconds;
    p99.push_back(run_.follow_steadily(row, appends, per_second));
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    cores.push_back((run_.server().cost().cpu_seconds - before) / seconds_);
  }
  double seconds() const { return seconds_; }

 private:
  FeedRun& run_;
  double seconds_ = 0;
};

void one_round(FeedRun& run, const Settings& settings, const std::vector<std::string>& names, std::vector<Row>& rows,
               Rounds& rounds) {
  Watched watched(run);
  watched.follow(rows[0], rows[2], settings.hostile_per_second, rounds.p99_before, rounds.cores_before);
  const std::uint64_t bytes = run.server().cost().peak_bytes;
  const Hostile hostile(run.server(), "quiet", names);
  const double hostile_before = hostile.cpu_seconds();
  watched.follow(rows[1], rows[3], settings.hostile_per_second, rounds.p99_beside, rounds.cores_beside);
  rounds.cores_hostile.push_back((hostile.cpu_seconds() - hostile_before) / watched.seconds());
  // The kernel's own count is not exact to the page.
  rounds.grown_mb.push_back(static_cast<double>(std::max(run.server().cost().peak_bytes, bytes) - bytes) / 1e6);
}

}  // namespace

void measure_hostile(Bench& bench) {
  const Settings& settings = bench.settings;
  FeedRun run(bench, "feed-hostile", lines_whole);
  run.server().make_org("quiet", "2020-01-01T00:00:00Z");
  std::vector<std::string> names, whats;
  for (const HostileKind& kind : kinds_of(settings)) {
    names.emplace_back(kind.name);
    whats.push_back(kind.what);
  }
  const std::string beside = "the same beside hostile clients";
  std::vector<Row> rows{{steady_name(settings.hostile_per_second), "events/s"},
                        {beside, "events/s"},
                        {singles_name(settings.hostile_per_second), "answers/s"},
                        {beside, "answers/s"}};
  Rounds rounds;
  for (unsigned round = 0; round < settings.rounds; ++round) one_round(run, settings, names, rows, rounds);
  Section section{"feed-hostile", "those who behave, beside those who do not", {}, {}, {}};
  section.settings = {
      {"hostile", fmt::format("{}; in a process of their own", fmt::join(whats, ", "))},
      {"latency", "from an event's recorded_at, which is before its commit is synced, to its frame read"},
      {"rate", fmt::format("{} events/s, so that two cores have room for server, clients and hostile clients",
                           settings.hostile_per_second)}};
  section.verdicts = {{"p99 before", "ms", rounds.p99_before, Bound::below, {}},
                      {"p99 beside hostile clients", "ms", rounds.p99_beside, Bound::below, {}},
                      {"p99 beside hostile clients / before", "x", ratios(rounds.p99_beside, rounds.p99_before),
                       Bound::below, p99_times_max},
                      {"server, before", "cores", rounds.cores_before, Bound::below, {}},
                      {"server, beside hostile clients", "cores", rounds.cores_beside, Bound::below, {}},
                      {"the hostile clients themselves", "cores", rounds.cores_hostile, Bound::below, {}},
                      {"memory grown",
                       "MB",
                       {*std::max_element(rounds.grown_mb.begin(), rounds.grown_mb.end())},
                       Bound::below,
                       memory_mb_max}};
  section.rows = rows;
  run.server().stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
