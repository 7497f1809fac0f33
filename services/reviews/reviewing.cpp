#include "services/reviews/reviewing.h"

#include <algorithm>
#include <cctype>

#include "events/digest.h"
#include "services/reviews/desk.h"
#include "services/reviews/review_records.h"

namespace tenure::services {

using projections::EntityKind;
using review::Campaign;
using review::Definition;

namespace {

constexpr std::size_t tries_max = 20;  // to close at a version while others append

std::string day_of(Instant at) { return format_instant(at).substr(0, 10); }

Refusal name_taken(const std::string& review) {
  return refuse(RefusalCode::already_exists, "there is a review \"" + review + "\" already; choose another id.", "/id");
}

// A refusal's sentence as one that stands alone.
std::string sentence(std::string because) {
  because.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(because.front())));
  return because;
}

}  // namespace

Acting acting_for(const std::string& review) {
  Acting acting;
  acting.actor = {ActorKind::system, Person{"review:" + review, {}}};
  acting.by = Recording{{}, {}, Channel::api, {}};
  return acting;
}

AppendResult Reviewing::append(const OrgId& org, std::vector<EventPayload> events, const Acting& acting,
                               std::optional<Version> expected, const std::optional<EventId>& id) {
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
  if (faults.empty() && definition.schedule) {
    if (auto over = schedule_is_over(*definition.schedule, parts_.now())) faults.push_back(std::move(*over));
  }
  if (!faults.empty()) return faults;
  return append(org.id, {event::ReviewDefined{definition.id, {stored_definition(definition)}, definition.people}},
                acting);
}

AppendResult Reviewing::withdraw(const OpenOrg& org, const std::string& definition, const Acting& acting) {
  return append(org.id, {event::ReviewWithdrawn{definition}}, acting);
}

// ---- opening -------------------------------------------------------------------------------------

// Gives everyone whom the definition names their subject; without making anybody, whoever is not known gets one that
// nobody has. Answers whether there is such a one.
Outcome<bool> Reviewing::resolve(const OpenOrg& org, Definition& definition, bool make) {
  std::vector<std::string_view> identities;
  std::vector<Person*> people;
  for (Person& person : definition.people) {
    if (!person.subject.empty()) continue;
    identities.push_back(person.identity);
    people.push_back(&person);
  }
  if (people.empty()) return false;
  if (make) {
    const auto subjects = parts_.people.find_or_make(org.id, identities);
    if (!subjects) return subjects.error();
    for (std::size_t i = 0; i < people.size(); ++i) people[i]->subject = (*subjects)[i];
    return false;
  }
  bool strangers = false;
  for (Person* person : people) {
    const auto subject = parts_.people.find(org.id, person->identity);
    if (!subject) return subject.error();
    if (*subject) {
      person->subject = **subject;
    } else {
      const Digest digest = sha256(person->identity);
      std::copy_n(digest.begin(), person->subject.bytes.size(), person->subject.bytes.begin());
      strangers = true;
    }
  }
  return strangers;
}

// The definition's id and the day, and a number where one of that name is known.
std::string Reviewing::new_name(const OpenOrg& org, EntityKind kind, const Definition& definition, Instant at,
                                Position known) {
  const std::string base = (definition.id.empty() ? "review" : definition.id) + "-" + day_of(at);
  std::string name = base;
  for (int n = 2;; ++n) {
    const auto named = was_named(parts_, org, kind, name, known);
    if (!named || !*named) return name;
    name = base + "-" + std::to_string(n);
  }
}

// Nothing, once it is recorded.
std::optional<Reviewing::OpenAnswer> Reviewing::record_opening(const OpenOrg& org, const Definition& definition,
                                                               const OpenWish& wish, const Acting& acting,
                                                               Opened& opened) {
  event::ReviewOpened event;
  event.as_of = opened.as_of;
  if (wish.by_definition) event.definition = definition.id;
  event.document.text = stored_definition(definition);
  event.due_at = opened.due_at;
  if (opened.population.found) event.found = Document{*opened.population.found};
  event.items = opened.items;
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
    if (refusals->front().code != RefusalCode::id_reused) return std::move(*refusals);
    return Refusals{name_taken(opened.review)};
  }
  opened.recorded = std::get<AppendAnswer>(std::move(result));
  return std::nullopt;
}

// What would be opened, or was to be; nothing is recorded. The definition has everyone's subject.
Reviewing::OpenAnswer Reviewing::work_out(const OpenOrg& org, Definition definition, const OpenWish& wish,
                                          const Reviews::Before& before) {
  const Instant now = wish.dry_run ? wish.dry_run->at : parts_.now();
  Opened opened;
  opened.pinned = wish.dry_run ? wish.dry_run->known : org.head.position;
  opened.as_of = opened.due_at = now;
  for (const review::Stage& stage : definition.stages) {
    opened.due_at.us += static_cast<std::int64_t>(stage.days) * 24 * 3600 * 1'000'000;
  }
  const auto sight = Sight::at(parts_, org, now, opened.pinned);
  if (!sight) return sight.error();
  auto faults = faults_of(**sight, definition);
  if (!faults.empty()) return faults;
  auto populated = populate(org, **sight, definition, *before.certificates, before.carried_from(definition));
  if (const auto* failure = std::get_if<Failure>(&populated)) return *failure;
  if (auto* refusal = std::get_if<Refusal>(&populated)) return Refusals{std::move(*refusal)};
  opened.population = std::move(std::get<Population>(populated));
  opened.review = wish.review.empty() ? new_name(org, EntityKind::review, definition, now, opened.pinned) : wish.review;
  opened.items = opened.population.items.size();
  if (opened.items == 0) {
    return Refusals{
        refuse(RefusalCode::invalid_field,
               "the scope matches nothing that anybody holds now, so there is nothing to review and nothing "
               "was opened; widen \"scope\".",
               "/scope")};
  }
  if (!opened.population.without_reviewer.empty() && !wish.dry_run) return nobody_asked(org, opened.population, wish);
  auto warnings = strangers(org, **sight, definition);
  if (!warnings) return warnings.error();
  opened.warnings = std::move(*warnings);
  if (!opened.population.without_reviewer.empty()) {
    auto because = about_nobody_asked(org, opened.population);
    if (!because) return because.error();
    opened.warnings.push_back(std::move(*because));
  }
  opened.definition = std::move(definition);
  return opened;
}

Reviewing::OpenAnswer Reviewing::open(const OpenOrg& org, Definition definition, const OpenWish& wish,
                                      const Acting& acting) {
  const Position pinned = wish.dry_run ? wish.dry_run->known : org.head.position;
  const auto before = reviews_.before(org, wish.by_definition ? definition.id : std::string(), pinned);
  if (!before) return before.error();
  Definition tried = definition;
  const auto somebody_new = resolve(org, tried, false);
  if (!somebody_new) return somebody_new.error();
  auto answer = work_out(org, std::move(tried), wish, *before);
  if (wish.dry_run || !std::holds_alternative<Opened>(answer)) return answer;
  if (*somebody_new) {
    // What is refused makes nobody: whoever is new here gets a subject once it stands, and it is worked out with that.
    const auto taken = was_named(parts_, org, EntityKind::review, wish.review, pinned);
    if (!taken) return taken.error();
    if (*taken) return Refusals{name_taken(wish.review)};
    if (const auto made = resolve(org, definition, true); !made) return made.error();
    answer = work_out(org, std::move(definition), wish, *before);
    if (!std::holds_alternative<Opened>(answer)) return answer;
  }
  auto& opened = std::get<Opened>(answer);
  // Whoever asks for it as soon as it is recorded finds what was worked out here.
  const auto alone = reviews_.loading();
  if (auto refused = record_opening(org, opened.definition, wish, acting, opened)) return std::move(*refused);
  keep(org.id.text, opened, *before);
  return answer;
}

// What was worked out to open a review is kept with it; where that fails, it is worked out again when somebody asks.
void Reviewing::keep(const std::string& org_name, Opened& opened, const Reviews::Before& before) {
  const auto org = open_org(parts_, org_name);
  if (!org) return;
  auto record = record_at(*org->snapshot, opened.recorded->items.front().position.value);
  if (record) reviews_.opened(*org, std::move(*record), std::move(opened.population), before);
}

EventId run_id(const std::string& definition, Instant due) {
  return EventId("review-run:" + definition + ":" + format_instant(due));
}

AppendResult Reviewing::skip(const OpenOrg& org, const std::string& definition, Instant due, const Refusal& because) {
  // The sentences of a run's refusals name roles, groups and numbers, and never a person: the log does not.
  const bool nothing = because.field == "/scope" && because.code == RefusalCode::invalid_field;
  event::ReviewSkipped event{nothing ? "The scope matches nothing that anybody holds." : sentence(because.because),
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
  event.report = wish.review.empty() ? new_name(org, EntityKind::access_report, definition, event.as_of, event.pinned)
                                     : wish.review;
  event.scheduled_for = wish.scheduled_for;
  const EventId id =
      wish.scheduled_for ? run_id(definition.id, *wish.scheduled_for) : EventId("report:" + event.report);
  return append(org.id, {std::move(event)}, acting, std::nullopt, id);
}

// ---- the end -------------------------------------------------------------------------------------

AppendResult Reviewing::end_stage(const OpenOrg& org, HeldReview& review, const Acting& acting) {
  const Campaign& campaign = *review->campaign;
  if (const auto open = campaign.may_change(); !open) return Refusals{open.error()};
  if (campaign.stage() + 1 >= campaign.definition().stages.size()) {
    return Refusals{refuse(RefusalCode::invalid_field, "this is the last stage; close the review instead.", "stage")};
  }
  return append(org.id, {event::ReviewStageEnded{"asked", campaign.opening().review, campaign.stage()}}, acting);
}

AppendResult Reviewing::cancel(const OpenOrg& org, HeldReview& review, const Acting& acting) {
  if (const auto open = review->campaign->may_change(); !open) return Refusals{open.error()};
  return append(org.id, {event::ReviewCancelled{review->campaign->opening().review}}, acting);
}

AppendResult Reviewing::close(const std::string& org_name, const std::string& id, const std::string& because,
                              const Acting& acting, bool if_due) {
  AppendResult result = fail(FailureCode::conflict, "the organization's events came faster than the review was closed");
  for (std::size_t n = 0; n < tries_max; ++n) {
    auto org = open_org(parts_, org_name);
    if (!org) return fail(FailureCode::not_found, "there is no organization \"" + org_name + "\"");
    auto review = reviews_.get(*org, id, parts_.now());
    if (!review) return review.error();
    if (!*review) return Refusals{refuse(RefusalCode::not_found, "there is no review \"" + id + "\".", "review")};
    if (const auto open = (*review)->campaign->may_change(); !open) return Refusals{open.error()};
    if (if_due) {
      const auto due = (*review)->campaign->due(parts_.now());
      const auto* still = due.empty() ? nullptr : std::get_if<event::ReviewClosed>(&due.front());
      if (!still || still->because != because)
        return Refusals{refuse(RefusalCode::version_conflict, "it is not due any more.", "review")};
    }
    event::ReviewClosed event = (*review)->campaign->closing(because);
    event.as_of = (*review)->at;
    result = append(org->id, {std::move(event)}, acting, review->on(*org).head.version);
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
    if (!*review || (*review)->campaign->status() != review::CampaignStatus::open) return false;
    due = (*review)->campaign->due(parts_.now());
    if (due.empty()) return true;
    if (!std::holds_alternative<event::ReviewClosed>(due.front())) {
      const auto result = append(org->id, std::move(due), acting_for(id));
      if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
      return true;
    }
  }
  const auto result = close(org_name, id, std::get<event::ReviewClosed>(due.front()).because, acting_for(id), true);
  if (const auto* failure = std::get_if<Failure>(&result)) return *failure;
  return std::holds_alternative<Refusals>(result);  // what came meanwhile has opened an item again
}

}  // namespace tenure::services
