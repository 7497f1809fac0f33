#include <nlohmann/json.hpp>

#include "events/wire/json_text.h"
#include "services/api/asked.h"
#include "services/api/feed_asked.h"
#include "services/api/rows.h"
#include "services/api/sink_asked.h"
#include "services/push/sinks.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;

// Whoever looks after some organizations sees and changes the sinks that are sent those and no others.
bool may_see(const Token& token, const Sink& sink) { return sees_all(token, sink.orgs); }

Response no_sink(const std::string& name) {
  return http::problem(
      refuse(RefusalCode::not_found, "there is no sink \"" + name + "\"; GET /v1/sinks lists them.", "sink"), 404);
}

Outcome<void> write_sink(JsonText& out, Parts& parts, const SinkShown& found, storage::Snapshot& snapshot) {
  Lag behind;
  Position delivered;
  if (const auto consumer = parts.feed->consumers().find(found.sink.name)) {
    const auto lag = lag_of(*consumer, snapshot, parts.now());
    if (!lag) return lag.error();
    behind = *lag;
    delivered = consumer->durable;
  }
  // Looked at after the position, as it is told before it: where nothing is left to deliver, nothing is failing.
  const auto [sink, state] = parts.sinks->find(found.sink.name).value_or(found);
  out.open('{').field("sink", sink.name).field("kind", name_of(sink.kind)).field("url", sink.url);
  out.field("format", formats::name_of(sink.format));
  write_texts(out, "orgs", sink.orgs);
  write_texts(out, "types", sink.types);
  write_texts(out, "verdicts", sink.verdicts);
  out.field("token", sink.secret_id.has_value()).field("principal", sink.principal);
  out.field("created_at", sink.created_at).field("state", name_of(state.phase)).field("since", state.since);
  out.field("delivered", delivered.value).field("newest", snapshot.head().value);
  out.field("lag_events", behind.events).field("lag_seconds", behind.seconds);
  if (state.taken_at) out.field("taken_at", *state.taken_at);
  out.field("events", state.events).field("batches", state.batches).field("failures", state.failures);
  out.field("attempts", state.attempts);
  if (state.next_try) out.field("next_try", *state.next_try);
  if (state.error_at) out.field("error", state.error).field("error_at", *state.error_at);
  out.close('}');
  return {};
}

Response one_shown(Parts& parts, const std::string& name, unsigned status = 200) {
  const auto shown = parts.sinks->find(name);
  if (!shown) return no_sink(name);
  JsonText out;
  if (const auto wrote = write_sink(out, parts, *shown, *parts.store.snapshot()); !wrote) {
    return http::problem(wrote.error());
  }
  Response response;
  response.status = status;
  response.body = out.take();
  return response;
}

Response create(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  auto wish = asked_sink(parts, request);
  if (auto* no = std::get_if<Response>(&wish)) return std::move(*no);
  const auto& wanted = std::get<SinkWish>(wish);
  const auto result = parts.sinks->create(wanted, recording_of(request, Channel::api));
  if (!std::holds_alternative<AppendAnswer>(result)) return append_response(result);
  return one_shown(parts, wanted.sink.name, 201);
}

Response list(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  const auto snapshot = parts.store.snapshot();
  JsonText out, items;
  std::uint64_t total = 0;
  items.open('[');
  for (const SinkShown& shown : parts.sinks->all()) {
    if (!may_see(*request.identity_as<Token>(), shown.sink)) continue;
    if (const auto wrote = write_sink(items, parts, shown, *snapshot); !wrote) return http::problem(wrote.error());
    ++total;
  }
  out.open('{').field("as_of", parts.now()).field("position", snapshot->head().value).field("total", total);
  Response response;
  response.body = out.key("items").raw(items.close(']').take()).close('}').take();
  return response;
}

// What is asked of the sink of the path, which the token may see; else a no.
using Asked = Response (*)(Parts&, const Request&, const std::string& name);
Response with_sink(Parts& parts, Request& request, Asked asked) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  const std::string name(request.param("sink"));
  const auto shown = parts.sinks->find(name);
  if (!shown || !may_see(*request.identity_as<Token>(), shown->sink)) return no_sink(name);
  return asked(parts, request, name);
}

Response show(Parts& parts, const Request&, const std::string& name) { return one_shown(parts, name); }

template <bool paused>
Response pause(Parts& parts, const Request& request, const std::string& name) {
  const auto result = parts.sinks->pause(name, paused, recording_of(request, Channel::api));
  if (!std::holds_alternative<AppendAnswer>(result)) return append_response(result);
  return one_shown(parts, name);
}

Response remove(Parts& parts, const Request& request, const std::string& name) {
  const auto result = parts.sinks->remove(name, recording_of(request, Channel::api));
  if (!std::holds_alternative<AppendAnswer>(result)) return append_response(result);
  Response response;
  response.body = JsonText().open('{').field("sink", name).field("deleted", true).close('}').take();
  return response;
}

}  // namespace

void add_sink_routes(http::Router& router, Parts& parts) {
  const auto each = [&](http::Method method, const char* path, Asked asked) {
    router.blocking(method, path, "admin", [&parts, asked](Request& r) { return with_sink(parts, r, asked); });
  };
  router.blocking(http::Method::post, "/v1/sinks", "admin", [&parts](Request& r) { return create(parts, r); });
  router.blocking(http::Method::get, "/v1/sinks", "admin",
                  with_rows({"sink",        "kind",       "url",      "format",   "orgs",      "types",   "verdicts",
                             "principal",   "created_at", "state",    "since",    "delivered", "newest",  "lag_events",
                             "lag_seconds", "failures",   "attempts", "next_try", "error",     "error_at"},
                            [&parts](Request& r) { return list(parts, r); }));
  each(http::Method::get, "/v1/sinks/{sink}", show);
  each(http::Method::delete_, "/v1/sinks/{sink}", remove);
  each(http::Method::post, "/v1/sinks/{sink}/pause", pause<true>);
  each(http::Method::post, "/v1/sinks/{sink}/resume", pause<false>);
}

}  // namespace tenure::services
