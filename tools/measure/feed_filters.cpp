// The feed to a client that wants few of the events: what the rest costs.

#include <fmt/core.h>

#include <algorithm>
#include <stdexcept>

#include "tools/measure/download.h"
#include "tools/measure/feed_parts.h"
#include "tools/measure/feed_run.h"
#include "tools/measure/measured_load.h"

namespace tenure::bench {
namespace {

constexpr std::size_t events_whole = 300'000, append_at_once = 5'000;
constexpr std::size_t one_in = 1'000;
constexpr double times_as_fast_min = 1.5;

// Events by two hundred people, and by `rare` every thousandth. Answers how many are rare's.
std::uint64_t append_events(const TenureServer& server, std::size_t events) {
  std::uint64_t rare = 0;
  std::string body;
  for (std::size_t i = 0; i < events; ++i) {
    const bool is_rare = i % one_in == one_in / 2;
    rare += is_rare;
    body += fmt::format(
        R"({{"type":"member.added","actor":{{"kind":"member","id":"{}"}},"reason":"asked for in the weekly meeting",)"
        R"("ticket":"T-{}","data":{{"member":"m{}@acme.test","role":"member"}}}})"
        "\n",
        is_rare ? "rare@acme.test" : fmt::format("p{}@acme.test", i % 200), i, i % 5'000);
    if (i + 1 < events && (i + 1) % append_at_once != 0) continue;
    server.post("/v1/orgs/few/events", "application/x-ndjson", body, 201);
    body.clear();
  }
  return rare;
}

// A long poll of all that there is; positions a second, of which `expected` events must come.
void poll(Row& row, const TenureServer& server, const std::string& query, std::uint64_t positions,
          std::uint64_t expected) {
  std::string request = server.get_request("/v1/feed?cursor=1&wait=0&limit=100000" + query);
  request.insert(request.size() - 2, "Accept: application/x-ndjson\r\n");
  const double server_before = server.cost().cpu_seconds, client_before = own_cpu_seconds();
  const Downloaded got = download(server.port(), request);
  if (got.lines != expected + 2) {  // hello and the heartbeat at the end
    throw std::runtime_error(fmt::format("feed: {} lines came of {} events", got.lines, expected));
  }
  row.rates.push_back(static_cast<double>(positions) / std::chrono::duration<double>(got.took).count());
  row.done += positions;
  row.server_cpu_seconds += server.cost().cpu_seconds - server_before;
  row.client_cpu_seconds += own_cpu_seconds() - client_before;
}

}  // namespace

void measure_filters(Bench& bench) {
  TenureServer server(bench, "feed-filters");
  server.make_org("few", "2020-01-01T00:00:00Z");
  const std::uint64_t rare = append_events(server, bench.settings.scaled(events_whole, 5'000));
  const std::uint64_t last = newest(server), page = std::min<std::uint64_t>(last, 100'000);
  Row all{"every event", "positions/s"}, few{fmt::format("one event in {}, by actor", one_in), "positions/s"};
  for (unsigned round = 0; round < bench.settings.rounds; ++round) {
    poll(all, server, "", page, page);
    poll(few, server, "&actor=rare%40acme.test", last, rare);
  }
  Section section{"feed-filters", "a client that catches up and wants few of the events", {}, {}, {}};
  section.settings = {{"log", fmt::format("{} positions, of which {} are wanted", last, rare)},
                      {"rates", "positions that the client is through with, sent or not"}};
  section.verdicts = {
      {"one in a thousand", "positions/s", few.rates, Bound::at_least, {}},
      {"one in a thousand / every event", "x", ratios(few.rates, all.rates), Bound::at_least, times_as_fast_min},
      memory_verdict("tenure", server.cost().peak_bytes)};
  section.rows = {all, few};
  server.stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
