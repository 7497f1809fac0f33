// Looking back: one member's power with its paths, a member's card, what two years changed, and whole lists, in a
// history in which powers change hands all the time.

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>

#include "tools/measure/can_questions.h"
#include "tools/measure/download.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/rebuilt.h"
#include "tools/measure/servers.h"
#include "tools/measure/swap_history.h"
#include "tools/measure/swap_questions.h"

namespace tenure::bench {
namespace {

constexpr std::size_t questions = 1'000, diffs = 5;
constexpr std::size_t steps_of_two_years = 2 * 365 * 86'400 / 50;
constexpr double can_p99_ms_max = 2, card_p99_ms_max = 5, diff_ms_max = 500;
constexpr double rows_per_second_min = 200'000, growth_mb_max = 32, disk_bytes_max = 300;

[[noreturn]] void give_up(const std::string& what) { throw std::runtime_error("past: " + what); }

double p99_ms(const Row& row) { return static_cast<double>(row.latency.at(0.99).count()) / 1e6; }

double resident_mb(const TenureServer& server) { return static_cast<double>(server.cost().bytes) / 1e6; }

// A whole list as NDJSON, how fast its rows came, and by how much the server's memory grew.
struct Streamed {
  Row row;
  std::vector<double> growth_mb;

  void take(const TenureServer& server, const std::string& target, std::optional<std::uint64_t> wanted) {
    std::string request = server.get_request(target);
    request.insert(request.size() - 2, "Accept: application/x-ndjson\r\n");
    const Cost before = server.cost();
    const double client_before = own_cpu_seconds(), mb_before = resident_mb(server);
    const Downloaded got = download(server.port(), request);
    if (wanted && got.lines != *wanted) give_up(fmt::format("{} rows of {}, not {}", got.lines, target, *wanted));
    if (got.lines == 0) give_up("no rows of " + target);
    row.rates.push_back(static_cast<double>(got.lines) / std::chrono::duration<double>(got.took).count());
    row.done += got.lines;
    row.server_cpu_seconds += server.cost().cpu_seconds - before.cpu_seconds;
    row.client_cpu_seconds += own_cpu_seconds() - client_before;
    growth_mb.push_back(std::max(0.0, resident_mb(server) - mb_before));
  }
};

class PastRun {
 public:
  explicit PastRun(Bench& bench)
      : bench_(bench),
        settings_(bench.settings),
        members_(swap_members(settings_)),
        changes_(swap_changes(settings_) * settings_.past_times),
        server_(bench, "past"),
        random_(settings_.seed + 1) {
    load_history();
  }

  void round() {
    ask(can_, [this] {
      return fmt::format(
          "/v1/orgs/acme/can?member={}&permission=repository&level=write&resource=repo:acme/repo-0&explain=true&at={}",
          SwapHistory::member(random_() % members_), instant_text(some_instant()));
    });
    ask(card_, [this] {
      return fmt::format("/v1/orgs/acme/members/{}?card=true&at={}", SwapHistory::member(random_() % members_),
                         instant_text(some_instant()));
    });
    for (std::size_t i = 0; i < diffs; ++i) diff();
    events_.take(server_, "/v1/orgs/acme/events", lines_ + 1);
    const std::string at = instant_text(SwapHistory::step_ms(changes_ / 2));
    people_.take(server_, "/v1/orgs/acme/members?at=" + at, members_);
    readers_.take(server_, "/v1/orgs/acme/who-can?permission=repository&level=read&at=" + at, {});
  }

  Section section() {
    Section section{"past", "looking back at a history in which powers change hands all the time", {}, {}, {}};
    section.settings = {
        {"organization", fmt::format("{} members, {} events", number_text(static_cast<double>(members_)),
                                     number_text(static_cast<double>(lines_)))},
        {"load",
         fmt::format("1 connection; {} rounds of {:.1f} s of can and cards at random instants; {} diffs a round "
                     "of two years in the middle of the history or four fifths of it, each read to its end, {:.0f} "
                     "changes each",
                     settings_.rounds, settings_.duration.count() / 1e3, diffs, changes_found_)}};
    section.verdicts = {{"can with paths, p99", "ms", {p99_ms(can_)}, Bound::below, can_p99_ms_max},
                        {"a member's card, p99", "ms", {p99_ms(card_)}, Bound::below, card_p99_ms_max},
                        {"a diff, for each 10,000 changes", "ms", diff_ms_, Bound::below, diff_ms_max},
                        {"all events as NDJSON", "rows/s", events_.row.rates, Bound::at_least, rows_per_second_min},
                        {"all members as NDJSON", "rows/s", people_.row.rates, Bound::at_least, rows_per_second_min},
                        {"everyone who can read as NDJSON", "rows/s", readers_.row.rates, Bound::at_least, {}},
                        {"memory grown by the events", "MB", events_.growth_mb, Bound::below, growth_mb_max},
                        {"memory grown by the members", "MB", people_.growth_mb, Bound::below, growth_mb_max},
                        memory_verdict("tenure", server_.cost().peak_bytes, peak_mb())};
    section.rows = {loading_, can_, card_, diff_, events_.row, people_.row, readers_.row};
    return section;
  }

  // What the store takes on disk once the server has put it away, and how its views are made anew.
  void put_away(Section& section) {
    server_.halt();
    section.verdicts.push_back({"disk, each event",
                                "bytes",
                                {static_cast<double>(server_.bytes_on_disk()) / static_cast<double>(lines_)},
                                Bound::below,
                                disk_bytes_max});
    Row rebuilt{"tenure rebuild", "events/s"};
    const std::uint64_t peak_bytes = rebuild_views_of(bench_, server_, lines_ + 1, rebuilt);
    section.verdicts.push_back({"rebuild", "events/s", rebuilt.rates, Bound::at_least, rebuilt_per_second_min});
    section.verdicts.push_back(memory_verdict("tenure rebuild", peak_bytes, peak_mb()));
    section.rows.push_back(std::move(rebuilt));
  }

 private:
  double peak_mb() const { return settings_.past_times > 1 ? long_history_peak_mb_max : peak_mb_max; }

  void load_history() {
    const SwapHistory history(settings_.seed, members_);
    lines_ = history.beginning_lines() + changes_;
    load_swaps(server_, history, changes_, loading_);
  }

  std::int64_t some_instant() {
    const auto first = SwapHistory::step_ms(0), last = SwapHistory::step_ms(changes_ / 2);
    return first + static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(last - first));
  }

  template <class Target>
  void ask(Row& row, const Target& target) {
    std::vector<std::string> requests;
    for (std::size_t i = 0; i < questions; ++i) requests.push_back(server_.get_request(target()));
    Load load = load_on(bench_, server_.port());
    load.connections = 1;
    std::size_t next = 0;
    load.next = [&](std::size_t) { return std::string_view(requests[next++ % requests.size()]); };
    measure_load(row, load, server_.pid());
  }

  void diff() {
    const std::size_t steps = changes_ / 2;
    const std::size_t compared = std::min(steps / 10 * 8, steps_of_two_years), from = (steps - compared) / 2;
    std::string request = server_.get_request(fmt::format("/v1/orgs/acme/diff?by=change&from={}&to={}",
                                                          instant_text(SwapHistory::step_ms(from)),
                                                          instant_text(SwapHistory::step_ms(from + compared))));
    request.insert(request.size() - 2, "Accept: application/x-ndjson\r\n");
    const double server_before = server_.cost().cpu_seconds;
    const Downloaded got = download(server_.port(), request);
    if (changes_found_ != 0 && static_cast<double>(got.lines) != changes_found_) give_up("two diffs differ");
    changes_found_ = static_cast<double>(got.lines);
    diff_ms_.push_back(static_cast<double>(got.took.count()) / 1e6 / changes_found_ * 1e4);
    diff_.rates.push_back(1e9 / static_cast<double>(got.took.count()));
    diff_.latency.add(got.took);
    diff_.done += 1;
    diff_.server_cpu_seconds += server_.cost().cpu_seconds - server_before;
  }

  Bench& bench_;
  const Settings& settings_;
  std::size_t members_, changes_, lines_ = 0;
  TenureServer server_;
  std::mt19937_64 random_;
  double changes_found_ = 0;
  std::vector<double> diff_ms_;
  Row loading_{"loading, batches of 2,000", "events/s"};
  Row can_{"can with paths, 1 connection"}, card_{"a member's card, 1 connection"}, diff_{"a diff"};
  Streamed events_{{"all events as NDJSON", "rows/s"}, {}}, people_{{"all members as NDJSON", "rows/s"}, {}};
  Streamed readers_{{"everyone who can read, as NDJSON", "rows/s"}, {}};
};

}  // namespace

void measure_past(Bench& bench) {
  PastRun run(bench);
  for (unsigned round = 0; round < bench.settings.rounds; ++round) run.round();
  Section section = run.section();
  run.put_away(section);
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
