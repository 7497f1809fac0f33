#include "services/reviews/reviews.h"

#include <algorithm>

#include "events/limits.h"
#include "events/people.h"
#include "projections/review/hold_story.h"
#include "projections/review/rows.h"
#include "services/reviews/changed.h"

namespace tenure::services {

namespace {

using projections::EntityKind;
using projections::Number;
using review::Campaign;
using review::ItemIndex;

Outcome<Number> entity_of(Parts& parts, const OpenOrg& org, EntityKind kind, const std::string& id) {
  return parts.names.number(*org.snapshot, org.number, kind, id, org.head.next_number);
}

Outcome<std::vector<std::uint64_t>> events_of(Parts& parts, const OpenOrg& org, EntityKind kind, const std::string& id,
                                              Position after, Position known) {
  const auto number = entity_of(parts, org, kind, id);
  if (!number) return number.error();
  if (*number == 0) return std::vector<std::uint64_t>();
  return projections::review_positions(*org.snapshot, org.number, *number, after.value, known.value);
}

bool ends(const Record& record) {
  return std::holds_alternative<event::ReviewClosed>(record.event.data) ||
         std::holds_alternative<event::ReviewCancelled>(record.event.data);
}

// Everything of a kind that the organization has ever named, in order of first mention.
std::vector<std::string> names_of(Parts& parts, const OpenOrg& org, EntityKind kind, std::optional<Failure>& failure) {
  projections::Facts facts(*org.snapshot, parts.names, parts.models, org.number, projections::Point::never());
  std::vector<std::string> names;
  for (const Number number : facts.numbers_of(kind)) names.push_back(facts.name(number).name);
  failure = facts.failure();
  return names;
}

Outcome<review::Definition> definition_of(const Record& record) {
  if (const auto* defined = std::get_if<event::ReviewDefined>(&record.event.data)) {
    return review::from_log(defined->document.text, defined->people);
  }
  const auto& opened = std::get<event::ReviewOpened>(record.event.data);
  return review::from_log(opened.document.text, opened.people);
}

// Together with what was certified before: what stands certified after a closed review.
std::shared_ptr<const Certificates> certified_by(const Review& review) {
  auto all = std::make_shared<Certificates>(review.certificates ? *review.certificates : Certificates());
  for (ItemIndex i = 0; i < review.campaign.items().size(); ++i) {
    const review::Result result = review.campaign.result(i);
    if (result.ends != review::Ends::keep || result.decision == 0) continue;
    (*all)[review.campaign.items()[i].id] = {review.campaign.state_now(i), review.campaign.opening().review,
                                             result.decision};
  }
  return all;
}

}  // namespace

Outcome<std::optional<KeptDefinition>> Reviews::definition(const OpenOrg& org, const std::string& id) {
  return definition_known_at(org, id, org.head.position);
}

Outcome<std::optional<KeptDefinition>> Reviews::definition_known_at(const OpenOrg& org, const std::string& id,
                                                                    Position known) {
  const auto events = events_of(parts_, org, EntityKind::review_definition, id, Position(0), known);
  if (!events) return events.error();
  for (auto position = events->rbegin(); position != events->rend(); ++position) {
    auto record = record_at(*org.snapshot, *position);
    if (!record) return record.error();
    if (std::holds_alternative<event::ReviewWithdrawn>(record->event.data)) break;
    if (!std::holds_alternative<event::ReviewDefined>(record->event.data)) continue;  // a run that was skipped
    auto definition = definition_of(*record);
    if (!definition) return definition.error();
    return std::optional(KeptDefinition{std::move(*definition), std::move(*record)});
  }
  return std::optional<KeptDefinition>();
}

Outcome<std::vector<KeptDefinition>> Reviews::definitions(const OpenOrg& org) {
  std::vector<KeptDefinition> all;
  std::optional<Failure> failure;
  for (const std::string& id : names_of(parts_, org, EntityKind::review_definition, failure)) {
    auto definition = this->definition(org, id);
    if (!definition) return definition.error();
    if (*definition) all.push_back(std::move(**definition));
  }
  if (failure) return *failure;
  return all;
}

Outcome<std::vector<ReviewSummary>> Reviews::list(const OpenOrg& org, Position known) {
  std::vector<ReviewSummary> all;
  std::optional<Failure> failure;
  for (const std::string& id : names_of(parts_, org, EntityKind::review, failure)) {
    const auto events = events_of(parts_, org, EntityKind::review, id, Position(0), known);
    if (!events) return events.error();
    if (events->empty()) continue;
    auto opened = record_at(*org.snapshot, events->front());
    if (!opened) return opened.error();
    if (!std::holds_alternative<event::ReviewOpened>(opened->event.data)) continue;
    ReviewSummary summary{id, std::move(*opened), std::nullopt};
    // Little follows a review's end.
    for (auto position = events->rbegin(); position != events->rend() && position - events->rbegin() < 4; ++position) {
      auto record = record_at(*org.snapshot, *position);
      if (!record) return record.error();
      if (ends(*record)) summary.ended = std::move(*record);
    }
    all.push_back(std::move(summary));
  }
  if (failure) return *failure;
  return all;
}

Outcome<std::vector<Record>> Reviews::reports(const OpenOrg& org, Position known) {
  std::vector<Record> all;
  std::optional<Failure> failure;
  for (const std::string& id : names_of(parts_, org, EntityKind::access_report, failure)) {
    const auto events = events_of(parts_, org, EntityKind::access_report, id, Position(0), known);
    if (!events) return events.error();
    if (events->empty()) continue;
    auto record = record_at(*org.snapshot, events->front());
    if (!record) return record.error();
    all.push_back(std::move(*record));
  }
  if (failure) return *failure;
  return all;
}

// ---- what was certified before -------------------------------------------------------------------

Outcome<Reviews::Before> Reviews::before(const OpenOrg& org, const std::string& definition, Position position) {
  Before found{{}, std::make_shared<Certificates>()};
  if (definition.empty()) return found;
  const auto all = list(org, position);
  if (!all) return all.error();
  std::uint64_t newest = 0;
  for (const ReviewSummary& summary : *all) {
    const auto& opening = std::get<event::ReviewOpened>(summary.opened.event.data);
    if (opening.definition != definition || !summary.ended) continue;
    if (!std::holds_alternative<event::ReviewClosed>(summary.ended->event.data)) continue;
    if (summary.ended->position.value <= newest) continue;
    newest = summary.ended->position.value;
    found.last = summary.id;
  }
  if (found.last.empty()) return found;
  const Key key{org.id, found.last};
  {
    const std::lock_guard lock(guard_);
    const auto known = certified_.find(key);
    if (known != certified_.end()) {
      found.certificates = known->second;
      return found;
    }
  }
  const auto last = as_known_at(org, found.last, Position(newest));
  if (!last) return last.error();
  if (!*last) return fail(FailureCode::corruption, "the review \"" + found.last + "\" cannot be read again");
  found.certificates = certified_by(**last);
  const std::lock_guard lock(guard_);
  // The newest of a definition is asked for again, those before it are not.
  if (certified_.size() >= 16) certified_.erase(certified_.begin());
  certified_[key] = found.certificates;
  return found;
}

// ---- one review ----------------------------------------------------------------------------------

Outcome<std::shared_ptr<Review>> Reviews::load(const OpenOrg& org, const std::string& id) {
  const auto events = events_of(parts_, org, EntityKind::review, id, Position(0), org.head.position);
  if (!events) return events.error();
  if (events->empty()) return std::shared_ptr<Review>();
  auto record = record_at(*org.snapshot, events->front());
  if (!record) return record.error();
  const auto* opened = std::get_if<event::ReviewOpened>(&record->event.data);
  if (!opened) return std::shared_ptr<Review>();
  auto definition = definition_of(*record);
  if (!definition) return definition.error();
  const auto before = this->before(org, opened->definition.value_or(""), opened->pinned);
  if (!before) return before.error();
  const auto sight = Sight::at(parts_, org, opened->as_of, opened->pinned);
  if (!sight) return sight.error();
  auto populated = populate(parts_, org, **sight, *definition, *before->certificates, before->last);
  if (const auto* failure = std::get_if<Failure>(&populated)) return *failure;
  auto* population = std::get_if<Population>(&populated);
  if (!population || population->digest != opened->items_digest) {
    return fail(FailureCode::corruption, "the items of the review \"" + id +
                                             "\" cannot be derived again as they were when it was opened; run "
                                             "`tenure verify`");
  }
  Campaign campaign({id, record->position, record->recorded_at, opened->due_at}, std::move(*definition),
                    std::move(population->items), std::move(population->reviewer_sets));
  const Position pinned = opened->pinned;
  const Instant as_of = opened->as_of;
  auto review = std::make_shared<Review>(std::move(*record), std::move(campaign));
  review->holds = std::move(population->holds);
  review->last = before->last;
  review->certificates = before->certificates;
  review->applied = review->opened.position;
  review->seen = pinned;
  review->at = as_of;
  const auto& items = review->campaign.items();
  for (ItemIndex i = 0; i < items.size(); ++i) {
    const auto [range, first] = review->items_of.emplace(items[i].member, std::pair(i, i + 1));
    if (!first) range->second.second = i + 1;
  }
  return review;
}

namespace {

bool is_about(const OpenOrg& org, std::uint64_t position, const SubjectId& member) {
  const auto record = record_at(*org.snapshot, position);
  bool about = false;
  if (record) each_person_in_data(record->event, [&](const Person& who) { about = about || who.subject == member; });
  return about;
}

// The event by which a hold is no longer as it was when the review was opened: the newest one that touched it; of one
// that is gone, the newest that names its member, where there is one. It follows from what is known alone, not from how
// often somebody looked before. 0: it ran out by itself.
std::uint64_t changed_by(Sight& sight, const OpenOrg& org, const Review& review, ItemIndex item, bool gone) {
  std::uint64_t newest = 0, own = 0;
  const projections::EarlierLook opening{review.opening().as_of, review.opening().pinned.value};
  for (const projections::HoldTouch& touch : touches_since(sight.holds(), review.holds[item], opening)) {
    const std::uint64_t position = std::max(touch.at.position, touch.told_by);
    newest = std::max(newest, position);
    if (gone && position > own && is_about(org, position, review.campaign.items()[item].member)) own = position;
  }
  return own != 0 ? own : newest;
}

}  // namespace

// Reads anew what the holds are that the log may have changed, and by which event.
Outcome<void> Reviews::look_again(Review& review, const OpenOrg& org, Position known, Instant at) {
  auto touched = touched_between(org, review.seen, known, at);
  if (!touched) return touched.error();
  for (const auto& [when, position] : review.ahead) {
    if (when > at) {
      touched->ahead.emplace_back(when, position);
    } else {
      touched->all.push_back(position);
    }
  }
  const auto sight = Sight::at(parts_, org, at, known);
  if (!sight) return sight.error();
  const auto& items = review.campaign.items();
  const auto again = [&](ItemIndex item) {
    std::string state = (*sight)->holds().state(review.holds[item]);
    const bool changed = state != items[item].state;
    if (!changed && state == review.campaign.state_now(item)) return;
    const std::uint64_t by = changed ? changed_by(**sight, org, review, item, state.empty()) : 0;
    review.campaign.stands(item, std::move(state), by);
  };
  if (touched->unread) review.unread_until = {at.us + limits::future_us_max};
  if (touched->unread || !touched->all.empty() || review.at < review.unread_until) {
    for (ItemIndex i = 0; i < items.size(); ++i) again(i);
  } else {
    for (const auto& [member, positions] : touched->people) {
      const auto range = review.items_of.find(member);
      if (range == review.items_of.end()) continue;
      for (ItemIndex i = range->second.first; i < range->second.second; ++i) again(i);
    }
    // Invitations run out by themselves.
    for (ItemIndex i = 0; i < items.size(); ++i) {
      if (items[i].kind == review::HoldKind::invitation && !review.campaign.state_now(i).empty()) again(i);
    }
  }
  if ((*sight)->facts().failure()) return *(*sight)->facts().failure();
  review.seen = known;
  review.at = at;
  review.ahead = std::move(touched->ahead);
  return {};
}

Outcome<void> Reviews::bring(Review& review, const OpenOrg& org, Position known, Instant at) {
  if (review.campaign.status() != review::CampaignStatus::open) return {};
  const auto events =
      events_of(parts_, org, EntityKind::review, review.campaign.opening().review, review.applied, known);
  if (!events) return events.error();
  std::vector<Record> records;
  for (const std::uint64_t position : *events) {
    auto record = record_at(*org.snapshot, position);
    if (!record) return record.error();
    records.push_back(std::move(*record));
    if (!ends(records.back())) continue;
    // The holds stay as they were when it ended.
    known = Position(position - 1);
    const auto* closed = std::get_if<event::ReviewClosed>(&records.back().event.data);
    at = closed ? closed->as_of : records.back().recorded_at;
    break;
  }
  if (known > review.seen || at != review.at) {
    if (const auto done = look_again(review, org, known, at); !done) return done;
  }
  for (const Record& record : records) {
    review.campaign.apply(record);
    review.applied = record.position;
  }
  return {};
}

void Reviews::keep(const Key& key, const std::shared_ptr<Review>& review) {
  const std::lock_guard lock(guard_);
  kept_.remove_if([&](const auto& each) { return each.first == key; });
  kept_.emplace_front(key, review);
  std::size_t items = 0;
  for (auto it = kept_.begin(); it != kept_.end();) {
    items += it->second->holds.size();
    it = items > review_items_kept && it != kept_.begin() ? kept_.erase(it) : std::next(it);
  }
}

Outcome<HeldReview> Reviews::get(const OpenOrg& org, const std::string& id, Instant now) {
  const Key key{org.id, id};
  std::shared_ptr<Review> review;
  const auto look_up = [&] {
    const std::lock_guard lock(guard_);
    const auto it = std::find_if(kept_.begin(), kept_.end(), [&](const auto& each) { return each.first == key; });
    if (it == kept_.end()) return;
    review = it->second;
    kept_.splice(kept_.begin(), kept_, it);
  };
  look_up();
  if (!review) {
    const std::lock_guard lock(loading_);
    look_up();
    if (!review) {
      auto loaded = load(org, id);
      if (!loaded) return loaded.error();
      if (!*loaded) return HeldReview{};
      review = std::move(*loaded);
      keep(key, review);
    }
  }
  HeldReview held{review, std::unique_lock(review->guard)};
  const auto done = bring(*review, org, org.head.position, now);
  if (!done) return done.error();
  return held;
}

Outcome<std::shared_ptr<Review>> Reviews::as_known_at(const OpenOrg& org, const std::string& id, Position known) {
  auto loaded = load(org, id);
  if (!loaded) return loaded.error();
  if (!*loaded || (*loaded)->opened.position > known) return std::shared_ptr<Review>();
  auto review = std::move(*loaded);
  const auto version = org.snapshot->version_at(org.id, known);
  if (!version) return version.error();
  const auto newest = org.snapshot->position_of(org.id, *version);
  if (!newest) return newest.error();
  const auto record = record_at(*org.snapshot, newest->value);
  if (!record) return record.error();
  if (const auto done = bring(*review, org, *newest, record->recorded_at); !done) return done.error();
  return review;
}

}  // namespace tenure::services
