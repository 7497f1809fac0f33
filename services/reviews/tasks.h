// What is left to do after a review: one task for each hold that was revoked or changed, until the log shows that it
// was done.
//
// A task is derived, not kept: it is done when the hold is gone (or stands as it was changed to) as known at a
// position, and whoever still holds what was taken by another path is told with that path. One thread; errors stick
// in the facts of the sight. Complexity: an item's states and, for revoked ones, an answer a power.
#pragma once

#include "projections/review/hold_story.h"
#include "services/reviews/reviews.h"

namespace tenure::services {

enum class TaskStatus : std::uint8_t { open, overdue, done };
std::string_view to_text(TaskStatus status);

struct Task {
  review::ItemIndex item = 0;
  review::Result result;
  TaskStatus status = TaskStatus::open;
  SubjectId owner;  // empty: nobody by name
  Instant due_at;
  // Once it is done: what the member holds all the same of what was taken. Of a change that is what the other role does
  // not give.
  std::vector<projections::StillHeld> still_held;
};

// Whether one cell gives all that another one does: as high, and on as much.
inline bool reaches_as_far(const Cell& is, const Cell& was) {
  return is.level >= was.level && (is.visibility == was.visibility || is.visibility == Visibility::all);
}

// Whether the log shows that what a review came to for a hold was done by the close or since, whoever did it.
// `decided`: the hold as it was known at the close.
bool is_done(Sight& now, const projections::Hold& decided, const review::Result& result, projections::Point closed);

// Of a closed review, in order of item, as `now` sees it. `when_decided` sees the holds as they were at the close.
Outcome<std::vector<Task>> tasks_of(const OpenOrg& org, const Review& review, Sight& when_decided, Sight& now);

}  // namespace tenure::services
