// "Who could do that, then?" with 1,000 answers, in a history, in one ten times as long with the same answers, and in
// one of a tenth.

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
constexpr double p99_ms_max = 10, longer_ratio_max = 1.2, longest_ratio_max = 1.5;
constexpr double disk_bytes_max = 300;

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
        few_(changes_ / settings_.history_times / 2 * 2),
        tenth_(bench, "who-can-tenth"),
        whole_(bench, "who-can"),
        long_(bench, "who-can-longer") {
    const SwapHistory history(settings_.seed, members_);
    load_swaps(tenth_, history, few_, loading_);
    load_swaps(whole_, history, changes_, loading_);
    load_swaps(long_, history, changes_ * settings_.history_times, loading_);
    long_lines_ = history.beginning_lines() + changes_ * settings_.history_times;
    const std::size_t steps = changes_ / 2, all_steps = steps * settings_.history_times;
    compare_some(whole_, history, steps);
    compare_some(long_, history, all_steps);
    const auto instants = instants_within(steps, questions, settings_.seed + 2);
    compare_with_each_other(whole_, long_, instants);
    asked_whole_.emplace(bench, whole_, instants);
    asked_long_.emplace(bench, long_, instants);
    asked_anywhere_.emplace(bench, long_, instants_within(all_steps, questions, settings_.seed + 3));
    const auto early = instants_within(few_ / 2, questions, settings_.seed + 4);
    compare_with_each_other(tenth_, long_, early);
    asked_tenth_.emplace(bench, tenth_, early);
    early_whole_.emplace(bench, whole_, early);
    early_long_.emplace(bench, long_, early);
  }

  void round() {
    const double rate = settings_.who_can_per_second;
    asked_tenth_->run(one_tenth_, 1);
    early_whole_->run(early_one_, 1);
    early_long_->run(early_one_long_, 1);
    asked_whole_->run(one_, 1);
    asked_long_->run(one_long_, 1);
    asked_anywhere_->run(one_anywhere_, 1);
    asked_whole_->run(some_, some_connections);
    asked_long_->run(some_long_, some_connections);
    asked_whole_->run(open_, some_connections, rate);
    asked_long_->run(open_long_, some_connections, rate);
  }

  // Some instants, compared in full.
  void compare_some(const TenureServer& server, const SwapHistory& history, std::size_t steps) const {
    compare_who_could([&](std::int64_t at) { return who_could(server.get(who_can_target(at))); }, history, steps,
                      compared, settings_.seed + 1);
  }

  // Once all was asked: the servers are stopped by it.
  Section section() {
    const std::uint64_t peak_bytes = whole_.cost().peak_bytes, long_peak_bytes = long_.cost().peak_bytes;
    long_.halt();
    const auto long_bytes = static_cast<double>(long_.bytes_on_disk());
    stop();
    const auto size = [](std::size_t n) { return number_text(static_cast<double>(n)); };
    Section section{"who-can", "1,000 answers at a past instant, one page", {}, {}, {}};
    section.settings = {
        {"organization",
         fmt::format("{} members, {} role changes; the longer history {}, the shorter one {}", size(members_),
                     size(changes_), size(changes_ * settings_.history_times), size(few_))},
        {"load", fmt::format("closed loop with 1 and {} connections; open loop at {:.0f} a second, latency from the "
                             "moment a request is due; {} rounds of {:.1f} s each, taking turns",
                             some_connections, settings_.who_can_per_second, settings_.rounds,
                             settings_.duration.count() / 1e3)},
        {"questions", fmt::format("{} random instants, the same of both histories, {} of all of the longer one, and {} "
                                  "of the shorter one to all three; {} answers compared in full, all counted",
                                  questions, questions, questions, 3 * compared)}};
    const std::string times = fmt::format("{} x history", settings_.history_times);
    const std::string times_times = fmt::format("{} x history", settings_.history_times * settings_.history_times);
    section.verdicts = {
        {"p99, open loop", "ms", {p99_ms(open_)}, Bound::below, p99_ms_max},
        {"p99, 1 connection", "ms", {p99_ms(one_)}, Bound::below, p99_ms_max},
        {"p99, open loop, " + times, "ms", {p99_ms(open_long_)}, Bound::below, {}},
        {times + " / 1 x, same answers: time", "x", ratios(one_.rates, one_long_.rates), Bound::below,
         longer_ratio_max},
        {times + " / 1 x, instants of all of it: time", "x", ratios(one_.rates, one_anywhere_.rates), Bound::below,
         longer_ratio_max},
        {times + " / 1 x, from the shorter one: time", "x", ratios(one_tenth_.rates, early_one_.rates), Bound::below,
         longer_ratio_max},
        {times_times + " / 1 x, from the shorter one: time", "x", ratios(one_tenth_.rates, early_one_long_.rates),
         Bound::below, longest_ratio_max},
        {times + " / 1 x, same answers: p99", "x", {p99_ms(one_long_) / p99_ms(one_)}, Bound::below, {}},
        memory_verdict("tenure", peak_bytes),
        memory_verdict("tenure, " + times, long_peak_bytes, long_history_peak_mb_max),
        {"disk, each event, " + times,
         "bytes",
         {long_bytes / static_cast<double>(long_lines_)},
         Bound::below,
         disk_bytes_max}};
    section.rows = {loading_,      one_tenth_, early_one_, early_one_long_, one_,      one_long_,
                    one_anywhere_, some_,      some_long_, open_,           open_long_};
    return section;
  }

 private:
  void stop() {
    tenth_.stop();
    whole_.stop();
    long_.stop();
  }

  const Settings& settings_;
  std::size_t members_, changes_, few_, long_lines_ = 0;
  TenureServer tenth_, whole_, long_;
  std::optional<Asked> asked_tenth_, early_whole_, early_long_, asked_whole_, asked_long_, asked_anywhere_;
  Row loading_{"loading, batches of 2,000", "events/s"};
  Row one_tenth_{"1 connection, shorter history"}, early_one_{"1 connection, as early"},
      early_one_long_{"1 connection, longer history, as early"};
  Row one_{"1 connection"}, one_long_{"1 connection, longer history"}, one_anywhere_{"1 connection, anywhere in it"};
  Row some_{"4 connections"}, some_long_{"4 connections, longer history"};
  Row open_{"open loop"}, open_long_{"open loop, longer history"};
};

}  // namespace

void measure_who_can(Bench& bench) {
  WhoCanRun run(bench);
  for (unsigned round = 0; round < bench.settings.rounds; ++round) run.round();
  bench.report.sections.push_back(run.section());
  if (bench.settings.peers) measure_who_can_peers(bench);
}

}  // namespace tenure::bench
