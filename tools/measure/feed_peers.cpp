// The same bytes to as many clients by nats-server, which keeps nothing: what delivering alone may cost.

#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tools/measure/feed_parts.h"
#include "tools/measure/feed_run.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/nats.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 100'000, publishers = 4;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void follow_nats(Bench& bench, const NatsServer& nats, const std::string& payload, Row& row, Row& published) {
  NatsFollowers followers(nats.websocket_port(), many, payload);
  std::atomic<bool> stop{false};
  std::string broken;
  std::thread following([&] {
    try {
      followers.follow(stop, UINT64_MAX);
    } catch (const std::exception& e) {
      broken = e.what();
    }
  });
  const double server_before = cost_of(nats.pid()).cpu_seconds, client_before = own_cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  std::uint64_t messages = 0;
  try {
    messages = publish(nats.port(), payload, publishers, batch, bench.settings.duration);
  } catch (...) {
    stop = true;
    following.join();
    throw;
  }
  const std::uint64_t delivered = followers.messages();
  const double seconds = seconds_since(start);
  stop = true;
  following.join();
  if (!broken.empty()) throw std::runtime_error(broken);
  stop = false;
  followers.follow(stop, messages);  // what is under way
  row.rates.push_back(static_cast<double>(delivered) / seconds);
  row.done += delivered;
  const auto batches = messages / batch;
  published.rates.push_back(static_cast<double>(batches) / seconds);
  published.done += batches;
  row.server_cpu_seconds += cost_of(nats.pid()).cpu_seconds - server_before;
  row.client_cpu_seconds += own_cpu_seconds() - client_before;
}

}  // namespace

void measure_peers(Bench& bench) {
  FeedRun run(bench, "feed-peers", lines_whole);
  const std::string payload = run.server().get(fmt::format("/v1/orgs/live/events/{}", run.server().version_of("live")));
  const NatsServer nats(bench);
  Row ours{fmt::format("tenure: delivered to {} clients", many), "events/s"},
      appends{fmt::format("appends of {} events meanwhile", batch), "answers/s"},
      theirs{fmt::format("nats-server: delivered to {} clients", many), "events/s"},
      publishes{fmt::format("publishes of {} messages meanwhile", batch), "answers/s"};
  for (unsigned round = 0; round < bench.settings.rounds; ++round) {
    run.follow(ours, appends, many, batch, std::nullopt);
    follow_nats(bench, nats, payload, theirs, publishes);
  }
  Section section{"feed-peers", "the same bytes to as many clients by nats-server, over WebSockets", {}, {}, {}};
  section.settings = {
      {"nats-server", "without storage: what it delivers is gone, while Tenure's is synced first and kept"},
      {"message", fmt::format("{} bytes, an event as the feed sends it", payload.size())}};
  section.verdicts = {{"tenure / nats-server", "x", ratios(ours.rates, theirs.rates), Bound::at_least, {}},
                      memory_verdict("tenure", run.server().cost().peak_bytes),
                      {"nats-server's peak memory",
                       "MB",
                       {static_cast<double>(cost_of(nats.pid()).peak_bytes) / 1e6},
                       Bound::below,
                       {}}};
  section.rows = {ours, appends, theirs, publishes};
  run.server().stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
