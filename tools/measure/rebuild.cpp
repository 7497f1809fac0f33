// The views made anew from the log of an import: read, checked, folded, written.

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>

#include "tools/measure/imported_log.h"
#include "tools/measure/rebuilt.h"
#include "tools/measure/rocks_ceiling.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 1'000'000;
constexpr unsigned rounds_max = 3;
constexpr std::chrono::seconds rebuilt_within{3'600};
constexpr double scan_ratio_min = 0.25;

}  // namespace

std::uint64_t rebuild_views_of(const Bench& bench, const TenureServer& server, std::size_t events, Row& row) {
  const auto begin = std::chrono::steady_clock::now();
  Child rebuild({bench.settings.tenure, "rebuild", "--data", server.folder()});
  const std::string said = rebuild.line(rebuilt_within);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  if (!said.starts_with("rebuilt: ")) throw std::runtime_error("tenure rebuild said: " + said);
  const Cost cost = rebuild.finish(rebuilt_within);
  row.server_cpu_seconds += cost.cpu_seconds;
  row.done += events;
  row.rates.push_back(static_cast<double>(events) / took.count());
  return cost.peak_bytes;
}

void measure_rebuild(Bench& bench) {
  TenureServer server(bench, "rebuild");
  GithubLog log("acme", bench.settings.seed, bench.settings.scaled(lines_whole, 100));
  import_log(server, "acme", log);
  server.halt();
  Row rebuilt{"tenure rebuild", "events/s"}, scanned{"rocksdb alone, the same log read through", "records/s"};
  std::uint64_t peak_bytes = 0;
  for (unsigned round = 0; round < std::min(bench.settings.rounds, rounds_max); ++round) {
    peak_bytes = std::max(peak_bytes, rebuild_views_of(bench, server, log.events(), rebuilt));
    scanned.rates.push_back(rocks_scanned_per_second(server.folder() + "/store", log.events()));
  }
  Section section{"rebuild", "the views made anew from the log, the server being stopped", {}, {}, {}};
  section.settings = {
      {"log", fmt::format("{} events of {} people in one organization", number_text(static_cast<double>(log.events())),
                          number_text(static_cast<double>(log.people())))}};
  section.verdicts = {{"rebuild", "events/s", rebuilt.rates, Bound::at_least, rebuilt_per_second_min},
                      {"rebuild / rocksdb reading the same log", "x", ratios(rebuilt.rates, scanned.rates),
                       Bound::at_least, scan_ratio_min},
                      memory_verdict("tenure rebuild", peak_bytes)};
  section.rows = {rebuilt, scanned};
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
