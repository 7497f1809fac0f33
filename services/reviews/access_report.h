// A report on access without a review: who holds what at an instant, what changed in the period before it, and what was
// found. The same record gives the same document, but for people who were erased since.
//
// Failures: the store's, here and from the rows.
#pragma once

#include "services/reports/document.h"
#include "services/reviews/reviews.h"

namespace tenure::services {

// By its record (review.access_reported). A Refusal: more holds or changes than a report may have.
using AccessReport = std::variant<reports::Document, Refusal, Failure>;
AccessReport access_report(Parts& parts, std::shared_ptr<OpenOrg> org, const Record& reported);

}  // namespace tenure::services
