#include "services/reviews/tasks.h"

namespace tenure::services {

using projections::Hold;
using review::Ends;
using review::HoldKind;
using review::ItemIndex;

std::string_view to_text(TaskStatus status) {
  switch (status) {
    case TaskStatus::open:
      return "open";
    case TaskStatus::overdue:
      return "overdue";
    case TaskStatus::done:
      break;
  }
  return "done";
}

namespace {

// Whether the log shows what the review came to.
bool is_done(Sight& now, const Hold& hold, const review::Result& result) {
  const auto held = now.holds().now(hold);
  if (result.ends == Ends::revoke) return !held;
  const auto wanted = now.facts().number(projections::EntityKind::role, result.role.text);
  if (hold.kind == HoldKind::role) {
    return now.access().direct_role(hold.member) == wanted && wanted != 0;
  }
  Hold other = hold;
  other.role = wanted;
  return !held && wanted != 0 && now.holds().now(other);
}

// Whoever is to do it: as the definition says, else whoever gave the power, else whoever decided, else whoever closed
// the review, else those who are asked where nobody else is. Not who was removed since or is disabled.
Outcome<SubjectId> owner_of(const OpenOrg& org, const Review& review, Sight& now, ItemIndex item,
                            const review::Result& result) {
  const review::Definition& definition = review.campaign->definition();
  const auto named = [&](review::PersonIndex person) { return definition.people[person].subject; };
  if (definition.remedy_owner && now.may_review(named(*definition.remedy_owner)))
    return named(*definition.remedy_owner);
  for (const std::uint64_t position :
       {review.hold(item).since.position, result.decision, review.campaign->ended_by()}) {
    if (position == 0) continue;
    const auto record = record_at(*org.snapshot, position);
    if (!record) return record.error();
    const Actor& actor = record->event.actor;
    const bool theirs = actor.is_person() && actor.who.subject == review.campaign->items()[item].member;
    if (actor.is_person() && !theirs && now.may_review(actor.who.subject)) return actor.who.subject;
  }
  for (const review::Stage& stage : definition.stages) {
    for (const review::PersonIndex person : stage.fallback) {
      if (now.may_review(named(person))) return named(person);
    }
  }
  return SubjectId{};
}

}  // namespace

Outcome<std::vector<Task>> tasks_of(const OpenOrg& org, const Review& review, Sight& when_decided, Sight& now) {
  std::vector<Task> tasks;
  const review::Campaign& campaign = *review.campaign;
  if (campaign.status() != review::CampaignStatus::closed) return tasks;
  const auto closed = record_at(*org.snapshot, campaign.ended_by());
  if (!closed) return closed.error();
  Instant due = closed->recorded_at;
  due.us += static_cast<std::int64_t>(campaign.definition().remedy_days) * 24 * 3600 * 1'000'000;
  for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
    Task task;
    task.result = campaign.result(i);
    if (task.result.ends != Ends::revoke && task.result.ends != Ends::change) continue;
    task.item = i;
    task.due_at = due;
    const Hold& hold = review.hold(i);
    const auto owner = owner_of(org, review, now, i, task.result);
    if (!owner) return owner.error();
    task.owner = *owner;
    if (is_done(now, hold, task.result)) {
      task.status = TaskStatus::done;
    } else if (now.at() > due) {
      task.status = TaskStatus::overdue;
    }
    if (task.result.ends == Ends::revoke && task.status == TaskStatus::done) {
      task.still_held =
          projections::still_held(now.access(), hold.member, projections::powers_of(when_decided.holds(), hold));
    }
    tasks.push_back(std::move(task));
  }
  for (Sight* sight : {&when_decided, &now}) {
    if (sight->facts().failure()) return *sight->facts().failure();
  }
  return tasks;
}

}  // namespace tenure::services
