#include <algorithm>

#include "events/wire/json_text.h"
#include "services/api/findings_route.h"
#include "services/api/parts.h"

namespace tenure::services {

void throw_exception_from_error(const http::Response&, const boost::source_location& where) {
  throw std::logic_error("value of a refused request asked at " + where.to_string());
}

boost::system::result<OpenOrg, http::Response> open_org(Parts& parts, std::string_view name) {
  OpenOrg org;
  org.id = OrgId(name);
  org.snapshot = parts.store.snapshot();
  const auto number = parts.names.org(*org.snapshot, org.id);
  if (!number) return http::problem(number.error());
  org.number = *number;
  auto head = *number == 0 ? Outcome<std::optional<projections::OrgHead>>(std::optional<projections::OrgHead>())
                           : parts.timelines.head(*org.snapshot, *number);
  if (!head) return http::problem(head.error());
  if (!*head) {
    return http::problem(
        refuse(RefusalCode::unknown_org,
               "there is no organization \"" + std::string(name) + "\"; GET /v1/orgs lists them.", "org"),
        404);
  }
  org.head = std::move(**head);
  return org;
}

boost::system::result<OpenOrg, http::Response> open_org(Parts& parts, const http::Request& request) {
  auto org = open_org(parts, request.param("org"));
  if (org) org->meanwhile = [&request] { request.go_on(); };
  return org;
}

namespace {

// Of the requests that change something, those that know their keys again. Whoever sends one with another believes that
// it may safely be sent twice.
std::optional<http::Response> knows_no_key(const http::Request& request, const http::Route& route) {
  const bool known = route.path == "/v1/orgs/{org}/events" || route.path == "/v1/orgs";
  if (route.method != http::Method::post || known || !request.header("Idempotency-Key")) return std::nullopt;
  return http::problem(
      refuse(RefusalCode::invalid_field,
             "Idempotency-Key is known for events and new organizations alone; leave it out, and see what became of "
             "this request before it is sent again.",
             "Idempotency-Key"));
}

}  // namespace

std::optional<http::Response> authorise(Parts& parts, http::Request& request, const http::Route& route) {
  if (route.scope.empty()) return std::nullopt;
  const auto header = request.header("Authorization");
  constexpr std::string_view bearer = "Bearer ";
  if (!header || !http::same_name(header->substr(0, bearer.size()), bearer)) {
    return http::problem(refuse(RefusalCode::unauthenticated,
                                "send a token as \"Authorization: Bearer tnr_…\"; `tenure token create` makes one."));
  }
  const auto token = parts.tokens.find(header->substr(bearer.size()), parts.now());
  if (!token) {
    return http::problem(
        refuse(RefusalCode::unauthenticated, "this token is unknown, revoked or expired; use another."));
  }
  if (!token->may(route.scope)) {
    return http::problem(
        refuse(RefusalCode::forbidden, "this token lacks the scope \"" + route.scope + "\"; ask for one that has it."));
  }
  if (route.path.find("{org}") != std::string::npos && !token->sees(request.param("org"))) {
    return http::problem(refuse(RefusalCode::forbidden, "this token is for other organizations.", "org"));
  }
  request.identity = token;
  return knows_no_key(request, route);
}

std::shared_ptr<const Token> token_of(const http::Request& request) {
  return std::static_pointer_cast<const Token>(request.identity);
}

std::optional<http::Response> token_ended(const Token& token, Instant now) {
  if (token.stands(now)) return std::nullopt;
  return http::problem(refuse(RefusalCode::unauthenticated,
                              "this token was revoked or has expired since the request began; what came before stays "
                              "as it is, go on with another."));
}

Recording recording_of(const http::Request& request, Channel channel) {
  const auto* token = request.identity_as<Token>();
  return {token->id, token->principal, channel, {}};
}

http::Response append_response(const AppendResult& result, unsigned status) {
  if (const auto* failure = std::get_if<Failure>(&result)) return http::problem(*failure);
  if (const auto* refusals = std::get_if<Refusals>(&result)) {
    // What a body names and is not known is the body's fault; 404 would say that the path leads nowhere.
    const RefusalCode code = refusals->front().code;
    const bool in_body = code != RefusalCode::unknown_org && http::status_of(code) == 404;
    return http::problem(*refusals, in_body ? std::optional(400U) : std::nullopt);
  }
  const auto& answer = std::get<AppendAnswer>(result);
  JsonText json;
  json.open('{').key("items").open('[');
  for (const Appended& item : answer.items) {
    json.open('{');
    if (item.id) json.field("id", item.id->text);
    json.field("position", item.position.value).field("version", item.version.value);
    json.key("verdict").open('{');
    static constexpr const char* results[] = {"allowed", "violation", "unspecified"};
    json.field("result", results[static_cast<int>(item.verdict.result)]);
    if (!item.verdict.rule.empty()) json.field("rule", item.verdict.rule);
    if (!item.verdict.because.empty()) json.field("because", item.verdict.because);
    json.close('}').close('}');
  }
  json.close(']').close('}');
  http::Response response;
  response.status = status;
  response.body = json.take();
  response.headers.emplace_back("ETag", '"' + std::to_string(answer.version.value) + '"');
  return response;
}

void add_health_routes(http::Router& router, Parts& parts) {
  const auto text = [](std::string body) {
    http::Response response;
    response.body = std::move(body);
    return response;
  };
  router.on_loop(http::Method::get, "/healthz", "", [text](http::Request&) { return text(R"({"status":"ok"})"); });
  // On the pool: whether a full disk has room again is asked of the disk.
  router.blocking(http::Method::get, "/readyz", "", [&parts, text](http::Request&) {
    if (const auto trouble = parts.store.trouble()) return http::problem(*trouble, 503);
    if (parts.tokens.all().empty()) {
      return http::problem(503, "starting", "The server is starting",
                           "The first token is being made; try again shortly.");
    }
    JsonText json;
    json.open('{').field("status", "ready").field("position", parts.store.head().value);
    return text(json.field("store", parts.store.id()).close('}').take());
  });
  router.blocking(http::Method::get, "/metrics", "", [&parts](http::Request&) {
    http::Response response;
    response.content_type = http::MediaType("text/plain; version=0.0.4");
    response.body = parts.metrics ? parts.metrics() : std::string();
    return response;
  });
  router.on_loop(http::Method::get, "/openapi.json", "",
                 [&parts, text](http::Request&) { return text(parts.openapi); });
}

void add_routes(http::Router& router, Parts& parts) {
  router.before(
      [&parts](http::Request& request, const http::Route& route) { return authorise(parts, request, route); });
  add_health_routes(router, parts);
  add_model_routes(router, parts);
  add_token_routes(router, parts);
  add_org_routes(router, parts);
  add_event_routes(router, parts);
  add_import_route(router, parts);
  add_access_routes(router, parts);
  add_diff_routes(router, parts);
  add_timeline_routes(router, parts);
  add_directory_routes(router, parts);
  add_member_routes(router, parts);
  add_findings_routes(router, parts);
  add_feed_routes(router, parts);
  add_sink_routes(router, parts);
  add_sod_routes(router, parts);
  add_review_definition_routes(router, parts);
  add_review_routes(router, parts);
  add_review_item_routes(router, parts);
  add_report_routes(router, parts);
}

}  // namespace tenure::services
