// Import of a GitHub audit log: parsed, judged, sealed, hashed, projected and durable.

#include <fmt/core.h>

#include "tools/measure/audit_table.h"
#include "tools/measure/imported_log.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/rocks_ceiling.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 1'000'000, lines_again = 2'000;
// Each is a whole log into an organization of its own; more would only fill the disk.
constexpr unsigned rounds_max = 3;
constexpr std::size_t rocks_batch = 2'000;
constexpr double events_per_second_min = 50'000;

// How long it took.
double copy_log(AuditTable& table, const std::string& org, const GithubLog& log, std::size_t lines, Row& row) {
  const double server_before = table.cpu_seconds(), client_before = own_cpu_seconds();
  const auto took = table.copy(org, log);
  row.server_cpu_seconds += table.cpu_seconds() - server_before;
  row.client_cpu_seconds += own_cpu_seconds() - client_before;
  row.done += lines;
  row.rates.push_back(static_cast<double>(lines) / took.count());
  return took.count();
}

}  // namespace

void measure_import(Bench& bench) {
  TenureServer server(bench, "import");
  const std::size_t lines = bench.settings.scaled(lines_whole, 100);
  const unsigned rounds = std::min(bench.settings.rounds, rounds_max);
  Row imported{"tenure, import over HTTP", "events/s"};
  Row rocks{"rocksdb alone, batches", "writes/s"};
  Row copied{"postgresql, COPY of the same lines", "rows/s"};
  std::optional<AuditTable> table;
  if (bench.settings.peers) table.emplace(bench);
  std::vector<double> import_seconds, copy_seconds;
  std::size_t people = 0;
  for (unsigned round = 0; round < rounds; ++round) {
    const std::string org = fmt::format("acme-{}", round + 1);
    GithubLog log(org, bench.settings.seed + round, lines);
    const double server_before = server.cost().cpu_seconds, client_before = own_cpu_seconds();
    const auto took = import_log(server, org, log);
    imported.server_cpu_seconds += server.cost().cpu_seconds - server_before;
    imported.client_cpu_seconds += own_cpu_seconds() - client_before;
    imported.done += log.events();
    imported.rates.push_back(static_cast<double>(log.events()) / took.count());
    people += log.people();
    import_seconds.push_back(took.count());
    import_again(server, org, GithubLog(org, bench.settings.seed + round, lines), lines_again);

    RocksCeiling ceiling;
    ceiling.threads = 1;
    ceiling.puts_a_write = rocks_batch;
    ceiling.duration = bench.settings.duration;
    rocks.rates.push_back(rocks_synced_puts_per_second(bench.scratch.fresh("rocks"), ceiling));
    if (table)
      copy_seconds.push_back(copy_log(*table, org, GithubLog(org, bench.settings.seed + round, lines), lines, copied));
  }

  Section section{"import", "a GitHub audit log over HTTP, durable when answered", {}, {}, {}};
  section.settings = {{"log", fmt::format("{} lines, {} people; {} rounds, each into an organization of its own",
                                          number_text(static_cast<double>(lines)),
                                          number_text(static_cast<double>(people) / rounds), rounds)},
                      {"rocksdb alone",
                       fmt::format("1 thread, batches of {} writes of 8 + 400 bytes, each batch synced", rocks_batch)}};
  section.verdicts = {{"import", "events/s", imported.rates, Bound::at_least, events_per_second_min},
                      {"import / rocksdb alone", "x", ratios(imported.rates, rocks.rates), Bound::at_least, {}},
                      memory_verdict("tenure", server.cost().peak_bytes)};
  section.rows = {imported, rocks};
  if (table) {
    section.settings.emplace_back("postgresql", "COPY of the same lines as they are, into " + AuditTable::kept());
    section.verdicts.push_back(
        {"import / postgresql COPY, the same lines", "x", ratios(copy_seconds, import_seconds), Bound::at_least, {}});
    section.rows.push_back(copied);
    table->stop();
  }
  server.stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
