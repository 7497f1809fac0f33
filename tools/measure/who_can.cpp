// "Who could do that, then?" with 1,000 answers, in a history and in one ten times as long with the same answers.

#include <fmt/core.h>
#include <simdjson.h>

#include <algorithm>
#include <iostream>
#include <stdexcept>

#include "tools/measure/can_questions.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/servers.h"
#include "tools/measure/swap_history.h"

namespace tenure::bench {
namespace {

constexpr std::size_t members_whole = 100'000, changes_whole = 1'000'000, changes_least = 2'000;
constexpr std::size_t batch_events = 2'000, questions = 1'000, compared = 20;
constexpr std::size_t say_every_events = 500'000;
constexpr std::size_t some_connections = 4;
constexpr double p99_ms_max = 10, longer_ratio_max = 1.5;

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("who-can: " + what); }

// Loads that many changes after the beginning, a batch at a time, and adds each batch's speed to the row.
void load_history(const TenureServer& server, SwapHistory history, std::size_t changes, Row& row) {
  server.make_org("acme", SwapHistory::created_at());
  const std::size_t lines = history.beginning_lines() + changes;
  const double server_before = server.cost().cpu_seconds, client_before = own_cpu_seconds();
  const auto begin = std::chrono::steady_clock::now();
  std::string batch;
  for (std::size_t line = 1; line <= lines; ++line) {
    history.next(batch);
    if (line % batch_events != 0 && line != lines) continue;
    server.post("/v1/orgs/acme/events", "application/x-ndjson", batch, 201);
    batch.clear();
    if (line % say_every_events == 0) {
      std::cerr << "  " << number_text(static_cast<double>(line)) << " of " << number_text(static_cast<double>(lines))
                << " events loaded\n";
    }
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  row.rates.push_back(static_cast<double>(lines) / took.count());
  row.done += lines;
  row.server_cpu_seconds += server.cost().cpu_seconds - server_before;
  row.client_cpu_seconds += own_cpu_seconds() - client_before;
  if (server.version_of("acme") != lines + 1) give_up("not every event arrived");
}

std::string target(std::int64_t at_ms) {
  return "/v1/orgs/acme/who-can?permission=repository&level=write&resource=repo:acme/repo-0&limit=1000&at=" +
         instant_text(at_ms);
}

// Random instants within that many steps, in order.
std::vector<std::int64_t> instants_within(std::size_t steps, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::int64_t> instants(count);
  const auto first = SwapHistory::step_ms(0);
  const auto span = static_cast<std::uint64_t>(SwapHistory::step_ms(steps) - first);
  for (std::int64_t& at : instants) at = first + static_cast<std::int64_t>(random() % span);
  std::sort(instants.begin(), instants.end());
  return instants;
}

// The rows of an answer, without the instant and position that it rests on.
std::string_view rows_of(std::string_view body) {
  const auto at = body.find(R"("items":)");
  if (at == std::string_view::npos) give_up("no items in " + std::string(body.substr(0, 300)));
  return body.substr(at);
}

// The answer member by member against the history that was sent.
void compare(const std::string& body, const SwapHistory& history) {
  simdjson::dom::parser parser;
  const auto items = parser.parse(body)["items"].get_array();
  std::vector<std::string> found, wanted;
  for (const auto row : items) {
    std::string_view member, level;
    if (row["member"].get(member) != simdjson::SUCCESS || row["level"].get(level) != simdjson::SUCCESS) {
      give_up("a row without member and level");
    }
    found.push_back(fmt::format("{} {}", member, level));
  }
  for (const auto& [member, owner] : history.holders()) {
    wanted.push_back(fmt::format("{} {}", SwapHistory::member(member), owner ? "admin" : "write"));
  }
  std::sort(found.begin(), found.end());
  if (found == wanted) return;
  const auto [f, w] = std::mismatch(found.begin(), found.end(), wanted.begin(), wanted.end());
  give_up(fmt::format("{} rows for {}; instead of {} came {}", found.size(), wanted.size(),
                      w == wanted.end() ? "nothing" : *w, f == found.end() ? "nothing" : *f));
}

// Some instants of the first `steps`, compared in full. The history is at its beginning.
void compare_some(const TenureServer& server, SwapHistory history, std::size_t steps, std::uint64_t seed) {
  std::string line;
  for (std::size_t i = history.beginning_lines(); i > 0; --i) history.next(line), line.clear();
  for (const std::int64_t at : instants_within(steps, compared, seed)) {
    while (SwapHistory::step_ms(history.steps()) <= at) history.next(line), line.clear();
    compare(server.get(target(at)), history);
  }
}

void compare_with_each_other(const TenureServer& one, const TenureServer& other,
                             const std::vector<std::int64_t>& instants) {
  for (std::size_t i = 0; i < instants.size(); i += std::max<std::size_t>(1, instants.size() / compared)) {
    if (rows_of(one.get(target(instants[i]))) == rows_of(other.get(target(instants[i])))) continue;
    give_up("the longer history gives another answer at " + instant_text(instants[i]));
  }
}

// Of every answer while measuring: all 1,000 are there.
void check_count(std::string_view body) {
  static constexpr std::string_view each = R"({"member":)";
  std::size_t count = 0;
  for (auto at = body.find(each); at != std::string_view::npos; at = body.find(each, at + each.size())) ++count;
  if (count != SwapHistory::answers) give_up(fmt::format("{} answers in {}", count, body.substr(0, 300)));
}

// One server's organization and the questions put to it.
class Asked {
 public:
  Asked(Bench& bench, const TenureServer& server, const std::vector<std::int64_t>& instants)
      : bench_(bench), server_(server) {
    for (const std::int64_t at : instants) requests_.push_back(server.get_request(target(at)));
    std::mt19937_64 random(bench.settings.seed);
    std::shuffle(requests_.begin(), requests_.end(), random);
  }

  void run(Row& row, std::size_t connections, std::optional<double> per_second = {}) {
    Load load = load_on(bench_, server_.port());
    load.connections = connections;
    load.per_second = per_second;
    load.next = [this](std::size_t) { return std::string_view(requests_[next_++ % requests_.size()]); };
    load.answered = [](std::size_t, unsigned status, std::string_view body) {
      if (status == 200) check_count(body);
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
        members_(settings_.scaled(members_whole, SwapHistory::members_least)),
        changes_(settings_.scaled(changes_whole, changes_least) / 2 * 2),
        short_(bench, "who-can"),
        long_(bench, "who-can-longer") {
    const SwapHistory history(settings_.seed, members_);
    load_history(short_, history, changes_, loading_);
    load_history(long_, history, changes_ * settings_.history_times, loading_);
    const std::size_t steps = changes_ / 2, all_steps = steps * settings_.history_times;
    compare_some(short_, history, steps, settings_.seed + 1);
    compare_some(long_, history, all_steps, settings_.seed + 1);
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
}

}  // namespace tenure::bench
