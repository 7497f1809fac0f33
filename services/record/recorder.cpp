#include "services/record/recorder.h"

#include <algorithm>
#include <cassert>
#include <chrono>
#include <map>

#include "events/digest.h"
#include "events/lifecycle.h"
#include "events/limits.h"
#include "events/people.h"
#include "events/wire/event_wire.h"
#include "events/wire/record_wire.h"
#include "projections/before.h"
#include "services/record/batch.h"

namespace tenure::services {

using projections::EntityKind;
using projections::Facts;
using projections::FactsTeamState;
using projections::Point;

Instant system_clock_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<std::chrono::microseconds>(now).count()};
}

namespace {

constexpr std::size_t ids_read_an_event = 64;

// Why an action is refused of which no rule says who may.
std::string said_nothing_of(const AccessModel& model, const Event& event) {
  return "The access model \"" + model.id().text + "\" does not say who may do " + std::string(type_name(event.data)) +
         ", and mode enforce lets through only what it allows; a version of the model with a rule for it would say.";
}

}  // namespace

std::optional<Person> key_owner(const Event& event) {
  std::optional<Person> owner;
  each_person_in_data(event, [&](const Person& person) {
    if (!owner) owner = person;
  });
  if (!owner && event.actor.is_person()) owner = event.actor.who;
  return owner;
}

Recorder::Recorder(storage::Store& store, storage::People& people, const projections::Models& models, Clock clock)
    : store_(store),
      people_(people),
      models_(models),
      clock_(std::move(clock)),
      fold_(models, names_),
      head_(store.head()) {}

Recorder::~Recorder() = default;

std::vector<AppendResult> Recorder::record(std::vector<AppendRequest> requests) {
  const std::size_t count = requests.size();
  const auto failed = [&](const Failure& failure) {
    forget();
    return std::vector<AppendResult>(count, AppendResult(failure));
  };
  auto results = decide(std::move(requests));
  if (!results) return failed(results.error());
  auto commit = take();
  if (commit.empty()) return std::move(*results);
  if (const auto done = store_.commit(std::move(commit)); !done) return failed(done.error());
  committed();
  return std::move(*results);
}

Outcome<std::vector<AppendResult>> Recorder::decide(std::vector<AppendRequest> requests) {
  if (!decided_) begin();
  Batch& batch = *decided_;
  if (newest_.us == 0 && head_.value > 0) {
    const auto last = batch.record(head_);
    if (!last) return last.error();
    newest_ = last->recorded_at;
  }
  batch.now = std::max(clock_(), Instant{newest_.us + 1});
  const std::size_t before = batch.records.size();
  if (const auto done = resolve_people(batch, requests); !done) return done.error();
  std::vector<AppendResult> results;
  results.reserve(requests.size());
  for (AppendRequest& request : requests) {
    results.push_back(take(batch, request));
    // A failure of the store in the middle leaves the views in doubt: the whole batch goes.
    if (const auto* failure = std::get_if<Failure>(&results.back())) return *failure;
  }
  head_ = Position(batch.next().value - 1);
  if (batch.records.size() > before) newest_ = batch.now;
  return results;
}

storage::Commit Recorder::take() {
  assert(!under_way_);
  if (!decided_) return {};
  write_places(*decided_);
  drop_old_keys(*decided_);
  storage::Commit commit = std::move(decided_->commit);
  commit.views = views_.take();
  if (!commit.empty()) under_way_ = std::move(decided_);
  decided_.reset();
  return commit;
}

void Recorder::committed() {
  under_way_.reset();
  views_.stand_on(store_.snapshot());
  if (!decided_) return;
  decided_->before = nullptr;
  decided_->base = &views_.base();
}

void Recorder::forget() {
  decided_.reset();
  under_way_.reset();
  views_.forget();
  names_.forget();
  hints_.forget();
  named_.clear();
  modes_.clear();
  head_ = store_.head();
}

void Recorder::begin() {
  if (!under_way_) views_.stand_on(store_.snapshot());
  decided_ = std::make_unique<Batch>();
  decided_->first = head_.next();
  decided_->commit.first = decided_->first;
  decided_->base = &views_.base();
  decided_->before = under_way_.get();
}

Outcome<projections::OrgPlace*> Recorder::place(Batch& batch, const OrgId& org) {
  if (const auto known = batch.places.find(org); known != batch.places.end()) return &known->second;
  auto found = projections::place_of(views_, org);
  if (!found) return found.error();
  return &batch.places.emplace(org, std::move(*found)).first->second;
}

// What every record of the batch moves on is written once.
void Recorder::write_places(Batch& batch) {
  if (batch.records.empty()) return;
  for (const auto& [org, place] : batch.places) {
    if (place.head.position >= batch.first) projections::write_head(views_, place.number, place.head);
  }
  views_.put(projections::checkpoint_key(), checkpoint_value(batch.records.back()->position));
}

// Whether an organization exists, is made by the batch, or is Tenure's own.
Outcome<bool> Recorder::will_be_there(Batch& batch, const OrgId& org, const std::vector<AppendRequest>& requests) {
  const auto found = place(batch, org);
  if (!found) return found.error();
  return (*found)->number != 0 || std::any_of(requests.begin(), requests.end(), [&](const AppendRequest& request) {
           return request.org == org && (request.own || creates(request));
         });
}

// Everyone that the batch names, made known with one synced write an organization at most.
Outcome<void> Recorder::resolve_people(Batch& batch, std::vector<AppendRequest>& requests) {
  std::map<OrgId, std::vector<Person*>> named;
  for (AppendRequest& request : requests) {
    if (!cannot_be_about(request).empty()) continue;
    auto& people = named[request.org];
    for (Event& event : request.events) {
      each_person(event, [&](Person& person) {
        // Tenure's own events name people as the log does, and nobody anew.
        if (!request.own || person.subject.empty()) people.push_back(&person);
      });
    }
    Person& principal = batch.principals[request.org.text + '\0' + request.by.principal];
    if (!request.by.principal.empty() && principal.identity.empty()) {
      principal.identity = request.by.principal;
      people.push_back(&principal);
    }
  }
  for (auto& [org, people] : named) {
    if (people.empty()) continue;
    const auto known = will_be_there(batch, org, requests);
    if (!known) return known.error();
    if (!*known) continue;  // refused as a whole, and nobody becomes a subject by it
    std::vector<std::string_view> identities;
    identities.reserve(people.size());
    for (const Person* person : people) identities.push_back(person->identity);
    const auto subjects = people_.find_or_make(org, identities);
    if (!subjects) return subjects.error();
    for (std::size_t i = 0; i < people.size(); ++i) people[i]->subject = (*subjects)[i];
  }
  return {};
}

AppendResult Recorder::take(Batch& batch, AppendRequest& request) {
  if (auto refused = cannot_be_about(request); !refused.empty()) return refused;
  if (auto answer = seen_before(batch, request)) return std::move(*answer);
  const auto found = place(batch, request.org);
  if (!found) return found.error();
  Work work{request, **found, {}, Mode::observe, {}, {}, {}, {}};
  const projections::OrgPlace before = work.place;
  if (before.number == 0 && !creates(request) && !request.own) {
    return Refusals{refuse(RefusalCode::unknown_org,
                           "there is no organization \"" + request.org.text + "\"; create it with POST /v1/orgs.",
                           "org")};
  }
  const Version version = before.head.version;
  if (creates(request) && version != Version(0)) {
    const auto again = earlier(batch, work, request.events.front(), work.refusals);
    if (!again) return again.error();
    // What came with the creation was perhaps not sent before: whoever sent more than that has to look at it anew.
    const bool alone = request.events.size() == 1;
    if (*again && work.refusals.empty() && alone) return AppendAnswer{{**again}, version, {}, {}};
    return Refusals{refuse(RefusalCode::already_exists,
                           "the organization \"" + request.org.text + "\" exists; GET /v1/orgs/" + request.org.text +
                               " shows it, and events go to its /events.",
                           "/id")};
  }
  if (before.number != 0) {
    const auto mode = mode_of(before.number);
    if (!mode) return mode.error();
    work.mode = *mode;
    const auto read = seen_ids_.read_some(views_.base(), before.number, ids_read_an_event * request.events.size());
    if (!read) return read.error();
  }
  if (request.expected && *request.expected != version) {
    auto stale = stale_unless_sent_before(batch, work, version);
    if (!stale) return stale.error();
    if (!stale->empty()) return std::move(*stale);
  }
  work.version = version;
  if (!request.parts.empty()) {
    if (const auto done = take_parts(batch, work); !done) return done.error();
    work.answer.version = work.version;
    work.answer.left_out = std::move(work.refusals);
    return std::move(work.answer);
  }
  views_.mark();
  batch.mark();
  for (std::uint64_t i = 0; i < request.events.size(); ++i) {
    const auto done = take_event(batch, work, request.events[i], i);
    if (!done) return done.error();
    if (creates(request) && work.version == Version(0)) break;  // what comes behind is about no organization
  }
  if (!work.refusals.empty()) {
    undo(batch, work, before);
    if (const auto done = deny(batch, work); !done) return done.error();
    return std::move(work.refusals);
  }
  work.answer.version = work.version;
  note_key(batch, request, work.answer);
  return std::move(work.answer);
}

// The mode an organization was created with; it never changes.
Outcome<Mode> Recorder::mode_of(projections::OrgNumber org) {
  const auto known = modes_.find(org);
  if (known != modes_.end()) return known->second;
  Facts facts(views_, names_, models_, org, Point::never());
  const auto* slot = facts.state(facts.org_entity()).find({projections::SlotKind::mode});
  const Mode mode = slot && slot->value == 1 ? Mode::enforce : Mode::observe;
  if (facts.failure()) return *facts.failure();
  if (slot) modes_.emplace(org, mode);
  return mode;
}

// ---- one event -----------------------------------------------------------------------------------

void Recorder::settle_time(Batch& batch, Work& work, Event& event, std::uint64_t index) {
  if (!event.occurred_at || work.mode == Mode::enforce) event.occurred_at = batch.now;
  if (event.occurred_at->us <= batch.now.us + limits::future_us_max) return;
  work.refuse(index,
              refuse(RefusalCode::in_the_future,
                     "\"occurred_at\" is " + format_instant(*event.occurred_at) + ", more than 5 minutes ahead of " +
                         format_instant(batch.now) + "; mend the sender's clock.",
                     "/occurred_at"));
}

// The version of a model that an event names, or the newest.
bool Recorder::settle_models(Work& work, Event& event, std::uint64_t index) {
  const auto settle = [&](const ModelId& id, std::optional<std::string>& version) {
    const auto model = models_.find(id, version.value_or(""));
    if (model) return version = model->version(), true;
    work.refuse(index,
                refuse(RefusalCode::unknown_model,
                       "there is no access model \"" + id.text + "\"" +
                           (version ? " of version " + *version : std::string()) + "; GET /v1/models lists them.",
                       "/data/model"));
    return false;
  };
  if (auto* created = std::get_if<event::OrgCreated>(&event.data))
    return settle(created->model, created->model_version);
  if (auto* changed = std::get_if<event::OrgModelChanged>(&event.data)) {
    return settle(changed->model, changed->model_version);
  }
  return true;
}

void Recorder::say_who_records(const Batch& batch, Work& work, Record& record) {
  const Recording& by = work.request.by;
  record.recorded_by = {by.token, "tenure", by.channel, by.import_id};
  const auto principal = batch.principals.find(work.request.org.text + '\0' + by.principal);
  if (principal == batch.principals.end() || principal->second.subject.empty()) return;
  record.recorded_by.principal = to_text(principal->second.subject);
  work.people.push_back(principal->second);
}

Outcome<void> Recorder::take_event(Batch& batch, Work& work, Event& event, std::uint64_t index) {
  const std::size_t refused = work.refusals.size();
  if (event.id && !work.request.own && is_reserved(*event.id)) {
    work.refuse(index,
                refuse(RefusalCode::invalid_field,
                       "ids that begin with \"review:\", \"review-run:\" or \"report:\" are Tenure's own; choose "
                       "another.",
                       "/id"));
    return {};
  }
  const auto again = earlier(batch, work, event, work.refusals);
  if (!again) return again.error();
  if (*again) {
    work.answer.items.push_back(**again);
    return {};
  }
  for (std::size_t i = refused; i < work.refusals.size(); ++i) work.refusals[i].index = index;
  settle_time(batch, work, event, index);
  if (!settle_models(work, event, index) || work.refusals.size() > refused) return {};

  auto made = std::make_unique<Record>();
  Record& record = *made;
  record.org = work.request.org;
  record.version = work.version.next();
  record.position = batch.next();
  work.answer.recorded_at = record.recorded_at = batch.now;
  say_who_records(batch, work, record);
  const auto fit = judged(batch, work, event, record, index);
  if (!fit) return fit.error();
  if (!*fit) {
    work.people.clear();
    return {};
  }
  record.event = std::move(event);
  each_person(record.event, [&](Person& person) { work.people.push_back(person); });
  return append(batch, work, std::move(made), index);
}

// Fills model, verdict and what was replaced; false if the event is refused.
Outcome<bool> Recorder::judged(Batch& batch, Work& work, Event& event, Record& record, std::uint64_t index) {
  record.verdict = {VerdictResult::allowed, {}, {}};
  if (work.request.org == tenure_org) return true;
  if (const auto* created = std::get_if<event::OrgCreated>(&event.data)) {
    record.model = created->model;
    record.model_version = *created->model_version;
    record.verdict.rule = "lifecycle.begins";
    work.mode = created->mode;
    return true;
  }
  Facts facts(views_, names_, models_, work.place.number, Point::end_of(*event.occurred_at));
  facts.read_as_writer(views_, work.place.head.next_number);
  auto model = facts.model_at(facts.at());
  if (!model) {
    if (facts.failure()) return *facts.failure();
    return fail(FailureCode::corruption, "the organization " + work.request.org.text + " has no access model");
  }
  record.model = model->id();
  record.model_version = model->version();
  if (const auto* retracted = std::get_if<event::EventRetracted>(&event.data)) {
    const auto target = batch.can_retract(retracted->position, work.request.org);
    if (!target) {
      work.refuse(index, target.error());
      return false;
    }
  }
  const FactsTeamState state(std::move(facts), model, &hints_);
  if (work.mode == Mode::enforce && !work.request.own) {
    if (const auto named = check_names(*model, event, state); !named) {
      work.refuse(index, named.error());
      return false;
    }
  }
  record.verdict = verdict_on(work.request.judged_as, *model, event, state);
  record.before.json = projections::before_of(event, state);
  if (state.failure()) return *state.failure();
  if (work.mode == Mode::enforce && record.verdict.result != VerdictResult::allowed) {
    Refusal refusal = refuse(RefusalCode::not_allowed,
                             record.verdict.because.empty() ? said_nothing_of(*model, event) : record.verdict.because);
    refusal.field = field_at_fault(*model, event, record.verdict);
    refusal.rule = record.verdict.rule.empty() ? "unspecified" : record.verdict.rule;
    refusal.index = index;
    work.denied.push_back({event, refusal});
    work.refuse(index, std::move(refusal));
    return false;
  }
  return true;
}

// ---- into the log --------------------------------------------------------------------------------

Outcome<void> Recorder::seal(Record& record, projections::OrgNumber org, Position first_open,
                             const std::vector<Person>& people) {
  for (const Person& person : people) {
    const auto known = std::find_if(record.subjects.begin(), record.subjects.end(),
                                    [&](const auto& s) { return s.first == person.subject; });
    if (known != record.subjects.end()) continue;
    if (org != 0) {
      const auto number = names_.number(views_, org, EntityKind::member, projections::member_name(person.subject));
      if (!number) return number.error();
      const std::uint64_t key = std::uint64_t{org} << 32 | *number;
      if (named_.contains(key)) continue;
      const auto named = *number == 0 ? Outcome<Position>(Position(0)) : projections::first_named(views_, org, *number);
      if (!named) return named.error();
      if (*named != Position(0)) {
        // Only what is committed is remembered: anything else may yet be undone.
        if (named_.size() >= named_max) named_.clear();
        if (*named < first_open) named_.insert(key);
        continue;
      }
    }
    const auto sealed = people_.seal(record.org, person.subject, person.identity);
    if (!sealed) return sealed.error();
    record.subjects.emplace_back(person.subject, *sealed);
  }
  // As they will be read again: members are numbered in this order, live and in a rebuild.
  std::sort(record.subjects.begin(), record.subjects.end());
  std::optional<Failure> failure;
  std::optional<SubjectId> owner;
  each_private_text(record.event, [&](PrivateText& text) {
    if (failure) return;
    if (!owner) {
      const auto person = key_owner(record.event);
      if (person) owner = person->subject;
    }
    if (!owner) {
      const auto own = people_.find_or_make(record.org, {organization_identity});
      if (!own) return failure = own.error(), void();
      owner = own->front();
    }
    const auto sealed = people_.seal(record.org, *owner, text.text);
    if (!sealed) return failure = sealed.error(), void();
    text.text = *sealed;
  });
  if (failure) return *failure;
  return {};
}

Outcome<void> Recorder::append(Batch& batch, Work& work, std::unique_ptr<Record> made, std::uint64_t index) {
  Record& record = *made;
  record.prev = work.place.head.chain;
  if (const auto done = seal(record, work.place.number, batch.first_open(), work.people); !done) return done;
  work.people.clear();
  auto encoded = wire::write_record(record);
  if (!encoded) {
    work.refuse(index, encoded.error());
    return {};
  }
  const Record& added = batch.add(std::move(made), std::move(*encoded));
  const Digest digest = sha256(batch.commit.records.back().bytes);
  const bool is_new = work.place.number == 0;
  const auto folded = fold_.apply(views_, work.place, added, {digest, {}}, batch);
  if (!folded) return folded;
  if (is_new) seen_ids_.is_new(work.place.number);
  if (added.event.id) seen_ids_.add(work.place.number, *added.event.id);
  work.version = added.version;
  work.answer.items.push_back({added.event.id, added.position, added.version, added.verdict, false});
  return {};
}

// Mode `enforce`: each attempt that was refused by a rule is on record.
Outcome<void> Recorder::deny(Batch& batch, Work& work) {
  if (work.denied.empty()) return {};
  work.version = work.place.head.version;
  for (const auto& [event, refusal] : work.denied) {
    auto made = std::make_unique<Record>();
    Record& record = *made;
    record.org = work.request.org;
    record.version = work.version.next();
    record.position = batch.next();
    record.recorded_at = batch.now;
    say_who_records(batch, work, record);
    record.verdict = {VerdictResult::violation, refusal.rule, refusal.because};
    Facts facts(views_, names_, models_, work.place.number, Point::end_of(batch.now));
    if (const auto model = facts.model_at(facts.at())) {
      record.model = model->id();
      record.model_version = model->version();
    }
    record.event.actor = event.actor;
    record.event.approved_by = event.approved_by;
    record.event.occurred_at = batch.now;
    record.event.data = event::ActionDenied{
        refusal.because, {"{" + wire::write_event(event) + "}"}, std::string(type_name(event.data)), refusal.rule};
    each_person(record.event, [&](Person& person) { work.people.push_back(person); });
    if (const auto done = append(batch, work, std::move(made), *refusal.index); !done) return done;
  }
  return {};
}

}  // namespace tenure::services
