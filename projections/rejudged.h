// Records that what was learnt later judges otherwise: a late fact, or a retraction, changes the state in which an
// event happened, and with it perhaps what the access model says of it. The verdict once recorded stays; this is a
// finding.
//
// Only records can have changed that stood when something was learnt about the time before them. When what was
// learnt, and of which time, is a row of each late fact (finding_rows.h); from those the stretch of the log that can be
// affected is found by halving, and each record in it of a time after something that was learnt later is judged once
// more, by all that is known before it. So an organization that told everything in order costs one scan of nothing, and
// the writer pays one row a late fact.
//
// One thread; errors stick in the facts. Complexity: the records from the earliest late fact's time up to the last late
// fact, one judgement for each that is affected; at most rejudged_max of those.
#pragma once

#include "projections/findings.h"
#include "storage/store.h"

namespace tenure::projections {

// About a second of judging. An organization that learnt more so late must be asked of an earlier instant.
inline constexpr std::size_t rejudged_max = 50'000;

struct Rejudged {
  std::vector<Finding> found;  // in order of the records' points
  bool too_many = false;       // and nothing was found
};

// Of the records up to an instant, as known at the access' position. `meanwhile` is called before each record that is
// looked at; what it throws ends the search.
Rejudged judged_again(Access& access, storage::Snapshot& snapshot, const OrgId& org, Instant at,
                      const std::function<void()>& meanwhile = {});

}  // namespace tenure::projections
