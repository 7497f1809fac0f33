#include <charconv>

#include "events/digest.h"
#include "events/limits.h"
#include "events/wire/event_wire.h"
#include "events/wire/record_wire.h"
#include "services/api/page.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;

// If-Match: "12". Anything else is refused.
Decided<std::optional<Version>> expected_version(const Request& request) {
  const auto text = request.header("If-Match");
  if (!text) return std::optional<Version>();
  std::uint64_t number = 0;
  const auto quoted = text->size() > 2 && text->front() == '"' && text->back() == '"';
  const auto inner = quoted ? text->substr(1, text->size() - 2) : std::string_view();
  const auto [end, error] = std::from_chars(inner.data(), inner.data() + inner.size(), number);
  if (!quoted || error != std::errc() || end != inner.data() + inner.size()) {
    return refuse(RefusalCode::invalid_field,
                  "If-Match must be the organization's version in quotes, as ETag gives it.", "If-Match");
  }
  return std::optional<Version>(Version(number));
}

// Actors that the token may not speak for.
Refusals speaking(const Token& token, const std::vector<Event>& events) {
  Refusals refusals;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto kind = to_text(events[i].actor.kind);
    if (token.speaks_for(kind)) continue;
    refusals.push_back(refuse(RefusalCode::forbidden,
                              "this token may not speak for actors of kind " + std::string(kind) + ".", "/actor/kind"));
    refusals.back().index = i;
  }
  return refusals;
}

void append(Parts& parts, Request&& request, http::Reply reply) {
  if (const auto known = only_known(request, {}); !known) return reply(http::problem(known.error()));
  const auto type = request.header("Content-Type").value_or("");
  const bool ndjson = type.find("ndjson") != std::string_view::npos;
  auto events = wire::read_events(request.body, ndjson);
  if (!events) return reply(http::problem(events.error()));
  if (auto refusals = speaking(*request.identity_as<Token>(), *events); !refusals.empty())
    return reply(http::problem(refusals));
  const auto expected = expected_version(request);
  if (!expected) return reply(http::problem(expected.error()));
  const auto idempotency = idempotency_of(request, parts);
  if (!idempotency) return reply(http::problem(idempotency.error()));
  AppendRequest wanted;
  wanted.org = OrgId(request.param("org"));
  wanted.events = std::move(*events);
  wanted.expected = *expected;
  wanted.idempotency = *idempotency;
  wanted.by = recording_of(request, Channel::api);
  // std::function wants a copyable callable; the reply is called once.
  auto answer = std::make_shared<http::Reply>(std::move(reply));
  parts.appends.submit(std::move(wanted), [answer](const AppendResult& result) { (*answer)(append_response(result)); });
}

// The filters of a list of events.
struct Filter {
  std::string type, action;
  SubjectId member;
  std::string actor_text;
  SubjectId actor;

  bool passes_all() const { return type.empty() && action.empty() && actor_text.empty() && member.empty(); }
  bool passes(const Record& record) const {
    if (!type.empty() && type_name(record.event.data) != type) return false;
    if (!action.empty()) {
      const auto* line = std::get_if<event::SourceRecorded>(&record.event.data);
      if (!line || line->action != action) return false;
    }
    if (!actor_text.empty()) {
      const Person& who = record.event.actor.who;
      if (record.event.actor.is_person() ? actor.empty() || who.subject != actor : who.identity != actor_text)
        return false;
    }
    if (!member.empty()) {
      // Every mention of a person in a record's data is its subject's text.
      if (wire::fingerprint(record.event, false).find(to_text(member)) == std::string::npos) return false;
    }
    return true;
  }
};

Outcome<Record> decoded(const storage::LogRecord& stored, storage::Snapshot& blobs) {
  return wire::read_record(stored.bytes, [&](const Digest& hash) { return blobs.blob(hash); });
}

Outcome<Record> read(const OpenOrg& org, Version version) {
  const auto position = org.snapshot->position_of(org.id, version);
  if (!position) return position.error();
  const auto stored = org.snapshot->record(*position);
  if (!stored) return stored.error();
  return decoded(*stored, *org.snapshot);
}

bool passes(const Filter& filter, const When& when, const Record& record) {
  const Instant at = *record.event.occurred_at;
  return (!when.range || (at >= when.from && at < when.to)) && filter.passes(record);
}

// A page looks at this many records at most; `next` goes on where it stopped, so no request takes for ever.
constexpr std::uint64_t looked_at_max = 20'000;

Decided<Filter> asked_filter(Parts& parts, const Request& request, const OpenOrg& org) {
  Filter filter;
  filter.type = std::string(request.query("type").value_or(""));
  if (!filter.type.empty() && !is_event_type(filter.type)) {
    return refuse(RefusalCode::unknown_type, "\"" + filter.type + "\" is not an event type; /openapi.json lists them.",
                  "type");
  }
  filter.action = std::string(request.query("action").value_or(""));
  for (const auto name : {std::string_view("actor"), std::string_view("member")}) {
    const auto text = request.query(name);
    if (!text) continue;
    const auto subject = parts.people.find(org.id, *text);
    const bool known = subject && *subject;
    if (name == "actor") {
      filter.actor_text = std::string(*text);
      if (known) filter.actor = **subject;
    } else if (known) {
      filter.member = **subject;
    } else {
      return refuse(RefusalCode::unknown_member,
                    "the organization has never heard of \"" + std::string(*text) +
                        "\"; GET /v1/orgs/{org}/members lists whom it has.",
                    "member");
    }
  }
  return filter;
}

Response list(Parts& parts, Request& request) {
  const auto known = only_known(request, {"type", "action", "actor", "member", "from", "to", "limit", "cursor"});
  if (!known) return http::problem(known.error());
  auto org = open_org(parts, request.param("org"));
  if (!org) return org.error();
  const auto pinned = asked_page(request, parts, *org->snapshot);
  if (!pinned) return pinned.error();
  const auto filter = asked_filter(parts, request, *org);
  if (!filter) return http::problem(filter.error());
  const auto newest = org->snapshot->version_at(org->id, pinned->position);
  if (!newest) return http::problem(newest.error());
  const auto earliest = projections::earliest_known(*org->snapshot, org->number, org->head, pinned->position);
  if (!earliest) return http::problem(earliest.error());
  JsonText json;
  json.open('{').field("as_of", pinned->when.range ? parts.now() : pinned->when.at);
  json.field("position", pinned->position.value);
  if (*earliest) {
    json.field("history_from", **earliest);
  } else {
    json.null("history_from");
  }
  json.field("before_history", pinned->when.range && (!*earliest || pinned->when.from < **earliest));
  json.field("versions", newest->value);
  // How many pass a filter is not counted: it would cost a walk through the whole history.
  if (filter->passes_all() && !pinned->when.range) json.field("total", newest->value);
  PageRows rows(json, request, parts, *pinned);
  std::uint64_t version = pinned->page.after, looked_at = 0;
  std::optional<Failure> failure;
  const auto add = [&](Version next, const storage::LogRecord& stored) {
    if (next > *newest || rows.full() || looked_at++ == looked_at_max) return false;
    version = next.value;
    auto record = decoded(stored, *org->snapshot);
    if (record && passes(*filter, pinned->when, *record)) {
      const auto shown = parts.identities.show(*org->snapshot, org->number, std::move(*record));
      if (shown) {
        json.raw(*shown);
        rows.wrote();
      } else {
        failure = shown.error();
      }
    } else if (!record) {
      failure = record.error();
    }
    return !failure;
  };
  // A walk uses its snapshot alone, so what its records name is looked up in the other; the log below is the same.
  const auto walked = parts.store.snapshot()->records_of(org->id, Version(version + 1), add);
  if (!walked || failure) return http::problem(failure ? *failure : walked.error());
  rows.close(version < newest->value ? std::optional(version) : std::nullopt);
  Response response;
  response.body = json.close('}').take();
  return response;
}

Response one(Parts& parts, Request& request) {
  if (const auto known = only_known(request, {}); !known) return http::problem(known.error());
  auto org = open_org(parts, request.param("org"));
  if (!org) return org.error();
  const std::string text(request.param("version"));
  std::uint64_t version = 0;
  std::from_chars(text.data(), text.data() + text.size(), version);
  if (version == 0 || version > org->head.version.value || text != std::to_string(version)) {
    return http::problem(
        refuse(RefusalCode::unknown_event,
               "there is no version " + text + "; the newest is " + std::to_string(org->head.version.value) + ".",
               "version"),
        404);
  }
  auto record = read(*org, Version(version));
  if (!record) return http::problem(record.error());
  const auto shown = parts.identities.show(*org->snapshot, org->number, std::move(*record));
  if (!shown) return http::problem(shown.error());
  Response response;
  response.body = *shown;
  return response;
}

}  // namespace

void add_event_routes(http::Router& router, Parts& parts) {
  router.async(http::Method::post, "/v1/orgs/{org}/events", "append",
               [&parts](Request&& request, http::Reply reply) { append(parts, std::move(request), std::move(reply)); });
  router.blocking(http::Method::get, "/v1/orgs/{org}/events", "read",
                  with_rows({"position", "version", "type", "occurred_at", "recorded_at", "actor.kind", "actor.id",
                             "approved_by.id", "reason", "ticket", "verdict.result", "verdict.rule", "data"},
                            [&parts](Request& r) { return list(parts, r); }));
  router.blocking(http::Method::get, "/v1/orgs/{org}/events/{version}", "read",
                  [&parts](Request& r) { return one(parts, r); });
}

}  // namespace tenure::services
