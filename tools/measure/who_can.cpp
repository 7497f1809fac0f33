// "Who could do that, then?" with 1,000 answers, in a history and in one ten times as long with the same answers.

#include <fmt/core.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "tools/measure/can_questions.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/peers.h"
#include "tools/measure/servers.h"
#include "tools/measure/swap_history.h"
#include "tools/measure/swap_questions.h"

namespace tenure::bench {
namespace {

constexpr std::size_t questions = 1'000, compared = 20;
constexpr std::size_t some_connections = 4;
constexpr double p99_ms_max = 10, longer_ratio_max = 1.5;

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("who-can: " + what); }

void compare_with_each_other(const TenureServer& one, const TenureServer& other,
                             const std::vector<std::int64_t>& instants) {
  for (std::size_t i = 0; i < instants.size(); i += std::max<std::size_t>(1, instants.size() / compared)) {
    if (rows_of(one.get(who_can_target(instants[i]))) == rows_of(other.get(who_can_target(instants[i])))) continue;
    give_up("the longer history gives another answer at " + instant_text(instants[i]));
  }
}

// One server's organization and the questions put to it.
class Asked {
 public:
  Asked(Bench& bench, const TenureServer& server, const std::vector<std::int64_t>& instants)
      : bench_(bench), server_(server) {
    for (const std::int64_t at : instants) requests_.push_back(server.get_request(who_can_target(at)));
    std::mt19937_64 random(bench.settings.seed);
    std::shuffle(requests_.begin(), requests_.end(), random);
  }

  void run(Row& row, std::size_t connections, std::optional<double> per_second = {}) {
    Load load = load_on(bench_, server_.port());
    load.connections = connections;
    load.per_second = per_second;
    load.next = [this](std::size_t) { return std::string_view(requests_[next_++ % requests_.size()]); };
    load.answered = [](std::size_t, unsigned status, std::string_view body) {
      if (status == 200) check_who_can_count(body);
    };
    const LoadResult result = measure_load(row, load, server_.pid());
    if (result.behind > connections) {
      std::cerr << "  " << row.what << ": " << result.behind
                << " requests were due and had no answer when time was up: "
                << "at this rate the server falls behind, and latencies are what they had waited by then\n";
    }
  }

 private:
  Bench& bench_;
  const TenureServer& server_;
  std::vector<std::string> requests_;
  std::size_t next_ = 0;
};

double p99_ms(const Row& row) { return static_cast<double>(row.latency.at(0.99).count()) / 1e6; }

// Everything loaded and compared; then the rounds.
class WhoCanRun {
 public:
  explicit WhoCanRun(Bench& bench)
      : settings_(bench.settings),
        members_(swap_members(settings_)),
        changes_(swap_changes(settings_)),
        short_(bench, "who-can"),
        long_(bench, "who-can-longer") {
    const SwapHistory history(settings_.seed, members_);
    load_swaps(short_, history, changes_, loading_);
    load_swaps(long_, history, changes_ * settings_.history_times, loading_);
    const std::size_t steps = changes_ / 2, all_steps = steps * settings_.history_times;
    compare_some(short_, history, steps);
    compare_some(long_, history, all_steps);
    const auto instants = instants_within(steps, questions, settings_.seed + 2);
    compare_with_each_other(short_, long_, instants);
    asked_short_.emplace(bench, short_, instants);
    asked_long_.emplace(bench, long_, instants);
    asked_anywhere_.emplace(bench, long_, instants_within(all_steps, questions, settings_.seed + 3));
  }

  void round() {
    const double rate = settings_.who_can_per_second;
    asked_short_->run(one_, 1);
    asked_long_->run(one_long_, 1);
    asked_anywhere_->run(one_anywhere_, 1);
    asked_short_->run(some_, some_connections);
    asked_long_->run(some_long_, some_connections);
    asked_short_->run(open_, some_connections, rate);
    asked_long_->run(open_long_, some_connections, rate);
  }

  // Some instants, compared in full.
  void compare_some(const TenureServer& server, const SwapHistory& history, std::size_t steps) const {
    compare_who_could([&](std::int64_t at) { return who_could(server.get(who_can_target(at))); }, history, steps,
                      compared, settings_.seed + 1);
  }

  Section section() {
    const auto size = [](std::size_t n) { return number_text(static_cast<double>(n)); };
    Section section{"who-can", "1,000 answers at a past instant, one page", {}, {}, {}};
    section.settings = {
        {"organization", fmt::format("{} members, {} role changes; the longer history {} x as many", size(members_),
                                     size(changes_), settings_.history_times)},
        {"load", fmt::format("closed loop with 1 and {} connections; open loop at {:.0f} a second, latency from the "
                             "moment a request is due; {} rounds of {:.1f} s each, taking turns",
                             some_connections, settings_.who_can_per_second, settings_.rounds,
                             settings_.duration.count() / 1e3)},
        {"questions", fmt::format("{} random instants, the same of both histories, and {} of all of the longer one; "
                                  "{} answers compared in full, all counted",
                                  questions, questions, 2 * compared)}};
    const std::string times = fmt::format("{} x history", settings_.history_times);
    section.verdicts = {
        {"p99, open loop", "ms", {p99_ms(open_)}, Bound::below, p99_ms_max},
        {"p99, 1 connection", "ms", {p99_ms(one_)}, Bound::below, p99_ms_max},
        {"p99, open loop, " + times, "ms", {p99_ms(open_long_)}, Bound::below, {}},
        {times + " / 1 x, same answers: time", "x", ratios(one_.rates, one_long_.rates), Bound::below,
         longer_ratio_max},
        {times + " / 1 x, instants of all of it: time", "x", ratios(one_.rates, one_anywhere_.rates), Bound::below,
         longer_ratio_max},
        {times + " / 1 x, same answers: p99", "x", {p99_ms(one_long_) / p99_ms(one_)}, Bound::below, {}},
        memory_verdict("tenure", short_.cost().peak_bytes),
        memory_verdict("tenure, " + times, long_.cost().peak_bytes)};
    section.rows = {loading_, one_, one_long_, one_anywhere_, some_, some_long_, open_, open_long_};
    return section;
  }

  void stop() {
    short_.stop();
    long_.stop();
  }

 private:
  const Settings& settings_;
  std::size_t members_, changes_;
  TenureServer short_, long_;
  std::optional<Asked> asked_short_, asked_long_, asked_anywhere_;
  Row loading_{"loading, batches of 2,000", "events/s"};
  Row one_{"1 connection"}, one_long_{"1 connection, longer history"}, one_anywhere_{"1 connection, anywhere in it"};
  Row some_{"4 connections"}, some_long_{"4 connections, longer history"};
  Row open_{"open loop"}, open_long_{"open loop, longer history"};
};

}  // namespace

void measure_who_can(Bench& bench) {
  WhoCanRun run(bench);
  for (unsigned round = 0; round < bench.settings.rounds; ++round) run.round();
  Section section = run.section();
  run.stop();
  bench.report.sections.push_back(std::move(section));
  if (bench.settings.peers) measure_who_can_peers(bench);
}

}  // namespace tenure::bench
