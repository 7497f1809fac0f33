// The views from the log: catching up after a crash between versions of Tenure, and the whole rebuild.
//
// Folding a record here gives the same bytes as folding it live. One thread, no appends meanwhile; any thread may read:
// each batch is visible whole, with the heads of its organizations, so that a snapshot shows which of them are all
// there.
#pragma once

#include <functional>
#include <stop_token>
#include <string>

#include "events/record.h"
#include "projections/models.h"
#include "storage/store.h"

namespace tenure::services {

// Told after each batch: the position reached and the head.
using Progress = std::function<void(Position reached, Position head)>;

// Calls `row` for each record of the reserved organization, in order, until one fails.
Outcome<void> each_own_record(storage::Snapshot& snapshot, const std::function<Outcome<void>(const Record&)>& row);

// When the newest record was recorded that can be read, or 0 in an empty log: "now" is never before it, whatever the
// clock says.
Outcome<Instant> newest_recorded(storage::Store& store);

// Every published access model of the log.
Outcome<void> load_models(storage::Store& store, projections::Models& models);

// Records that are folded and made durable together, at most: a kill takes back as many, which is a second's work.
inline constexpr std::size_t records_a_commit = 200'000;

// Where the views stand, and the log's head.
struct ViewsStand {
  Position reached, head;
  bool rebuilding = false;  // by a rebuild that has not come to its end
  std::string lost_keys;    // as Rebuilt's

  bool behind() const { return reached < head; }
};
// Views that another layout was written in are emptied. corruption if they are ahead of the log.
Outcome<ViewsStand> stand_of_views(storage::Store& store);
// Folds what the views have not seen, `batch` records a commit at most. While some are folded the next ones are read
// and the last ones made durable, each on a thread of its own. closed if `stop` was asked for: whoever folds next goes
// on from there.
Outcome<void> fold_views(storage::Store& store, const projections::Models& models, const ViewsStand& stand,
                         const Progress& progress, std::size_t batch = records_a_commit,
                         const std::stop_token& stop = {});
// Both of them; at once when the views have seen all.
Outcome<void> catch_up_views(storage::Store& store, const projections::Models& models, const Progress& progress,
                             std::size_t batch = records_a_commit);

struct Rebuilt {
  Position resumed_at;    // what an earlier rebuild had folded; 0: this one began anew
  std::string lost_keys;  // why some Idempotency-Keys were not kept; empty: all were
};
// Deletes the views and folds the whole log, or goes on with a rebuild that broke off. Rows that are no view of the log
// (kept_rows: Idempotency-Keys) stay, but for those that damage keeps from being read.
Outcome<Rebuilt> rebuild_views(storage::Store& store, const projections::Models& models, const Progress& progress,
                               std::size_t batch = records_a_commit);

}  // namespace tenure::services
