#include "services/api/page.h"

#include "events/digest.h"
#include "events/limits.h"
#include "services/api/rows.h"

namespace tenure::services {

namespace {

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

std::string cursor_of(const http::Request& request, const Parts& parts, const Pinned& pinned, std::uint64_t after) {
  const std::string body = std::to_string(pinned.position.value) + '-' + std::to_string(pinned.known.value) + '-' +
                           std::to_string(static_cast<std::uint64_t>(pinned.when.at.us)) + '-' + std::to_string(after);
  return body + '.' + mark_of(parts, body, request);
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

// What a cursor pins in place of the question's own; false if it is not one of this list.
bool follow(std::string_view cursor, const http::Request& request, const Parts& parts, Pinned& pinned) {
  const auto mark = cursor.rfind('.');
  if (mark == std::string_view::npos) return false;
  const std::string body(cursor.substr(0, mark));
  if (cursor.substr(mark + 1) != mark_of(parts, body, request)) return false;
  std::uint64_t numbers[4] = {};
  std::size_t begin = 0;
  for (auto& number : numbers) {
    const std::size_t end = std::min(body.find('-', begin), body.size());
    const auto value = whole_number(std::string_view(body).substr(begin, end - begin));
    if (!value) return false;
    number = *value;
    begin = end + 1;
  }
  pinned.position = Position(numbers[0]);
  pinned.known = Position(numbers[1]);
  if (!pinned.when.range) pinned.when.at = Instant{static_cast<std::int64_t>(numbers[2])};
  pinned.page.after = numbers[3];
  return true;
}

}  // namespace

boost::system::result<Pinned, http::Response> asked_page(const http::Request& request, Parts& parts,
                                                         storage::Snapshot& snapshot) {
  const auto limit = asked_limit(request);
  if (!limit) return http::problem(limit.error());
  const auto when = asked_when(request, parts.now());
  if (!when) return http::problem(when.error());
  const auto known = asked_known(request, snapshot);
  if (!known) return known.error();
  Pinned pinned{*when, snapshot.head(), *known, {*limit, 0}};
  const auto cursor = request.query("cursor");
  if (cursor && !follow(*cursor, request, parts, pinned)) {
    return http::problem(refuse(RefusalCode::invalid_cursor,
                                "this cursor was changed, or is of another store or another list; start without one.",
                                "cursor"));
  }
  return pinned;
}

void PageRows::close(std::optional<std::uint64_t> behind) {
  json_.close(']');
  if (behind) json_.field("next", cursor_of(request_, parts_, pinned_, *behind));
}

}  // namespace tenure::services
