// Reads a request target ("/v1/orgs/acme/can?at=2024-01-01T00:00:00+02:00") into a request's segments and query.
//
// Pure; any thread. Strict: whatever is not RFC 3986 is refused rather than repaired, because two programs that
// repair differently is how a path check is walked around.
#pragma once

#include <string_view>

#include "events/result.h"
#include "services/http/request.h"

namespace tenure::http {

// Appends the target, its decoded segments and its query to `request`. A '/' at the end makes an empty last segment,
// which no route has. Refuses (invalid_field) what is no origin-form or absolute-form target, a bad percent-escape,
// NUL, text that is not UTF-8, and the segments "." and "..".
Decided<void> read_target(std::string_view target, Request& request);

}  // namespace tenure::http
