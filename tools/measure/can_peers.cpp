// "Could this member do that, then?", asked of Tenure and of PostgreSQL in turns.

#include <fmt/core.h>

#include <algorithm>
#include <random>
#include <stdexcept>

#include "tools/measure/can_questions.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/peers.h"
#include "tools/measure/sql_history.h"
#include "tools/measure/swap_questions.h"

namespace tenure::bench {
namespace {

constexpr std::size_t questions_whole = 50'000, questions_least = 2'000;
constexpr double ratio_min = 1;
constexpr std::chrono::minutes compare_within{5};

double p99_ms(const Row& row) { return static_cast<double>(row.latency.at(0.99).count()) / 1e6; }

// One question as each of both is asked it.
struct Question {
  std::string tenure, postgres;
  bool allowed = false;
};

// About what people really held: half of the questions at an instant when they did, half at any.
std::vector<Question> questions_of(const TenureServer& server, SqlHistory& history, const HeldRoles& held,
                                   const Settings& settings) {
  SqlPeer& peer = history.peer();
  std::vector<HeldRole> roles = held.all();
  std::erase_if(roles, [](const HeldRole& role) { return role.role == "member"; });
  std::mt19937_64 random(settings.seed + 1);
  const auto between = [&](std::int64_t from, std::int64_t until) {
    return from +
           static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(std::max<std::int64_t>(1, until - from)));
  };
  const std::int64_t first = SwapHistory::step_ms(0), last = SwapHistory::step_ms(swap_changes(settings) / 2);
  std::vector<Question> questions(settings.scaled(questions_whole, questions_least));
  std::vector<SqlRow> values;
  for (Question& question : questions) {
    const HeldRole& role = roles[random() % roles.size()];
    const bool then = random() % 2 == 0;
    const std::int64_t at =
        then ? between(std::max(first, role.from_ms), role.until_ms.value_or(last)) : between(first, last);
    const std::string repository =
        role.resource == held.whole_organization() ? fmt::format("repo:acme/repo-{}", random() % 1'000) : role.resource;
    question.tenure = server.get_request(
        fmt::format("/v1/orgs/acme/can?member={}&permission=repository&level=write&resource={}&at={}", role.member,
                    repository, instant_text(at)));
    values.push_back(history.can_values(role.member, repository, at));
    question.postgres = peer.execution(values.back());
  }
  const auto answers = peer.run_prepared(history.can(), values);
  for (std::size_t i = 0; i < questions.size(); ++i) questions[i].allowed = SqlHistory::could(answers[i]);
  return questions;
}

// The questions in turn, of whom they are asked; every answer must be the one that is known.
class Asking {
 public:
  Asking(Bench& bench, const TenureServer& server, SqlHistory& history, const std::vector<Question>& questions)
      : bench_(bench), server_(server), history_(history), questions_(questions), asked_(bench.settings.connections) {}

  // Each question to Tenure once: its answers must be the database's.
  void compare_all() {
    Load load = to_tenure(bench_.settings.connections);
    load.warm_up = std::chrono::milliseconds(0);
    load.duration = compare_within;
    load.answers_max = questions_.size() + load.connections;  // the last may come before one that was asked earlier
    const LoadResult result = run_load(load);
    if (result.unexpected > 0) throw std::runtime_error("can: " + result.first_unexpected);
    if (result.answers < questions_.size()) throw std::runtime_error("can: not every question was answered");
  }

  void ask_tenure(Row& row, std::size_t connections) { measure_load(row, to_tenure(connections), server_.pid()); }

  void ask_postgres(Row& row, std::size_t connections) {
    SqlPeer& peer = history_.peer();
    Load load = peer.load(bench_, history_.can());
    load.connections = connections;
    put_into(load, &Question::postgres,
             [&peer](std::string_view body) { return SqlHistory::could(peer.rows_of(body)); });
    peer.measure(row, load);
  }

 private:
  Load to_tenure(std::size_t connections) {
    Load load = load_on(bench_, server_.port());
    load.connections = connections;
    put_into(load, &Question::tenure, [](std::string_view body) { return body.starts_with(R"({"allowed":true)"); });
    return load;
  }

  void put_into(Load& load, std::string Question::*request, const std::function<bool(std::string_view)>& allowed) {
    load.next = [this, request](std::size_t connection) {
      asked_[connection] = next_++ % questions_.size();
      return std::string_view(questions_[asked_[connection]].*request);
    };
    load.answered = [this, allowed](std::size_t connection, unsigned status, std::string_view body) {
      const Question& question = questions_[asked_[connection]];
      if (status != 200 || allowed(body) == question.allowed) return;
      throw std::runtime_error("can: the database says " + std::string(question.allowed ? "yes" : "no") + " to " +
                               question.tenure.substr(0, question.tenure.find('\r')) + ", but now came " +
                               std::string(body.substr(0, 300)));
    };
  }

  Bench& bench_;
  const TenureServer& server_;
  SqlHistory& history_;
  const std::vector<Question>& questions_;
  std::vector<std::size_t> asked_;
  std::size_t next_ = 0;
};

}  // namespace

void measure_can_peers(Bench& bench) {
  const Settings& settings = bench.settings;
  const std::size_t members = swap_members(settings), changes = swap_changes(settings);
  TenureServer server(bench, "can-peers");
  HeldRoles held("acme");
  Row loading{"loading tenure, batches of 2,000", "events/s"};
  load_swaps(server, SwapHistory(settings.seed, members), changes, loading, &held);
  const auto history = history_in_postgres(bench, held.all());
  const auto questions = questions_of(server, *history, held, settings);
  Asking asking(bench, server, *history, questions);
  asking.compare_all();

  const std::size_t many = settings.connections;
  Row tenure{fmt::format("tenure, {} connections", many)}, tenure_one{"tenure, 1 connection"};
  Row postgres{fmt::format("postgresql, {} connections", many)}, postgres_one{"postgresql, 1 connection"};
  for (unsigned round = 0; round < settings.rounds; ++round) {
    asking.ask_tenure(tenure, many);
    asking.ask_postgres(postgres, many);
    asking.ask_tenure(tenure_one, 1);
    asking.ask_postgres(postgres_one, 1);
  }

  const auto size = [](std::size_t n) { return number_text(static_cast<double>(n)); };
  const auto allowed = std::count_if(questions.begin(), questions.end(), [](const Question& q) { return q.allowed; });
  Section section{"can-peers", "one member's power over one repository, by Tenure and by a database", {}, {}, {}};
  section.settings = {
      {"organization", fmt::format("{} members, {} role changes", size(members), size(changes))},
      {"load", fmt::format("closed loop, {} connections, then 1; {} rounds of {:.1f} s each, taking turns", many,
                           settings.rounds, settings.duration.count() / 1e3)},
      {"questions", fmt::format("{} at random instants, {:.0f} % answered yes; all compared before, and every answer "
                                "again",
                                size(questions.size()),
                                100.0 * static_cast<double>(allowed) / static_cast<double>(questions.size()))},
      {"postgresql", history->kept()}};
  section.verdicts = {
      {"tenure / postgresql", "x", ratios(tenure.rates, postgres.rates), Bound::at_least, ratio_min},
      {"1 connection: tenure / postgresql", "x", ratios(tenure_one.rates, postgres_one.rates), Bound::at_least, {}},
      {"p99, tenure / postgresql", "x", {p99_ms(tenure) / p99_ms(postgres)}, Bound::below, {}},
      memory_verdict("tenure", server.cost().peak_bytes)};
  section.rows = {loading, tenure, postgres, tenure_one, postgres_one};
  history->peer().server().stop();
  server.stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
