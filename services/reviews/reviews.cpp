#include "services/reviews/reviews.h"

#include <algorithm>

#include "services/reviews/review_records.h"

namespace tenure::services {

namespace {

using projections::EntityKind;
using projections::Number;
using review::Campaign;
using review::ItemIndex;

// Everything of a kind that the organization has ever named, in order of first mention.
std::vector<std::string> names_of(Parts& parts, const OpenOrg& org, EntityKind kind, std::optional<Failure>& failure) {
  projections::Facts facts(*org.snapshot, parts.names, parts.models, org.number, projections::Point::never());
  std::vector<std::string> names;
  for (const Number number : facts.numbers_of(kind)) names.push_back(facts.name(number).name);
  failure = facts.failure();
  return names;
}

// Together with what was certified before it: what stands certified after a closed review.
std::shared_ptr<const Certificates> certified_with(const Certificates& before, const Review& review) {
  auto all = std::make_shared<Certificates>(before);
  const Campaign& campaign = *review.campaign;
  const auto terms = std::make_shared<const std::string>(review::terms_of(campaign.definition()));
  for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
    const std::string& id = campaign.items()[i].id;
    const review::Result result = campaign.result(i);
    if (result.ends == review::Ends::keep && result.decision != 0) {
      (*all)[id] = {campaign.state_now(i), campaign.opening().review, result.decision, terms, true};
    } else if (const auto earlier = all->find(id); earlier != all->end()) {
      earlier->second.stands = false;
    }
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
    auto opened = review_opening(parts_, org, id, known);
    if (!opened) return opened.error();
    if (!*opened) continue;
    auto ended = review_end(parts_, org, id, known);
    if (!ended) return ended.error();
    all.push_back({id, std::move(**opened), std::move(*ended)});
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

// In order of their ends: reviews of one definition may overlap, and the newest word counts.
Outcome<Reviews::Before> Reviews::before(const OpenOrg& org, const std::string& definition, Position position) {
  Before found{{}, std::make_shared<Certificates>(), {}};
  if (definition.empty()) return found;
  auto all = list(org, position);
  if (!all) return all.error();
  std::erase_if(*all, [&](const ReviewSummary& summary) {
    return std::get<event::ReviewOpened>(summary.opened.event.data).definition != definition || !summary.ended ||
           !std::holds_alternative<event::ReviewClosed>(summary.ended->event.data);
  });
  if (all->empty()) return found;
  std::sort(all->begin(), all->end(),
            [](const ReviewSummary& a, const ReviewSummary& b) { return a.ended->position < b.ended->position; });
  found.last = all->back().id;
  const auto held_by = definition_of(all->back().opened);
  if (!held_by) return held_by.error();
  found.terms = review::terms_of(*held_by);
  // From the newest that is known on.
  std::size_t next = all->size();
  {
    const std::lock_guard lock(guard_);
    for (; next > 0; --next) {
      const auto known = certified_.find({org.id, (*all)[next - 1].id});
      if (known == certified_.end()) continue;
      found.certificates = known->second;
      break;
    }
  }
  for (; next < all->size(); ++next) {
    auto with = with_certified(org, (*all)[next], *found.certificates);
    if (!with) return with.error();
    found.certificates = std::move(*with);
  }
  return found;
}

Outcome<std::shared_ptr<const Certificates>> Reviews::with_certified(const OpenOrg& org, const ReviewSummary& closed,
                                                                     const Certificates& before) {
  const Key key{org.id, closed.id};
  const Position end = closed.ended->position;
  // It has ended, and stands as its end left it.
  const auto kept = find(key);
  const auto review = kept ? present_at(*kept, org, true, end, Instant()) : worked_out(org, closed.id, end, Instant());
  if (!review) return review.error();
  if (!*review) return fail(FailureCode::corruption, "the review \"" + closed.id + "\" cannot be read again");
  auto all = certified_with(before, **review);
  const std::lock_guard lock(guard_);
  // The newest of a definition is asked for again, those before it are not.
  if (certified_.size() >= 16) certified_.erase(certified_.begin());
  certified_[key] = all;
  return all;
}

}  // namespace tenure::services
