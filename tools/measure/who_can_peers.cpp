// "Who could do that, then?" with 1,000 answers, asked of Tenure, of PostgreSQL and of MariaDB in turns.

#include <fmt/core.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "tools/measure/measured_load.h"
#include "tools/measure/peers.h"
#include "tools/measure/sql_history.h"
#include "tools/measure/swap_questions.h"

namespace tenure::bench {
namespace {

constexpr std::size_t questions = 1'000, compared = 20, some_connections = 4;
constexpr double ratio_min = 5;
constexpr std::string_view repository = "repo:acme/repo-0";

double p99_ms(const Row& row) { return static_cast<double>(row.latency.at(0.99).count()) / 1e6; }

// One of those that are asked: the load that asks it, and its rows.
struct Asked {
  std::string name;
  std::function<Load()> load;
  std::vector<std::string> requests;
  std::function<void(Row&, const Load&)> measure;
  Row one, some;
  std::size_t next = 0;

  void run(Row& row, std::size_t connections) {
    Load wanted = load();
    wanted.connections = connections;
    wanted.next = [this](std::size_t) { return std::string_view(requests[next++ % requests.size()]); };
    measure(row, wanted);
  }
  void round() {
    run(one, 1);
    run(some, some_connections);
  }
};

Asked tenure_asked(Bench& bench, const TenureServer& server, const std::vector<std::int64_t>& instants) {
  Asked asked;
  asked.name = "tenure";
  for (const std::int64_t at : instants) asked.requests.push_back(server.get_request(who_can_target(at)));
  asked.load = [&] {
    Load load = load_on(bench, server.port());
    load.answered = [](std::size_t, unsigned status, std::string_view body) {
      if (status == 200) check_who_can_count(body);
    };
    return load;
  };
  asked.measure = [&server](Row& row, const Load& load) { measure_load(row, load, server.pid()); };
  return asked;
}

Asked peer_asked(Bench& bench, SqlHistory& history, const std::vector<std::int64_t>& instants) {
  SqlPeer& peer = history.peer();
  Asked asked;
  asked.name = peer.name();
  for (const std::int64_t at : instants) {
    asked.requests.push_back(peer.execution(history.who_can_values(std::string(repository), at)));
  }
  asked.load = [&bench, &history, &peer] {
    Load load = peer.load(bench, history.who_can());
    load.answered = [&peer](std::size_t, unsigned status, std::string_view body) {
      if (status != 200) return;
      if (const std::size_t rows = peer.rows_in(body); rows != SwapHistory::answers) {
        throw std::runtime_error(fmt::format("who-can: {} answers of {}", rows, peer.name()));
      }
    };
    return load;
  };
  asked.measure = [&peer](Row& row, const Load& load) { peer.measure(row, load); };
  return asked;
}

// Every row's name by who is asked and over how many connections; and the questions in another order for each.
void prepare(Asked& asked, std::uint64_t seed) {
  asked.one.what = asked.name + ", 1 connection";
  asked.some.what = fmt::format("{}, {} connections", asked.name, some_connections);
  std::mt19937_64 random(seed);
  std::shuffle(asked.requests.begin(), asked.requests.end(), random);
}

// Of each round, the faster.
std::vector<double> faster(const Row& one, const Row& other) {
  std::vector<double> rates;
  for (std::size_t i = 0; i < one.rates.size(); ++i) rates.push_back(std::max(one.rates[i], other.rates[i]));
  return rates;
}

void add_verdicts(Section& section, const Asked& tenure, const Asked& postgres, const Asked& mariadb) {
  for (const auto& [row, one, other] : {std::tuple(&tenure.one, &postgres.one, &mariadb.one),
                                        std::tuple(&tenure.some, &postgres.some, &mariadb.some)}) {
    const std::string load = row->what.substr(row->what.find(',') + 2) + ": ";
    section.verdicts.push_back({load + "tenure / the faster of both", "x", ratios(row->rates, faster(*one, *other)),
                                Bound::at_least, ratio_min});
    section.verdicts.push_back({load + "p99, tenure / the lower of both",
                                "x",
                                {p99_ms(*row) / std::min(p99_ms(*one), p99_ms(*other))},
                                Bound::below,
                                1.0});
    section.verdicts.push_back(
        {load + "tenure / postgresql", "x", ratios(row->rates, one->rates), Bound::at_least, {}});
    section.verdicts.push_back({load + "tenure / mariadb", "x", ratios(row->rates, other->rates), Bound::at_least, {}});
  }
}

}  // namespace

void measure_who_can_peers(Bench& bench) {
  const Settings& settings = bench.settings;
  const std::size_t members = swap_members(settings), changes = swap_changes(settings), steps = changes / 2;
  const SwapHistory history(settings.seed, members);
  TenureServer server(bench, "who-can-peers");
  HeldRoles roles("acme");
  Row loading{"loading tenure, batches of 2,000", "events/s"};
  load_swaps(server, history, changes, loading, &roles);
  const std::vector<HeldRole> all = roles.all();
  const auto postgres = history_in_postgres(bench, all), mariadb = history_in_mariadb(bench, all);

  compare_who_could([&](std::int64_t at) { return who_could(server.get(who_can_target(at))); }, history, steps,
                    compared, settings.seed + 1);
  for (SqlHistory* kept : {postgres.get(), mariadb.get()}) {
    compare_who_could(
        [&](std::int64_t at) {
          const SqlRow values = kept->who_can_values(std::string(repository), at);
          return SqlHistory::who_could(kept->peer().run_prepared(kept->who_can(), {values}).front());
        },
        history, steps, compared, settings.seed + 1);
  }
  const auto instants = instants_within(steps, questions, settings.seed + 2);
  std::vector<Asked> all_asked;
  all_asked.push_back(tenure_asked(bench, server, instants));
  for (SqlHistory* kept : {postgres.get(), mariadb.get()}) all_asked.push_back(peer_asked(bench, *kept, instants));
  for (Asked& asked : all_asked) prepare(asked, settings.seed);
  for (unsigned round = 0; round < settings.rounds; ++round) {
    for (Asked& asked : all_asked) asked.round();
  }

  const auto size = [](std::size_t n) { return number_text(static_cast<double>(n)); };
  Section section{"who-can-peers", "1,000 answers at a past instant, by Tenure and by databases", {}, {}, {}};
  section.settings = {
      {"organization", fmt::format("{} members, {} role changes", size(members), size(changes))},
      {"load", fmt::format("closed loop with 1 and {} connections; {} rounds of {:.1f} s each, taking turns",
                           some_connections, settings.rounds, settings.duration.count() / 1e3)},
      {"questions",
       fmt::format("{} random instants; {} answers of each compared in full before, all counted", questions, compared)},
      {"postgresql", postgres->kept()},
      {"mariadb", mariadb->kept()}};
  add_verdicts(section, all_asked[0], all_asked[1], all_asked[2]);
  section.verdicts.push_back(memory_verdict("tenure", server.cost().peak_bytes));
  for (const Asked& asked : all_asked) section.rows.insert(section.rows.end(), {asked.one, asked.some});
  for (SqlHistory* kept : {postgres.get(), mariadb.get()}) kept->peer().server().stop();
  bench.report.sections.push_back(std::move(section));
  measure_who_can_now(bench, server, roles);
  server.stop();
}

}  // namespace tenure::bench
