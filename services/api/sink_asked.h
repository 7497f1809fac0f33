// What a new sink is to be, read from the body of its request: {"sink","kind","url","format"?,"orgs"?,"types"?,
// "verdicts"?,"token"?,"start"?}.
#pragma once

#include <variant>

#include "services/api/parts.h"
#include "services/push/sinks.h"

namespace tenure::services {

// A Response is a no, with the field at fault. Blocks: it looks into the store.
std::variant<SinkWish, http::Response> asked_sink(Parts& parts, const http::Request& request);

}  // namespace tenure::services
