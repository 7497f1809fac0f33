// What may be said of an item, and what the clock asks for.
#include <algorithm>

#include "events/digest.h"
#include "events/review/campaign.h"

namespace tenure::review {

namespace {

constexpr std::int64_t day_us = 24LL * 3600 * 1'000'000;

bool has(const std::vector<SubjectId>& people, const SubjectId& person) {
  return std::find(people.begin(), people.end(), person) != people.end();
}

Instant days_before(Instant at, std::uint64_t days) { return {at.us - static_cast<std::int64_t>(days) * day_us}; }

}  // namespace

Decided<void> Campaign::may_change() const {
  if (end_.status == CampaignStatus::open) return {};
  return refuse(RefusalCode::review_ended,
                "the review \"" + opening_.review + "\" is " + std::string(to_text(end_.status)) + " since position " +
                    std::to_string(ended_by_) + "; nothing can be said of it any more.",
                "review");
}

Decided<void> Campaign::may_decide(const Wanted& wanted, Instant at) const {
  if (const auto open = may_change(); !open) return open.error();
  const Item& item = items()[wanted.item];
  const std::string& state = state_now(wanted.item);
  if (state.empty()) {
    const std::uint64_t by = changed_by(wanted.item);
    return refuse(
        RefusalCode::stale_state,
        (by == 0 ? std::string("the hold ran out") : "the hold ended by the event at position " + std::to_string(by)) +
            "; there is nothing left to decide.",
        "/state");
  }
  if (wanted.reviewer.subject == item.member) {
    return refuse(RefusalCode::forbidden, "nobody decides about themselves; another reviewer has to.", "/reviewer");
  }
  if (!has(reviewers(wanted.item, stage_, at), wanted.reviewer.subject)) {
    return refuse(RefusalCode::forbidden,
                  "the reviewer is not asked about this item in stage " + std::to_string(stage_ + 1) +
                      "; GET its \"reviewers\" says who is, and POST …/reassign asks somebody else.",
                  "/reviewer");
  }
  if (wanted.state != state) {
    return refuse(RefusalCode::stale_state,
                  "the hold is not as it was when you looked: its state is " + state +
                      "; read the item again and decide on what it is now.",
                  "/state");
  }
  const bool ends = wanted.verb == ReviewVerb::revoke || wanted.verb == ReviewVerb::change;
  const Justification justification = definition_.justification;
  if (!wanted.has_reason && wanted.verb != ReviewVerb::delegate &&
      (justification == Justification::always || (justification == Justification::endings && ends))) {
    return refuse(RefusalCode::missing_field, "this review wants a \"reason\" with each such decision.", "/reason");
  }
  if (wanted.verb == ReviewVerb::change) {
    if (item.kind != HoldKind::role && item.kind != HoldKind::grant) {
      return refuse(RefusalCode::invalid_field,
                    "only a direct role and a role granted on a scope can be changed into another; revoke this one.",
                    "/decision");
    }
    if (!wanted.role) return refuse(RefusalCode::missing_field, "\"change\" needs the \"role\" to change to.", "/role");
  } else if (wanted.role) {
    return refuse(RefusalCode::invalid_field, "\"role\" belongs to the decision \"change\".", "/role");
  }
  if (wanted.verb != ReviewVerb::delegate) {
    if (wanted.to || wanted.until) {
      return refuse(RefusalCode::invalid_field, "\"to\" and \"until\" belong to the decision \"delegate\".", "/to");
    }
    return {};
  }
  if (!wanted.to) return refuse(RefusalCode::missing_field, "\"delegate\" needs \"to\": who is to decide.", "/to");
  if (wanted.to->subject == item.member) {
    return refuse(RefusalCode::forbidden, "nobody decides about themselves; delegate it to somebody else.", "/to");
  }
  if (wanted.to->subject == wanted.reviewer.subject) {
    return refuse(RefusalCode::invalid_field, "it is yours already; delegate it to somebody else.", "/to");
  }
  if (wanted.until && *wanted.until <= at) {
    return refuse(RefusalCode::invalid_field, "\"until\" must lie ahead.", "/until");
  }
  return {};
}

std::map<SubjectId, std::uint64_t> Campaign::loads(Instant at) const {
  std::map<SubjectId, std::uint64_t> loads;
  for (ItemIndex i = 0; i < items().size(); ++i) {
    for (const SubjectId& reviewer : waits_for(i, at)) ++loads[reviewer];
  }
  return loads;
}

bool Campaign::all_decided() const {
  for (ItemIndex i = 0; i < items().size(); ++i) {
    if (item_status(i) == ItemStatus::open) return false;
  }
  return true;
}

// Reminders that have come due by now in this stage, as instants, the newest last.
std::vector<Instant> Campaign::reminders() const {
  std::vector<Instant> at;
  const Stage& stage = definition_.stages[stage_];
  const Instant end = stage_ends(stage_);
  for (const std::uint64_t days : stage.remind_days) {
    const Instant when = days_before(end, days);
    if (when > stage_began_[stage_]) at.push_back(when);
  }
  std::sort(at.begin(), at.end());
  return at;
}

std::vector<EventPayload> Campaign::due(Instant at) const {
  std::vector<EventPayload> events;
  if (end_.status != CampaignStatus::open) return events;
  const Stage& stage = definition_.stages[stage_];
  const Instant end = stage_ends(stage_);
  const bool early = definition_.ends_early && all_decided();
  if (early || at >= end) {
    const std::string because = early ? "decided" : "due";
    if (stage_ + 1 < definition_.stages.size()) {
      events.push_back(event::ReviewStageEnded{because, opening_.review, stage_});
    } else {
      events.push_back(closing(because));
    }
    return events;
  }
  // Of several reminders that fell due while nobody looked, one is sent.
  Instant newest{0};
  for (const Instant when : reminders()) {
    if (when <= at) newest = when;
  }
  const bool escalates = stage.escalate_to && at >= days_before(end, stage.escalate_days);
  if (newest.us == 0 && !escalates) return events;
  for (const auto& [reviewer, open] : loads(at)) {
    if (newest.us != 0 && !reminded_since(reviewer, newest)) {
      events.push_back(event::ReviewReminded{open, opening_.review, Person{{}, reviewer}, stage_});
    }
    if (!escalates || escalated_.contains({stage_, reviewer})) continue;
    const Person& to = definition_.people[*stage.escalate_to];
    if (to.subject == reviewer) continue;
    events.push_back(event::ReviewEscalated{open, opening_.review, Person{{}, reviewer}, stage_, to});
  }
  return events;
}

bool Campaign::reminded_since(const SubjectId& reviewer, Instant since) const {
  return std::any_of(reminded_.begin(), reminded_.end(), [&](const Reminded& one) {
    return one.stage == stage_ && one.reviewer == reviewer && one.at >= since;
  });
}

std::optional<Instant> Campaign::next_due(Instant after) const {
  if (end_.status != CampaignStatus::open) return std::nullopt;
  const Stage& stage = definition_.stages[stage_];
  const Instant end = stage_ends(stage_);
  Instant next = end;
  for (const Instant when : reminders()) {
    if (when > after) next = std::min(next, when);
  }
  if (stage.escalate_to) {
    const Instant when = days_before(end, stage.escalate_days);
    if (when > after) next = std::min(next, when);
  }
  // Whoever had delegated is asked again, and may not have been reminded.
  for (const auto& [item, moves] : item_moves_) {
    for (const Move& move : moves) {
      if (move.until && *move.until > after) next = std::min(next, *move.until);
    }
  }
  return std::max(next, after);
}

event::ReviewClosed Campaign::closing(std::string because) const {
  const End end{CampaignStatus::closed, because != "asked"};
  const Counts counts = counts_if(end);
  std::string text;
  for (ItemIndex i = 0; i < items().size(); ++i) {
    const Result result = result_if(i, end);
    text += items()[i].id + ' ' + state_now(i) + ' ' + std::string(to_text(result.ends)) + ' ' + result.role.text +
            ' ' + std::string(result.because) + '\n';
  }
  event::ReviewClosed event;
  event.because = std::move(because);
  event.carried = counts.carried;
  event.changed = counts.change;
  event.ended = counts.ended;
  event.kept = counts.keep;
  event.left_open = counts.unanswered;
  event.outcome_digest = to_hex(sha256(text));
  event.review = opening_.review;
  event.revoked = counts.revoke;
  return event;
}

}  // namespace tenure::review
