// Errors as RFC 9457 problem documents, and the one table from a refusal or failure to its HTTP status.
//
// {"type":"/problems/invalid_field","title":…,"status":400,"detail":…,"code":"invalid_field","field"?,"rule"?,
//  "offset"?,"index"?,"version"?,"errors"?}
//
// `code` never changes its meaning; `detail` is for people. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/result.h"
#include "services/http/response.h"

namespace tenure::http {

// The stable word for each code, as in the body's `code`.
std::string_view code_text(RefusalCode code);
std::string_view code_text(FailureCode code);
// The status that a code means unless the caller knows better (an unknown role in a body is 400, in a path 404).
unsigned status_of(RefusalCode code);
unsigned status_of(FailureCode code);

Response problem(const Refusal& refusal, std::optional<unsigned> status = std::nullopt);
Response problem(const Failure& failure, std::optional<unsigned> status = std::nullopt);
// A batch refused whole: the first refusal is the document, all of them are listed in `errors`. Not empty.
Response problem(const std::vector<Refusal>& refusals, std::optional<unsigned> status = std::nullopt);
// For what HTTP itself says no to.
Response problem(unsigned status, std::string_view code, std::string_view title, std::string_view detail,
                 std::string_view field = {});

// 500 without any detail of what went wrong: that belongs in the log.
Response internal_problem();
// 503 with Retry-After.
Response busy_problem(std::string_view detail);

}  // namespace tenure::http
