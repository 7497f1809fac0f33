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

// Whether something that counts happened in somebody's own history after a point. What is learnt late of the time
// before it did not.
template <class Is>
bool happened(Sight& now, projections::Number member, projections::Point after, const Is& is) {
  const auto& facts = now.facts();
  const std::uint64_t known = facts.known();
  const projections::Point until = facts.at();
  const auto& history = now.holds().history(member);
  return std::any_of(history.begin(), history.end(), [&](const projections::Entry& entry) {
    return entry.at > after && entry.at <= until && entry.counts(known) && is(entry);
  });
}

// Whether somebody was no member at a point or some time after it, as known now.
bool was_none_since(Sight& now, projections::Number member, projections::Point point) {
  return !now.access().active(member) || !now.facts().state_once(member, point).exists() ||
         happened(now, member, point, [](const auto& entry) { return entry.op == projections::Op::end; });
}

// The event by which the very invitation was accepted, if it was; or one that was given in its place by the close, as
// was learnt since.
std::optional<projections::Point> accepted(Sight& now, const Hold& invitation, projections::Point closed) {
  auto& facts = now.facts();
  for (const projections::Entry& entry : now.holds().history(invitation.member)) {
    const bool is_it = entry.op == projections::Op::accept && entry.at > invitation.since && entry.at <= facts.at() &&
                       entry.counts(facts.known());
    if (!is_it) continue;
    const auto before = facts.state_once(invitation.member, {entry.at.us, entry.at.position - 1});
    const auto taken = before.taken_by_acceptance(Instant{entry.at.us});
    if (taken && taken->at >= invitation.since && taken->at <= closed) return entry.at;
  }
  return std::nullopt;
}

// Whether another role was on the scope already when the grant was revoked: the hold became that one.
bool became_another(Sight& now, const Hold& decided, projections::Point closed) {
  const auto other = now.holds().become(decided, {Instant{closed.us}, closed.position});
  if (!other || other->role == decided.role) return false;
  const auto& history = now.holds().history(decided.member);
  const std::uint64_t known = now.facts().known();
  return std::none_of(history.begin(), history.end(), [&](const projections::Entry& entry) {
    const bool revokes = entry.op == projections::Op::clear && entry.slot.kind == projections::SlotKind::grant &&
                         entry.slot.a == decided.of && entry.slot.b == decided.role;
    return revokes && entry.at > decided.since && entry.at < other->since && entry.counts(known);
  });
}

}  // namespace

// Once it was done, it stays so: what is given anew later is another hold, which somebody gave. A hold that was there
// at the close, as known now, and has not ended since is there still, whatever was learnt of how it came to be.
bool is_done(Sight& now, const Hold& decided, const review::Result& result, projections::Point closed) {
  using projections::Op;
  using projections::SlotKind;
  const auto held = now.holds().now(decided);
  const bool stands = held && held->since <= closed;
  if (result.ends == Ends::revoke) {
    if (decided.kind == HoldKind::role) return was_none_since(now, decided.member, closed);
    if (stands || decided.kind != HoldKind::invitation) return !stands;
    // Whoever accepted it has what it offered until they are a member no more.
    const auto taken = accepted(now, decided, closed);
    return !taken || was_none_since(now, decided.member, *taken);
  }
  const auto wanted = now.facts().number(projections::EntityKind::role, result.role.text);
  if (decided.kind == HoldKind::role) {
    if (was_none_since(now, decided.member, closed)) return true;
    const auto at_close = now.facts().state_once(decided.member, closed);
    const auto* role = at_close.find({SlotKind::role});
    return wanted != 0 && (now.access().direct_role(decided.member) == wanted || (role && role->value == wanted) ||
                           happened(now, decided.member, closed, [&](const auto& entry) {
                             return entry.slot.kind == SlotKind::role && entry.value == wanted;
                           }));
  }
  if (stands) return false;
  Hold other = decided;
  other.role = wanted;
  const bool as_wanted =
      wanted != 0 && (now.holds().now(other) || happened(now, decided.member, closed, [&](const auto& entry) {
                        return entry.slot.kind == SlotKind::grant && entry.slot.a == decided.of &&
                               entry.slot.b == wanted;
                      }));
  return as_wanted || !became_another(now, decided, closed);
}

namespace {

// What was to be taken: all that a revoked hold gave; of a changed one what the other role gives less of.
std::vector<projections::HeldPower> taken(Sight& when_decided, Sight& now, const Hold& decided,
                                          const review::Result& result) {
  auto powers = projections::powers_of(when_decided.holds(), decided);
  if (result.ends == Ends::revoke) return powers;
  Hold other = decided;
  (decided.kind == HoldKind::grant ? other.role : other.of) =
      now.facts().number(projections::EntityKind::role, result.role.text);
  const auto role_of = [](const Hold& hold) { return hold.kind == HoldKind::grant ? hold.role : hold.of; };
  std::erase_if(powers, [&](const projections::HeldPower& power) {
    const auto was = when_decided.model()->permission(power.permission.text);
    const auto is = now.model()->permission(power.permission.text);
    return was && is &&
           reaches_as_far(now.access().cell(role_of(other), *is), when_decided.access().cell(role_of(decided), *was));
  });
  return powers;
}

// What the other role gives itself is no other path.
void leave_out_what_was_given(const Hold& decided, const RoleId& role, std::vector<projections::StillHeld>& held) {
  using projections::PathKind;
  const PathKind kind = decided.kind == HoldKind::grant ? PathKind::grant : PathKind::role;
  for (projections::StillHeld& each : held) {
    std::erase_if(each.paths, [&](const auto& path) { return path.kind == kind && path.role == role.text; });
  }
  std::erase_if(held, [](const projections::StillHeld& each) { return each.paths.empty(); });
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
    if (is_done(now, hold, task.result, review.closed())) {
      task.status = TaskStatus::done;
    } else if (now.at() > due) {
      task.status = TaskStatus::overdue;
    }
    if (task.status == TaskStatus::done) {
      task.still_held = projections::still_held(now.access(), hold.member, taken(when_decided, now, hold, task.result));
      if (task.result.ends == Ends::change) leave_out_what_was_given(hold, task.result.role, task.still_held);
    }
    tasks.push_back(std::move(task));
  }
  for (Sight* sight : {&when_decided, &now}) {
    if (sight->facts().failure()) return *sight->facts().failure();
  }
  return tasks;
}

}  // namespace tenure::services
