#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/limits.h"
#include "events/wire/json_read.h"
#include "services/api/feed_asked.h"
#include "services/api/sink_asked.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;
using nlohmann::json;

// Values of one filter: each is compared with each event.
constexpr std::size_t filter_values_max = 100;

constexpr std::string_view fields[] = {"sink", "kind", "url", "format", "orgs", "types", "verdicts", "token", "start"};

Refusal wrong(std::string because, std::string_view field) {
  return refuse(RefusalCode::invalid_field, std::move(because), "/" + std::string(field));
}

Decided<void> known_fields(const json& body) {
  if (!body.is_object()) return refuse(RefusalCode::invalid_field, "the body must be an object.");
  for (const auto& [key, value] : body.items()) {
    if (std::find(std::begin(fields), std::end(fields), key) == std::end(fields)) {
      return refuse(RefusalCode::unknown_field, "\"" + key + "\" is not a field of a sink.", "/" + key);
    }
  }
  return {};
}

Decided<std::string> text_of(const json& body, const std::string& field, const std::string& needed) {
  if (!body.contains(field)) {
    if (needed.empty()) return std::string();
    return refuse(RefusalCode::missing_field, "\"" + field + "\" is missing: " + needed, "/" + field);
  }
  const json& value = body.at(field);
  if (!value.is_string() || value.get_ref<const std::string&>().empty()) {
    return wrong("\"" + field + "\" must be a text that is not empty.", field);
  }
  return value.get<std::string>();
}

Decided<std::vector<std::string>> texts_of(const json& body, const std::string& field) {
  std::vector<std::string> values;
  if (!body.contains(field)) return values;
  const json& list = body.at(field);
  const auto good = [](const json& v) {
    return v.is_string() && !v.get_ref<const std::string&>().empty() &&
           v.get_ref<const std::string&>().size() <= limits::identifier_bytes_max;
  };
  if (!list.is_array() || list.empty() || !std::all_of(list.begin(), list.end(), good)) {
    return wrong("\"" + field + "\" must be a list of texts; leave it out for all.", field);
  }
  if (list.size() > filter_values_max) {
    return refuse(RefusalCode::too_large, "\"" + field + "\" may list " + std::to_string(filter_values_max) + ".",
                  "/" + field);
  }
  for (const json& value : list) values.push_back(value.get<std::string>());
  return values;
}

Decided<void> read_place(const json& body, Sink& sink) {
  const auto name = text_of(body, "sink", "its name.");
  if (!name) return name.error();
  if (const auto good = check_consumer_name(*name, "/sink"); !good) {
    return wrong("a sink's name is 1 to 128 letters, digits, dots, underscores and dashes.", "sink");
  }
  sink.name = *name;
  const auto kind = text_of(body, "kind", "syslog, splunk_hec or ndjson.");
  if (!kind) return kind.error();
  const auto known = sink_kind_of(*kind);
  if (!known) return wrong("\"" + *kind + "\" is no kind of sink: syslog, splunk_hec, ndjson.", "kind");
  sink.kind = *known;
  const auto url = text_of(body, "url", "where it pushes to.");
  if (!url) return url.error();
  auto to = parse_destination(sink.kind, *url, "/url");
  if (!to) return to.error();
  sink.url = *url;
  sink.to = std::move(*to);
  return {};
}

Decided<void> read_format(const json& body, Sink& sink) {
  const auto name = text_of(body, "format", "");
  if (!name) return name.error();
  if (name->empty()) {
    sink.format = sink.kind == SinkKind::syslog ? FeedFormat::cef : FeedFormat::native;
    return {};
  }
  const auto format = formats::format_of(*name);
  if (!format) {
    return wrong("\"" + *name + "\" is no format: native, ocsf, ocsf-1.9, ecs, cef, cloudevents.", "format");
  }
  if (sink.kind == SinkKind::ndjson && !formats::is_json(*format)) {
    return wrong("\"" + *name + "\" is no JSON, which an ndjson sink sends; a syslog or splunk_hec sink takes it.",
                 "format");
  }
  sink.format = *format;
  return {};
}

// What it is sent; 403 for organizations that the token may not see.
Decided<void> read_filters(Parts& parts, const Token& token, const json& body, storage::Snapshot& snapshot,
                           Sink& sink) {
  for (auto [field, list] :
       {std::pair("orgs", &sink.orgs), std::pair("types", &sink.types), std::pair("verdicts", &sink.verdicts)}) {
    auto values = texts_of(body, field);
    if (!values) return values.error();
    *list = std::move(*values);
  }
  if (sink.orgs.empty() && !token.orgs.empty()) {
    return refuse(RefusalCode::forbidden, "this token is for some organizations; name them in \"orgs\".", "/orgs");
  }
  for (const std::string& org : sink.orgs) {
    if (!token.sees(org)) return refuse(RefusalCode::forbidden, "this token is for other organizations.", "/orgs");
    const auto number = parts.names.org(snapshot, OrgId(org));
    if (!number || *number == 0) {
      return refuse(RefusalCode::unknown_org, "there is no organization \"" + org + "\".", "/orgs");
    }
  }
  for (const std::string& type : sink.types) {
    if (!is_event_type(type)) {
      return refuse(RefusalCode::unknown_type, "\"" + type + "\" is not an event type.", "/types");
    }
  }
  for (const std::string& verdict : sink.verdicts) {
    if (verdict != "allowed" && verdict != "violation" && verdict != "unspecified") {
      return wrong("\"" + verdict + "\" is no verdict: allowed, violation, unspecified.", "verdicts");
    }
  }
  return {};
}

// A header carries it: printable US-ASCII without blanks.
Decided<std::optional<std::string>> read_token(const json& body, const Sink& sink) {
  if (!body.contains("token")) return std::optional<std::string>();
  if (sink.kind == SinkKind::syslog) {
    return wrong("syslog has no place for a \"token\"; leave it out.", "token");
  }
  const json& value = body.at("token");
  const std::string token = value.is_string() ? value.get<std::string>() : std::string();
  const bool good = !token.empty() && token.size() <= secret_bytes_max &&
                    std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (!good) {
    return wrong("\"token\" must be 1 to " + std::to_string(secret_bytes_max) +
                     " printable ASCII characters without blanks, as the receiver gave it.",
                 "token");
  }
  return std::optional(token);
}

// "oldest" (the default), "now", a position, or an instant.
boost::system::result<Position, Response> read_start(const json& body, storage::Snapshot& snapshot, Instant now) {
  const Position next = snapshot.head().next();
  const json start = body.contains("start") ? body.at("start") : json("oldest");
  if (start.is_number_unsigned()) {
    const Position position(start.get<std::uint64_t>());
    if (position >= Position(1) && position <= next) return position;
    return http::problem(refuse(RefusalCode::invalid_cursor,
                                "\"start\" must be a position from 1 to " + std::to_string(next.value) + ".",
                                "/start"));
  }
  const std::string text = start.is_string() ? start.get<std::string>() : std::string();
  if (text == "oldest") return Position(1);
  if (text == "now") return next;
  if (!parse_instant(text, "/start")) {
    return http::problem(
        wrong("\"start\" must be oldest, now, a position or an instant as 2026-01-31T08:00:00Z.", "start"));
  }
  const auto since = parse_since(text, "/start", now);
  if (!since) return http::problem(since.error());
  const auto position = first_since(snapshot, *since);
  if (!position) return http::problem(position.error());
  return *position;
}

}  // namespace

std::variant<SinkWish, Response> asked_sink(Parts& parts, const Request& request) {
  const auto body = read_json(request.body, "");
  if (!body) return http::problem(body.error());
  const auto no = [](const Refusal& refusal) {
    const bool forbidden = refusal.code == RefusalCode::forbidden;
    return http::problem(refusal,
                         http::status_of(refusal.code) == 413 || forbidden ? std::nullopt : std::optional(400U));
  };
  SinkWish wish;
  if (const auto known = known_fields(*body); !known) return no(known.error());
  if (const auto read = read_place(*body, wish.sink); !read) return no(read.error());
  if (const auto read = read_format(*body, wish.sink); !read) return no(read.error());
  const auto snapshot = parts.store.snapshot();
  const auto filters = read_filters(parts, *request.identity_as<Token>(), *body, *snapshot, wish.sink);
  if (!filters) return no(filters.error());
  auto token = read_token(*body, wish.sink);
  if (!token) return no(token.error());
  wish.token = std::move(*token);
  const auto first = read_start(*body, *snapshot, parts.now());
  if (!first) return first.error();
  wish.first = *first;
  return wish;
}

}  // namespace tenure::services
