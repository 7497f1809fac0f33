#include "services/reviews/changed.h"

#include "events/limits.h"
#include "events/people.h"
#include "projections/review/rows.h"
#include "services/reviews/review_records.h"

namespace tenure::services {

namespace {

// Whether an event says something about the people in its data alone.
struct AboutPeople {
  bool operator()(const event::MemberInvited&) const { return true; }
  bool operator()(const event::InvitationAccepted&) const { return true; }
  bool operator()(const event::InvitationCancelled&) const { return true; }
  bool operator()(const event::InvitationExpired&) const { return true; }
  bool operator()(const event::MemberAdded&) const { return true; }
  bool operator()(const event::MemberRemoved&) const { return true; }
  bool operator()(const event::MemberRoleChanged&) const { return true; }
  bool operator()(const event::OwnershipTransferred&) const { return true; }
  bool operator()(const event::GroupMemberAdded&) const { return true; }
  bool operator()(const event::GroupMemberRemoved&) const { return true; }
  bool operator()(const event::AssignmentAdded&) const { return true; }
  bool operator()(const event::AssignmentRemoved&) const { return true; }
  bool operator()(const event::RoleGranted& e) const { return e.principal.kind == Principal::Kind::member; }
  bool operator()(const event::RoleRevoked& e) const { return e.principal.kind == Principal::Kind::member; }
  // Disabling may reach those whom the member invited.
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

bool is_of_membership(const EventPayload& data) {
  return std::holds_alternative<event::MemberInvited>(data) ||
         std::holds_alternative<event::InvitationAccepted>(data) || std::holds_alternative<event::MemberAdded>(data) ||
         std::holds_alternative<event::MemberRemoved>(data);
}

bool touches_nobody(const EventPayload& data) {
  if (std::holds_alternative<event::EventRetracted>(data)) return false;
  return is_about_the_record(data) || std::holds_alternative<event::SourceRecorded>(data) ||
         std::holds_alternative<event::ActionDenied>(data);
}

bool is_of(const EventPayload& data, const std::string& review) {
  const auto entity = projections::review_entity(data);
  return entity && entity->kind == projections::EntityKind::review && entity->name == review;
}

void add(Stretch& stretch, const std::string& review, Record record) {
  if (is_about_reviews(type_name(record.event.data))) {
    if (is_of(record.event.data, review)) stretch.own.push_back(std::move(record));
    return;
  }
  if (touches_nobody(record.event.data)) return;
  Touching touching{record.position.value, *record.event.occurred_at, false, is_of_membership(record.event.data), {}};
  touching.all = !std::visit(AboutPeople{}, record.event.data);
  if (!touching.all) {
    each_person_in_data(record.event, [&](const Person& person) { touching.people.push_back(person.subject); });
  }
  stretch.touching.push_back(std::move(touching));
}

}  // namespace

Outcome<Stretch> stretch_between(Parts& parts, const OpenOrg& org, const std::string& review, Position from,
                                 Position to) {
  Stretch stretch;
  storage::Snapshot& snapshot = *org.snapshot;
  const auto first = snapshot.version_at(org.id, from), last = snapshot.version_at(org.id, to);
  if (!first) return first.error();
  if (!last) return last.error();
  std::vector<std::uint64_t> positions;
  stretch.unread = last->value > first->value + records_read_max;
  if (stretch.unread) {
    auto own = events_of(parts, org, projections::EntityKind::review, review, from, to);
    if (!own) return own.error();
    positions = std::move(*own);
  } else {
    for (Version version = first->next(); version <= *last; version = version.next()) {
      const auto position = snapshot.position_of(org.id, version);
      if (!position) return position.error();
      positions.push_back(position->value);
    }
  }
  for (const std::uint64_t position : positions) {
    auto record = record_at(snapshot, position);
    if (!record) return record.error();
    add(stretch, review, std::move(*record));
  }
  return stretch;
}

Outcome<Ahead> ahead_of(const OpenOrg& org, Position known, Instant at) {
  Ahead ahead;
  storage::Snapshot& snapshot = *org.snapshot;
  const auto newest = projections::newest_known(snapshot, org.id, org.number, known);
  if (!newest) return newest.error();
  if (!*newest || **newest <= at) return ahead;
  const auto last = snapshot.version_at(org.id, known);
  if (!last) return last.error();
  for (std::uint64_t version = last->value; version > 0; --version) {
    if (last->value - version >= records_read_max) {
      ahead.unread_until = **newest;
      break;
    }
    const auto position = snapshot.position_of(org.id, Version(version));
    if (!position) return position.error();
    const auto record = record_at(snapshot, position->value);
    if (!record) return record.error();
    if (record->recorded_at.us < at.us - limits::future_us_max) break;
    if (*record->event.occurred_at > at) ahead.events.emplace_back(*record->event.occurred_at, position->value);
  }
  return ahead;
}

}  // namespace tenure::services
