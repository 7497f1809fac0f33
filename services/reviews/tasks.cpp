#include "services/reviews/tasks.h"

#include <algorithm>

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

// Whether somebody's own history has an entry since the close that counts.
template <class Is>
bool happened(Sight& now, projections::Number member, std::uint64_t closed_by, const Is& is) {
  const auto& facts = now.facts();
  const std::uint64_t known = facts.known();
  const projections::Point until = facts.at();
  const auto& history = now.holds().history(member);
  return std::any_of(history.begin(), history.end(), [&](const projections::Entry& entry) {
    return entry.at.position > closed_by && entry.at <= until && entry.counts(known) && is(entry);
  });
}

// Whether the log shows that what the review came to was done. Once it was, it stays so: what is given anew later is
// another hold, which somebody gave.
bool is_done(Sight& now, const Hold& decided, const review::Result& result, std::uint64_t closed_by) {
  using projections::Op;
  using projections::SlotKind;
  const auto held = now.holds().now(decided);
  if (result.ends == Ends::revoke) {
    if (decided.kind != HoldKind::role) return !held || held->since != decided.since;
    return !now.access().active(decided.member) ||
           happened(now, decided.member, closed_by, [](const auto& entry) { return entry.op == Op::end; });
  }
  const auto wanted = now.facts().number(projections::EntityKind::role, result.role.text);
  if (wanted == 0) return false;
  if (decided.kind == HoldKind::role) {
    return now.access().direct_role(decided.member) == wanted ||
           happened(now, decided.member, closed_by,
                    [&](const auto& entry) { return entry.slot.kind == SlotKind::role && entry.value == wanted; });
  }
  if (held && held->since == decided.since) return false;
  Hold other = decided;
  other.role = wanted;
  return now.holds().now(other) || happened(now, decided.member, closed_by, [&](const auto& entry) {
           return entry.slot.kind == SlotKind::grant && entry.slot.a == decided.of && entry.slot.b == wanted;
         });
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
    const Hold hold = review.hold_in(when_decided.holds(), i);
    const auto owner = owner_of(org, review, now, i, task.result);
    if (!owner) return owner.error();
    task.owner = *owner;
    if (is_done(now, hold, task.result, campaign.ended_by())) {
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
