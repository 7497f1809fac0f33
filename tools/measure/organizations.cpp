// Many small organizations in one store: a question about one of them, at random, must not feel the others.

#include <fmt/core.h>

#include <iostream>
#include <random>
#include <stdexcept>

#include "tools/measure/can_questions.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/servers.h"

namespace tenure::bench {
namespace {

constexpr std::size_t organizations_whole = 10'000, members_each = 100, writers_each = 20, questions = 2'000;
constexpr double can_p99_ms_max = 2, card_p99_ms_max = 5, who_can_p99_ms_max = 10;
constexpr std::int64_t begun_ms = 1'577'836'800'000;  // 1 January 2020
constexpr std::int64_t asked_ms = begun_ms + 86'400'000;

std::string member(std::size_t number) { return fmt::format("member-{:03}@acme.test", number); }

// One organization's first batch: everyone joins, some may write to its repository.
std::string beginning() {
  std::string lines;
  const auto add = [&](std::string_view type, const std::string& values) {
    lines +=
        fmt::format(R"({{"type":"{}","occurred_at":"{}","actor":{{"kind":"integration","id":"sync"}},"data":{{{}}}}})",
                    type, instant_text(begun_ms), values);
    lines += '\n';
  };
  for (std::size_t i = 0; i < members_each; ++i) {
    add("member.added", fmt::format(R"("member":"{}","role":"member")", member(i)));
  }
  for (std::size_t i = 0; i < writers_each; ++i) {
    add("role.granted", fmt::format(R"("principal":"member:{}","role":"write","on":"repo:acme/web")", member(i)));
  }
  return lines;
}

double p99_ms(const Row& row) { return static_cast<double>(row.latency.at(0.99).count()) / 1e6; }

}  // namespace

void measure_organizations(Bench& bench) {
  const Settings& settings = bench.settings;
  const std::size_t count = settings.scaled(organizations_whole, 20);
  TenureServer server(bench, "organizations");
  Row loading{"loading, one organization after the other", "events/s"};
  const auto begin = std::chrono::steady_clock::now();
  const std::string lines = beginning();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string org = fmt::format("org-{:05}", i);
    server.make_org(org, instant_text(begun_ms));
    server.post("/v1/orgs/" + org + "/events", "application/x-ndjson", lines, 201);
  }
  loading.done = count * (members_each + writers_each + 1);
  loading.rates.push_back(static_cast<double>(loading.done) /
                          std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  std::cerr << "  organizations: " << count << " made\n";

  std::mt19937_64 random(settings.seed);
  const auto ask = [&](Row& row, const auto& target, std::string_view wanted) {
    std::vector<std::string> requests;
    for (std::size_t i = 0; i < questions; ++i) {
      requests.push_back(server.get_request(fmt::format("/v1/orgs/org-{:05}/", random() % count) + target()));
    }
    Load load = load_on(bench, server.port());
    load.connections = 1;
    std::size_t next = 0;
    load.next = [&](std::size_t) { return std::string_view(requests[next++ % requests.size()]); };
    load.answered = [&](std::size_t, unsigned status, std::string_view body) {
      if (status == 200 && body.find(wanted) == std::string_view::npos) {
        throw std::runtime_error(fmt::format("organizations: no {} in {}", wanted, body.substr(0, 300)));
      }
    };
    measure_load(row, load, server.pid());
  };
  const std::string at = "at=" + instant_text(asked_ms);
  Row can{"can with paths, a random organization"}, card{"a member's card, likewise"}, who_can{"who-can, likewise"};
  for (unsigned round = 0; round < settings.rounds; ++round) {
    ask(
        can,
        [&] {
          return fmt::format("can?member={}&permission=repository&level=write&resource=repo:acme/web&explain=true&{}",
                             member(random() % writers_each), at);
        },
        R"("allowed":true)");
    ask(
        card, [&] { return fmt::format("members/{}?card=true&{}", member(random() % writers_each), at); }, "write");
    ask(
        who_can, [&] { return "who-can?permission=repository&level=write&resource=repo:acme/web&limit=1000&" + at; },
        fmt::format("\"total\":{}", writers_each));
  }

  Section section{"organizations", "questions about one of many small organizations", {}, {}, {}};
  section.settings = {
      {"store", fmt::format("{} organizations of {} members", number_text(static_cast<double>(count)), members_each)},
      {"load",
       fmt::format("1 connection; {} rounds of {:.1f} s each", settings.rounds, settings.duration.count() / 1e3)}};
  section.verdicts = {{"can with paths, p99", "ms", {p99_ms(can)}, Bound::below, can_p99_ms_max},
                      {"a member's card, p99", "ms", {p99_ms(card)}, Bound::below, card_p99_ms_max},
                      {"who-can, p99", "ms", {p99_ms(who_can)}, Bound::below, who_can_p99_ms_max},
                      memory_verdict("tenure", server.cost().peak_bytes)};
  section.rows = {loading, can, card, who_can};
  server.stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
