#include "services/record/authority.h"

#include "events/lifecycle.h"

namespace tenure::services {

Verdict verdict_on(JudgedAs judged_as, const AccessModel& model, const Event& event, const TeamState& before) {
  if (judged_as == JudgedAs::review) {
    return lifecycle_violation(model, event, before).value_or(Verdict{VerdictResult::allowed, "review.outcome", {}});
  }
  if (judged_as == JudgedAs::actor || !event.approved_by) return judge(model, event, before);
  Event by_approver = event;
  by_approver.actor = *event.approved_by;
  by_approver.approved_by.reset();
  return judge(model, by_approver, before);
}

}  // namespace tenure::services
