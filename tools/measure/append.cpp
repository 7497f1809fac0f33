// Single durable appends over HTTP: each request one event, each answer after its event is synced.

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "tools/measure/audit_table.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/rocks_ceiling.h"
#include "tools/measure/servers.h"
#include "tools/measure/team.h"

namespace tenure::bench {
namespace {

constexpr std::size_t members = 1'000, groups = 50, repositories = 200;
constexpr unsigned newcomer_every = 20;
constexpr std::size_t rocks_threads = 16;
constexpr double echo_ratio_min = 0.35, rocks_ratio_min = 1.5, postgres_ratio_min = 2;

// Requests for `load.next`, each connection's in a text of its own.
class Appends {
 public:
  Appends(const TenureServer& server, Team& team, std::size_t connections)
      : head_(server.post_head("/v1/orgs/acme/events", "application/json")), team_(team), texts_(connections) {}

  // With `newcomers` every twentieth event is a new person's.
  std::function<std::string_view(std::size_t)> source(bool newcomers) {
    return [this, newcomers](std::size_t connection) {
      const bool joins = newcomers && ++count_ % newcomer_every == 0;
      const std::string& event = joins ? team_.joining() : team_.next();
      std::string& text = texts_[connection];
      text = head_;
      fmt::format_to(std::back_inserter(text), "{}\r\n\r\n", event.size());
      text += event;
      return std::string_view(text);
    };
  }

 private:
  std::string head_;
  Team& team_;
  std::vector<std::string> texts_;
  std::uint64_t count_ = 0;
};

// What an acknowledgement must say: one item, a version that this connection has not seen, higher than all it has.
class Acknowledged {
 public:
  explicit Acknowledged(std::size_t connections) : versions_(connections) {}

  void check(std::size_t connection, std::string_view body) {
    static constexpr std::string_view name = R"("version":)";
    const auto at = body.find(name);
    std::uint64_t version = 0;
    if (at != std::string_view::npos) {
      std::from_chars(body.data() + at + name.size(), body.data() + body.size(), version);
    }
    if (version <= versions_[connection] || body.find(name, at + 1) != std::string_view::npos) {
      throw std::runtime_error("append: after version " + std::to_string(versions_[connection]) + " came " +
                               std::string(body.substr(0, 300)));
    }
    versions_[connection] = version;
    ++count_;
  }

  std::uint64_t count() const { return count_; }

 private:
  std::vector<std::uint64_t> versions_;
  std::uint64_t count_ = 0;
};

// The comparison: an organization at work, the yardsticks, and the rows that they fill in turn.
class AppendRun {
 public:
  explicit AppendRun(Bench& bench)
      : bench_(bench),
        server_(bench, "append"),
        team_(bench.settings.seed, members, groups, repositories),
        echo_team_(team_),
        appends_(server_, team_, bench.settings.connections),
        echo_appends_(server_, echo_team_, bench.settings.connections),
        acknowledged_(bench.settings.connections) {
    server_.make_org("acme", "2020-01-01T00:00:00Z");
    server_.post("/v1/orgs/acme/events", "application/x-ndjson", team_.beginning(), 201);
    began_at_ = server_.version_of("acme");
  }

  void echo(Row& row, std::size_t connections) {
    Load load = load_on(bench_, bench_.echo().port());
    load.connections = connections;
    load.next = echo_appends_.source(false);
    measure_load(row, load, bench_.echo().pid());
  }

  // With `half` the same again, half as fast.
  void tenure(Row& row, std::size_t connections, bool newcomers, Row* half = nullptr) {
    Load load = load_on(bench_, server_.port());
    load.connections = connections;
    load.expected_status = 201;
    load.next = appends_.source(newcomers);
    load.answered = [this](std::size_t connection, unsigned status, std::string_view body) {
      if (status == 201) acknowledged_.check(connection, body);
    };
    const LoadResult closed = measure_load(row, load, server_.pid());
    cut_off_ += connections * closed.runs;
    if (!half) return;
    cut_off_ += connections * measure_half_loaded(*half, load, closed, server_.pid()).runs;
  }

  void rocks(Row& row, std::size_t threads) {
    RocksCeiling ceiling;
    ceiling.threads = threads;
    ceiling.duration = bench_.settings.duration;
    row.rates.push_back(rocks_synced_puts_per_second(bench_.scratch.fresh("rocks"), ceiling));
  }

  // Every append that was acknowledged is in the organization, and nothing that was not sent. A run ends with requests
  // in flight, one a connection, whose fate is open.
  void check_end() const {
    const std::uint64_t version = server_.version_of("acme"), least = began_at_ + acknowledged_.count();
    if (version < least || version > least + cut_off_) {
      throw std::runtime_error(fmt::format("append: {} events were acknowledged after version {}, but it is {} now",
                                           acknowledged_.count(), began_at_, version));
    }
  }

  TenureServer& server() { return server_; }

 private:
  Bench& bench_;
  TenureServer server_;
  Team team_, echo_team_;  // one each: what the echo swallows never happened to the other
  Appends appends_, echo_appends_;
  Acknowledged acknowledged_;
  std::uint64_t began_at_ = 0, cut_off_ = 0;
};

Section described(const Settings& settings) {
  Section section{"append", "single durable appends over HTTP, one event a request", {}, {}, {}};
  section.settings = {
      {"load", fmt::format("closed loop, {} kept-alive connections, then 1; {} rounds of {:.1f} s each, taking turns",
                           settings.connections, settings.rounds, settings.duration.count() / 1e3)},
      {"organization", fmt::format("{} members, {} groups, {} repositories; 40 % role changes, 40 % group membership, "
                                   "20 % repository grants",
                                   members, groups, repositories)},
      {"rocksdb alone", fmt::format("{} threads, each syncing its own writes of 8 + 400 bytes", rocks_threads)}};
  return section;
}

// The same events into a table of PostgreSQL's.
class Inserts {
 public:
  explicit Inserts(Bench& bench)
      : settings_(bench.settings), table_(bench), team_(settings_.seed, members, groups, repositories) {}

  void run(Row& row, std::size_t connections) {
    table_.insert(row, connections, [this]() -> const std::string& {
      const std::string& event = team_.next();
      ++events_;
      bytes_ += event.size();
      return event;
    });
  }
  void round() {
    run(many_, settings_.connections);
    run(one_, 1);
  }

  // What it adds to the section, given Tenure's rows.
  void report(Section& section, const Row& known, const Row& one) {
    table_.check_inserts();
    section.settings.emplace_back(
        "postgresql", fmt::format("prepared INSERTs, a transaction each, of the events that Tenure is sent ({} bytes "
                                  "on average), into {}",
                                  bytes_ / events_, AuditTable::kept()));
    section.verdicts.push_back({fmt::format("tenure / postgresql INSERT, {} clients", settings_.connections), "x",
                                ratios(known.rates, many_.rates), Bound::at_least, postgres_ratio_min});
    section.verdicts.push_back(
        {"tenure / postgresql INSERT, 1 client", "x", ratios(one.rates, one_.rates), Bound::at_least, {}});
    section.rows.insert(section.rows.end(), {many_, one_});
    table_.stop();
  }

 private:
  const Settings& settings_;
  AuditTable table_;
  Team team_;
  std::uint64_t events_ = 0, bytes_ = 0;
  Row many_{fmt::format("postgresql INSERT, {} clients", settings_.connections)}, one_{"postgresql INSERT, 1 client"};
};

}  // namespace

void measure_append(Bench& bench) {
  AppendRun run(bench);
  std::optional<Inserts> inserts;
  if (bench.settings.peers) inserts.emplace(bench);
  const std::size_t many = bench.settings.connections;
  Row echo{fmt::format("bare Beast echo, {} connections", many)}, echo_one{"bare Beast echo, 1 connection"};
  Row known{fmt::format("tenure, {} connections", many)}, one{"tenure, 1 connection"};
  Row half{fmt::format("tenure, {}", half_loaded)};
  Row joining{fmt::format("tenure, every {}th a new person", newcomer_every)};
  Row rocks{fmt::format("rocksdb alone, {} threads", rocks_threads)}, rocks_one{"rocksdb alone, 1 thread"};
  for (Row* row : {&rocks, &rocks_one}) row->unit = "writes/s";
  for (unsigned round = 0; round < bench.settings.rounds; ++round) {
    run.echo(echo, many);
    run.tenure(known, many, false, &half);
    run.rocks(rocks, rocks_threads);
    run.tenure(joining, many, true);
    run.echo(echo_one, 1);
    run.tenure(one, 1, false);
    run.rocks(rocks_one, 1);
    if (inserts) inserts->round();
  }
  run.check_end();

  Section section = described(bench.settings);
  section.verdicts = {
      {"tenure / echo", "x", ratios(known.rates, echo.rates), Bound::at_least, echo_ratio_min},
      {"tenure / rocksdb alone", "x", ratios(known.rates, rocks.rates), Bound::at_least, rocks_ratio_min},
      {"with new people / echo", "x", ratios(joining.rates, echo.rates), Bound::at_least, {}},
      {"with new people / rocksdb alone", "x", ratios(joining.rates, rocks.rates), Bound::at_least, {}},
      {"1 connection: tenure / echo", "x", ratios(one.rates, echo_one.rates), Bound::at_least, {}},
      {"1 connection: tenure / rocksdb, 1 thread", "x", ratios(one.rates, rocks_one.rates), Bound::at_least, {}},
      memory_verdict("tenure", run.server().cost().peak_bytes)};
  section.rows = {echo, known, half, joining, rocks, echo_one, one, rocks_one};
  if (inserts) inserts->report(section, known, one);
  run.server().stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
