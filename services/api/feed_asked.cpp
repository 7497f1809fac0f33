#include "services/api/feed_asked.h"

#include <algorithm>

#include "events/limits.h"
#include "events/wire/record_wire.h"
#include "services/api/asked.h"
#include "services/http/accept.h"
#include "services/http/websocket.h"

namespace tenure::services {

namespace {

using http::Request;
using http::Response;

constexpr std::uint64_t poll_events_max = 100'000, poll_events_default = 10'000;
constexpr std::uint64_t poll_wait_s_max = 60, poll_wait_s_default = 20;
// Values of one filter: each is compared with each event.
constexpr std::size_t filter_values_max = 100;

constexpr std::string_view filters[] = {"org", "type", "actor", "member", "verdict"};
constexpr std::string_view once[] = {"cursor",   "since", "store", "format", "include",
                                     "consumer", "ack",   "limit", "wait"};

template <class List>
bool listed(const List& list, std::string_view item) {
  return std::find(std::begin(list), std::end(list), item) != std::end(list);
}

Refusal wrong(std::string because, std::string_view field) {
  return refuse(RefusalCode::invalid_field, std::move(because), std::string(field));
}

// A filter may be given many times; the rest once.
Decided<void> known_parameters(const Request& request) {
  for (std::size_t i = 0; i < request.query_count(); ++i) {
    const std::string name(request.query_at(i).first);
    if (listed(filters, name)) {
      if (request.query_at(i).second.empty()) return wrong("\"" + name + "\" is empty; leave it out for all.", name);
      if (request.query_times(name) > filter_values_max) {
        return refuse(RefusalCode::too_large, "at most 100 values of \"" + name + "\" are taken.", name);
      }
      continue;
    }
    if (!listed(once, name)) {
      return refuse(RefusalCode::unknown_field, "\"" + name + "\" is not a parameter of this request.", name);
    }
    if (request.query_times(name) > 1) return wrong("\"" + name + "\" is given twice; give it once.", name);
  }
  return {};
}

std::vector<std::string> values_of(const Request& request, std::string_view name) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < request.query_count(); ++i) {
    if (request.query_at(i).first == name) values.emplace_back(request.query_at(i).second);
  }
  return values;
}

std::optional<Framing> asked_framing(const Request& request) {
  if (http::wants_websocket(request)) return Framing::websocket;
  static constexpr std::string_view offers[] = {"text/event-stream", "application/x-ndjson"};
  const auto wanted = http::preferred(request.header_list("Accept"), offers);
  // A stream without end is for those who ask for it by name.
  if (!wanted || !wanted->by_name) return std::nullopt;
  return wanted->offer == 0 ? Framing::sse : Framing::lines;
}

Decided<Kind> asked_kind(const Request& request, Framing framing) {
  Kind kind;
  kind.framing = framing;
  if (const auto name = request.query("format")) {
    const auto format = formats::format_of(*name);
    if (!format) {
      return wrong(
          "\"" + std::string(*name) + "\" is no format of the feed: native, ocsf, ocsf-1.9, ecs, cef, cloudevents.",
          "format");
    }
    kind.format = *format;
  }
  if (const auto what = request.query("include")) {
    if (*what != "record") return wrong("\"include\" can only be \"record\", the hashed bytes.", "include");
    if (kind.format != FeedFormat::native) return wrong("only the format \"native\" includes the record.", "include");
    kind.with_record = true;
  }
  return kind;
}

// 400 but for what the token may not see: 403.
Decided<FeedFilter> asked_filter(Parts& parts, const Request& request, storage::Snapshot& snapshot) {
  const auto* token = request.identity_as<Token>();
  FeedFilter filter;
  filter.seen_orgs = token->orgs;
  filter.orgs = values_of(request, "org");
  filter.types = values_of(request, "type");
  filter.actors = values_of(request, "actor");
  filter.members = values_of(request, "member");
  filter.verdicts = values_of(request, "verdict");
  for (const std::string& org : filter.orgs) {
    if (!token->sees(org)) return refuse(RefusalCode::forbidden, "this token is for other organizations.", "org");
    const auto number = parts.names.org(snapshot, OrgId(org));
    if (!number || *number == 0) {
      return refuse(RefusalCode::unknown_org,
                    "there is no organization \"" + org + "\"; repeat the parameter for several.", "org");
    }
  }
  for (const std::string& type : filter.types) {
    if (!is_event_type(type)) {
      return refuse(RefusalCode::unknown_type,
                    "\"" + type + "\" is not an event type; repeat the parameter for several.", "type");
    }
  }
  for (const std::string& verdict : filter.verdicts) {
    if (verdict != "allowed" && verdict != "violation" && verdict != "unspecified") {
      return wrong("\"" + verdict + "\" is no verdict: allowed, violation, unspecified.", "verdict");
    }
  }
  // Whoever names organizations means people of those; without, a person may yet join any.
  for (const std::string& member : filter.members) {
    const auto known_in = [&](const std::string& org) {
      const auto subject = parts.people.find(OrgId(org), member);
      return subject_named(member) || !subject || subject->has_value();
    };
    if (filter.orgs.empty() || std::any_of(filter.orgs.begin(), filter.orgs.end(), known_in)) continue;
    return refuse(RefusalCode::unknown_member, "none of the organizations has heard of \"" + member + "\".", "member");
  }
  return filter;
}

// Events show a person by identity, and a filter is compared with what they show: whoever is named by subject in it is
// named by identity as well. The subject stays, for events of whose person nothing but that is left.
std::optional<Response> name_subjects(Parts& parts, storage::Snapshot& snapshot, const std::vector<std::string>& orgs,
                                      std::vector<std::string>& people, std::string_view field) {
  const std::vector<std::string> asked = people;
  for (const std::string& person : asked) {
    if (!subject_named(person)) continue;
    if (orgs.empty()) {
      return http::problem(wrong("\"" + person +
                                     "\" is a subject, and means somebody in one organization alone: name "
                                     "that with org as well, or the person by identity.",
                                 field));
    }
    bool known = false;
    for (const std::string& org : orgs) {
      const auto number = parts.names.org(snapshot, OrgId(org));
      if (!number) return http::problem(number.error());
      const auto member = parts.identities.member_of(snapshot, OrgId(org), *number, person);
      if (!member) return http::problem(member.error());
      if (*member == 0) continue;
      auto identity = parts.identities.of_member(snapshot, OrgId(org), *number, *member);
      if (!identity) return http::problem(identity.error());
      known = true;
      people.push_back(std::move(*identity));
    }
    if (!known) {
      return http::problem(refuse(RefusalCode::unknown_member,
                                  "none of the organizations has heard of \"" + person + "\".", std::string(field)),
                           400U);
    }
  }
  return std::nullopt;
}

Refusal no_cursor(std::string because, std::string_view field) {
  return refuse(RefusalCode::invalid_cursor, std::move(because), std::string(field));
}

// A store's ids of positions mean nothing in another.
Decided<void> same_store(const Parts& parts, const Request& request) {
  const auto store = request.query("store");
  if (!store || *store == parts.store.id()) return {};
  return no_cursor("the cursor is of the store " + std::string(*store) + ", and this is the store " + parts.store.id() +
                       "; begin anew, with since for example.",
                   "store");
}

Decided<Position> position_of(std::string_view text, std::string_view field, std::uint64_t add, Position newest) {
  const auto number = whole_number(text);
  if (!number || *number + add == 0 || *number > newest.value + 1 - add) {
    return no_cursor("\"" + std::string(field) + "\" must be a position from " + std::to_string(1 - add) + " to " +
                         std::to_string(newest.value + 1 - add) + " (" + std::string(text) +
                         " is not); the newest is " + std::to_string(newest.value) + ".",
                     field);
  }
  return Position(*number + add);
}

// Where to begin, if the request says so.
boost::system::result<std::optional<Position>, Response> asked_start(Parts& parts, const Request& request,
                                                                     Framing framing, storage::Snapshot& snapshot) {
  if (const auto same = same_store(parts, request); !same) return http::problem(same.error());
  const auto cursor = request.query("cursor"), since = request.query("since");
  if (cursor && since) return http::problem(wrong("give one of \"cursor\" and \"since\".", "since"));
  // A browser that connects again says it in a header and repeats the address that it began with.
  const auto last = request.header("Last-Event-ID");
  if (framing == Framing::sse && last && !last->empty()) {
    const auto position = position_of(*last, "Last-Event-ID", 1, snapshot.head());
    if (!position) return http::problem(position.error());
    return std::optional(*position);
  }
  if (cursor) {
    const auto position = position_of(*cursor, "cursor", 0, snapshot.head());
    if (!position) return http::problem(position.error());
    return std::optional(*position);
  }
  if (!since) return std::optional<Position>();
  const auto instant = parse_since(*since, "since", parts.now());
  if (!instant) return http::problem(instant.error());
  const auto position = first_since(snapshot, *instant);
  if (!position) return http::problem(position.error());
  return std::optional(*position);
}

Decided<void> asked_poll(const Request& request, FeedWish& wish) {
  const auto limit = request.query("limit"), wait = request.query("wait");
  if (wish.kind.framing != Framing::lines) {
    if (!limit && !wait) return {};
    return wrong("\"limit\" and \"wait\" go with Accept: application/x-ndjson; the other carriers do not end.",
                 limit ? "limit" : "wait");
  }
  const auto events = limit ? whole_number(*limit) : poll_events_default;
  if (!events || *events == 0 || *events > poll_events_max)
    return wrong("\"limit\" must be from 1 to 100000.", "limit");
  const auto seconds = wait ? whole_number(*wait) : poll_wait_s_default;
  if (!seconds || *seconds > poll_wait_s_max) return wrong("\"wait\" must be from 0 to 60 seconds.", "wait");
  wish.limit = *events;
  wish.wait = std::chrono::seconds(*seconds);
  return {};
}

Decided<void> asked_acknowledging(const Request& request, FeedWish& wish) {
  const auto name = request.query("consumer"), ack = request.query("ack");
  if (name) {
    if (const auto good = check_consumer_name(*name, "consumer"); !good) return good;
  }
  if (!ack || *ack == "message") return {};
  if (*ack != "pong") return wrong("\"ack\" must be message or pong.", "ack");
  if (!name || wish.kind.framing != Framing::websocket) {
    return wrong("\"ack=pong\" goes with consumer=NAME over a WebSocket.", "ack");
  }
  wish.ack_by_pong = true;
  return {};
}

}  // namespace

Decided<Instant> parse_since(std::string_view text, std::string_view field, Instant now) {
  auto since = parse_instant(text, field);
  if (!since || since->us <= now.us + limits::future_us_max) return since;
  return refuse(RefusalCode::invalid_field,
                format_instant(*since) + " is ahead of the server's clock, which says " + format_instant(now) +
                    "; leave it out for what comes next.",
                std::string(field));
}

// recorded_at never falls with the position, so halving finds it.
Outcome<Position> first_since(storage::Snapshot& snapshot, Instant since) {
  std::uint64_t low = 1, high = snapshot.head().value + 1;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    const auto stored = snapshot.record(Position(middle));
    if (!stored) return stored.error();
    const auto record = wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot.blob(hash); });
    if (!record) return record.error();
    if (record->recorded_at < since) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return Position(low);
}

std::variant<FeedWish, Response> asked_feed(Parts& parts, const Request& request) {
  if (const auto known = known_parameters(request); !known) return http::problem(known.error());
  const auto framing = asked_framing(request);
  if (!framing) {
    return http::problem(406, "not_acceptable", "The feed has no such form",
                         "Upgrade to a WebSocket, or send Accept: text/event-stream or application/x-ndjson.",
                         "Accept");
  }
  FeedWish wish;
  const auto kind = asked_kind(request, *framing);
  if (!kind) return http::problem(kind.error());
  wish.kind = *kind;
  const auto snapshot = parts.store.snapshot();
  auto filter = asked_filter(parts, request, *snapshot);
  if (!filter) {
    return http::problem(filter.error(), filter.error().code == RefusalCode::forbidden ? 403U : 400U);
  }
  wish.filter = std::move(*filter);
  auto no = name_subjects(parts, *snapshot, wish.filter.orgs, wish.filter.members, "member");
  if (!no) no = name_subjects(parts, *snapshot, wish.filter.orgs, wish.filter.actors, "actor");
  if (no) return std::move(*no);
  if (const auto poll = asked_poll(request, wish); !poll) return http::problem(poll.error());
  if (const auto ack = asked_acknowledging(request, wish); !ack) return http::problem(ack.error());
  const auto start = asked_start(parts, request, *framing, *snapshot);
  if (!start) return start.error();
  const auto* token = request.identity_as<Token>();
  wish.client = token->principal + " (" + token->id + ") from " + request.peer.address_text();
  wish.allowed = [&parts, held = token_of(request)] { return held->stands(parts.now()); };
  if (const auto name = request.query("consumer")) {
    // A consumer is there so that nothing is missed: a new one that says nothing else begins at the beginning.
    auto attached = parts.feed->consumers().attach(std::string(*name), start->value_or(Position(1)), token->orgs,
                                                   recording_of(request, Channel::api));
    if (const auto* refusal = std::get_if<Refusal>(&attached)) return http::problem(*refusal);
    if (const auto* failure = std::get_if<Failure>(&attached)) return http::problem(*failure);
    wish.consumer = std::get<std::shared_ptr<Attachment>>(attached);
    wish.from = wish.consumer->next;
  } else {
    wish.from = start->value_or(snapshot->head().next());
  }
  return wish;
}

}  // namespace tenure::services
