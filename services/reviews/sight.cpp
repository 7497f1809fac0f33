#include "services/reviews/sight.h"

#include "events/wire/record_wire.h"

namespace tenure::services {

using projections::EntityKind;
using projections::Facts;
using projections::Number;
using projections::Point;

Outcome<std::unique_ptr<Sight>> Sight::at(Parts& parts, const OpenOrg& org, Instant at, Position known) {
  auto facts =
      Facts::known_at(*org.snapshot, parts.names, parts.models, org.number, org.head, Point::end_of(at), known);
  if (!facts) return facts.error();
  facts->read_through(parts.timelines, org.head.position);
  auto model = facts->model_at(facts->at());
  if (!model) {
    return facts->failure().value_or(
        fail(FailureCode::corruption, "the organization's access model cannot be read; run `tenure verify`"));
  }
  return std::unique_ptr<Sight>(new Sight(org, std::move(*facts), std::move(model), at));
}

Number Sight::number_of(const SubjectId& subject) {
  return subject.empty() ? 0 : facts().number(EntityKind::member, projections::member_name(subject));
}

bool Sight::may_review(const SubjectId& person) {
  const projections::Number number = number_of(person);
  if (number == 0) return true;
  const auto& state = facts().state(number);
  const auto [first, last] = state.of_kind(projections::SlotKind::ended);
  return state.exists() ? !access().disabled(number) : first == last;
}

bool Sight::enforces() {
  const auto* mode = facts().state(facts().org_entity()).find({projections::SlotKind::mode});
  return mode && mode->value == 1;
}

SubjectId Sight::subject_of(Number member) { return projections::subject_of(facts().name(member).name); }

Outcome<Record> record_at(storage::Snapshot& snapshot, std::uint64_t position) {
  const auto stored = snapshot.record(Position(position));
  if (!stored) return stored.error();
  return wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot.blob(hash); });
}

}  // namespace tenure::services
