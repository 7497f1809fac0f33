// "Could this member do that, then?": one member, one repository, one past instant, over HTTP.

#include <fmt/core.h>

#include "tools/measure/can_questions.h"
#include "tools/measure/imported_log.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/peers.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 1'000'000, questions_whole = 100'000;
constexpr double echo_ratio_min = 0.6;
constexpr std::string_view org = "acme";

// The questions in turn, on whatever connection is free.
class Asking {
 public:
  Asking(const CanQuestions& questions, std::size_t connections) : questions_(questions), asked_(connections) {}

  void put_into(Load& load, bool checked) {
    load.next = [this](std::size_t connection) {
      asked_[connection] = next_++ % questions_.size();
      return questions_.request(asked_[connection]);
    };
    if (!checked) return;
    load.answered = [this](std::size_t connection, unsigned status, std::string_view body) {
      if (status == 200) questions_.check(asked_[connection], body);
    };
  }

 private:
  const CanQuestions& questions_;
  std::vector<std::size_t> asked_;
  std::size_t next_ = 0;
};

}  // namespace

void measure_can(Bench& bench) {
  TenureServer server(bench, "can");
  const Settings& settings = bench.settings;
  const std::size_t lines = settings.scaled(lines_whole, 1'000);
  GithubLog log(std::string(org), settings.seed, lines);
  import_log(server, std::string(org), log);
  const CanQuestions questions(server, std::string(org), GithubLog(std::string(org), settings.seed, lines),
                               settings.scaled(questions_whole, 2'000), settings.seed + 1);
  Asking asking(questions, settings.connections);

  const std::size_t many = settings.connections;
  Row echo{fmt::format("bare Beast echo, {} connections", many)}, tenure{fmt::format("tenure, {} connections", many)};
  Row half{fmt::format("tenure, {}", half_loaded)};
  Row echo_one{"bare Beast echo, 1 connection"}, one{"tenure, 1 connection"};
  for (unsigned round = 0; round < settings.rounds; ++round) {
    for (const auto& [connections, echo_row, row] :
         {std::tuple(many, &echo, &tenure), std::tuple(std::size_t{1}, &echo_one, &one)}) {
      Load load = load_on(bench, bench.echo().port());
      load.connections = connections;
      asking.put_into(load, false);
      measure_load(*echo_row, load, bench.echo().pid());
      load.port = server.port();
      asking.put_into(load, true);
      const LoadResult closed = measure_load(*row, load, server.pid());
      if (row == &tenure) measure_half_loaded(half, load, closed, server.pid());
    }
  }

  Section section{"can", "one member's power over one repository at a past instant", {}, {}, {}};
  section.settings = {
      {"load", fmt::format("closed loop, {} kept-alive connections, then 1; {} rounds of {:.1f} s each, taking turns",
                           many, settings.rounds, settings.duration.count() / 1e3)},
      {"organization",
       fmt::format("{} events, {} people, {} repositories", number_text(static_cast<double>(log.events())),
                   number_text(static_cast<double>(log.people())), log.repositories())},
      {"questions",
       fmt::format("{} at random instants of 8 years, {:.0f} % answered yes; every answer compared", questions.size(),
                   100.0 * static_cast<double>(questions.allowed()) / static_cast<double>(questions.size()))}};
  section.verdicts = {{"tenure / echo", "x", ratios(tenure.rates, echo.rates), Bound::at_least, echo_ratio_min},
                      {"1 connection: tenure / echo", "x", ratios(one.rates, echo_one.rates), Bound::at_least, {}},
                      memory_verdict("tenure", server.cost().peak_bytes)};
  section.rows = {echo, tenure, half, echo_one, one};
  server.stop();
  bench.report.sections.push_back(std::move(section));
  if (settings.peers) measure_can_peers(bench);
}

}  // namespace tenure::bench
