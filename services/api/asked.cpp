#include "services/api/asked.h"

#include <algorithm>
#include <charconv>

#include "events/digest.h"
#include "events/limits.h"
#include "events/wire/record_wire.h"

namespace tenure::services {

namespace {

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

// Everything of the query but the cursor: a cursor holds for the list it came from.
std::string question_of(const http::Request& request) {
  std::string text(request.target().substr(0, request.target().find('?')));
  for (std::size_t i = 0; i < request.query_count(); ++i) {
    const auto [name, value] = request.query_at(i);
    if (name == "cursor" || name == "limit") continue;
    text.append("\n").append(name).append("=").append(value);
  }
  return text;
}

std::string mark_of(const Parts& parts, const std::string& body, const http::Request& request) {
  return to_hex(parts.people.keyed_digest("cursor\n" + body + "\n" + question_of(request))).substr(0, 24);
}

Decided<std::size_t> asked_limit(const http::Request& request) {
  const auto text = request.query("limit");
  if (!text) return limits::page_rows_default;
  const auto limit = whole(*text);
  if (!limit || *limit == 0 || *limit > limits::page_rows_max) {
    return refuse(RefusalCode::invalid_field,
                  "\"limit\" must be 1 to " + std::to_string(limits::page_rows_max) + "; follow \"next\" for more.",
                  "limit");
  }
  return static_cast<std::size_t>(*limit);
}

}  // namespace

Decided<void> only_known(const http::Request& request, std::initializer_list<std::string_view> known) {
  for (std::size_t i = 0; i < request.query_count(); ++i) {
    const auto name = std::string(request.query_at(i).first);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return refuse(RefusalCode::unknown_field, "\"" + name + "\" is not a parameter of this request.", name);
    }
    if (request.query_times(name) > 1) {
      return refuse(RefusalCode::invalid_field, "\"" + name + "\" is given twice; give it once.", name);
    }
  }
  return {};
}

Decided<When> asked_when(const http::Request& request, Instant now) {
  When when{now, false, {}, {}};
  const auto at = request.query("at"), on = request.query("on"), zone = request.query("tz");
  const auto from = request.query("from"), to = request.query("to");
  if ((at ? 1 : 0) + (on ? 1 : 0) + (from || to ? 1 : 0) > 1) {
    return refuse(RefusalCode::invalid_field, "give one of \"at\", \"on\" with \"tz\", or \"from\" with \"to\".", "at");
  }
  if (zone && !on) return refuse(RefusalCode::invalid_field, "\"tz\" goes with \"on\".", "tz");
  if (on) {
    if (!zone) return refuse(RefusalCode::missing_field, "\"on\" needs \"tz\", for example tz=Europe/Berlin.", "tz");
    const auto day = zoned_day(*on, *zone);
    if (!day) return day.error();
    return When{day->first, true, day->first, day->second};
  }
  if (from || to) {
    if (!from || !to)
      return refuse(RefusalCode::missing_field, "\"from\" and \"to\" go together.", from ? "to" : "from");
    const auto begin = parse_instant(*from, "from"), end = parse_instant(*to, "to");
    if (!begin) return begin.error();
    if (!end) return end.error();
    if (*end <= *begin) return refuse(RefusalCode::invalid_field, "\"to\" must be after \"from\".", "to");
    return When{*begin, true, *begin, *end};
  }
  if (at) {
    const auto instant = parse_instant(*at, "at");
    if (!instant) return instant.error();
    when.at = *instant;
  }
  return when;
}

Decided<Position> asked_known(const http::Request& request, storage::Snapshot& snapshot) {
  const auto text = request.query("known_at");
  if (!text) return snapshot.head();
  if (const auto position = whole(*text)) return std::min(Position(*position), snapshot.head());
  const auto instant = parse_instant(*text, "known_at");
  if (!instant) {
    return refuse(RefusalCode::invalid_field, "\"known_at\" must be a position or an RFC 3339 instant.", "known_at");
  }
  // recorded_at never falls with the position: the last record at or before the instant, by halving.
  std::uint64_t low = 0, high = snapshot.head().value;
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    const auto stored = snapshot.record(Position(middle));
    const auto record = stored
                            ? wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot.blob(hash); })
                            : Outcome<Record>(stored.error());
    if (!record) return refuse(RefusalCode::not_found, record.error().because, "known_at");
    if (record->recorded_at <= *instant) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return Position(low);
}

Decided<Pinned> asked_page(const http::Request& request, Parts& parts, storage::Snapshot& snapshot) {
  Pinned pinned;
  const auto limit = asked_limit(request);
  if (!limit) return limit.error();
  const auto when = asked_when(request, parts.now());
  if (!when) return when.error();
  const auto known = asked_known(request, snapshot);
  if (!known) return known.error();
  pinned = {*when, snapshot.head(), *known, {*limit, 0}};
  const auto cursor = request.query("cursor");
  if (!cursor) return pinned;
  const auto broken =
      refuse(RefusalCode::invalid_cursor,
             "this cursor was changed, or is of another store or another list; start without one.", "cursor");
  const auto mark = cursor->rfind('.');
  if (mark == std::string_view::npos) return broken;
  const std::string body(cursor->substr(0, mark));
  if (cursor->substr(mark + 1) != mark_of(parts, body, request)) return broken;
  std::uint64_t numbers[4] = {};
  std::size_t begin = 0;
  for (auto& number : numbers) {
    const std::size_t end = std::min(body.find('-', begin), body.size());
    const auto value = whole(std::string_view(body).substr(begin, end - begin));
    if (!value) return broken;
    number = *value;
    begin = end + 1;
  }
  pinned.position = Position(numbers[0]);
  pinned.known = Position(numbers[1]);
  if (!pinned.when.range) pinned.when.at = Instant{static_cast<std::int64_t>(numbers[2])};
  pinned.page.after = numbers[3];
  return pinned;
}

std::string next_cursor(const http::Request& request, const Parts& parts, const Pinned& pinned, std::uint64_t after) {
  const std::string body = std::to_string(pinned.position.value) + '-' + std::to_string(pinned.known.value) + '-' +
                           std::to_string(static_cast<std::uint64_t>(pinned.when.at.us)) + '-' + std::to_string(after);
  return body + '.' + mark_of(parts, body, request);
}

}  // namespace tenure::services
