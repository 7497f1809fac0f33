#include "tools/measure/feed_run.h"

#include <fmt/core.h>

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "tools/measure/feed_parts.h"
#include "tools/measure/followers.h"
#include "tools/measure/imported_log.h"
#include "tools/measure/measured_load.h"

namespace tenure::bench {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

std::string steady_name(double per_second) {
  return fmt::format("delivered to {} clients at {:.0f} events/s", some, per_second);
}
std::string singles_name(double per_second) {
  return fmt::format("appends of one event, {:.0f} due a second", per_second);
}

std::uint64_t newest(const TenureServer& server) { return number_in(server.get("/readyz"), "position"); }

Batches::Batches(const TenureServer& server, Team& team, std::size_t events, std::size_t connections)
    : head_(server.post_head("/v1/orgs/live/events", "application/x-ndjson")),
      team_(team),
      events_(events),
      texts_(connections) {}

std::string_view Batches::next(std::size_t connection) {
  body_.clear();
  for (std::size_t i = 0; i < events_; ++i) body_ += team_.next() + '\n';
  return texts_[connection] = head_ + std::to_string(body_.size()) + "\r\n\r\n" + body_;
}

FeedRun::FeedRun(Bench& bench, const std::string& name, std::size_t lines)
    : bench_(bench), server_(bench, name), team_(bench.settings.seed, 1'000, 50, 200) {
  GithubLog log("acme", bench.settings.seed, bench.settings.scaled(lines, 5'000));
  import_log(server_, "acme", log);
  server_.make_org("live", "2020-01-01T00:00:00Z");
  server_.post("/v1/orgs/live/events", "application/x-ndjson", team_.beginning(), 201);
}

void FeedRun::catch_up(Row& row) {
  const std::uint64_t last = newest(server_);
  const double server_before = server_.cost().cpu_seconds, client_before = own_cpu_seconds();
  const auto start = std::chrono::steady_clock::now();
  Followers one(server_.port(), server_.get_request("/v1/feed?cursor=1"), 1, 0);
  const std::atomic<bool> stop{false};
  one.follow(stop, last);
  row.rates.push_back(static_cast<double>(last) / seconds_since(start));
  row.done += last;
  row.server_cpu_seconds += server_.cost().cpu_seconds - server_before;
  row.client_cpu_seconds += own_cpu_seconds() - client_before;
}

void FeedRun::follow(Row& row, Row& appended, std::size_t clients, std::size_t events,
                     std::optional<double> per_second) {
  Followers followers(server_.port(), server_.get_request("/v1/feed"), clients, 10);
  std::atomic<bool> stop{false};
  std::string broken;
  std::thread following([&] {
    try {
      followers.follow(stop, UINT64_MAX - 1);
    } catch (const std::exception& e) {
      broken = e.what();
    }
  });
  Load load = load_on(bench_, server_.port());
  load.connections = per_second ? 16 : 4;
  load.expected_status = 201;
  if (per_second) load.per_second = *per_second / static_cast<double>(events);
  Batches batches(server_, team_, events, load.connections);
  load.next = [&](std::size_t connection) { return batches.next(connection); };
  const double server_before = server_.cost().cpu_seconds, client_before = own_cpu_seconds();
  const std::uint64_t before = followers.events();
  const auto start = std::chrono::steady_clock::now();
  try {
    measure_load(appended, load, server_.pid());
  } catch (...) {
    stop = true;
    following.join();
    throw;
  }
  const std::uint64_t delivered = followers.events() - before;
  row.rates.push_back(static_cast<double>(delivered) / seconds_since(start));
  stop = true;
  following.join();
  if (!broken.empty()) throw std::runtime_error(broken);
  // What is under way still has to arrive, whole and in order.
  stop = false;
  followers.follow(stop, newest(server_));
  row.done += delivered;
  row.latency.add(followers.latency());
  row.server_cpu_seconds += server_.cost().cpu_seconds - server_before;
  row.client_cpu_seconds += own_cpu_seconds() - client_before;
}

double FeedRun::follow_steadily(Row& row, Row& appended, double per_second) {
  Row here = row;
  here.latency = {};
  follow(here, appended, some, 1, per_second);
  row.latency.add(here.latency);
  row.rates = here.rates;
  row.done = here.done;
  row.server_cpu_seconds = here.server_cpu_seconds;
  row.client_cpu_seconds = here.client_cpu_seconds;
  return static_cast<double>(here.latency.at(0.99).count()) / 1e6;
}

}  // namespace tenure::bench
