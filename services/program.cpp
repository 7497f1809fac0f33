#include "services/program.h"

#include <spdlog/spdlog.h>

#include <future>
#include <thread>

#include "services/api/feed_asked.h"
#include "services/api/parts.h"
#include "services/demo.h"
#include "services/folding.h"
#include "services/http/server.h"
#include "services/metrics.h"
#include "services/publish.h"
#include "services/push/sinks.h"
#include "services/record/rebuild.h"
#include "services/reviews/desk.h"

namespace tenure::services {

struct Program::Inside {
  std::unique_ptr<storage::Store> store;
  std::unique_ptr<storage::People> people;
  ProgramOptions options;
  projections::Models models;
  projections::DirectoryCache names;
  projections::TimelineCache timelines;
  Tokens tokens;
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<AppendQueue> appends;
  std::unique_ptr<Consumers> consumers;
  std::unique_ptr<Feed> feed;
  std::unique_ptr<Sinks> sinks;
  std::unique_ptr<Parts> parts;
  std::unique_ptr<ReviewDesk> reviews;
  Metrics metrics;
  std::unique_ptr<http::Server> server;
  ViewsStand stand;
  std::promise<Outcome<void>> folded;
  std::shared_future<Outcome<void>> when_folded;
  std::unique_ptr<Folding> folding;
  std::jthread folding_thread;

  Outcome<void> build();
  void listen_to_metrics();
  void fold(const std::stop_token& stop);
  Outcome<void> begin_appends();
  Outcome<void> publish_shipped();
  std::map<std::string, Lag> lags();
};

Program::Program(std::unique_ptr<storage::Store> store, std::unique_ptr<storage::People> people, ProgramOptions options)
    : inside_(std::make_unique<Inside>()) {
  inside_->store = std::move(store);
  inside_->people = std::move(people);
  inside_->options = std::move(options);
}

Program::~Program() { stop(); }

Outcome<void> Program::Inside::publish_shipped() {
  for (const ShippedModel& shipped : shipped_models()) {
    const auto model = AccessModel::parse(shipped.document);
    if (!model) return fail(FailureCode::corruption, "the shipped model " + std::string(shipped.id) + " is broken");
    if (models.find((*model)->id(), (*model)->version())) continue;
    const auto result = publish_model(*appends, models, *model, Recording{{}, {}, Channel::console, {}});
    if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  }
  return {};
}

std::map<std::string, Lag> Program::Inside::lags() {
  std::map<std::string, Lag> all;
  if (folding->behind()) return all;  // consumers are not loaded
  const auto snapshot = store->snapshot();
  for (const Consumer& consumer : consumers->all()) {
    if (const auto lag = lag_of(consumer, *snapshot, parts->now())) all[consumer.name] = *lag;
  }
  return all;
}

Outcome<void> Program::Inside::build() {
  Identities identities(*people, names);
  // The models come first: folding an event asks for the model it was judged by.
  if (const auto done = load_models(*store, models); !done) return done;
  auto found = stand_of_views(*store);
  if (!found) return found.error();
  stand = std::move(*found);
  folding = std::make_unique<Folding>(*store);
  if (const auto done = load_tokens(*store, *people, tokens); !done) return done;
  recorder = std::make_unique<Recorder>(*store, *people, models, system_clock_now);
  const auto newest = newest_recorded(*store);
  if (!newest) return newest.error();
  appends = std::make_unique<AppendQueue>(*recorder, *store, *newest);
  consumers = std::make_unique<Consumers>(*store, *appends);
  feed = std::make_unique<Feed>(*store, identities, names, *consumers, system_clock_now,
                                FeedTimes{options.feed_heartbeat_every}, FeedSource{options.version, options.host});
  sinks = std::make_unique<Sinks>(*feed, *appends, *people, system_clock_now, options.version, options.push_times);
  appends->on_commit([this] { feed->committed(); });
  parts.reset(new Parts{*store, *people, models, names, timelines, *appends, tokens, identities, system_clock_now,
                        options.openapi, [this] { return metrics.text(); }, feed.get(), nullptr, options.scratch,
                        sinks.get()});
  reviews = std::make_unique<ReviewDesk>(*parts);
  parts->reviews = reviews.get();
  listen_to_metrics();
  return {};
}

void Program::Inside::listen_to_metrics() {
  metrics.watch_position([this] { return static_cast<double>(store->head().value); });
  metrics.watch_folded(
      [this] { return static_cast<double>(folding->behind() ? folding->done() : store->head().value); });
  metrics.watch_feed([this] { return feed->figures(); });
  metrics.watch_consumers([this] { return lags(); });
  metrics.watch_sinks([this] { return sinks->all(); });
  metrics.watch_memory([this] { return static_cast<double>(store->memory_bytes()); });
}

// What asks the views, or adds to the log that they are folded from.
Outcome<void> Program::Inside::begin_appends() {
  Identities identities(*people, names);
  if (const auto done = consumers->load(identities); !done) return done;
  if (const auto done = sinks->load(identities); !done) return done;
  if (const auto done = publish_shipped(); !done) return done;
  if (options.demo) {
    const auto made = make_demo(*appends);
    if (!made) return made.error();
    if (!*made) spdlog::warn("an organization of your own is called \"demo\": it stays as it is");
  }
  feed->start();
  sinks->start();
  reviews->clock.start();
  return {};
}

void Program::Inside::fold(const std::stop_token& stop) {
  constexpr std::uint64_t percent_a_line = 5;
  const FoldHooks& hooks = options.folding;
  std::uint64_t said = 0;
  const auto reached = [&](Position position, Position head) {
    folding->reach(position, head);
    if (const auto percent = folding->percent(); percent >= said + percent_a_line) {
      said = percent;
      spdlog::info("views made anew: {} of {} events ({} %)", position.value, head.value, percent);
    }
    if (hooks.reached) hooks.reached(position, head);
  };
  const std::size_t batch = hooks.records_a_commit == 0 ? records_a_commit : hooks.records_a_commit;
  auto done = fold_views(*store, models, stand, reached, batch, stop);
  if (done) done = begin_appends();
  if (done) folding->end();
  const bool stopped = !done && stop.stop_requested();
  if (!done && !stopped) spdlog::error("the views cannot be made anew: {}", done.error().because);
  if (hooks.over && !stopped) hooks.over(done);
  folded.set_value(done);
}

Outcome<std::uint16_t> Program::start() {
  Inside& in = *inside_;
  if (const auto done = in.build(); !done) return done.error();
  const bool behind = in.stand.behind();
  if (behind) {
    in.folding->begin(in.stand.reached, in.stand.head);
    if (!in.stand.lost_keys.empty())
      spdlog::warn("some Idempotency-Keys, acknowledgements of consumers or tokens of sinks are lost: {}",
                   in.stand.lost_keys);
  } else if (const auto done = in.begin_appends(); !done) {
    return done.error();
  }
  http::Router router;
  add_routes(router, *in.parts);
  router.before([&in](http::Request& request, const http::Route& route) -> std::optional<http::Response> {
    if (auto no = authorise(*in.parts, request, route)) return no;
    return in.folding->refuses(request, route);
  });
  http::ServerOptions options;
  options.address = in.options.address;
  options.port = in.options.port;
  options.io_threads = in.options.io_threads;
  options.pool_threads = in.options.pool_threads;
  options.limits = in.options.limits;
  options.observer = &in.metrics;
  in.server = std::make_unique<http::Server>(options, std::move(router));
  const auto port = in.server->listen();
  if (!port) return port;
  in.server->run_in_background();
  if (!behind) return port;
  in.when_folded = in.folded.get_future().share();
  if (in.options.folding.begun) in.options.folding.begun(*port);
  in.folding_thread = std::jthread([&in](const std::stop_token& stop) { in.fold(stop); });
  return port;
}

Outcome<void> Program::wait_until_folded() {
  return inside_->when_folded.valid() ? inside_->when_folded.get() : Outcome<void>();
}

Outcome<std::string> Program::make_admin_token(const std::function<Outcome<void>(const std::string& secret)>& keep) {
  const TokenWish wish{"admin", {"admin", "append", "read", "review", "feed"}, {}, {}, std::nullopt};
  const auto fresh = make_token();
  if (!fresh) return fresh.error();
  if (keep) {
    if (const auto kept = keep(fresh->secret); !kept) return kept.error();
  }
  const auto result =
      record_token(*inside_->appends, inside_->tokens, *fresh, wish, Recording{{}, {}, Channel::console, {}});
  if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  if (!std::holds_alternative<AppendAnswer>(result)) return fail(FailureCode::io, "the token was refused");
  return fresh->secret;
}

bool Program::has_tokens() const { return !inside_->tokens.all().empty(); }

void Program::stop(bool restart) {
  Inside& in = *inside_;
  in.folding_thread.request_stop();
  if (in.folding_thread.joinable()) in.folding_thread.join();
  // Requests in flight still need the writer: the server drains first, then the queue, then the stores close.
  if (in.server) in.server->stop(restart);
  in.server.reset();
  if (in.sinks) in.sinks->stop();
  if (in.feed) in.feed->stop();
  if (in.reviews) in.reviews->clock.stop();
  if (in.appends) in.appends->stop();
  if (in.people) (void)in.people->close();
  if (in.store) (void)in.store->close();
}

}  // namespace tenure::services
