#include "services/identities.h"

#include "events/people.h"
#include "events/wire/canonical_json.h"
#include "events/wire/record_wire.h"
#include "projections/access_fold.h"
#include "services/record/recorder.h"

namespace tenure::services {

using projections::Number;
using projections::OrgNumber;

Outcome<std::string> Identities::of_subject(storage::Snapshot& snapshot, const OrgId& org, OrgNumber number,
                                            const SubjectId& subject) {
  if (auto known = people_.identity(org, subject)) return std::move(*known);
  const std::string unnamed = "subject:" + to_text(subject);
  const auto member =
      names_.number(snapshot, number, projections::EntityKind::member, projections::member_name(subject));
  if (!member) return member.error();
  const auto position =
      *member == 0 ? Outcome<Position>(Position(0)) : projections::first_named(snapshot, number, *member);
  if (!position) return position.error();
  if (*position == Position(0)) return unnamed;
  const auto stored = snapshot.record(*position);
  if (!stored) return stored.error();
  const auto record = wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot.blob(hash); });
  if (!record) return record.error();
  for (const auto& [named, sealed] : record->subjects) {
    if (named != subject) continue;
    const auto opened = people_.open(org, subject, sealed);
    if (!opened) return opened.error();
    if (!*opened) return unnamed;
    people_.remember(org, subject, **opened);
    return **opened;
  }
  return unnamed;
}

Outcome<std::string> Identities::of_member(storage::Snapshot& snapshot, const OrgId& org, OrgNumber number,
                                           Number member) {
  const auto named = names_.name(snapshot, number, member);
  if (!named) return named.error();
  return of_subject(snapshot, org, number, projections::subject_of(named->name));
}

Outcome<Number> Identities::member_of(storage::Snapshot& snapshot, const OrgId& org, OrgNumber number,
                                      std::string_view identity) {
  const auto found = people_.find(org, identity);
  if (!found) return found.error();
  // An identity of the form of a subject is somebody's own first of all.
  const std::optional<SubjectId> subject = *found ? *found : subject_named(identity);
  if (!subject) return Number{0};
  return names_.number(snapshot, number, projections::EntityKind::member, projections::member_name(*subject));
}

// `before` names people by subject, as JSON texts of a form that nothing else has.
Outcome<std::string> Identities::with_identities(storage::Snapshot& snapshot, const OrgId& org, OrgNumber number,
                                                 std::string_view json) {
  constexpr std::size_t length = 36;  // "s_" and 32 digits, in quotes
  std::string out;
  while (true) {
    const auto quote = json.find("\"s_");
    if (quote == std::string_view::npos) break;
    out += json.substr(0, quote);
    json.remove_prefix(quote);
    std::optional<SubjectId> subject;
    if (json.size() >= length && json[length - 1] == '"') subject = subject_from_text(json.substr(1, length - 2));
    if (!subject) {
      out += json.front();
      json.remove_prefix(1);
      continue;
    }
    const auto identity = of_subject(snapshot, org, number, *subject);
    if (!identity) return identity.error();
    append_json_string(out, *identity);
    json.remove_prefix(length);
  }
  return out.append(json);
}

namespace {

// A JSON text with the identities of those whom it names as people without one are named, "subject:s_…": what the
// program did itself names everybody so.
Outcome<std::string> with_named(Identities& identities, storage::Snapshot& snapshot, const OrgId& org, OrgNumber number,
                                std::string_view json) {
  constexpr std::string_view mark = "subject:";
  constexpr std::size_t length = 34;  // "s_" and 32 digits
  std::string out;
  for (auto at = json.find(mark); at != std::string_view::npos; at = json.find(mark)) {
    out += json.substr(0, at);
    json.remove_prefix(at + mark.size());
    const auto subject = subject_from_text(json.substr(0, length));
    if (!subject) {
      out += mark;
      continue;
    }
    const auto identity = identities.of_subject(snapshot, org, number, *subject);
    if (!identity) return identity.error();
    std::string quoted;
    append_json_string(quoted, *identity);
    out += quoted.substr(1, quoted.size() - 2);
    json.remove_prefix(length);
  }
  return out.append(json);
}

}  // namespace

Outcome<SubjectId> Identities::owner_of_texts(const Record& record) {
  if (const auto owner = key_owner(record.event)) return owner->subject;
  const auto own = people_.find(record.org, organization_identity);
  if (!own) return own.error();
  return own->value_or(SubjectId{});
}

Outcome<std::string> Identities::show(storage::Snapshot& snapshot, OrgNumber number, Record record) {
  const auto before = resolve(snapshot, number, record);
  if (!before) return before.error();
  return wire::show_record(record, *before);
}

Outcome<std::string> Identities::resolve(storage::Snapshot& snapshot, OrgNumber number, Record& record) {
  std::optional<Outcome<SubjectId>> subject;
  std::optional<Failure> failure;
  const auto note = [&](const auto& outcome) {
    if (!outcome && !failure) failure = outcome.error();
    return outcome.has_value();
  };
  each_private_text(record.event, [&](PrivateText& text) {
    if (!subject) subject = owner_of_texts(record);
    if (!note(*subject)) return;
    const auto plain = people_.open(record.org, **subject, text.text);
    if (note(plain)) text.text = *plain ? **plain : "erased";
  });
  if (auto* denied = std::get_if<event::ActionDenied>(&record.event.data)) {
    auto named = with_named(*this, snapshot, record.org, number, denied->event.text);
    if (note(named)) denied->event.text = std::move(*named);
  }
  each_person(record.event, [&](Person& person) {
    const auto identity = of_subject(snapshot, record.org, number, person.subject);
    if (note(identity)) person.identity = *identity;
  });
  if (const auto principal = subject_from_text(record.recorded_by.principal)) {
    const auto identity = of_subject(snapshot, record.org, number, *principal);
    if (note(identity)) record.recorded_by.principal = *identity;
  }
  auto before = with_identities(snapshot, record.org, number, record.before.json);
  if (before && failure) return *failure;
  return before;
}

}  // namespace tenure::services
