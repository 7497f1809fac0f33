#include "services/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <spdlog/spdlog.h>

#include <mutex>
#include <unordered_map>

#include "services/push/sinks.h"

namespace tenure::services {

struct Metrics::Inside {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                          .Name("tenure_http_requests_total")
                                                          .Help("Requests answered, by route and status class.")
                                                          .Register(registry);
  prometheus::Histogram& seconds =
      prometheus::BuildHistogram()
          .Name("tenure_http_request_seconds")
          .Help("Time from the first byte read to the last byte given to the kernel.")
          .Register(registry)
          .Add({}, prometheus::Histogram::BucketBoundaries{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5});
  prometheus::Gauge& open = gauge("tenure_http_connections", "Connections that are open.");
  prometheus::Counter& crashes = prometheus::BuildCounter()
                                     .Name("tenure_http_crashes_total")
                                     .Help("Handlers that failed in a way they should not.")
                                     .Register(registry)
                                     .Add({});
  prometheus::Counter& abandoned = prometheus::BuildCounter()
                                       .Name("tenure_http_abandoned_total")
                                       .Help("Requests given up, since their clients had gone.")
                                       .Register(registry)
                                       .Add({});
  prometheus::Gauge& position = gauge("tenure_log_position", "The newest position of the log.");
  prometheus::Gauge& memory =
      gauge("tenure_store_memory_bytes", "Bytes held by the block cache and the write buffers.");
  prometheus::Gauge& folded =
      gauge("tenure_views_position", "The position that the views are folded up to; the log's own but for a rebuild.");
  std::function<double()> ask_position, ask_folded, ask_memory;
  std::function<FeedFigures()> ask_feed;
  std::function<std::map<std::string, Lag>()> ask_consumers;
  std::function<std::vector<SinkShown>()> ask_sinks;

  std::mutex mutex;
  std::unordered_map<std::string, prometheus::Counter*> by_route;

  // The feed and the sinks count for themselves; their figures are given the form here.
  std::string feed_text() const;
  std::string sinks_text() const;

  prometheus::Gauge& gauge(const char* name, const char* help) {
    return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
  }
};

Metrics::Metrics() : inside_(std::make_unique<Inside>()) {}
Metrics::~Metrics() = default;

void Metrics::served(const http::Served& request) {
  std::string key(request.route);
  key += static_cast<char>('0' + request.status / 100);
  prometheus::Counter* counter = nullptr;
  {
    const std::lock_guard lock(inside_->mutex);
    auto& known = inside_->by_route[key];
    if (!known) {
      known = &inside_->requests.Add({{"route", request.route.empty() ? "none" : std::string(request.route)},
                                      {"status", std::string(1, key.back()) + "xx"}});
    }
    counter = known;
  }
  counter->Increment();
  inside_->seconds.Observe(std::chrono::duration<double>(request.took).count());
}

void Metrics::connections(std::size_t open) { inside_->open.Set(static_cast<double>(open)); }

void Metrics::crashed(std::string_view route, std::string_view what) {
  inside_->crashes.Increment();
  spdlog::error("a request of {} failed: {}", route, what);
}

void Metrics::abandoned(std::string_view) { inside_->abandoned.Increment(); }

void Metrics::watch_position(std::function<double()> position) { inside_->ask_position = std::move(position); }
void Metrics::watch_folded(std::function<double()> position) { inside_->ask_folded = std::move(position); }
void Metrics::watch_memory(std::function<double()> bytes) { inside_->ask_memory = std::move(bytes); }

std::string Metrics::text() {
  if (inside_->ask_position) inside_->position.Set(inside_->ask_position());
  if (inside_->ask_folded) inside_->folded.Set(inside_->ask_folded());
  if (inside_->ask_memory) inside_->memory.Set(inside_->ask_memory());
  return prometheus::TextSerializer().Serialize(inside_->registry.Collect()) + inside_->feed_text() +
         inside_->sinks_text();
}

void Metrics::watch_feed(std::function<FeedFigures()> figures) { inside_->ask_feed = std::move(figures); }
void Metrics::watch_consumers(std::function<std::map<std::string, Lag>()> lags) {
  inside_->ask_consumers = std::move(lags);
}

void Metrics::watch_sinks(std::function<std::vector<SinkShown>()> sinks) { inside_->ask_sinks = std::move(sinks); }

namespace {

void put(prometheus::MetricFamily& to, const char* label, const std::string& value, double number) {
  prometheus::ClientMetric metric;
  if (label) metric.label.push_back({label, value});
  metric.counter.value = metric.gauge.value = number;
  to.metric.push_back(std::move(metric));
}

}  // namespace

std::string Metrics::Inside::sinks_text() const {
  using prometheus::MetricType;
  if (!ask_sinks) return {};
  std::vector<prometheus::MetricFamily> families{
      {"tenure_sink_failing", "1 while a sink's receiver does not take what it is sent.", MetricType::Gauge, {}},
      {"tenure_sink_events_total", "Events that a sink's receiver took.", MetricType::Counter, {}},
      {"tenure_sink_failures_total", "Attempts of a sink that failed.", MetricType::Counter, {}}};
  for (const auto& [sink, state] : ask_sinks()) {
    put(families[0], "sink", sink.name, state.attempts > 0 ? 1 : 0);
    put(families[1], "sink", sink.name, static_cast<double>(state.events));
    put(families[2], "sink", sink.name, static_cast<double>(state.failures));
  }
  std::erase_if(families, [](const auto& one) { return one.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

std::string Metrics::Inside::feed_text() const {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> families;
  families.reserve(16);  // references to them stay good
  const auto family = [&](const char* name, const char* help, MetricType type) -> prometheus::MetricFamily& {
    return families.emplace_back(prometheus::MetricFamily{name, help, type, {}});
  };
  const auto alone = [&](const char* name, const char* help, MetricType type, double number) {
    put(family(name, help, type), nullptr, {}, number);
  };
  if (ask_feed) {
    const FeedFigures figures = ask_feed();
    auto& now = family("tenure_feed_subscribers", "Clients that follow the feed, by carrier.", MetricType::Gauge);
    for (const auto& [carrier, count] : figures.subscribers) put(now, "carrier", carrier, static_cast<double>(count));
    auto& gone = family("tenure_feed_disconnects_total", "Clients that left the feed, by reason.", MetricType::Counter);
    for (const auto& [reason, count] : figures.disconnects) put(gone, "reason", reason, static_cast<double>(count));
    alone("tenure_feed_events_sent_total", "Events given to clients.", MetricType::Counter,
          static_cast<double>(figures.events_sent));
    alone("tenure_feed_bytes_sent_total", "Bytes of events given to clients.", MetricType::Counter,
          static_cast<double>(figures.bytes_sent));
    alone("tenure_feed_events_encoded_total", "Events encoded, once for all who want the same.", MetricType::Counter,
          static_cast<double>(figures.events_encoded));
    alone("tenure_feed_events_looked_at_total", "Events that filters left out or looked at before they were encoded.",
          MetricType::Counter, static_cast<double>(figures.events_looked_at));
    alone("tenure_feed_window_bytes", "Encoded events in memory.", MetricType::Gauge,
          static_cast<double>(figures.window_bytes));
  }
  if (ask_consumers) {
    const auto lags = ask_consumers();
    auto& events =
        family("tenure_consumer_lag_events", "Events that a consumer has not acknowledged.", MetricType::Gauge);
    for (const auto& [name, lag] : lags) put(events, "consumer", name, static_cast<double>(lag.events));
    auto& seconds = family("tenure_consumer_lag_seconds",
                           "Age of the first event that a consumer has not acknowledged.", MetricType::Gauge);
    for (const auto& [name, lag] : lags) put(seconds, "consumer", name, static_cast<double>(lag.seconds));
  }
  std::erase_if(families, [](const auto& one) { return one.metric.empty(); });
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace tenure::services
