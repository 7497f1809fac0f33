// Lists without end: a whole list as CSV or NDJSON where the request's Accept asks for one of them, streamed.
//
// The stream is the list's own pages, asked one after the other and pinned to the first one's position, a large page at
// a time: memory holds the text of two of them, the one that the client takes and the one behind it (page_ahead.h), and
// what is appended meanwhile changes nothing. What the list found (a
// few bytes a row) is kept until the last page. What the answer rests on stands
// in the header (Tenure-Position, Tenure-As-Of, Tenure-Total, …). A failure on the way cuts the connection, so that
// half a list is never taken for a whole one; so does the end of the token, which is asked for before each page.
//
// Called when routes are added, before the server starts; what it makes runs on the pool.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "services/http/router.h"

namespace tenure::services {

// Columns of CSV are paths into a row: "member", "cause.actor.id".
http::BlockingHandler with_rows(std::vector<std::string> columns, http::BlockingHandler handler);

// What a list found: once for all the pages of a stream, which differ in where they begin; anew for a page that a
// client asks for. `find` answers a Found.
template <class Found, class Find>
std::shared_ptr<const Found> found_once(const http::Request& request, const Find& find) {
  if (request.kept && *request.kept) return std::static_pointer_cast<const Found>(*request.kept);
  auto found = std::make_shared<const Found>(find());
  if (request.kept) *request.kept = found;
  return found;
}

// The page that a stream asks for: a header field that no client can send, since its name is no token.
inline constexpr std::string_view stream_page_field = "\x01stream-page";

}  // namespace tenure::services
