// Whose holds the events of a stretch of an organization's log may have changed: so that a review that is looked at
// again reads anew only what was touched.
//
// Pure but for the log. Failures: the store's. Complexity: one record each, up to records_read_max; past that
// everybody.
#pragma once

#include <map>
#include <utility>
#include <vector>

#include "services/reviews/sight.h"

namespace tenure::services {

struct Touched {
  // Positions that may have changed what anybody holds: a role, a group, a setting, the model.
  std::vector<std::uint64_t> all;
  std::map<SubjectId, std::vector<std::uint64_t>> people;
  // Takes effect only after the instant asked about, each at its own: to be looked at again then.
  std::vector<std::pair<Instant, std::uint64_t>> ahead;
  // More than were read: everything has to be looked at anew, by whatever event.
  bool unread = false;
};

inline constexpr std::uint64_t records_read_max = 20'000;

// The organization's events after `from`, up to and with `to`, as of an instant.
Outcome<Touched> touched_between(const OpenOrg& org, Position from, Position to, Instant at);

}  // namespace tenure::services
