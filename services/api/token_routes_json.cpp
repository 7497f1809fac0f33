#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/limits.h"
#include "events/wire/json_read.h"
#include "events/wire/json_text.h"
#include "services/api/asked.h"
#include "services/api/rows.h"
#include "services/publish.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;
using nlohmann::json;

void write_token(JsonText& out, const Token& token) {
  const auto texts = [&](std::string_view name, const std::vector<std::string>& values) {
    out.key(name).open('[');
    for (const std::string& value : values) out.text(value);
    out.close(']');
  };
  out.field("token", token.id).field("principal", token.principal);
  texts("scopes", token.scopes);
  texts("orgs", token.orgs);
  texts("actor_kinds", token.actor_kinds);
  out.field("created_at", token.created_at);
  if (token.expires_at) out.field("expires_at", *token.expires_at);
  out.field("revoked", token.revoked.load());
}

Decided<std::vector<std::string>> texts_of(const json& body, const std::string& field) {
  std::vector<std::string> values;
  if (!body.contains(field)) return values;
  const json& list = body.at(field);
  const bool good = list.is_array() && list.size() <= limits::page_rows_max &&
                    std::all_of(list.begin(), list.end(), [](const json& v) {
                      return v.is_string() && !v.get_ref<const std::string&>().empty() &&
                             v.get_ref<const std::string&>().size() <= limits::identifier_bytes_max;
                    });
  if (!good) return refuse(RefusalCode::invalid_field, "\"" + field + "\" must be a list of texts.", "/" + field);
  for (const json& value : list) values.push_back(value.get<std::string>());
  return values;
}

Decided<TokenWish> wish_of(const json& body) {
  if (!body.is_object()) return refuse(RefusalCode::invalid_field, "the body must be an object.");
  TokenWish wish;
  for (const auto& [key, value] : body.items()) {
    if (key != "principal" && key != "scopes" && key != "orgs" && key != "actor_kinds" && key != "expires_at") {
      return refuse(RefusalCode::unknown_field, "\"" + key + "\" is not a field of a token.", "/" + key);
    }
  }
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  const std::string principal = body.contains("principal") && body.at("principal").is_string()
                                    ? body.at("principal").get<std::string>()
                                    : std::string();
  if (principal.empty() || principal.size() > limits::identifier_bytes_max ||
      std::any_of(principal.begin(), principal.end(), control)) {
    return refuse(RefusalCode::invalid_field,
                  "\"principal\" must say whose token it is, in 1 to 320 bytes without control characters.",
                  "/principal");
  }
  wish.principal = principal;
  for (auto [field, list] : {std::pair("scopes", &wish.scopes), std::pair("orgs", &wish.orgs),
                             std::pair("actor_kinds", &wish.actor_kinds)}) {
    const auto values = texts_of(body, field);
    if (!values) return values.error();
    *list = *values;
  }
  if (wish.scopes.empty())
    return refuse(RefusalCode::missing_field,
                  "\"scopes\" needs at least one of admin, append, read, review, review:any, feed.", "/scopes");
  for (const std::string& scope : wish.scopes) {
    if (std::find(std::begin(token_scopes), std::end(token_scopes), scope) == std::end(token_scopes)) {
      return refuse(RefusalCode::invalid_field,
                    "\"" + scope + "\" is no scope: admin, append, read, review, review:any, feed.", "/scopes");
    }
  }
  for (const std::string& kind : wish.actor_kinds) {
    if (!actor_kind_from(kind)) {
      return refuse(RefusalCode::invalid_field,
                    "\"" + kind + "\" is no kind of actor: member, support, system, integration.", "/actor_kinds");
    }
  }
  if (body.contains("expires_at")) {
    const json& at = body.at("expires_at");
    const auto instant = parse_instant(at.is_string() ? at.get<std::string>() : std::string(), "/expires_at");
    if (!instant) return instant.error();
    wish.expires_at = *instant;
  }
  return wish;
}

Response beyond(std::string because) {
  return http::problem(refuse(RefusalCode::forbidden, std::move(because), "token"));
}

Response create(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  const auto body = read_json(request.body, "");
  if (!body) return http::problem(body.error());
  const auto wish = wish_of(*body);
  if (!wish) return http::problem(wish.error());
  const Token& own = *request.identity_as<Token>();
  if (!own.covers(wish->orgs, wish->actor_kinds)) {
    return beyond("this token may only make tokens within its own organizations and kinds of actors; list those.");
  }
  if (own.expires_at && (!wish->expires_at || *wish->expires_at > *own.expires_at)) {
    return beyond("this token ends at " + format_instant(*own.expires_at) +
                  " and may only make tokens that end by then; give such an \"expires_at\".");
  }
  const TokenMade made = create_token(parts.appends, parts.tokens, *wish, recording_of(request, Channel::api));
  if (!std::holds_alternative<AppendAnswer>(made.result)) return append_response(made.result);
  JsonText json;
  json.open('{').field("secret", made.token.secret);
  write_token(json, *parts.tokens.by_id(made.token.id));
  Response response;
  response.status = 201;
  response.body = json.close('}').take();
  return response;
}

Response list(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  JsonText json;
  auto tokens = parts.tokens.all();
  std::erase_if(tokens, [&](const auto& token) {
    return !request.identity_as<Token>()->covers(token->orgs, token->actor_kinds);
  });
  json.open('{').field("as_of", parts.now()).field("position", parts.store.head().value);
  json.field("total", static_cast<std::uint64_t>(tokens.size())).key("items").open('[');
  for (const auto& token : tokens) {
    json.open('{');
    write_token(json, *token);
    json.close('}');
  }
  Response response;
  response.body = json.close(']').close('}').take();
  return response;
}

Response revoke(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  const std::string id(request.param("token"));
  const auto token = parts.tokens.by_id(id);
  if (!token)
    return http::problem(
        refuse(RefusalCode::not_found, "there is no token \"" + id + "\"; GET /v1/tokens lists them.", "token"), 404);
  if (!request.identity_as<Token>()->covers(token->orgs, token->actor_kinds)) {
    return beyond("this token may only revoke tokens within its own organizations and kinds of actors.");
  }
  if (!token->revoked) {
    const auto result = revoke_token(parts.appends, parts.tokens, id, recording_of(request, Channel::api));
    if (!std::holds_alternative<AppendAnswer>(result)) return append_response(result);
  }
  JsonText json;
  json.open('{');
  write_token(json, *parts.tokens.by_id(id));
  Response response;
  response.body = json.close('}').take();
  return response;
}

}  // namespace

void add_token_routes(http::Router& router, Parts& parts) {
  router.blocking(http::Method::post, "/v1/tokens", "admin", [&parts](Request& r) { return create(parts, r); });
  router.blocking(
      http::Method::get, "/v1/tokens", "admin",
      with_rows({"token", "principal", "scopes", "orgs", "actor_kinds", "created_at", "expires_at", "revoked"},
                [&parts](Request& r) { return list(parts, r); }));
  router.blocking(http::Method::delete_, "/v1/tokens/{token}", "admin",
                  [&parts](Request& r) { return revoke(parts, r); });
}

}  // namespace tenure::services
