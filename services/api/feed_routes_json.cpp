#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/wire/json_read.h"
#include "events/wire/json_text.h"
#include "events/wire/record_wire.h"
#include "services/api/asked.h"
#include "services/api/feed_asked.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;
using nlohmann::json;

std::variant<http::LiveOpening, Response> follow(Parts& parts, Request& request) {
  auto asked = asked_feed(parts, request);
  if (auto* no = std::get_if<Response>(&asked)) return std::move(*no);
  auto& wish = std::get<FeedWish>(asked);
  http::LiveOpening opening;
  if (wish.kind.framing == Framing::lines) opening.content_type = http::MediaType("application/x-ndjson");
  if (wish.kind.framing != Framing::websocket) opening.headers = {{"Cache-Control", "no-store"}};
  opening.stream = parts.feed->open(std::move(wish));
  return opening;
}

// A token sees the consumers of its own principal, but for those that are sent nothing it may see: no organization
// could be named of them, and none would mean all. An administrator of everything sees all, and one of some
// organizations the sinks that are sent those and no others, as their own routes have it.
bool may_see(const Token& token, const Consumer& consumer) {
  if (token.may("admin") && (token.orgs.empty() || (consumer.sink && sees_all(token, consumer.orgs)))) return true;
  const auto sees = [&](const std::string& org) { return token.sees(org); };
  const bool sees_some = consumer.orgs.empty() || std::any_of(consumer.orgs.begin(), consumer.orgs.end(), sees);
  return token.principal == consumer.principal && sees_some;
}

Response no_consumer(const std::string& name) {
  return http::problem(
      refuse(RefusalCode::not_found, "there is no consumer \"" + name + "\"; GET /v1/consumers lists them.", "name"),
      404);
}

Outcome<void> write_consumer(JsonText& out, const Token& token, const Consumer& consumer, storage::Snapshot& snapshot,
                             Instant now) {
  const Position head = snapshot.head();
  const auto behind = lag_of(consumer, snapshot, now);
  if (!behind) return behind.error();
  out.open('{').field("consumer", consumer.name).field("principal", consumer.principal);
  std::vector<std::string> orgs = consumer.orgs;
  std::erase_if(orgs, [&](const std::string& org) { return !token.sees(org); });
  write_texts(out, "orgs", orgs);
  out.field("created_at", consumer.created_at).field("acknowledged", consumer.durable.value);
  out.field("newest", head.value).field("lag_events", behind->events).field("lag_seconds", behind->seconds);
  out.field("connected", consumer.connected).field("sink", consumer.sink).close('}');
  return {};
}

Response list(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  const auto snapshot = parts.store.snapshot();
  JsonText out;
  std::uint64_t total = 0;
  JsonText items;
  items.open('[');
  for (const Consumer& consumer : parts.feed->consumers().all()) {
    if (!may_see(*request.identity_as<Token>(), consumer)) continue;
    if (const auto wrote = write_consumer(items, *request.identity_as<Token>(), consumer, *snapshot, parts.now());
        !wrote) {
      return http::problem(wrote.error());
    }
    ++total;
  }
  out.open('{').field("as_of", parts.now()).field("position", snapshot->head().value).field("total", total);
  Response response;
  response.body = out.key("items").raw(items.close(']').take()).close('}').take();
  return response;
}

// The consumer of the path, if the token may see it; else a no.
std::variant<Consumer, Response> asked_consumer(Parts& parts, const Request& request) {
  const std::string name(request.param("name"));
  const auto consumer = parts.feed->consumers().find(name);
  if (!consumer || !may_see(*request.identity_as<Token>(), *consumer)) return no_consumer(name);
  return *consumer;
}

// One that the token may also move. An administrator of everything may; a sink's, as its own routes have it, whoever
// administers what it is sent; any other its principal's tokens that see what it is sent.
std::variant<Consumer, Response> asked_to_move(Parts& parts, const Request& request) {
  auto asked = asked_consumer(parts, request);
  if (std::holds_alternative<Response>(asked)) return asked;
  const Token& token = *request.identity_as<Token>();
  const auto& consumer = std::get<Consumer>(asked);
  if (token.may("admin") && token.orgs.empty()) return asked;
  if (!consumer.sink) {
    if (const auto no = sees_otherwise(consumer, token.orgs, "name")) return http::problem(*no);
    return asked;
  }
  if (token.may("admin") && sees_all(token, consumer.orgs)) return asked;
  return http::problem(refuse(RefusalCode::forbidden,
                              "the consumer \"" + consumer.name +
                                  "\" is a sink's, and whoever moves it needs the scope admin for all that it is sent.",
                              "name"));
}

// Its position is what its receiver took, and it goes with its sink; a reset is on record.
Response a_sinks(const std::string& name) {
  return http::problem(refuse(RefusalCode::forbidden,
                              "the consumer \"" + name + "\" is a sink's: DELETE /v1/sinks/" + name +
                                  " deletes both, and /reset sets what is sent next.",
                              "name"));
}

// As it is by now.
Response shown(Parts& parts, const Request& request, const Consumer& seen) {
  const auto consumer = parts.feed->consumers().find(seen.name);
  if (!consumer || consumer->made != seen.made) return no_consumer(seen.name);
  JsonText out;
  const auto wrote =
      write_consumer(out, *request.identity_as<Token>(), *consumer, *parts.store.snapshot(), parts.now());
  if (!wrote) return http::problem(wrote.error());
  Response response;
  response.body = out.take();
  return response;
}

// What the log said no to; or the consumer of the path was deleted meanwhile, which is 404 and not the body's fault.
Response not_done(const Consumer& consumer, const AppendResult& result) {
  const auto* refusals = std::get_if<Refusals>(&result);
  const bool gone = refusals && refusals->front().code == RefusalCode::not_found;
  return gone ? no_consumer(consumer.name) : append_response(result);
}

Response one(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  auto asked = asked_consumer(parts, request);
  if (auto* no = std::get_if<Response>(&asked)) return std::move(*no);
  return shown(parts, request, std::get<Consumer>(asked));
}

Response remove(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  auto asked = asked_to_move(parts, request);
  if (auto* no = std::get_if<Response>(&asked)) return std::move(*no);
  const auto& consumer = std::get<Consumer>(asked);
  if (consumer.sink) return a_sinks(consumer.name);
  const auto result = parts.feed->consumers().remove(consumer, recording_of(request, Channel::api));
  if (!std::holds_alternative<AppendAnswer>(result)) return not_done(consumer, result);
  Response response;
  response.body = JsonText().open('{').field("consumer", consumer.name).field("deleted", true).close('}').take();
  return response;
}

// {"position":N} or {"since":INSTANT}: exactly one of those that are `known`.
boost::system::result<Position, Response> asked_position(Parts& parts, const Request& request, bool since_too,
                                                         Position least, Position most) {
  const auto body = read_json(request.body, "");
  if (!body) return http::problem(body.error());
  const bool by_since = since_too && body->is_object() && body->contains("since");
  const char* field = by_since ? "since" : "position";
  if (!body->is_object() || body->size() != 1 || !body->contains(field)) {
    return http::problem(
        refuse(RefusalCode::invalid_field, since_too ? "the body must be {\"position\":N} or {\"since\":\"INSTANT\"}."
                                                     : "the body must be {\"position\":N}."));
  }
  const json& value = body->at(field);
  if (by_since) {
    const std::string text = value.is_string() ? value.get<std::string>() : std::string();
    const auto since = parse_since(text, "/since", parts.now());
    if (!since) return http::problem(since.error());
    const auto position = first_since(*parts.store.snapshot(), *since);
    if (!position) return http::problem(position.error());
    return *position;
  }
  const std::uint64_t number = value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
  if (!value.is_number_unsigned() || Position(number) < least || Position(number) > most) {
    return http::problem(
        refuse(RefusalCode::invalid_cursor,
               "\"position\" must be from " + std::to_string(least.value) + " to " + std::to_string(most.value) + ".",
               "/position"));
  }
  return Position(number);
}

Response reset(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  auto asked = asked_to_move(parts, request);
  if (auto* no = std::get_if<Response>(&asked)) return std::move(*no);
  const auto& consumer = std::get<Consumer>(asked);
  const auto next = asked_position(parts, request, true, Position(1), parts.store.head().next());
  if (!next) return next.error();
  const auto result = parts.feed->consumers().reset(consumer, *next, recording_of(request, Channel::api));
  if (!std::holds_alternative<AppendAnswer>(result)) return not_done(consumer, result);
  return shown(parts, request, consumer);
}

Response acknowledge(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  auto asked = asked_to_move(parts, request);
  if (auto* no = std::get_if<Response>(&asked)) return std::move(*no);
  const auto& consumer = std::get<Consumer>(asked);
  if (consumer.sink) return a_sinks(consumer.name);
  const auto position = asked_position(parts, request, false, Position(0), parts.store.head());
  if (!position) return position.error();
  const auto done = parts.feed->consumers().acknowledge(consumer, *position);
  if (const auto* refusal = std::get_if<Refusal>(&done)) return http::problem(*refusal);
  if (const auto* failure = std::get_if<Failure>(&done)) return http::problem(*failure);
  return shown(parts, request, consumer);
}

}  // namespace

bool sees_all(const Token& token, const std::vector<std::string>& orgs) {
  if (token.orgs.empty()) return true;
  return !orgs.empty() && std::all_of(orgs.begin(), orgs.end(), [&](const auto& org) { return token.sees(org); });
}

Outcome<Lag> lag_of(const Consumer& consumer, storage::Snapshot& snapshot, Instant now) {
  const Position head = snapshot.head();
  if (consumer.durable >= head) return Lag{};
  const auto stored = snapshot.record(consumer.durable.next());
  if (!stored) return stored.error();
  const auto record = wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot.blob(hash); });
  if (!record) return record.error();
  const std::int64_t us = std::max<std::int64_t>(0, now.us - record->recorded_at.us);
  return Lag{head.value - consumer.durable.value, static_cast<std::uint64_t>(us / 1'000'000)};
}

void add_feed_routes(http::Router& router, Parts& parts) {
  router.live(http::Method::get, "/v1/feed", "feed", [&parts](Request& r) { return follow(parts, r); });
  router.blocking(http::Method::get, "/v1/consumers", "feed",
                  with_rows({"consumer", "principal", "orgs", "created_at", "acknowledged", "newest", "lag_events",
                             "lag_seconds", "connected", "sink"},
                            [&parts](Request& r) { return list(parts, r); }));
  router.blocking(http::Method::get, "/v1/consumers/{name}", "feed", [&parts](Request& r) { return one(parts, r); });
  router.blocking(http::Method::delete_, "/v1/consumers/{name}", "feed",
                  [&parts](Request& r) { return remove(parts, r); });
  router.blocking(http::Method::post, "/v1/consumers/{name}/reset", "feed",
                  [&parts](Request& r) { return reset(parts, r); });
  router.blocking(http::Method::post, "/v1/consumers/{name}/ack", "feed",
                  [&parts](Request& r) { return acknowledge(parts, r); });
}

}  // namespace tenure::services
