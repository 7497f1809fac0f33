// A review as a document: what was reviewed and by which terms, every item with what came of it, every decision, how
// the reviewers worked, the findings of the time, what was done afterwards and every event of it.
//
// Worked out for one position: the same review and position give the same document, whenever it is asked for, but for
// people who were erased since. Rows are read while a writer pulls them; the document keeps alive what it reads.
// Failures: the store's, here and from the rows. Complexity: the review's items and decisions, one record each.
#pragma once

#include "services/reports/document.h"
#include "services/reviews/reviews.h"

namespace tenure::services {

// As known at a position at or after the opening; nothing if there was no such review then.
Outcome<std::optional<reports::Document>> review_report(Parts& parts, std::shared_ptr<OpenOrg> org,
                                                        const std::string& review, Position known);

}  // namespace tenure::services
