// A decision about an item of an access review, as it is sent: read once for the route that takes it and for the
// command that checks a whole file of them before anything is sent.
//
// Pure; any thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "services/reviews/reviewing.h"

namespace tenure::services {

// {"item","state","decision","role"?,"to"?,"until"?,"reason"?,"ticket"?}; `place` is its JSON pointer, and a Refusal
// names the field behind it. What the review itself has to say, such as to a role that nobody has, is not known here.
Decided<WantedDecision> read_decision(const nlohmann::json& body, const std::string& place);

}  // namespace tenure::services
