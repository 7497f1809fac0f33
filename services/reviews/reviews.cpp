#include "services/reviews/reviews.h"

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

// Together with what was certified before: what stands certified after a closed review.
std::shared_ptr<const Certificates> certified_by(const Review& review) {
  auto all = std::make_shared<Certificates>(review.certificates ? *review.certificates : Certificates());
  const Campaign& campaign = *review.campaign;
  for (ItemIndex i = 0; i < campaign.items().size(); ++i) {
    const review::Result result = campaign.result(i);
    if (result.ends != review::Ends::keep || result.decision == 0) continue;
    (*all)[campaign.items()[i].id] = {campaign.state_now(i), campaign.opening().review, result.decision};
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

Outcome<Reviews::Before> Reviews::before(const OpenOrg& org, const std::string& definition, Position position) {
  Before found{{}, std::make_shared<Certificates>(), {}};
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
    const auto held_by = definition_of(summary.opened);
    if (!held_by) return held_by.error();
    found.terms = review::terms_of(*held_by);
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
  // It has ended, and stands as its end left it.
  const auto kept = find(key);
  auto last = kept ? present_at(*kept, org, true, Position(newest), Instant())
                   : worked_out(org, found.last, Position(newest), Instant());
  if (!last) return last.error();
  if (!*last) return fail(FailureCode::corruption, "the review \"" + found.last + "\" cannot be read again");
  found.certificates = certified_by(**last);
  const std::lock_guard lock(guard_);
  // The newest of a definition is asked for again, those before it are not.
  if (certified_.size() >= 16) certified_.erase(certified_.begin());
  certified_[key] = found.certificates;
  return found;
}

}  // namespace tenure::services
