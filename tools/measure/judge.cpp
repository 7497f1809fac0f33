// What the access model's judgement costs an event in the writer's path, on each shipped model.
//
// Not over HTTP: what is timed is what the recorder does between having an event and having its verdict. The facts at
// the event's time are looked up in the views, on disk as they are, through the writer's own caches, anew for each
// event.

#include <fmt/core.h>

#include <ctime>
#include <stdexcept>

#include "tools/measure/bench.h"
#include "tools/measure/judged_team.h"

namespace tenure::bench {
namespace {

constexpr std::size_t events = 2'000;
constexpr double mean_us_max = 5;

// What this thread has computed for: whatever else the machine does meanwhile is not in it.
std::chrono::nanoseconds computed() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

// One run: the events in turn until the time is up. The mean cost of one in microseconds.
double run(const JudgedTeam& team, std::chrono::milliseconds duration, Row* row) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const auto computed_before = computed();
  std::uint64_t done = 0;
  while (done % events != 0 || Clock::now() - begin < duration) {
    const auto before = Clock::now();
    const tenure::Verdict verdict = team.judge(done % events);
    const auto took = Clock::now() - before;
    const tenure::Verdict& expected = team.expected(done % events);
    if (verdict.result != expected.result || verdict.rule != expected.rule)
      throw std::runtime_error("judge: an event was judged in two ways");
    ++done;
    if (row) row->latency.add(took);
  }
  const auto cost = computed() - computed_before;
  const double mean_us = static_cast<double>(cost.count()) / 1e3 / static_cast<double>(done);
  if (!row) return mean_us;
  row->done += done;
  row->rates.push_back(1e6 / mean_us);
  return mean_us;
}

}  // namespace

void measure_judge(Bench& bench) {
  Section section;
  section.name = "judge";
  section.about = "an access model's verdict on one event, in the writer's path";
  const std::size_t members = bench.settings.scaled(10'000, 500);
  section.settings = {{"members of each organization", number_text(static_cast<double>(members))},
                      {"events", fmt::format("{} in turn: all team actions, by and to random members", events)}};
  std::vector<Verdict> means;
  for (const ShippedModel& shipped : shipped_models()) {
    const JudgedTeam team(bench.scratch.fresh("judge"), shipped, {bench.settings.seed, members, events});
    Row row;
    row.what = std::string(shipped.id) + ": " + team.verdicts();
    row.unit = "events/s";
    Verdict mean{"CPU of one, " + std::string(shipped.id), "µs", {}, Bound::below, mean_us_max};
    run(team, bench.settings.warm_up, nullptr);
    for (unsigned round = 0; round < bench.settings.rounds; ++round) {
      mean.values.push_back(run(team, bench.settings.duration, &row));
    }
    section.rows.push_back(std::move(row));
    means.push_back(std::move(mean));
  }
  section.verdicts = std::move(means);
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
