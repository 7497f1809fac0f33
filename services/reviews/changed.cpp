#include "services/reviews/changed.h"

#include "events/people.h"

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

bool touches_nobody(const EventPayload& data) {
  if (std::holds_alternative<event::EventRetracted>(data)) return false;
  return is_about_the_record(data) || std::holds_alternative<event::SourceRecorded>(data) ||
         std::holds_alternative<event::ActionDenied>(data);
}

void add(Touched& touched, const Record& record, Instant at) {
  if (touches_nobody(record.event.data)) return;
  const std::uint64_t position = record.position.value;
  if (*record.event.occurred_at > at) touched.ahead.emplace_back(*record.event.occurred_at, position);
  if (!std::visit(AboutPeople{}, record.event.data)) {
    touched.all.push_back(position);
    return;
  }
  each_person_in_data(record.event, [&](const Person& person) { touched.people[person.subject].push_back(position); });
}

}  // namespace

Outcome<Touched> touched_between(const OpenOrg& org, Position from, Position to, Instant at) {
  Touched touched;
  storage::Snapshot& snapshot = *org.snapshot;
  const auto first = snapshot.version_at(org.id, from), last = snapshot.version_at(org.id, to);
  if (!first) return first.error();
  if (!last) return last.error();
  if (last->value > first->value + records_read_max) {
    touched.unread = true;
    return touched;
  }
  for (Version version = first->next(); version <= *last; version = version.next()) {
    const auto position = snapshot.position_of(org.id, version);
    if (!position) return position.error();
    const auto record = record_at(snapshot, position->value);
    if (!record) return record.error();
    add(touched, *record, at);
  }
  return touched;
}

}  // namespace tenure::services
