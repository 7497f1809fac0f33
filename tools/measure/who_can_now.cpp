// "Who can do that now?" with 1,000 answers, asked of Tenure and of SpiceDB in turns.

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include "tools/measure/measured_load.h"
#include "tools/measure/peers.h"
#include "tools/measure/spicedb.h"
#include "tools/measure/swap_questions.h"

namespace tenure::bench {
namespace {

constexpr std::size_t some_connections = 4;
constexpr double ratio_min = 20;
constexpr const char* repository = "acme/repo-0";

double p99_ms(const Row& row) { return static_cast<double>(row.latency.at(0.99).count()) / 1e6; }

// Both name the same people.
void compare(const std::string& tenure_answer, const std::vector<std::string>& subjects) {
  std::vector<std::string> members;
  for (const std::string& row : who_could(tenure_answer)) members.push_back(row.substr(0, row.find(' ')));
  if (members == subjects) return;
  throw std::runtime_error(
      fmt::format("who-can: spicedb names {} people and tenure {}, or others", subjects.size(), members.size()));
}

}  // namespace

void measure_who_can_now(Bench& bench, const TenureServer& server, const HeldRoles& roles) {
  const Settings& settings = bench.settings;
  if (!std::filesystem::exists(settings.spicedb)) {
    std::cerr << "  who-can-now is left out: there is no " << settings.spicedb << ", which npm installs\n";
    return;
  }
  SpiceDb spicedb(bench, roles.all());
  std::string now = who_can_target(0);
  now.resize(now.find("&at="));
  compare(server.get(now), spicedb.ask(repository));

  const std::string request = server.get_request(now);
  const auto ask_tenure = [&](Row& row, std::size_t connections) {
    Load load = load_on(bench, server.port());
    load.connections = connections;
    load.next = [&](std::size_t) { return std::string_view(request); };
    load.answered = [](std::size_t, unsigned status, std::string_view body) {
      if (status == 200) check_who_can_count(body);
    };
    measure_load(row, load, server.pid());
  };
  const auto ask_spicedb = [&](Row& row, std::size_t connections) {
    Load load = spicedb.load(bench, repository);
    load.connections = connections;
    load.answered = [](std::size_t, unsigned status, std::string_view body) {
      if (status != 200 || SpiceDb::subjects_in(body) == SwapHistory::answers) return;
      throw std::runtime_error(fmt::format("who-can: {} answers of spicedb", SpiceDb::subjects_in(body)));
    };
    measure_load(row, load, spicedb.pid());
  };
  Row one{"tenure, 1 connection"}, some{fmt::format("tenure, {} connections", some_connections)};
  Row their_one{"spicedb, 1 connection"}, their_some{fmt::format("spicedb, {} connections", some_connections)};
  for (unsigned round = 0; round < settings.rounds; ++round) {
    ask_tenure(one, 1);
    ask_spicedb(their_one, 1);
    ask_tenure(some, some_connections);
    ask_spicedb(their_some, some_connections);
  }

  Section section{"who-can-now", "1,000 answers as things stand, by Tenure and by SpiceDB", {}, {}, {}};
  section.settings = {
      {"load",
       fmt::format("the same question all the time, closed loop with 1 and {} connections; {} rounds of {:.1f} s "
                   "each, taking turns",
                   some_connections, settings.rounds, settings.duration.count() / 1e3)},
      {"spicedb",
       "LookupSubjects of a repository's writers and its organization's owners, minimizing latency; in "
       "memory, through the gRPC proxy that its package answers streams by"}};
  section.verdicts = {
      {"1 connection: tenure / spicedb", "x", ratios(one.rates, their_one.rates), Bound::at_least, ratio_min},
      {fmt::format("{} connections: tenure / spicedb", some_connections), "x", ratios(some.rates, their_some.rates),
       Bound::at_least, ratio_min},
      {"1 connection: p99, tenure / spicedb", "x", {p99_ms(one) / p99_ms(their_one)}, Bound::below, {}}};
  section.rows = {one, some, their_one, their_some};
  spicedb.stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
