// What a review comes to: the events by which revoked holds end and changed ones become others.
#include <condition_variable>

#include "projections/access_fold.h"
#include "projections/review/rows.h"
#include "services/reviews/reviewing.h"
#include "services/reviews/tasks.h"

namespace tenure::services {

using projections::Hold;
using review::CampaignStatus;
using review::Ends;
using review::HoldKind;
using review::ItemIndex;

std::vector<EventPayload> remedy_of(Sight& sight, const Hold& hold, const SubjectId& member, Ends ends,
                                    const RoleId& role) {
  const Person person{{}, member};
  // An invitation may be of no role: then there is no name.
  const auto name = [&](projections::Number number) { return sight.facts().name(number).name; };
  switch (hold.kind) {
    case HoldKind::role:
      if (ends == Ends::change) return {event::MemberRoleChanged{person, role}};
      return {event::MemberRemoved{person}};
    case HoldKind::group:
      return {event::GroupMemberRemoved{GroupId(name(hold.of)), person}};
    case HoldKind::invitation:
      return {event::InvitationCancelled{person}};
    case HoldKind::grant:
      break;
  }
  const auto scope = parse_scope(name(hold.of), "on");
  const Principal principal{Principal::Kind::member, person, {}};
  std::vector<EventPayload> events;
  // The new one first: nobody is without both in between.
  if (ends == Ends::change) events.emplace_back(event::RoleGranted{*scope, principal, role});
  events.emplace_back(event::RoleRevoked{*scope, principal, RoleId(name(hold.role))});
  return events;
}

bool lowers(Sight& sight, const Hold& hold, const RoleId& role) {
  const auto from = hold.kind == HoldKind::grant ? hold.role : hold.of;
  const auto to = sight.facts().number(projections::EntityKind::role, role.text);
  if (to == 0 || from == 0) return false;
  for (PermissionIndex p = 0; p < sight.model()->permissions().size(); ++p) {
    const Cell was = sight.access().cell(from, p), is = sight.access().cell(to, p);
    if (is.level == 0) continue;
    if (is.unspecified || !reaches_as_far(was, is)) return false;
  }
  return true;
}

namespace {

// Requests that are under way, so many at a time.
class UnderWay {
 public:
  explicit UnderWay(AppendQueue& appends) : appends_(appends) {}
  ~UnderWay() { wait(); }

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

  // What has been recorded before, and what is not to be recorded.
  void was_applied() {
    const std::lock_guard lock(guard_);
    ++applied_;
  }
  void was_refused() {
    const std::lock_guard lock(guard_);
    ++refused_;
  }

  // Once nothing is under way.
  std::uint64_t applied() const { return applied_; }
  std::uint64_t refused() const { return refused_; }
  const std::optional<Failure>& failure() const { return failure_; }

 private:
  static constexpr std::size_t at_once = 256;

  void done(const AppendResult& result) {
    const std::lock_guard lock(guard_);
    if (const auto* failed = std::get_if<Failure>(&result)) {
      failure_ = *failed;
    } else if (std::holds_alternative<AppendAnswer>(result)) {
      ++applied_;
    } else {
      ++refused_;
    }
    --under_way_;
    ended_.notify_all();
  }

  AppendQueue& appends_;
  std::mutex guard_;
  std::condition_variable ended_;
  std::size_t under_way_ = 0;
  std::uint64_t applied_ = 0, refused_ = 0;
  std::optional<Failure> failure_;
};

// What was recorded last of the review's outcome since it was closed.
Outcome<std::optional<event::ReviewRemediated>> remedied(Parts& parts, const OpenOrg& org, const Review& review) {
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
    if (done) return std::optional(*done);
  }
  return std::optional<event::ReviewRemediated>();
}

// What of a closed review is carried out still, and what was before: a stop may have cut it off anywhere.
class Due {
 public:
  Due(Parts& parts, const OpenOrg& org, const Review& review, Sight& when_closed, Sight& now)
      : parts_(parts), org_(org), review_(review), when_closed_(when_closed), now_(now) {}

  // Reads what was refused since the close.
  Outcome<void> read_refused() {
    const auto version = org_.snapshot->version_at(org_.id, Position(review_.campaign->ended_by()));
    if (!version) return version.error();
    for (Version next = version->next(); next <= org_.head.version; next = next.next()) {
      const auto position = org_.snapshot->position_of(org_.id, next);
      if (!position) return position.error();
      const auto record = record_at(*org_.snapshot, position->value);
      if (!record) return record.error();
      const auto* denied = std::get_if<event::ActionDenied>(&record->event.data);
      if (!denied || record->event.actor.who.identity != name()) continue;
      const auto owner = parts_.identities.owner_of_texts(*record);
      if (!owner) return owner.error();
      const auto text = parts_.people.open(org_.id, *owner, denied->event.text);
      if (!text) return text.error();
      if (*text) refused_ += **text;
    }
    return {};
  }

  std::string name() const { return "review:" + review_.campaign->opening().review; }
  std::string id_of(ItemIndex item) const { return name() + ":" + review_.campaign->items()[item].id; }
  Outcome<bool> is_recorded(ItemIndex item) const {
    const auto position = projections::position_of_id(*org_.snapshot, org_.number, EventId(id_of(item)));
    if (!position) return position.error();
    return *position != Position(0);
  }
  bool is_refused(ItemIndex item) const { return refused_.find("\"id\":\"" + id_of(item) + '"') != std::string::npos; }
  projections::Hold on_close(ItemIndex item) const { return review_.hold_in(when_closed_.holds(), item); }
  // Whether the very hold that was decided on is there: it has not ended since, nor been given anew.
  bool stands(ItemIndex item) {
    const auto now = now_.holds().now(on_close(item));
    return now && now->since <= review_.closed();
  }
  // What of the holds could not be read: nothing that was said of any since is to be gone by.
  std::optional<Failure> failure() const {
    return when_closed_.facts().failure() ? when_closed_.facts().failure() : now_.facts().failure();
  }

 private:
  Parts& parts_;
  const OpenOrg& org_;
  const Review& review_;
  Sight &when_closed_, &now_;
  std::string refused_;  // the refused events, as JSON
};

// The request by which an item's hold ends or becomes another one, by the authority of whoever decided it.
Outcome<AppendRequest> request_of(const OpenOrg& org, const Review& review, Sight& sight, const Due& due,
                                  ItemIndex item, const review::Result& result) {
  AppendRequest request;
  request.org = org.id;
  request.own = true;
  request.by = Recording{{}, {}, Channel::api, {}};
  std::optional<Actor> approved_by;
  if (result.decision != 0) {
    const auto record = record_at(*org.snapshot, result.decision);
    if (!record) return record.error();
    approved_by = record->event.actor;
  }
  const SubjectId& member = review.campaign->items()[item].member;
  const projections::Hold hold = review.hold_in(sight.holds(), item);
  request.judged_as =
      result.ends == Ends::change && !lowers(sight, hold, result.role) ? JudgedAs::approver : JudgedAs::review;
  for (EventPayload& payload : remedy_of(sight, hold, member, result.ends, result.role)) {
    Event event;
    event.id = EventId(due.id_of(item) + (request.events.empty() ? "" : ":2"));
    event.actor = {ActorKind::system, Person{due.name(), {}}};
    event.approved_by = approved_by;
    event.correlation_id = due.name();
    event.data = std::move(payload);
    request.events.push_back(std::move(event));
  }
  return request;
}

// Has an item's hold end or become another one, unless that was recorded or refused before. Answers whether it is left
// undone: the invitation was accepted, say, and what it became nobody has reviewed; it is not to be forgotten.
Outcome<bool> carry_out(const OpenOrg& org, const Review& review, Sight& now, Due& due, ItemIndex item,
                        const review::Result& result, UnderWay& under_way) {
  const auto recorded = due.is_recorded(item);
  if (!recorded) return recorded.error();
  if (*recorded || due.is_refused(item)) {
    *recorded ? under_way.was_applied() : under_way.was_refused();
    return false;
  }
  const bool stands = due.stands(item);
  const bool left = !stands && !is_done(now, due.on_close(item), result, review.closed());
  std::optional<AppendRequest> request;
  if (stands) {
    auto made = request_of(org, review, now, due, item, result);
    if (!made) return made.error();
    request = std::move(*made);
  }
  if (const auto failure = due.failure()) return *failure;
  if (request) under_way.submit(std::move(*request));
  return left;
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
  const auto mode = Sight::at(parts_, *org, parts_.now(), org->head.position);
  if (!mode) return mode.error();
  if (!(*mode)->enforces()) return {};  // the platform's own events end the tasks
  auto review = reviews_.get(*org, id, parts_.now());
  if (!review) return review.error();
  if (!*review || (*review)->campaign->status() != CampaignStatus::closed) return {};
  const review::Campaign& campaign = *(*review)->campaign;
  const OpenOrg& on = review->on(*org);
  const auto before = remedied(parts_, on, *review->review);
  if (!before) return before.error();
  if (*before && !all_the_same) return {};
  std::vector<std::pair<ItemIndex, review::Result>> wanted;
  for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
    const review::Result result = campaign.result(i);
    if (result.ends == Ends::revoke || result.ends == Ends::change) wanted.emplace_back(i, result);
  }
  event::ReviewRemediated done;
  done.review = id;
  const auto& most = campaign.definition().revocations_at_most;
  if (most && wanted.size() > *most && !all_the_same) {
    done.held_back = wanted.size();
    wanted.clear();
  }
  const auto when_closed = Sight::at(parts_, on, (*review)->at, (*review)->seen);
  const auto now = Sight::at(parts_, on, parts_.now(), on.head.position);
  if (!when_closed) return when_closed.error();
  if (!now) return now.error();
  Due due(parts_, on, *review->review, **when_closed, **now);
  if (const auto read = due.read_refused(); !read) return read.error();
  UnderWay under_way(parts_.appends);
  for (const auto& [item, result] : wanted) {
    const auto not_done = carry_out(on, *review->review, **now, due, item, result, under_way);
    if (!not_done) return not_done.error();
    if (*not_done) ++done.held_back;
  }
  under_way.wait();
  if (under_way.failure()) return *under_way.failure();
  done.applied = under_way.applied();
  done.refused = under_way.refused();
  // What could not be done before and cannot be now is on record already.
  const bool nothing_new = *before && (*before)->applied == done.applied && (*before)->refused == done.refused &&
                           (*before)->held_back == done.held_back;
  if (nothing_new) return {};
  const auto told = append(org->id, {done}, acting_for(id));
  if (const auto* failure = std::get_if<Failure>(&told)) return *failure;
  return {};
}

}  // namespace tenure::services
