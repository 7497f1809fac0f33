// What happened in a stretch of an organization's log, as a review in memory needs it: its own events, and whose holds
// others may have changed, so that only what was touched is read anew.
//
// Pure but for the log. Failures: the store's. Complexity: one record each, up to records_read_max; past that only the
// review's own, and everybody may have been touched.
#pragma once

#include <vector>

#include "services/reviews/sight.h"

namespace tenure::services {

// An event that may have changed what somebody holds.
struct Touching {
  std::uint64_t position = 0;
  Instant occurred_at;
  bool all = false;         // what anybody holds: a role, a group, a setting, the model
  bool membership = false;  // how somebody became a member, or ceased to be one
  std::vector<SubjectId> people;
};

struct Stretch {
  std::vector<Record> own;  // in order
  std::vector<Touching> touching;
  bool unread = false;  // more than were read
};

inline constexpr std::uint64_t records_read_max = 20'000;

// The organization's events after `from`, up to and with `to`.
Outcome<Stretch> stretch_between(Parts& parts, const OpenOrg& org, const std::string& review, Position from,
                                 Position to);

// Events that are known and not in force yet.
struct Ahead {
  std::vector<std::pair<Instant, std::uint64_t>> events;  // when each comes into force, and its position
  Instant unread_until;                                   // till then, others that nobody read may
};

// Those of the organization as known at a position, at an instant not before the newest record by then. No event is
// taken that lies farther ahead than limits::future_us_max. Complexity: where there are any, one record each of those
// recorded since so long, up to records_read_max.
Outcome<Ahead> ahead_of(const OpenOrg& org, Position known, Instant at);

}  // namespace tenure::services
