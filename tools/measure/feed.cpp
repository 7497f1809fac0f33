// The feed: how quickly one client catches up, how much goes out to many, and how soon an event is there.

#include <fmt/core.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "tools/measure/followers.h"
#include "tools/measure/imported_log.h"
#include "tools/measure/measured_load.h"
#include "tools/measure/team.h"

namespace tenure::bench {
namespace {

constexpr std::size_t lines_whole = 300'000;
constexpr std::size_t many = 200, some = 50;
constexpr double caught_up_min = 150'000, delivered_min = 150'000;
constexpr double events_per_second = 2'000;
constexpr double p99_ms_max = 5;
constexpr std::size_t batch = 20;  // events of one append, where many are delivered

std::uint64_t newest(const TenureServer& server) { return number_in(server.get("/readyz"), "position"); }

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// Requests of so many events each.
class Batches {
 public:
  Batches(const TenureServer& server, Team& team, std::size_t events, std::size_t connections)
      : head_(server.post_head("/v1/orgs/live/events", "application/x-ndjson")),
        team_(team),
        events_(events),
        texts_(connections) {}

  std::string_view next(std::size_t connection) {
    body_.clear();
    for (std::size_t i = 0; i < events_; ++i) body_ += team_.next() + '\n';
    return texts_[connection] = head_ + std::to_string(body_.size()) + "\r\n\r\n" + body_;
  }

 private:
  std::string head_;
  Team& team_;
  std::size_t events_;
  std::string body_;
  std::vector<std::string> texts_;
};

class FeedRun {
 public:
  explicit FeedRun(Bench& bench) : bench_(bench), server_(bench, "feed"), team_(bench.settings.seed, 1'000, 50, 200) {
    GithubLog log("acme", bench.settings.seed, bench.settings.scaled(lines_whole, 5'000));
    import_log(server_, "acme", log);
    server_.make_org("live", "2020-01-01T00:00:00Z");
    server_.post("/v1/orgs/live/events", "application/x-ndjson", team_.beginning(), 201);
  }

  void catch_up(Row& row) {
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

  // Appends while clients follow; the rate is what was delivered to all of them together.
  void follow(Row& row, Row& appended, std::size_t clients, std::size_t events, std::optional<double> per_second) {
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

  TenureServer& server() { return server_; }

 private:
  Bench& bench_;
  TenureServer server_;
  Team team_;
};

}  // namespace

void measure_feed(Bench& bench) {
  FeedRun run(bench);
  Row one{"one client from position 1", "events/s"}, fan{fmt::format("delivered to {} clients", many), "events/s"},
      steady{fmt::format("delivered to {} clients at {:.0f} events/s", some, events_per_second), "events/s"},
      appends{fmt::format("appends of {} events meanwhile", batch), "answers/s"},
      singles{fmt::format("appends of one event, {:.0f} due a second", events_per_second), "answers/s"};
  std::vector<double> p99_ms;
  for (unsigned round = 0; round < bench.settings.rounds; ++round) {
    run.catch_up(one);
    run.follow(fan, appends, many, batch, std::nullopt);
    Row here = steady;
    here.latency = {};
    run.follow(here, singles, some, 1, events_per_second);
    p99_ms.push_back(static_cast<double>(here.latency.at(0.99).count()) / 1e6);
    steady.rates = here.rates;
    steady.done = here.done;
    steady.server_cpu_seconds = here.server_cpu_seconds;
    steady.client_cpu_seconds = here.client_cpu_seconds;
    steady.latency.add(here.latency);
  }
  Section section{"feed", "every change to those who follow, over WebSockets", {}, {}, {}};
  section.settings = {
      {"log", fmt::format("{} positions when it began to be read",
                          number_text(static_cast<double>(one.done) / bench.settings.rounds))},
      {"clients", "one thread with epoll reads them all; each must get every position once and in order"},
      {"latency", "from an event's recorded_at, which is before its commit is synced, to its frame read"}};
  section.verdicts = {
      {"one client from position 1", "events/s", one.rates, Bound::at_least, caught_up_min},
      {fmt::format("delivered to {} clients", many), "events/s", fan.rates, Bound::at_least, delivered_min},
      {"p99 from recorded to received", "ms", p99_ms, Bound::below, p99_ms_max},
      memory_verdict("tenure", run.server().cost().peak_bytes)};
  section.rows = {one, fan, appends, steady, singles};
  run.server().stop();
  bench.report.sections.push_back(std::move(section));
}

}  // namespace tenure::bench
