#include "services/api/page.h"

#include "events/digest.h"
#include "events/limits.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

// Everything of the query but the cursor, and the body where that asks: a cursor holds for the list it came from.
std::string question_of(const http::Request& request) {
  std::string text(request.target().substr(0, request.target().find('?')));
  for (std::size_t i = 0; i < request.query_count(); ++i) {
    const auto [name, value] = request.query_at(i);
    if (name == "cursor" || name == "limit") continue;
    text.append("\n").append(name).append("=").append(value);
  }
  if (!request.body.empty()) text.append("\n\n").append(request.body);
  return text;
}

// A cursor is STORE.QUESTION.PINNED.MARK: of which store and which list, what the first page rested on with the number
// of the last row, and the seal of all that.
std::string store_mark(const Parts& parts) { return to_hex(sha256("store\n" + parts.store.id())).substr(0, 8); }

std::string question_mark(const Parts& parts, const http::Request& request) {
  return to_hex(parts.people.keyed_digest("question\n" + question_of(request))).substr(0, 12);
}

std::string sealed(const Parts& parts, const std::string& text) {
  return text + '.' + to_hex(parts.people.keyed_digest("cursor\n" + text)).substr(0, 24);
}

std::string cursor_of(const http::Request& request, const Parts& parts, const Pinned& pinned, std::uint64_t after,
                      const std::optional<Tally>& tally) {
  return sealed(parts, store_mark(parts) + '.' + question_mark(parts, request) + '.' +
                           std::to_string(pinned.position.value) + '-' + std::to_string(pinned.known.value) + '-' +
                           std::to_string(static_cast<std::uint64_t>(pinned.when.at.us)) + '-' + std::to_string(after) +
                           (tally ? '-' + std::to_string(tally->told) : std::string()) +
                           (tally && tally->total ? '-' + std::to_string(*tally->total) : std::string()));
}

Decided<std::size_t> asked_limit(const http::Request& request) {
  if (const auto streamed = request.header(stream_page_field)) {
    return static_cast<std::size_t>(whole_number(*streamed).value_or(limits::page_rows_default));
  }
  const auto text = request.query("limit");
  if (!text) return limits::page_rows_default;
  const auto limit = whole_number(*text);
  if (!limit || *limit == 0 || *limit > limits::page_rows_max) {
    return refuse(RefusalCode::invalid_field,
                  "\"limit\" must be 1 to " + std::to_string(limits::page_rows_max) + "; follow \"next\" for more.",
                  "limit");
  }
  return static_cast<std::size_t>(*limit);
}

// The text up to the next dot, which is taken away with it.
std::string_view take_part(std::string_view& text) {
  const auto part = text.substr(0, text.find('.'));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return part;
}

Refusal bad_cursor(std::string because) { return refuse(RefusalCode::invalid_cursor, std::move(because), "cursor"); }

// What a cursor pins in place of the question's own; or why it is none of this list.
std::optional<Refusal> follow(std::string_view cursor, const http::Request& request, const Parts& parts,
                              Pinned& pinned) {
  std::string_view rest = cursor;
  const auto store = take_part(rest), question = take_part(rest), numbers = take_part(rest);
  if (store.empty() || question.empty() || numbers.empty() || rest.empty()) {
    return bad_cursor("this is no cursor; give \"next\" of the last page as it stands, or start without one.");
  }
  const bool of_store = store == store_mark(parts);
  // A store that was restored from a backup has the same keys and another id. Where the seal is none of these keys, a
  // foreign mark cannot be told from one that was changed.
  const bool is_sealed = cursor == sealed(parts, std::string(cursor.substr(0, cursor.rfind('.'))));
  if (is_sealed && !of_store) {
    return bad_cursor("this cursor is of another store, where positions mean other events; start without one.");
  }
  if (!is_sealed && !of_store) {
    return bad_cursor(
        "this cursor is of another store, where positions mean other events, or was changed; start without one.");
  }
  if (!is_sealed) {
    return bad_cursor("this cursor was changed; give \"next\" of the last page as it stands, or start without one.");
  }
  if (question != question_mark(parts, request)) {
    return bad_cursor(
        "this cursor is of another list; ask with the parameters and body of its first page, or start without one.");
  }
  std::uint64_t pins[4] = {};
  std::size_t begin = 0;
  const auto take_number = [&] {
    const std::size_t end = std::min(numbers.find('-', begin), numbers.size());
    const auto number = whole_number(numbers.substr(begin, end - begin));
    begin = std::min(end + 1, numbers.size());
    return number;
  };
  for (auto& pin : pins) pin = take_number().value_or(0);
  if (const std::uint64_t newest = std::max(pins[0], pins[1]); newest > pinned.position.value) {
    return bad_cursor("this cursor is of a later state of this store than there is: it rests on position " +
                      std::to_string(newest) + ", and the newest is " + std::to_string(pinned.position.value) +
                      ". Perhaps the store was restored from a copy of its files; start without one.");
  }
  pinned.position = Position(pins[0]);
  pinned.known = Position(pins[1]);
  if (!pinned.when.range) pinned.when.at = Instant{static_cast<std::int64_t>(pins[2])};
  pinned.page.after = pins[3];
  if (const auto told = take_number()) pinned.page.tally = {take_number(), *told};
  return std::nullopt;
}

}  // namespace

boost::system::result<Pinned, http::Response> asked_page(const http::Request& request, Parts& parts,
                                                         storage::Snapshot& snapshot) {
  // A stream's later pages are asked for long after its token was looked at.
  if (request.header(stream_page_field)) {
    if (auto ended = token_ended(*request.identity_as<Token>(), parts.now())) return std::move(*ended);
  }
  const auto limit = asked_limit(request);
  if (!limit) return http::problem(limit.error());
  const auto when = asked_when(request, parts.now());
  if (!when) return http::problem(when.error());
  const auto known = asked_known(request, snapshot);
  if (!known) return known.error();
  Pinned pinned{*when, snapshot.head(), *known, {*limit, 0, {}}};
  const auto cursor = request.query("cursor");
  if (cursor) {
    if (const auto refused = follow(*cursor, request, parts, pinned)) return http::problem(*refused);
  }
  return pinned;
}

void PageRows::close(std::optional<std::uint64_t> behind, const std::optional<Tally>& tally) {
  json_.close(']');
  if (behind) json_.field("next", cursor_of(request_, parts_, pinned_, *behind, tally));
}

}  // namespace tenure::services
