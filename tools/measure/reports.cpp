// What a report costs to write: 100,000 rows as JSON, CSV and XLSX, 10,000 as PDF, and by how much memory grows.
//
// Not over HTTP: each report is written in a child process of its own, so that its memory is its own; the bytes are
// counted and dropped. Rows are made as they are asked for, as a review's would be.

#include <fmt/core.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "services/reports/write.h"
#include "tools/measure/bench.h"

namespace tenure::bench {
namespace {

using namespace tenure::reports;

constexpr double seconds_max = 5, growth_mb_max = 100;

struct Cost {
  double seconds = 0;
  double megabytes = 0;  // of the file
  double growth_mb = 0;  // of the process, at its highest
};

Document report_of(std::size_t rows) {
  Document document;
  document.title = "Who holds what";
  document.organization = "Acme";
  document.created = Instant{1'790'000'000'000'000};
  document.facts = {{"position", "Position", std::int64_t{41'207}}};
  document.tables = {{"items",
                      "Items",
                      "",
                      {{"number", "No.", Kind::number},
                       {"member", "Member", Kind::text, 26},
                       {"role", "Role", Kind::text, 18},
                       {"since", "Since", Kind::instant},
                       {"by", "Granted by", Kind::text, 22},
                       {"decision", "Decision", Kind::text, 8},
                       {"at", "Decided", Kind::instant},
                       {"reason", "Reason", Kind::text, 26}},
                      [rows] {
                        return [rows, next = std::size_t{0}](reports::Row& row) mutable -> Outcome<bool> {
                          if (next == rows) return false;
                          const auto n = static_cast<std::int64_t>(next++);
                          row = {n,
                                 "person-" + std::to_string(n * 7919 % 1'000'003) + "@acme.test",
                                 "role " + std::to_string(n % 23),
                                 Instant{1'700'000'000'000'000 + n * 997'000'000},
                                 "granter-" + std::to_string(n % 101) + "@acme.test",
                                 n % 9 == 0 ? "revoke" : "keep",
                                 Instant{1'789'000'000'000'000 + n * 1'000'000},
                                 "needed for the work on project " + std::to_string(n % 211)};
                          return true;
                        };
                      },
                      ""}};
  return document;
}

double status_mb(const std::string& field) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(field + ":")) return std::stod(line.substr(field.size() + 1)) * 1024 / 1e6;
  }
  throw std::runtime_error("reports: /proc/self/status has no " + field);
}

using Writer = Outcome<void> (*)(const Document&, const std::string& folder, const Sink&);

Cost cost_here(Writer write, std::size_t rows, const std::string& folder) {
  const Document document = report_of(rows);
  std::size_t bytes = 0;
  const double before = status_mb("VmRSS");
  const auto begin = std::chrono::steady_clock::now();
  const Outcome<void> written = write(document, folder, [&](std::string_view piece) -> Outcome<void> {
    bytes += piece.size();
    return {};
  });
  if (!written) throw std::runtime_error("reports: " + written.error().because);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return {took.count(), static_cast<double>(bytes) / 1e6, status_mb("VmHWM") - before};
}

Cost cost_of(Writer write, std::size_t rows, const std::string& folder) {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) throw std::runtime_error("reports: no pipe");
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("reports: no child process");
  if (child == 0) {
    try {
      const Cost cost = cost_here(write, rows, folder);
      const bool said = ::write(ends[1], &cost, sizeof cost) == static_cast<ssize_t>(sizeof cost);
      ::_exit(said ? 0 : 1);
    } catch (const std::exception& wrong) {
      fmt::print(stderr, "{}\n", wrong.what());
      ::_exit(1);
    }
  }
  ::close(ends[1]);
  Cost cost;
  const bool heard = ::read(ends[0], &cost, sizeof cost) == static_cast<ssize_t>(sizeof cost);
  ::close(ends[0]);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (!heard || status != 0) throw std::runtime_error("reports: a report could not be written");
  return cost;
}

struct Format {
  const char* name;
  std::size_t rows;
  Writer write;
};

constexpr std::array formats{
    Format{"JSON", 100'000, [](const Document& d, const std::string&, const Sink& s) { return write_json(d, s); }},
    Format{"CSV", 100'000,
           [](const Document& d, const std::string&, const Sink& s) { return write_csv(d.tables.front(), s); }},
    Format{"XLSX", 100'000,
           [](const Document& d, const std::string& folder, const Sink& s) { return write_xlsx(d, folder, s); }},
    Format{"PDF", 10'000, [](const Document& d, const std::string&, const Sink& s) { return write_pdf(d, s); }}};

}  // namespace

void measure_reports(Bench& bench) {
  Section section;
  section.name = "reports";
  section.about = "a report of eight columns, written and dropped";
  const std::string folder = bench.scratch.fresh("reports");
  std::filesystem::create_directories(folder);
  for (const Format& format : formats) {
    const std::size_t rows = bench.settings.scaled(format.rows, 100);
    Row row;
    row.what = fmt::format("{}, {} rows", format.name, rows);
    row.unit = "rows/s";
    Verdict seconds{std::string(format.name) + ", time", "s", {}, Bound::below, seconds_max};
    Verdict growth{std::string(format.name) + ", memory grown by", "MB", {}, Bound::below, growth_mb_max};
    for (unsigned round = 0; round < bench.settings.rounds; ++round) {
      const Cost cost = cost_of(format.write, rows, folder);
      row.rates.push_back(static_cast<double>(rows) / cost.seconds);
      row.done += rows;
      seconds.values.push_back(cost.seconds);
      growth.values.push_back(cost.growth_mb);
      if (round == 0) section.settings.emplace_back(format.name, fmt::format("{:.1f} MB", cost.megabytes));
    }
    section.rows.push_back(std::move(row));
    section.verdicts.push_back(std::move(seconds));
    section.verdicts.push_back(std::move(growth));
  }
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
