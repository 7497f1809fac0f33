// One server through everything at once: a large import, then appends, can and who-can on all connections together.

#include <fmt/core.h>

#include <optional>
#include <stdexcept>

#include "tools/measure/can_questions.h"
#include "tools/measure/imported_log.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/team.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 1'000'000, questions = 2'000;
constexpr std::size_t members = 1'000, groups = 50, repositories = 200;
constexpr unsigned newcomer_every = 20;

// Three of ten requests append, six ask can, one asks who-can.
class Mixed {
 public:
  Mixed(Bench& bench, const TenureServer& server, const GithubLog& log, const CanQuestions& can)
      : bench_(bench),
        server_(server),
        log_(log),
        can_(can),
        random_(bench.settings.seed),
        team_(bench.settings.seed, members, groups, repositories),
        append_head_(server.post_head("/v1/orgs/team/events", "application/json")),
        expected_(bench.settings.connections, 200),
        asked_(bench.settings.connections),
        texts_(bench.settings.connections) {
    server.make_org("team", "2020-01-01T00:00:00Z");
    server.post("/v1/orgs/team/events", "application/x-ndjson", team_.beginning(), 201);
  }

  void run(Row& row) {
    Load load = load_on(bench_, server_.port());
    load.expected_status = 0;
    load.next = [this](std::size_t connection) {
      std::string& text = texts_[connection];
      text = request(connection);
      return std::string_view(text);
    };
    load.answered = [this](std::size_t connection, unsigned status, std::string_view body) {
      if (status == expected_[connection]) {
        if (asked_[connection]) can_.check(*asked_[connection], body);
        return;
      }
      throw std::runtime_error(
          fmt::format("memory: {} came instead of {}: {}", status, expected_[connection], body.substr(0, 500)));
    };
    measure_load(row, load, server_.pid());
  }

 private:
  std::string request(std::size_t connection) {
    const std::uint64_t kind = random_() % 10;
    expected_[connection] = kind < 3 ? 201 : 200;
    asked_[connection].reset();
    if (kind < 3) {
      const std::string& event = ++appended_ % newcomer_every == 0 ? team_.joining() : team_.next();
      return fmt::format("{}{}\r\n\r\n{}", append_head_, event.size(), event);
    }
    if (kind < 9) {
      asked_[connection] = random_() % can_.size();
      return std::string(can_.request(*asked_[connection]));
    }
    const auto at = log_.first_ms() +
                    static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(log_.last_ms() - log_.first_ms()));
    return server_.get_request(
        fmt::format("/v1/orgs/acme/who-can?permission=repository&level=write&resource=repo:{}&limit=1000&at={}",
                    log_.repository(random_() % log_.repositories()), instant_text(at)));
  }

  Bench& bench_;
  const TenureServer& server_;
  const GithubLog& log_;
  const CanQuestions& can_;
  std::mt19937_64 random_;
  Team team_;
  std::string append_head_;
  std::vector<unsigned> expected_;
  std::vector<std::optional<std::size_t>> asked_;  // the question of `can_` that is under way there
  std::vector<std::string> texts_;
  std::uint64_t appended_ = 0;
};

double resident_mb(const TenureServer& server) { return static_cast<double>(server.cost().bytes) / 1e6; }

}  // namespace

void measure_memory(Bench& bench) {
  TenureServer server(bench, "memory");
  const Settings& settings = bench.settings;
  const std::size_t lines = settings.scaled(lines_whole, 1'000);
  GithubLog log("acme", settings.seed, lines);
  Row imported{"import", "events/s"}, mixed{"appends, can and who-can together"};
  const auto took = import_log(server, "acme", log);
  imported.rates.push_back(static_cast<double>(log.events()) / took.count());
  const Cost after_import = server.cost();
  const CanQuestions can(server, "acme", GithubLog("acme", settings.seed, lines), questions, settings.seed + 1);
  Mixed requests(bench, server, log, can);
  for (unsigned round = 0; round < settings.rounds; ++round) requests.run(mixed);

  Section section{"memory", "one server through an import and then everything at once", {}, {}, {}};
  section.settings = {
      {"import", fmt::format("{} events, {} people", number_text(static_cast<double>(log.events())),
                             number_text(static_cast<double>(log.people())))},
      {"load", fmt::format("closed loop, {} connections, {} times {:.1f} s; of ten requests three append (every {}th a "
                           "new person), six ask can and one asks who-can at random instants",
                           settings.connections, settings.rounds, settings.duration.count() / 1e3, newcomer_every)}};
  section.verdicts = {memory_verdict("after the import", after_import.peak_bytes),
                      memory_verdict("after everything", server.cost().peak_bytes),
                      {"memory at the end", "MB", {resident_mb(server)}, Bound::below, {}}};
  section.rows = {imported, mixed};
  server.stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
