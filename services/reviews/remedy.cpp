// What a review comes to: the events by which revoked holds end and changed ones become others.
#include <condition_variable>

#include "projections/review/rows.h"
#include "services/reviews/reviewing.h"

namespace tenure::services {

using projections::Hold;
using review::CampaignStatus;
using review::Ends;
using review::HoldKind;
using review::ItemIndex;

std::vector<EventPayload> remedy_of(Sight& sight, const Hold& hold, const SubjectId& member, Ends ends,
                                    const RoleId& role) {
  const Person person{{}, member};
  const auto& name = sight.facts().name(hold.of).name;
  switch (hold.kind) {
    case HoldKind::role:
      if (ends == Ends::change) return {event::MemberRoleChanged{person, role}};
      return {event::MemberRemoved{person}};
    case HoldKind::group:
      return {event::GroupMemberRemoved{GroupId(name), person}};
    case HoldKind::invitation:
      return {event::InvitationCancelled{person}};
    case HoldKind::grant:
      break;
  }
  const auto scope = parse_scope(name, "on");
  const Principal principal{Principal::Kind::member, person, {}};
  std::vector<EventPayload> events;
  // The new one first: nobody is without both in between.
  if (ends == Ends::change) events.emplace_back(event::RoleGranted{*scope, principal, role});
  events.emplace_back(event::RoleRevoked{*scope, principal, RoleId(sight.facts().name(hold.role).name)});
  return events;
}

namespace {

// Requests that are under way, so many at a time.
class UnderWay {
 public:
  explicit UnderWay(AppendQueue& appends) : appends_(appends) {}

  void submit(AppendRequest request) {
    std::unique_lock lock(guard_);
    ended_.wait(lock, [&] { return under_way_ < at_once; });
    ++under_way_;
    lock.unlock();
    appends_.submit(std::move(request), [this](const AppendResult& result) { done(result); });
  }
  void wait() {
    std::unique_lock lock(guard_);
    ended_.wait(lock, [&] { return under_way_ == 0; });
  }

  std::uint64_t applied = 0, refused = 0;
  std::optional<Failure> failure;

 private:
  static constexpr std::size_t at_once = 256;

  void done(const AppendResult& result) {
    const std::lock_guard lock(guard_);
    if (const auto* failed = std::get_if<Failure>(&result)) {
      failure = *failed;
    } else if (std::holds_alternative<AppendAnswer>(result)) {
      ++applied;
    } else {
      ++refused;
    }
    --under_way_;
    ended_.notify_all();
  }

  AppendQueue& appends_;
  std::mutex guard_;
  std::condition_variable ended_;
  std::size_t under_way_ = 0;
};

bool enforces(Sight& sight) {
  const auto* mode = sight.facts().state(sight.facts().org_entity()).find({projections::SlotKind::mode});
  return mode && mode->value == 1;
}

// Whether the review's outcome was recorded since it was closed, or was held back then.
Outcome<bool> remedied(Parts& parts, const OpenOrg& org, const Review& review, bool all_the_same) {
  const auto number = parts.names.number(*org.snapshot, org.number, projections::EntityKind::review,
                                         review.campaign->opening().review, org.head.next_number);
  if (!number) return number.error();
  const auto after = projections::review_positions(*org.snapshot, org.number, *number, review.campaign->ended_by(),
                                                   org.head.position.value);
  if (!after) return after.error();
  for (auto position = after->rbegin(); position != after->rend(); ++position) {
    const auto record = record_at(*org.snapshot, *position);
    if (!record) return record.error();
    const auto* done = std::get_if<event::ReviewRemediated>(&record->event.data);
    if (done) return !all_the_same || done->held_back == 0;
  }
  return false;
}

}  // namespace

Outcome<void> Reviewing::remedy_once(const OpenOrg& org, const ReviewSummary& closed) {
  const auto number =
      parts_.names.number(*org.snapshot, org.number, projections::EntityKind::review, closed.id, org.head.next_number);
  if (!number) return number.error();
  const auto after = projections::review_positions(*org.snapshot, org.number, *number, closed.ended->position.value,
                                                   org.head.position.value);
  if (!after) return after.error();
  return after->empty() ? remedy(org.id.text, closed.id, false) : Outcome<void>();
}

Outcome<void> Reviewing::remedy(const std::string& org_name, const std::string& id, bool all_the_same) {
  auto org = open_org(parts_, org_name);
  if (!org) return fail(FailureCode::not_found, "there is no organization \"" + org_name + "\"");
  const auto sight = Sight::at(parts_, *org, parts_.now(), org->head.position);
  if (!sight) return sight.error();
  if (!enforces(**sight)) return {};  // the platform's own events end the tasks
  auto review = reviews_.get(*org, id, parts_.now());
  if (!review) return review.error();
  if (!*review || (*review)->campaign->status() != CampaignStatus::closed) return {};
  const review::Campaign& campaign = *(*review)->campaign;
  const OpenOrg& on = review->on(*org);
  const auto before = remedied(parts_, on, *review->review, all_the_same);
  if (!before) return before.error();
  if (*before) return {};
  std::vector<std::pair<ItemIndex, review::Result>> due;
  for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
    const review::Result result = campaign.result(i);
    if (result.ends == Ends::revoke || result.ends == Ends::change) due.emplace_back(i, result);
  }
  event::ReviewRemediated done;
  done.review = id;
  const auto& most = campaign.definition().revocations_at_most;
  if (most && due.size() > *most && !all_the_same) {
    done.held_back = due.size();
    due.clear();
  }
  UnderWay under_way(parts_.appends);
  for (const auto& [item, result] : due) {
    AppendRequest request;
    request.org = org->id;
    request.own = request.reviewed = true;
    request.by = Recording{{}, {}, Channel::api, {}};
    const Review& of = *review->review;
    if (of.campaign->state_now(item).empty()) continue;
    std::size_t n = 0;
    for (EventPayload& payload :
         remedy_of(**sight, of.hold(item), campaign.items()[item].member, result.ends, result.role)) {
      Event event;
      event.id = EventId("review:" + id + ":" + campaign.items()[item].id + (n++ == 0 ? "" : ":2"));
      event.actor = {ActorKind::system, Person{"review:" + id, {}}};
      if (result.decision != 0) {
        const auto record = record_at(*on.snapshot, result.decision);
        if (!record) return record.error();
        event.approved_by = record->event.actor;
      }
      event.correlation_id = "review:" + id;
      event.data = std::move(payload);
      request.events.push_back(std::move(event));
    }
    under_way.submit(std::move(request));
  }
  under_way.wait();
  if (under_way.failure) return *under_way.failure;
  done.applied = under_way.applied;
  done.refused = under_way.refused;
  const auto told = append(org->id, {done}, acting_for(id));
  if (const auto* failure = std::get_if<Failure>(&told)) return *failure;
  return {};
}

}  // namespace tenure::services
