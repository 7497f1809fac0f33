#include "services/reviews/review_records.h"

#include "projections/review/rows.h"

namespace tenure::services {

using projections::EntityKind;
using projections::Number;

namespace {

constexpr std::size_t after_the_end_max = 4;  // events of a review that may follow its end, and the end

Outcome<Number> entity_of(Parts& parts, const OpenOrg& org, EntityKind kind, const std::string& id) {
  return parts.names.number(*org.snapshot, org.number, kind, id, org.head.next_number);
}

}  // namespace

Outcome<std::vector<std::uint64_t>> events_of(Parts& parts, const OpenOrg& org, EntityKind kind, const std::string& id,
                                              Position after, Position known) {
  const auto number = entity_of(parts, org, kind, id);
  if (!number) return number.error();
  if (*number == 0) return std::vector<std::uint64_t>();
  return projections::review_positions(*org.snapshot, org.number, *number, after.value, known.value);
}

Outcome<bool> was_named(Parts& parts, const OpenOrg& org, EntityKind kind, const std::string& id, Position known) {
  const auto number = entity_of(parts, org, kind, id);
  if (!number) return number.error();
  if (*number == 0) return false;
  const auto first = projections::first_review_position(*org.snapshot, org.number, *number, known.value);
  if (!first) return first.error();
  return first->has_value();
}

Outcome<std::optional<Record>> review_opening(Parts& parts, const OpenOrg& org, const std::string& id, Position known) {
  const auto number = entity_of(parts, org, EntityKind::review, id);
  if (!number) return number.error();
  if (*number == 0) return std::optional<Record>();
  const auto first = projections::first_review_position(*org.snapshot, org.number, *number, known.value);
  if (!first) return first.error();
  if (!*first) return std::optional<Record>();
  auto record = record_at(*org.snapshot, **first);
  if (!record) return record.error();
  if (!std::holds_alternative<event::ReviewOpened>(record->event.data)) return std::optional<Record>();
  return std::optional(std::move(*record));
}

Outcome<std::optional<Record>> review_end(Parts& parts, const OpenOrg& org, const std::string& id, Position known) {
  const auto number = entity_of(parts, org, EntityKind::review, id);
  if (!number) return number.error();
  const auto newest =
      projections::newest_review_positions(*org.snapshot, org.number, *number, known.value, after_the_end_max);
  if (!newest) return newest.error();
  std::optional<Record> end;
  for (const std::uint64_t position : *newest) {
    auto record = record_at(*org.snapshot, position);
    if (!record) return record.error();
    if (ends_review(*record)) end = std::move(*record);
  }
  return end;
}

bool ends_review(const Record& record) {
  return std::holds_alternative<event::ReviewClosed>(record.event.data) ||
         std::holds_alternative<event::ReviewCancelled>(record.event.data);
}

Outcome<review::Definition> definition_of(const Record& record) {
  if (const auto* defined = std::get_if<event::ReviewDefined>(&record.event.data)) {
    return review::from_log(defined->document.text, defined->people);
  }
  const auto& opened = std::get<event::ReviewOpened>(record.event.data);
  return review::from_log(opened.document.text, opened.people);
}

}  // namespace tenure::services
