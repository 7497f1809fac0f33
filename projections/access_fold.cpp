#include "projections/access_fold.h"

#include <algorithm>
#include <set>

#include "events/digest.h"
#include "projections/baselines.h"
#include "projections/finding_rows.h"
#include "projections/interval_index.h"
#include "projections/review/rows.h"
#include "projections/timeline.h"
#include "projections/view_writer.h"

namespace tenure::projections {

namespace {

std::string position_value(Position position) {
  std::string out;
  put_varint(out, position.value);
  return out;
}

Outcome<Position> read_position(storage::ViewReader& views, const std::string& key) {
  std::string value;
  const auto found = views.get(key, value);
  if (!found) return found.error();
  if (!*found) return Position(0);
  Reader in{value};
  return Position(in.varint());
}

std::string named_key(OrgNumber org, Number member) {
  std::string key = row_key(org, Row::first_named);
  put_u32(key, member);
  return key;
}

std::string earliest_key(OrgNumber org, Position position) {
  std::string key = row_key(org, Row::earliest);
  put_u64(key, position.value);
  return key;
}

std::string newest_key(OrgNumber org, Version version) {
  std::string key = row_key(org, Row::newest);
  put_u64(key, version.value);
  return key;
}

std::string retractions_key(OrgNumber org, Position target) {
  std::string key = row_key(org, Row::retractions);
  put_u64(key, target.value);
  return key;
}

std::string time_value(std::int64_t us) {
  std::string out;
  put_signed(out, us);
  return out;
}

// A fact about the past that was learnt at `position`, after events up to `newest_us` were known: what was
// answered before that position must be found again without it (access.cpp, `Facts`).
void note_late(ViewWriter& views, OrgNumber org, Number entity, std::int64_t occurred_us, std::int64_t newest_us,
               Position position) {
  Interval late;
  late.list = {ListKind::late, 0};
  late.principal = entity;
  late.open = late.link = late.since = {occurred_us, position.value};
  late.close = {newest_us + 1, position.value};
  put_interval(views, org, late);
}

}  // namespace

Digest id_digest(const EventId& id) {
  // One event's id is looked for, folded and noted, all on one thread.
  thread_local std::string last;
  thread_local Digest digest = sha256(last);
  if (id.text != last) {
    last = id.text;
    digest = sha256(last);
  }
  return digest;
}

std::string id_key(OrgNumber org, const EventId& id) {
  return row_key(org, Row::event_id).append(reinterpret_cast<const char*>(id_digest(id).data()), 16);
}

std::string checkpoint_key() { return row_key(0, Row::earliest); }

Outcome<bool> is_retracted(storage::ViewReader& views, OrgNumber org, Position target, Position known) {
  std::string value;
  const auto found = views.get(retractions_key(org, target), value);
  if (!found || !*found) return found;
  Reader in{value};
  while (!in.rest.empty() && in.good) {
    const Position by(in.varint());
    if (by > known) break;
    // A retraction that was itself retracted does not count. Each is newer than its target: this ends.
    const auto undone = is_retracted(views, org, by, known);
    if (!undone) return undone;
    if (!*undone) return true;
  }
  return false;
}

Outcome<std::vector<Change>> AccessFold::changes(ViewWriter& views, OrgNumber org, OrgHead& head,
                                                 const Record& record) {
  const NumberOf number = [&](EntityKind kind, std::string_view name) {
    return names_.number_or_make(views, org, head, kind, name);
  };
  // Every role of a model that comes into force has a number, so that its holders can be looked for.
  ModelId id;
  std::string version;
  if (const auto* created = std::get_if<event::OrgCreated>(&record.event.data)) {
    id = created->model;
    version = record.model_version;
  } else if (const auto* changed = std::get_if<event::OrgModelChanged>(&record.event.data)) {
    id = changed->model;
    version = changed->model_version.value_or("");
  }
  if (const auto model = id.empty() ? nullptr : models_.find(id, version)) {
    for (const RoleRule& role : model->roles()) {
      const auto numbered = number(EntityKind::role, role.id.text);
      if (!numbered) return numbered.error();
    }
    // And what settings give everyone something on: it can be asked about though nobody ever named it.
    for (const SettingRule& setting : model->settings()) {
      const auto given = [](const SettingValue& value) { return value.everyone_role.has_value(); };
      if (std::none_of(setting.values.begin(), setting.values.end(), given)) continue;
      const auto numbered = number(EntityKind::scope, setting.on_kind + ":*");
      if (!numbered) return numbered.error();
    }
  }
  auto changes = changes_of(record, number);
  return changes;
}

Outcome<void> AccessFold::find_earliest(ViewWriter& views, OrgNumber org, OrgHead& head, const Record& record,
                                        Instant turned, bool counts, RecordSource& records) {
  std::int64_t earliest = std::min(head.earliest_us, turned.us);
  if (!counts) {
    if (turned.us != head.earliest_us) return {};
    earliest = std::numeric_limits<std::int64_t>::max();
    for (Version version(1); version < record.version; version = version.next()) {
      const auto other = records.record_of(record.org, version);
      if (!other) return other.error();
      if (is_about_the_record(other->event.data)) continue;
      const auto gone = is_retracted(views, org, other->position, record.position);
      if (!gone) return gone.error();
      if (!*gone) earliest = std::min(earliest, other->event.occurred_at->us);
    }
  }
  if (earliest == head.earliest_us) return {};
  head.earliest_us = earliest;
  views.put(earliest_key(org, record.position), time_value(earliest));
  return {};
}

Outcome<void> AccessFold::retract(ViewWriter& views, OrgNumber org, OrgHead& head, const Record& record,
                                  RecordSource& records) {
  const Position target = std::get<event::EventRetracted>(record.event.data).position;
  // A retraction may retract a retraction: the entries are those of the event at the end of the chain.
  Position base = target, by = record.position;
  Outcome<Record> of = fail(FailureCode::not_found, "");
  for (;;) {
    if (base >= by) {
      return fail(FailureCode::corruption, "position " + std::to_string(by.value) + " retracts " +
                                               std::to_string(base.value) + ", which does not come before it");
    }
    of = records.record(base);
    if (!of || !std::holds_alternative<event::EventRetracted>(of->event.data)) break;
    by = base;
    base = std::get<event::EventRetracted>(of->event.data).position;
  }
  if (!of) return of.error();
  const auto was = is_retracted(views, org, base, record.position);
  if (!was) return was.error();
  std::string row;
  if (const auto found = views.get(retractions_key(org, target), row); !found) return found.error();
  put_varint(row, record.position.value);
  views.put(retractions_key(org, target), std::move(row));
  const auto is = is_retracted(views, org, base, record.position);
  if (!is) return is.error();
  if (*was == *is) return {};
  auto touched = changes(views, org, head, *of);
  if (!touched) return touched.error();
  const Point point{of->event.occurred_at->us, base.value};
  if (!touched->empty()) note_learnt(views, org, point.us, record.position);
  std::set<Number> turned;  // an event may name one twice: a transfer of ownership to who has it
  for (const Change& change : *touched) {
    const auto entity = names_.number_or_make(views, org, head, change.kind, change.name);
    if (!entity) return entity.error();
    if (change.entries.empty() || !turned.insert(*entity).second) continue;
    const auto done = turn_entries(views, org, change.kind, *entity, point, record.position.value);
    if (!done) return done;
    note_late(views, org, *entity, point.us, head.newest_us, record.position);
  }
  if (is_about_the_record(of->event.data)) return {};  // no history begins with it
  return find_earliest(views, org, head, record, *of->event.occurred_at, *was, records);
}

Outcome<void> AccessFold::apply(ViewWriter& views, OrgPlace& place, const Record& record, const RecordDigests& digests,
                                RecordSource& records) {
  if (place.number == 0) {
    const auto made = make_org(views, record.org);
    if (!made) return made.error();
    place.number = *made;
  }
  const OrgNumber org = place.number;
  OrgHead& head = place.head;
  const std::int64_t at = record.event.occurred_at->us;
  const bool late = at < head.newest_us;
  const auto touched = changes(views, org, head, record);
  if (!touched) return touched.error();
  for (const Change& change : *touched) {
    const auto entity = names_.number_or_make(views, org, head, change.kind, change.name);
    if (!entity) return entity.error();
    if (change.entries.empty()) continue;  // it names the entity and changes no access of it
    const auto done = add_entries(views, org, change.kind, *entity, change.entries);
    if (!done) return done;
    if (late) note_late(views, org, *entity, at, head.newest_us, record.position);
  }
  for (const auto& [subject, sealed] : record.subjects) {
    const auto member = names_.number_or_make(views, org, head, EntityKind::member, member_name(subject));
    if (!member) return member.error();
    views.put(named_key(org, *member), position_value(record.position));
  }
  if (record.event.id) {
    views.put_id(org, digests.id ? *digests.id : id_digest(*record.event.id), position_value(record.position));
  }
  const bool retraction = std::holds_alternative<event::EventRetracted>(record.event.data);
  if (retraction) {
    const auto done = retract(views, org, head, record, records);
    if (!done) return done;
  }
  const auto noted = note_record(views, org, record, [&](const Person& person) {
    return names_.number_or_make(views, org, head, EntityKind::member, member_name(person.subject));
  });
  if (!noted) return noted;
  if (const auto review = review_entity(record.event.data)) {
    const auto number = names_.number_or_make(views, org, head, review->kind, review->name);
    if (!number) return number.error();
    note_review(views, org, *number, record.position);
  }
  if (record.event.basis == Basis::baseline) {
    const auto kept = note_baseline(views, org, head, record.position);
    if (!kept) return kept;
  }
  if (late && !touched->empty()) note_learnt(views, org, at, record.position);
  if (late) views.put(newest_key(org, record.version), time_value(head.newest_us));
  if (at < head.earliest_us && !is_about_the_record(record.event.data)) {
    head.earliest_us = at;
    views.put(earliest_key(org, record.position), time_value(at));
  }
  head.newest_us = std::max(head.newest_us, at);
  head.version = record.version;
  head.position = record.position;
  head.chain = digests.record;
  return {};
}

Outcome<Position> position_of_id(storage::ViewReader& views, OrgNumber org, const EventId& id) {
  return read_position(views, id_key(org, id));
}

Outcome<Position> first_named(storage::ViewReader& views, OrgNumber org, Number member) {
  return read_position(views, named_key(org, member));
}

Outcome<std::optional<Instant>> earliest_known(storage::ViewReader& views, OrgNumber org, const OrgHead& head,
                                               Position known) {
  std::string key, value;
  if (known >= head.position) {
    const bool any = head.earliest_us != OrgHead{}.earliest_us;
    return any ? std::optional(Instant{head.earliest_us}) : std::nullopt;
  }
  const auto found = views.last_at_most(row_key(org, Row::earliest), earliest_key(org, known), key, value);
  if (!found) return found.error();
  if (!*found) return std::optional<Instant>();
  Reader in{value};
  return std::optional<Instant>(Instant{in.signed_varint()});
}

Outcome<std::optional<Instant>> newest_row(storage::ViewReader& views, OrgNumber org, Version version) {
  std::string value;
  const auto found = views.get(newest_key(org, version), value);
  if (!found) return found.error();
  if (!*found) return std::optional<Instant>();
  Reader in{value};
  return std::optional<Instant>(Instant{in.signed_varint()});
}

}  // namespace tenure::projections
