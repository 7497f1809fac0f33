// Decisions: each is held to the state that its reviewer saw and to the rules of every team, and what stands is
// recorded with one commit.
#include <functional>
#include <set>
#include <utility>

#include "events/lifecycle.h"
#include "projections/team_state.h"
#include "services/reviews/desk.h"

namespace tenure::services {

using projections::FactsTeamState;
using review::Campaign;
using review::Ends;
using review::ItemIndex;

namespace {

// Why no rule of any team lets the hold end so, or become another one; nothing if they do.
std::optional<Refusal> breaks_a_rule(Sight& sight, const FactsTeamState& state, const projections::Hold& hold,
                                     const SubjectId& member, Ends ends, const RoleId& role) {
  for (EventPayload& payload : remedy_of(sight, hold, member, ends, role)) {
    Event event;
    event.occurred_at = sight.at();
    event.actor = {ActorKind::system, Person{"review", {}}};
    event.data = std::move(payload);
    const auto verdict = lifecycle_violation(*sight.model(), event, state);
    if (!verdict || verdict->result != VerdictResult::violation) continue;
    Refusal refusal = refuse(RefusalCode::not_allowed, verdict->because, "/decision");
    refusal.rule = verdict->rule;
    return refusal;
  }
  return std::nullopt;
}

// Why the reviewer may not give what a change gives: the review takes by its own authority and gives by theirs.
std::optional<Refusal> may_not_give(Sight& sight, const FactsTeamState& state, const projections::Hold& hold,
                                    const SubjectId& member, const RoleId& role, const Actor& reviewer) {
  for (EventPayload& payload : remedy_of(sight, hold, member, Ends::change, role)) {
    Event event;
    event.occurred_at = sight.at();
    event.actor = reviewer;
    event.data = std::move(payload);
    const Verdict verdict = judge(*sight.model(), event, state);
    if (verdict.result == VerdictResult::allowed) continue;
    Refusal refusal = refuse(RefusalCode::not_allowed,
                             "the change gives more than the hold does, and the reviewer may not give that themselves" +
                                 (verdict.because.empty() ? std::string() : ": " + verdict.because) +
                                 "; revoke it or change it to less, and have somebody who may give it do so.",
                             "/decision");
    refusal.rule = verdict.rule.empty() ? "unspecified" : verdict.rule;
    return refusal;
  }
  return std::nullopt;
}

// The organization as it will be when what the review has come to so far is done: some holders of a role hold it no
// more. Two decisions may each be right alone and together leave nobody who holds a role that needs a holder.
class StateAsDecided : public FactsTeamState {
 public:
  // Members whose role is taken by a decision, of those whose direct role it is.
  using Losers = std::function<std::vector<projections::Number>(const RoleId& role)>;
  StateAsDecided(projections::Facts facts, projections::Models::Model model, Losers losers)
      : FactsTeamState(std::move(facts), std::move(model)), losers_(std::move(losers)) {}

  std::size_t holders(const RoleId& role, std::size_t enough) const override {
    const auto losers = losers_(role);
    return FactsTeamState::holders(role, enough + losers.size()) - losers.size();
  }
  std::size_t active_holders(const RoleId& role, std::size_t enough) const override {
    auto losers = losers_(role);
    std::erase_if(losers, [&](projections::Number loser) { return access().disabled(loser); });
    return FactsTeamState::active_holders(role, enough + losers.size()) - losers.size();
  }

 private:
  Losers losers_;
};

// Whether the model or the organization has the role now.
bool is_role(Sight& sight, const RoleId& role) {
  if (sight.model()->role(role.text)) return true;
  const auto number = sight.facts().number(projections::EntityKind::role, role.text);
  return number != 0 && sight.access().role_exists(number);
}

Refusal gone(std::string field) {
  return refuse(RefusalCode::forbidden,
                "whoever was removed from the organization or is disabled does not review; have the item reassigned to "
                "somebody else.",
                std::move(field));
}

// The decisions of one call, by one reviewer.
class Call {
 public:
  // `speaker`: whose token it is.
  Call(Parts& parts, const OpenOrg& org, Review& review, Sight& sight, const Actor& reviewer, const SubjectId& speaker,
       Instant now)
      : parts_(parts),
        org_(org),
        review_(review),
        sight_(sight),
        state_(sight.facts().moved_to(sight.facts().at()), sight.model(),
               [this](const RoleId& role) { return losers_of(role); }),
        reviewer_(reviewer),
        speaker_(speaker),
        reviewer_may_(sight.may_review(reviewer.who.subject)),
        now_(now) {}

  // What the decision is recorded as; a Refusal says why it is not.
  using Checked = std::variant<event::ReviewDecided, Refusal, Failure>;
  Checked check(const WantedDecision& wanted) {
    const Campaign& campaign = *review_.campaign;
    const auto item = campaign.find(wanted.item);
    if (!item) {
      return refuse(RefusalCode::not_found, "the review has no item \"" + wanted.item + "\"; its items list them.",
                    "/item");
    }
    review::Wanted asks;
    asks.verb = wanted.verb;
    asks.item = *item;
    asks.reviewer = reviewer_.who;
    asks.state = wanted.state;
    asks.role = wanted.role;
    asks.until = wanted.until;
    asks.has_reason = wanted.reason.has_value();
    if (wanted.to) {
      // Whoever is new here is made with the record, if there is one: what is refused makes nobody.
      const auto to = parts_.people.find(org_.id, *wanted.to);
      if (!to) return to.error();
      asks.to = Person{*wanted.to, to->value_or(SubjectId{})};
    }
    if (const auto may = campaign.may_decide(asks, now_); !may) return may.error();
    if (!reviewer_may_) return gone("/reviewer");
    if (speaker_ == campaign.items()[*item].member) {
      return refuse(RefusalCode::forbidden,
                    "nobody decides about themselves, in another's name either; whoever is asked has to.", "/reviewer");
    }
    if (asks.to && !sight_.may_review(asks.to->subject)) return gone("/to");
    if (wanted.role && !is_role(sight_, *wanted.role)) {
      return refuse(RefusalCode::unknown_role,
                    "there is no role \"" + wanted.role->text + "\" to change to; GET …/roles lists them.", "/role");
    }
    if (wanted.role && is_so_already(*item, *wanted.role)) {
      return refuse(RefusalCode::invalid_field,
                    "the role is \"" + wanted.role->text + "\" already; \"keep\" says that it stays.", "/role");
    }
    const review::Item& of = campaign.items()[*item];
    asked_ = *item;
    if (wanted.verb == ReviewVerb::revoke || wanted.verb == ReviewVerb::change) {
      const Ends ends = wanted.verb == ReviewVerb::revoke ? Ends::revoke : Ends::change;
      const projections::Hold hold = review_.hold_in(sight_.holds(), *item);
      const RoleId role = wanted.role.value_or(RoleId());
      if (auto broken = breaks_a_rule(sight_, state_, hold, of.member, ends, role)) return std::move(*broken);
      if (ends == Ends::change && sight_.enforces() && !lowers(sight_, hold, role)) {
        if (auto may_not = may_not_give(sight_, state_, hold, of.member, role, reviewer_)) return std::move(*may_not);
      }
      if (of.kind == review::HoldKind::role) taken_.insert(*item);
    } else {
      taken_.erase(*item);
    }
    event::ReviewDecided event;
    event.decision = wanted.verb;
    event.item = wanted.item;
    event.member = Person{{}, of.member};
    event.review = campaign.opening().review;
    event.role = wanted.role;
    event.stage = campaign.stage();
    event.state = wanted.state;
    event.to = asks.to;
    event.until = wanted.until;
    return event;
  }

  std::optional<Failure> failure() { return state_.failure() ? state_.failure() : sight_.facts().failure(); }

 private:
  // Whether a change to the role would change nothing.
  bool is_so_already(ItemIndex item, const RoleId& role) {
    const auto hold = sight_.holds().now(review_.hold_in(sight_.holds(), item));
    return hold && sight_.facts().name(hold->kind == review::HoldKind::grant ? hold->role : hold->of).name == role.text;
  }
  // Whose role is taken by what was decided before this decision, in this call or earlier.
  std::vector<projections::Number> losers_of(const RoleId& role) {
    std::vector<projections::Number> losers;
    const projections::Number number = sight_.facts().number(projections::EntityKind::role, role.text);
    if (number == 0) return losers;
    const Campaign& campaign = *review_.campaign;
    for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
      const projections::Hold& hold = review_.hold(i);
      if (i == asked_ || hold.kind != review::HoldKind::role) continue;
      if (hold.of != number && campaign.state_now(i) == campaign.items()[i].state) continue;
      const Ends ends = campaign.result(i).ends;
      const bool taken = taken_.contains(i) || ends == Ends::revoke || ends == Ends::change;
      if (taken && sight_.access().direct_role(hold.member) == number) losers.push_back(hold.member);
    }
    return losers;
  }

  Parts& parts_;
  const OpenOrg& org_;
  Review& review_;
  Sight& sight_;
  StateAsDecided state_;
  std::set<ItemIndex> taken_;  // roles that earlier decisions of this call take
  ItemIndex asked_ = 0;        // what is decided on now
  Actor reviewer_;
  SubjectId speaker_;
  const bool reviewer_may_;
  Instant now_;
};

}  // namespace

Outcome<std::vector<DecisionMade>> Reviewing::decide(const OpenOrg& org, HeldReview& review,
                                                     const std::vector<WantedDecision>& wanted, const Acting& acting) {
  const Instant now = parts_.now();
  const auto sight = Sight::at(parts_, org, now, org.head.position);
  if (!sight) return sight.error();
  const auto known = parts_.people.find(org.id, acting.actor.who.identity);
  if (!known) return known.error();
  const Person reviewer{acting.actor.who.identity, known->value_or(SubjectId{})};
  const auto speaker = acting.by.principal.empty() ? Outcome<std::optional<SubjectId>>(std::optional<SubjectId>())
                                                   : parts_.people.find(org.id, acting.by.principal);
  if (!speaker) return speaker.error();
  Call call(parts_, org, *review.review, **sight, {acting.actor.kind, reviewer}, speaker->value_or(SubjectId{}), now);
  AppendRequest request;
  request.org = org.id;
  request.own = true;
  request.by = acting.by;
  std::vector<DecisionMade> made(wanted.size());
  std::vector<std::size_t> stands;  // which of them are recorded
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    auto checked = call.check(wanted[i]);
    if (const auto* failure = std::get_if<Failure>(&checked)) return *failure;
    if (auto* refusal = std::get_if<Refusal>(&checked)) {
      refusal->index = i;
      made[i].refused = std::move(*refusal);
      continue;
    }
    Event said;
    said.actor = {acting.actor.kind, reviewer};
    if (wanted[i].reason) said.reason = PrivateText{*wanted[i].reason};
    said.ticket = wanted[i].ticket;
    // What comes in one call stays told apart from what was decided one by one.
    if (wanted.size() > 1) said.correlation_id = "bulk:" + std::to_string(now.us);
    said.data = std::move(std::get<event::ReviewDecided>(checked));
    request.events.push_back(std::move(said));
    stands.push_back(i);
  }
  if (const auto failure = call.failure()) return *failure;
  if (stands.empty()) return made;
  const auto result = recorded(std::move(request));
  if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  for (std::size_t n = 0; n < stands.size(); ++n) {
    DecisionMade& one = made[stands[n]];
    if (const auto* refusals = std::get_if<Refusals>(&result)) {
      one.refused = refusals->front();
      one.refused->index = stands[n];
    } else {
      one.position = std::get<AppendAnswer>(result).items[n].position;
    }
  }
  return made;
}

}  // namespace tenure::services
