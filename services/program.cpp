#include "services/program.h"

#include <spdlog/spdlog.h>

#include "services/api/feed_asked.h"
#include "services/api/parts.h"
#include "services/demo.h"
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

  Outcome<void> build();
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
  if (const auto done = catch_up_views(*store, models, {}); !done) return done;
  if (const auto done = load_tokens(*store, identities, tokens); !done) return done;
  recorder = std::make_unique<Recorder>(*store, *people, models, system_clock_now);
  appends = std::make_unique<AppendQueue>(*recorder, *store);
  consumers = std::make_unique<Consumers>(*store, *appends, system_clock_now);
  if (const auto done = consumers->load(identities); !done) return done;
  feed = std::make_unique<Feed>(*store, identities, names, *consumers, system_clock_now,
                                FeedTimes{options.feed_heartbeat_every}, FeedSource{options.version, options.host});
  sinks = std::make_unique<Sinks>(*feed, *appends, *people, system_clock_now, options.version, options.push_times);
  if (const auto done = sinks->load(identities); !done) return done;
  appends->on_commit([this] { feed->committed(); });
  parts.reset(new Parts{*store,
                        *people,
                        models,
                        names,
                        timelines,
                        *appends,
                        tokens,
                        identities,
                        system_clock_now,
                        {0},
                        options.openapi,
                        [this] { return metrics.text(); },
                        feed.get(),
                        nullptr,
                        options.scratch,
                        sinks.get()});
  reviews = std::make_unique<ReviewDesk>(*parts);
  parts->reviews = reviews.get();
  metrics.watch_position([this] { return static_cast<double>(store->head().value); });
  metrics.watch_feed([this] { return feed->figures(); });
  metrics.watch_consumers([this] { return lags(); });
  metrics.watch_sinks([this] { return sinks->all(); });
  metrics.watch_memory([this] { return static_cast<double>(store->memory_bytes()); });
  return publish_shipped();
}

Outcome<std::uint16_t> Program::start() {
  Inside& in = *inside_;
  if (const auto done = in.build(); !done) return done.error();
  if (in.options.demo) {
    if (const auto done = make_demo(*in.appends); !done) return done.error();
  }
  in.feed->start();
  in.sinks->start();
  http::Router router;
  add_routes(router, *in.parts);
  http::ServerOptions options;
  options.address = in.options.address;
  options.port = in.options.port;
  options.io_threads = in.options.io_threads;
  options.pool_threads = in.options.pool_threads;
  options.limits = in.options.limits;
  options.observer = &in.metrics;
  in.server = std::make_unique<http::Server>(options, std::move(router));
  const auto port = in.server->listen();
  if (port) in.server->run_in_background();
  if (port) in.reviews->clock.start();
  return port;
}

Outcome<std::string> Program::make_admin_token(const std::function<Outcome<void>(const std::string& secret)>& keep) {
  const TokenWish wish{"admin", {"admin", "append", "read", "review", "feed"}, {}, {}, std::nullopt};
  const auto fresh = make_token();
  if (!fresh) return fresh.error();
  if (keep) {
    if (const auto kept = keep(fresh->secret); !kept) return kept.error();
  }
  const auto result = record_token(*inside_->appends, inside_->tokens, *fresh, wish,
                                   Recording{{}, {}, Channel::console, {}}, system_clock_now());
  if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  if (!std::holds_alternative<AppendAnswer>(result)) return fail(FailureCode::io, "the token was refused");
  return fresh->secret;
}

bool Program::has_tokens() const { return !inside_->tokens.all().empty(); }

void Program::stop(bool restart) {
  Inside& in = *inside_;
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
