#include "services/reviews/reviewing.h"

#include <algorithm>

#include "events/digest.h"
#include "events/lifecycle.h"
#include "projections/team_state.h"
#include "services/reviews/desk.h"

namespace tenure::services {

using projections::EntityKind;
using projections::FactsTeamState;
using review::Campaign;
using review::Definition;
using review::Ends;
using review::ItemIndex;

namespace {

constexpr std::size_t tries_max = 20;  // to close at a version while others append

std::string day_of(Instant at) { return format_instant(at).substr(0, 10); }

// Items by whose they are and what they hold, for a sentence.
constexpr std::size_t named_in_a_sentence = 5;

}  // namespace

Acting acting_for(const std::string& review) {
  Acting acting;
  acting.actor = {ActorKind::system, Person{"review:" + review, {}}};
  acting.by = Recording{{}, {}, Channel::api, {}};
  return acting;
}

AppendResult Reviewing::append(const OrgId& org, std::vector<EventPayload> events, const Acting& acting,
                               std::optional<Version> expected, std::optional<EventId> id) {
  AppendRequest request;
  request.org = org;
  request.own = true;
  request.by = acting.by;
  request.expected = expected;
  for (EventPayload& payload : events) {
    Event event;
    event.actor = acting.actor;
    if (acting.reason) event.reason = PrivateText{*acting.reason};
    event.ticket = acting.ticket;
    event.id = id;
    event.data = std::move(payload);
    request.events.push_back(std::move(event));
  }
  return recorded(std::move(request));
}

// What was recorded may be what the clock waits for.
AppendResult Reviewing::recorded(AppendRequest request) {
  const std::string org = request.org.text;
  auto result = parts_.appends.submit_and_wait(std::move(request));
  if (parts_.reviews && std::holds_alternative<AppendAnswer>(result)) parts_.reviews->clock.look(org);
  return result;
}

// ---- definitions ---------------------------------------------------------------------------------

AppendResult Reviewing::define(const OpenOrg& org, const Definition& definition, const Acting& acting) {
  const auto sight = Sight::at(parts_, org, parts_.now(), org.head.position);
  if (!sight) return sight.error();
  auto faults = faults_of(**sight, definition);
  if ((*sight)->facts().failure()) return *(*sight)->facts().failure();
  if (!faults.empty()) return faults;
  return append(org.id, {event::ReviewDefined{definition.id, {stored_definition(definition)}, definition.people}},
                acting);
}

AppendResult Reviewing::withdraw(const OpenOrg& org, const std::string& definition, const Acting& acting) {
  return append(org.id, {event::ReviewWithdrawn{definition}}, acting);
}

// ---- opening -------------------------------------------------------------------------------------

// Gives everyone whom the definition names their subject; without making anybody, whoever is not known gets one that
// nobody has.
Outcome<void> Reviewing::resolve(const OpenOrg& org, Definition& definition, bool make) {
  std::vector<std::string_view> identities;
  std::vector<Person*> people;
  for (Person& person : definition.people) {
    if (!person.subject.empty()) continue;
    identities.push_back(person.identity);
    people.push_back(&person);
  }
  if (people.empty()) return {};
  if (make) {
    const auto subjects = parts_.people.find_or_make(org.id, identities);
    if (!subjects) return subjects.error();
    for (std::size_t i = 0; i < people.size(); ++i) people[i]->subject = (*subjects)[i];
    return {};
  }
  for (Person* person : people) {
    const auto subject = parts_.people.find(org.id, person->identity);
    if (!subject) return subject.error();
    if (*subject) {
      person->subject = **subject;
    } else {
      const Digest digest = sha256(person->identity);
      std::copy_n(digest.begin(), person->subject.bytes.size(), person->subject.bytes.begin());
    }
  }
  return {};
}

// The definition's id and the day, and a number where there is one of that name.
std::string Reviewing::new_name(const OpenOrg& org, EntityKind kind, const Definition& definition, Instant at) {
  const std::string base = (definition.id.empty() ? "review" : definition.id) + "-" + day_of(at);
  std::string name = base;
  for (int n = 2;; ++n) {
    const auto number = parts_.names.number(*org.snapshot, org.number, kind, name, org.head.next_number);
    if (!number || *number == 0) return name;
    name = base + "-" + std::to_string(n);
  }
}

namespace {

// The refusal to open a review with items that nobody may be asked about, which names whose they are.
Outcome<Refusal> nobody_to_ask(Parts& parts, const OpenOrg& org, const Population& population) {
  const auto& nobody = population.without_reviewer;
  std::string whose;
  for (std::size_t i = 0; i < nobody.size() && i < named_in_a_sentence; ++i) {
    const auto identity =
        parts.identities.of_member(*org.snapshot, org.id, org.number, population.holds[nobody[i]].member);
    if (!identity) return identity.error();
    whose += (i == 0 ? "" : ", ") + *identity;
  }
  return refuse(RefusalCode::invalid_field,
                "nobody may be asked about " + std::to_string(nobody.size()) + " of " +
                    std::to_string(population.items.size()) + " items (of " + whose +
                    (nobody.size() > named_in_a_sentence ? ", …" : "") +
                    "): nobody reviews themselves, and who was removed or is disabled is not asked; add a "
                    "\"fallback\".",
                "/stages");
}

}  // namespace

Reviewing::OpenAnswer Reviewing::open(const OpenOrg& org, Definition definition, const OpenWish& wish,
                                      const Acting& acting) {
  const Instant now = parts_.now();
  Opened opened;
  opened.pinned = org.head.position;
  opened.as_of = opened.due_at = now;
  for (const review::Stage& stage : definition.stages) {
    opened.due_at.us += static_cast<std::int64_t>(stage.days) * 24 * 3600 * 1'000'000;
  }
  if (const auto done = resolve(org, definition, !wish.dry_run); !done) return done.error();
  const auto sight = Sight::at(parts_, org, now, opened.pinned);
  if (!sight) return sight.error();
  auto faults = faults_of(**sight, definition);
  if (!faults.empty()) return faults;
  const auto before = reviews_.before(org, wish.by_definition ? definition.id : std::string(), opened.pinned);
  if (!before) return before.error();
  auto populated = populate(parts_, org, **sight, definition, *before->certificates, before->last);
  if (const auto* failure = std::get_if<Failure>(&populated)) return *failure;
  if (auto* refusal = std::get_if<Refusal>(&populated)) return Refusals{std::move(*refusal)};
  opened.population = std::move(std::get<Population>(populated));
  opened.review = wish.review.empty() ? new_name(org, EntityKind::review, definition, now) : wish.review;
  if (opened.population.items.empty()) {
    return Refusals{
        refuse(RefusalCode::invalid_field,
               "the scope matches nothing that anybody holds now, so there is nothing to review and nothing "
               "was opened; widen \"scope\".",
               "/scope")};
  }
  if (!opened.population.without_reviewer.empty() && !wish.dry_run) {
    const auto no = nobody_to_ask(parts_, org, opened.population);
    return no ? OpenAnswer(Refusals{*no}) : OpenAnswer(no.error());
  }
  if (!wish.dry_run) {
    event::ReviewOpened event;
    event.as_of = opened.as_of;
    if (wish.by_definition) event.definition = definition.id;
    event.document.text = stored_definition(definition);
    event.due_at = opened.due_at;
    event.items = opened.population.items.size();
    event.items_digest = opened.population.digest;
    event.people = definition.people;
    event.pinned = opened.pinned;
    event.review = opened.review;
    event.scheduled_for = wish.scheduled_for;
    // One review of a name, for ever; one run of a schedule, whoever sees first that it is due.
    const EventId id =
        wish.scheduled_for ? run_id(definition.id, *wish.scheduled_for) : EventId("review:" + opened.review);
    auto result = append(org.id, {std::move(event)}, acting, std::nullopt, id);
    if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
    if (auto* refusals = std::get_if<Refusals>(&result)) {
      if (refusals->front().code == RefusalCode::id_reused) {
        return Refusals{refuse(RefusalCode::already_exists,
                               "there is a review \"" + opened.review + "\" already; choose another id.", "/id")};
      }
      return std::move(*refusals);
    }
    opened.recorded = std::get<AppendAnswer>(std::move(result));
  }
  opened.definition = std::move(definition);
  return opened;
}

EventId run_id(const std::string& definition, Instant due) {
  return EventId("review-run:" + definition + ":" + format_instant(due));
}

AppendResult Reviewing::skip(const OpenOrg& org, const std::string& definition, Instant due, const Refusal& because) {
  // The sentence of a refusal may name people, which the log does not.
  const bool nobody_asked = because.field == "/stages";
  event::ReviewSkipped event{nobody_asked                ? "There are items that nobody may be asked about."
                             : because.field == "/scope" ? "The scope matches nothing that anybody holds."
                                                         : "The definition names what is not there any more.",
                             definition, due};
  return append(org.id, {std::move(event)}, acting_for(definition), std::nullopt, run_id(definition, due));
}

AppendResult Reviewing::report(const OpenOrg& org, const Definition& definition, const OpenWish& wish,
                               const Acting& acting) {
  event::AccessReported event;
  event.as_of = parts_.now();
  if (wish.by_definition) event.definition = definition.id;
  event.from = {event.as_of.us - static_cast<std::int64_t>(definition.period_days) * 24 * 3600 * 1'000'000};
  const auto before = reviews_.reports(org, org.head.position);
  if (!before) return before.error();
  for (const Record& record : *before) {
    const auto& earlier = std::get<event::AccessReported>(record.event.data);
    if (wish.by_definition && earlier.definition == definition.id) event.from = earlier.as_of;
  }
  event.pinned = org.head.position;
  event.report = wish.review.empty() ? new_name(org, EntityKind::access_report, definition, event.as_of) : wish.review;
  event.scheduled_for = wish.scheduled_for;
  const EventId id =
      wish.scheduled_for ? run_id(definition.id, *wish.scheduled_for) : EventId("report:" + event.report);
  return append(org.id, {std::move(event)}, acting, std::nullopt, id);
}

// ---- decisions -----------------------------------------------------------------------------------

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

// Whether the model or the organization has the role now.
bool is_role(Sight& sight, const RoleId& role) {
  if (sight.model()->role(role.text)) return true;
  const auto number = sight.facts().number(EntityKind::role, role.text);
  return number != 0 && sight.access().role_exists(number);
}

// Why what a decision would come to cannot be; nothing if it can.
std::optional<Refusal> no_to(Sight& sight, const FactsTeamState& state, const WantedDecision& one,
                             const projections::Hold& hold, const SubjectId& member) {
  if (one.role && !is_role(sight, *one.role)) {
    return refuse(RefusalCode::unknown_role,
                  "there is no role \"" + one.role->text + "\" to change to; GET …/roles lists them.", "/role");
  }
  if (one.verb != ReviewVerb::revoke && one.verb != ReviewVerb::change) return std::nullopt;
  const Ends ends = one.verb == ReviewVerb::revoke ? Ends::revoke : Ends::change;
  return breaks_a_rule(sight, state, hold, member, ends, one.role.value_or(RoleId()));
}

// The event that a decision is.
Event said_of(const Campaign& campaign, const WantedDecision& one, const review::Item& item, const review::Wanted& asks,
              const Actor& actor, const std::string& call) {
  event::ReviewDecided event;
  event.decision = one.verb;
  event.item = one.item;
  event.member = Person{{}, item.member};
  event.review = campaign.opening().review;
  event.role = one.role;
  event.stage = campaign.stage();
  event.state = one.state;
  event.to = asks.to;
  event.until = one.until;
  Event said;
  said.actor = {actor.kind, asks.reviewer};
  if (one.reason) said.reason = PrivateText{*one.reason};
  said.ticket = one.ticket;
  if (!call.empty()) said.correlation_id = call;
  said.data = std::move(event);
  return said;
}

}  // namespace

Outcome<std::vector<DecisionMade>> Reviewing::decide(const OpenOrg& org, HeldReview& review,
                                                     const std::vector<WantedDecision>& wanted, const Acting& acting) {
  const Campaign& campaign = review->campaign;
  const Instant now = parts_.now();
  const auto sight = Sight::at(parts_, org, now, org.head.position);
  if (!sight) return sight.error();
  const FactsTeamState state((*sight)->facts().moved_to((*sight)->facts().at()), (*sight)->model());
  const auto speaks = parts_.people.find(org.id, acting.actor.who.identity);
  if (!speaks) return speaks.error();
  const SubjectId reviewer = speaks->value_or(SubjectId{});

  AppendRequest request;
  request.org = org.id;
  request.own = true;
  request.by = acting.by;
  // What comes in one call stays told apart from what was decided one by one.
  const std::string call = wanted.size() > 1 ? "bulk:" + std::to_string(now.us) : std::string();
  std::vector<DecisionMade> made(wanted.size());
  std::vector<std::size_t> recorded;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const WantedDecision& one = wanted[i];
    const auto refused = [&](Refusal refusal) {
      refusal.index = i;
      made[i].refused = std::move(refusal);
    };
    const auto item = campaign.find(one.item);
    if (!item) {
      refused(
          refuse(RefusalCode::not_found, "the review has no item \"" + one.item + "\"; its items list them.", "/item"));
      continue;
    }
    const Person speaker{acting.actor.who.identity, reviewer};
    review::Wanted asks{one.verb, *item, speaker, one.state, one.role, {}, one.until, one.reason.has_value()};
    if (one.to) {
      const auto to = parts_.people.find_or_make(org.id, {*one.to});
      if (!to) return to.error();
      asks.to = Person{*one.to, to->front()};
    }
    if (auto may = campaign.may_decide(asks, now); !may) {
      refused(std::move(may.error()));
      continue;
    }
    const auto& of = campaign.items()[*item];
    if (auto no = no_to(**sight, state, one, review->holds[*item], of.member)) {
      refused(std::move(*no));
      continue;
    }
    request.events.push_back(said_of(campaign, one, of, asks, acting.actor, call));
    recorded.push_back(i);
  }
  if (state.failure()) return *state.failure();
  if ((*sight)->facts().failure()) return *(*sight)->facts().failure();
  if (recorded.empty()) return made;
  const auto result = this->recorded(std::move(request));
  if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  if (const auto* refusals = std::get_if<Refusals>(&result)) {
    for (const std::size_t i : recorded) {
      made[i].refused = refusals->front();
      made[i].refused->index = i;
    }
    return made;
  }
  const auto& answer = std::get<AppendAnswer>(result);
  for (std::size_t n = 0; n < recorded.size(); ++n) made[recorded[n]].position = answer.items[n].position;
  return made;
}

AppendResult Reviewing::reassign(const OpenOrg& org, HeldReview& review, const std::optional<std::string>& from,
                                 const std::string& to, const std::optional<std::string>& item, const Acting& acting) {
  if (const auto open = review->campaign.may_change(); !open) return Refusals{open.error()};
  if (item && !review->campaign.find(*item)) {
    return Refusals{refuse(RefusalCode::not_found, "the review has no item \"" + *item + "\".", "/item")};
  }
  event::ReviewReassigned event;
  if (from) {
    const auto known = parts_.people.find(org.id, *from);
    if (!known) return known.error();
    if (!*known) {
      return Refusals{refuse(RefusalCode::unknown_member, "nobody is known as \"" + *from + "\" here.", "/from")};
    }
    event.from = Person{*from, **known};
  }
  event.item = item;
  event.review = review->campaign.opening().review;
  event.to = Person{to, {}};
  return append(org.id, {std::move(event)}, acting);
}

// ---- the end -------------------------------------------------------------------------------------

AppendResult Reviewing::end_stage(const OpenOrg& org, HeldReview& review, const Acting& acting) {
  const Campaign& campaign = review->campaign;
  if (const auto open = campaign.may_change(); !open) return Refusals{open.error()};
  if (campaign.stage() + 1 >= campaign.definition().stages.size()) {
    return Refusals{refuse(RefusalCode::invalid_field, "this is the last stage; close the review instead.", "stage")};
  }
  return append(org.id, {event::ReviewStageEnded{"asked", campaign.opening().review, campaign.stage()}}, acting);
}

AppendResult Reviewing::cancel(const OpenOrg& org, HeldReview& review, const Acting& acting) {
  if (const auto open = review->campaign.may_change(); !open) return Refusals{open.error()};
  return append(org.id, {event::ReviewCancelled{review->campaign.opening().review}}, acting);
}

AppendResult Reviewing::close(const std::string& org_name, const std::string& id, const std::string& because,
                              const Acting& acting) {
  AppendResult result = fail(FailureCode::conflict, "the organization's events came faster than the review was closed");
  for (std::size_t n = 0; n < tries_max; ++n) {
    auto org = open_org(parts_, org_name);
    if (!org) return fail(FailureCode::not_found, "there is no organization \"" + org_name + "\"");
    auto review = reviews_.get(*org, id, parts_.now());
    if (!review) return review.error();
    if (!*review) return Refusals{refuse(RefusalCode::not_found, "there is no review \"" + id + "\".", "review")};
    if (const auto open = (*review)->campaign.may_change(); !open) return Refusals{open.error()};
    event::ReviewClosed event = (*review)->campaign.closing(because);
    event.as_of = (*review)->at;
    result = append(org->id, {std::move(event)}, acting, org->head.version);
    const auto* refusals = std::get_if<Refusals>(&result);
    if (!refusals || refusals->front().code != RefusalCode::version_conflict) break;
  }
  if (std::holds_alternative<AppendAnswer>(result)) {
    if (const auto done = remedy(org_name, id, false); !done) return done.error();
  }
  return result;
}

Outcome<bool> Reviewing::tick(const std::string& org_name, const std::string& id) {
  std::vector<EventPayload> due;
  {
    auto org = open_org(parts_, org_name);
    if (!org) return fail(FailureCode::not_found, "there is no organization \"" + org_name + "\"");
    auto review = reviews_.get(*org, id, parts_.now());
    if (!review) return review.error();
    if (!*review || (*review)->campaign.status() != review::CampaignStatus::open) return false;
    due = (*review)->campaign.due(parts_.now());
    if (due.empty()) return true;
    if (!std::holds_alternative<event::ReviewClosed>(due.front())) {
      const auto result = append(org->id, std::move(due), acting_for(id));
      if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
      return true;
    }
  }
  const auto result = close(org_name, id, std::get<event::ReviewClosed>(due.front()).because, acting_for(id));
  if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  return false;
}

}  // namespace tenure::services
