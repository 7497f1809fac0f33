// The views from the log: catching up after a crash between versions of Tenure, and the whole rebuild.
//
// Folding a record here gives the same bytes as folding it live. One thread, no appends meanwhile.
#pragma once

#include <functional>
#include <string>

#include "events/record.h"
#include "projections/models.h"
#include "storage/store.h"

namespace tenure::services {

// Told after each batch: the position reached and the head.
using Progress = std::function<void(Position reached, Position head)>;

// Calls `row` for each record of the reserved organization, in order, until one fails.
Outcome<void> each_own_record(storage::Snapshot& snapshot, const std::function<Outcome<void>(const Record&)>& row);

// Every published access model of the log.
Outcome<void> load_models(storage::Store& store, projections::Models& models);

// Folds what the views have not seen; at once when they have seen all. Views that another layout was written in are
// folded anew. corruption if they are ahead of the log.
Outcome<void> catch_up_views(storage::Store& store, const projections::Models& models, const Progress& progress);

struct Rebuilt {
  std::string lost_keys;  // why some Idempotency-Keys were not kept; empty: all were
};
// Deletes the views and folds the whole log. Rows that are no view of the log (kept_rows: Idempotency-Keys) stay, but
// for those that damage keeps from being read.
Outcome<Rebuilt> rebuild_views(storage::Store& store, const projections::Models& models, const Progress& progress);

}  // namespace tenure::services
