// Lists without end: a whole list as CSV or NDJSON where the request's Accept asks for one of them, streamed.
//
// The stream is the list's own pages, asked one after the other and pinned to the first one's position, a large page at
// a time: memory holds one of them, and what is appended meanwhile changes nothing. What the answer rests on stands
// in the header (Tenure-Position, Tenure-As-Of, Tenure-Total, …). A failure on the way cuts the connection, so that
// half a list is never taken for a whole one.
//
// Called when routes are added, before the server starts; what it makes runs on the pool.
#pragma once

#include <string>
#include <vector>

#include "services/http/router.h"

namespace tenure::services {

// Columns of CSV are paths into a row: "member", "cause.actor.id".
http::BlockingHandler with_rows(std::vector<std::string> columns, http::BlockingHandler handler);

// The page that a stream asks for: a header field that no client can send, since its name is no token.
inline constexpr std::string_view stream_page_field = "\x01stream-page";

}  // namespace tenure::services
