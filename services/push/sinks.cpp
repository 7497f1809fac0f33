#include "services/push/sinks.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <utility>

#include "events/digest.h"
#include "projections/layout.h"
#include "services/publish.h"
#include "services/record/batch.h"
#include "services/record/rebuild.h"

namespace tenure::services {

namespace {

namespace asio = boost::asio;

// Beside the consumers' rows, under a letter that no other row has. Never written twice: a new token has a new id.
std::string row_of(std::string_view secret_id) {
  std::string row;
  projections::put_u32(row, kept_rows);
  row += 's';
  return row.append(secret_id);
}

std::string bound_to(std::string_view secret_id) { return "sink token " + std::string(secret_id); }

AppendResult no_sink(const std::string& name) {
  return Refusals{
      refuse(RefusalCode::not_found, "there is no sink \"" + name + "\"; GET /v1/sinks lists them.", "sink")};
}

Outcome<Sink> sink_of(const event::SinkCreated& created) {
  Sink sink;
  const auto unreadable = [&](std::string_view what) {
    return fail(FailureCode::wrong_format, "the " + std::string(what) + " of the sink " + created.sink +
                                               " is unknown to this version of Tenure: start the newer one.");
  };
  const auto kind = sink_kind_of(created.kind);
  const auto format = formats::format_of(created.format);
  if (!kind) return unreadable("kind");
  if (!format) return unreadable("format");
  auto to = parse_destination(*kind, created.url, "url");
  if (!to) return unreadable("URL");
  sink.name = created.sink;
  sink.kind = *kind;
  sink.format = *format;
  sink.url = created.url;
  sink.to = std::move(*to);
  sink.orgs = created.orgs;
  sink.types = created.types;
  sink.verdicts = created.verdicts;
  sink.secret_id = created.secret;
  return sink;
}

}  // namespace

Sinks::Sinks(Feed& feed, AppendQueue& appends, storage::People& people, Clock clock, std::string version,
             PushTimes times)
    : work_(loop_.get_executor()),
      door_(std::make_shared<Door>(loop_)),
      world_{feed, loop_, log_, std::move(clock), times, std::move(version)},
      appends_(appends),
      people_(people) {}

Sinks::~Sinks() { stop(); }

Outcome<void> Sinks::apply(const Record& record, storage::Snapshot& snapshot, projections::OrgNumber number,
                           Identities& identities) {
  // Where the views are made anew, the server listens by now and is asked for its figures.
  const std::lock_guard lock(guard_);
  const auto set_paused = [&](const std::string& name, bool paused) {
    const auto found = entries_.find(name);
    if (found != entries_.end()) found->second.sink.paused = paused;
  };
  if (const auto* created = std::get_if<event::SinkCreated>(&record.event.data)) {
    auto sink = sink_of(*created);
    if (!sink) return sink.error();
    auto principal = identities.of_subject(snapshot, tenure_org, number, created->principal.subject);
    if (!principal) return principal.error();
    sink->principal = std::move(*principal);
    sink->created_at = record.recorded_at;
    entries_[created->sink] = {std::move(*sink), nullptr};
  } else if (const auto* paused = std::get_if<event::SinkPaused>(&record.event.data)) {
    set_paused(paused->sink, true);
  } else if (const auto* resumed = std::get_if<event::SinkResumed>(&record.event.data)) {
    set_paused(resumed->sink, false);
  } else if (const auto* deleted = std::get_if<event::SinkDeleted>(&record.event.data)) {
    entries_.erase(deleted->sink);
  }
  return {};
}

Outcome<void> Sinks::load(Identities& identities) {
  const auto snapshot = world_.feed.store().snapshot();
  const auto number = projections::find_org(*snapshot, tenure_org);
  if (!number) return number.error();
  return each_own_record(*snapshot,
                         [&](const Record& record) { return apply(record, *snapshot, *number, identities); });
}

void Sinks::start() {
  const std::lock_guard lock(guard_);
  started_ = true;
  for (auto& [name, entry] : entries_) begin(entry);
  thread_ = std::thread([this] { loop_.run(); });
}

// Under `guard_`.
void Sinks::begin(Entry& entry) {
  if (!started_) return;
  entry.delivery = std::make_shared<Delivery>(world_, door_, entry.sink, secret_of(entry.sink));
  ++running_;
  asio::co_spawn(loop_, Delivery::run(entry.delivery), [this](const std::exception_ptr&) {
    const std::lock_guard ending(guard_);
    --running_;
    ended_.notify_all();
  });
}

void Sinks::stop() {
  std::unique_lock lock(guard_);
  started_ = false;
  if (!thread_.joinable()) return;
  const auto end_all = [this](bool at_once) {
    for (const auto& [name, entry] : entries_) {
      asio::post(loop_, [delivery = entry.delivery, at_once] { delivery->end(at_once); });
    }
  };
  end_all(false);
  if (!ended_.wait_for(lock, world_.times.farewell, [this] { return running_ == 0; })) {
    end_all(true);
    // Nothing that is closed goes on for long; what does ends with the loop.
    ended_.wait_for(lock, world_.times.farewell, [this] { return running_ == 0; });
  }
  lock.unlock();
  door_->shut();
  work_.reset();
  loop_.stop();
  thread_.join();
}

std::optional<std::string> Sinks::secret_of(const Sink& sink) const {
  if (!sink.secret_id) return std::nullopt;
  std::string sealed;
  const auto found = world_.feed.store().snapshot()->get(row_of(*sink.secret_id), sealed);
  if (!found || !*found) return std::nullopt;
  return people_.open_secret(bound_to(*sink.secret_id), sealed);
}

// Durable when it answers the id. Before the sink is: one without its token would be refused by its receiver.
Outcome<std::string> Sinks::keep_secret(const std::string& secret) {
  const auto fresh = make_token();  // random bytes for an id
  if (!fresh) return fresh.error();
  const std::string id = "sec_" + fresh->id.substr(4);
  std::promise<Outcome<void>> kept;
  appends_.submit_rows({{row_of(id), people_.seal_secret(bound_to(id), secret)}},
                       [&kept](const Outcome<void>& done) { kept.set_value(done); });
  if (const auto done = kept.get_future().get(); !done) return done.error();
  return id;
}

AppendResult Sinks::create(const SinkWish& wish, const Recording& by) {
  const std::lock_guard one(making_);
  const Sink& sink = wish.sink;
  if (find(sink.name)) {
    return Refusals{refuse(RefusalCode::already_exists,
                           "there is a sink \"" + sink.name + "\" already; choose another name.", "/sink")};
  }
  if (all().size() >= sinks_max) {
    return Refusals{refuse(RefusalCode::too_large,
                           "there are " + std::to_string(sinks_max) + " sinks, as many as may be; delete one.",
                           "/sink")};
  }
  event::SinkCreated created{std::string(formats::name_of(sink.format)),
                             std::string(name_of(sink.kind)),
                             sink.orgs,
                             wish.first,
                             {by.principal, {}},
                             std::nullopt,
                             sink.name,
                             sink.types,
                             sink.url,
                             sink.verdicts};
  if (wish.token) {
    auto id = keep_secret(*wish.token);
    if (!id) return id.error();
    created.secret = std::move(*id);
  }
  auto result = world_.feed.consumers().make_for_sink(created, by);
  if (!std::holds_alternative<AppendAnswer>(result)) {
    if (created.secret) appends_.submit_rows({{row_of(*created.secret), std::nullopt}}, [](const Outcome<void>&) {});
    return result;
  }
  const std::lock_guard lock(guard_);
  Entry& entry = entries_[sink.name];
  entry.sink = sink;
  entry.sink.secret_id = created.secret;
  entry.sink.principal = by.principal;
  entry.sink.created_at = std::get<AppendAnswer>(result).recorded_at;
  begin(entry);
  return result;
}

AppendResult Sinks::pause(const std::string& name, bool yes, const Recording& by) {
  const std::lock_guard one(making_);
  const auto known = find(name);
  if (!known) return no_sink(name);
  if (known->sink.paused == yes) return AppendAnswer{};
  auto result =
      yes ? append_own(appends_, event::SinkPaused{name}, by) : append_own(appends_, event::SinkResumed{name}, by);
  if (!std::holds_alternative<AppendAnswer>(result)) return result;
  const std::lock_guard lock(guard_);
  Entry& entry = entries_.at(name);
  entry.sink.paused = yes;
  if (entry.delivery) entry.delivery->pause(yes);
  return result;
}

AppendResult Sinks::remove(const std::string& name, const Recording& by) {
  const std::lock_guard one(making_);
  const auto known = find(name);
  if (!known) return no_sink(name);
  auto result = world_.feed.consumers().remove_with_sink(name, by);
  if (!std::holds_alternative<AppendAnswer>(result)) return result;
  if (const auto& id = known->sink.secret_id) {
    appends_.submit_rows({{row_of(*id), std::nullopt}}, [](const Outcome<void>&) {});
  }
  const std::lock_guard lock(guard_);
  const auto entry = entries_.extract(name);
  if (const auto& delivery = entry.mapped().delivery) {
    asio::post(loop_, [delivery] { delivery->end(true); });
  }
  return result;
}

std::vector<SinkShown> Sinks::all() const {
  const std::lock_guard lock(guard_);
  std::vector<SinkShown> shown;
  for (const auto& [name, entry] : entries_) {
    shown.push_back({entry.sink, entry.delivery ? entry.delivery->state() : SinkState{}});
  }
  return shown;
}

std::optional<SinkShown> Sinks::find(std::string_view name) const {
  const std::lock_guard lock(guard_);
  const auto found = entries_.find(name);
  if (found == entries_.end()) return std::nullopt;
  const Entry& entry = found->second;
  return SinkShown{entry.sink, entry.delivery ? entry.delivery->state() : SinkState{}};
}

}  // namespace tenure::services
