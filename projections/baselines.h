// Which events tell what was found so (basis baseline): that it is so, but not since when, nor by whom.
//
// A row for each 1,024 positions among which the organization has such events: a bit each, up to the last one set. The
// head of the organization has the position of the newest (OrgHead::newest_baseline), so that no row is read where
// there is none, nor for any later event. What an event says of itself never changes: retractions, what became known
// late and as known when make no difference here.
//
// An event that happened costs a comparison. Threads: the writer's to note; `Baselines` belongs to one thread.
// Failures: the store's; corruption names the organization.
#pragma once

#include <string>
#include <unordered_map>

#include "projections/directory.h"
#include "storage/store.h"

namespace tenure::projections {

class ViewWriter;

// Positions are noted in order; `head` is the caller's to write.
Outcome<void> note_baseline(ViewWriter& views, OrgNumber org, OrgHead& head, Position position);

// The rows of one organization, read when they are first asked for and kept (blocks_max, 1 MB).
class Baselines {
 public:
  static constexpr std::size_t blocks_max = 4'096;

  Outcome<bool> has(storage::ViewReader& views, OrgNumber org, Position position);

 private:
  std::unordered_map<std::uint64_t, std::string> blocks_;  // empty where there is no row
};

}  // namespace tenure::projections
