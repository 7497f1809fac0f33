// Where the records of reviews, definitions and reports stand in an organization's log, and what they say.
//
// Pure but for the log. Failures: the store's. Complexity: of a review's opening and end, a few records however much
// was said in between.
#pragma once

#include "events/review/definition.h"
#include "services/api/parts.h"
#include "services/reviews/sight.h"

namespace tenure::services {

// The positions of its events after one position, up to and with another.
Outcome<std::vector<std::uint64_t>> events_of(Parts& parts, const OpenOrg& org, projections::EntityKind kind,
                                              const std::string& id, Position after, Position known);

// Whether there was one of that name by then.
Outcome<bool> was_named(Parts& parts, const OpenOrg& org, projections::EntityKind kind, const std::string& id,
                        Position known);

// The review.opened of a review; nothing if there was none by then.
Outcome<std::optional<Record>> review_opening(Parts& parts, const OpenOrg& org, const std::string& id, Position known);
// Its review.closed or review.cancelled.
Outcome<std::optional<Record>> review_end(Parts& parts, const OpenOrg& org, const std::string& id, Position known);
bool ends_review(const Record& record);

// The definition that a review.defined or review.opened carries.
Outcome<review::Definition> definition_of(const Record& record);

}  // namespace tenure::services
