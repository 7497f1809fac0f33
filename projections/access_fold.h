// Start here: how an event becomes views. One record in, changes of the views out, in the order of
// the log; the same function runs live (inside the append's own batch) and in a rebuild, so both
// give the same bytes.
//
// `changes_of` says what an event means for each entity that it touches; `AccessFold::apply` writes
// that into the timelines and the interval index, and moves the organization's head on.
//
// Threads: the writer's only. Failures: the store's; a record that names an unknown model is corruption, since a
// model is published before it is used.
#pragma once

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "events/record.h"
#include "projections/directory.h"
#include "projections/entity_state.h"
#include "projections/models.h"
#include "storage/store.h"

namespace tenure::projections {

class ViewWriter;

// What one event does to one entity.
struct Change {
  EntityKind kind = EntityKind::org;
  std::string name;  // as the directory names it; empty for the organization itself
  std::vector<Entry> entries;
};

// The number of every name is taken through this, in the order in which the event names them.
using NumberOf = std::function<Outcome<Number>(EntityKind kind, std::string_view name)>;

Outcome<std::vector<Change>> changes_of(const Record& record, const NumberOf& number);

// Roles that an event implies without naming them: the owner's role, and what a former owner becomes. Which role
// that is, the model in force at the event's instant says, when the question is asked: a change of the model may be
// learnt late. No client can send these names.
inline constexpr std::string_view implied_owner = "\x01owner";
inline constexpr std::string_view implied_former_owner =
    "\x01"
    "former-owner";

// An edit that says nothing of a role or group clears this, which nothing has: it is an event about the thing all the
// same, and defines nothing.
inline constexpr Slot name_of_nothing{SlotKind::named, 1};

// A model as the directory names it.
std::string model_name(const ModelId& id, std::string_view version);

// The log as the fold sees it: what is committed, and the batch in hand up to the record being folded.
class RecordSource {
 public:
  virtual ~RecordSource() = default;
  virtual Outcome<Record> record(Position position) = 0;
  virtual Outcome<Record> record_of(const OrgId& org, Version version) = 0;
};

// SHA-256 of a record's bytes, and of its event's id where that was worked out already.
struct RecordDigests {
  Digest record{};
  std::optional<Digest> id;
};

class AccessFold {
 public:
  // `names` is the writer's own: what it keeps is of these views, and forgotten when changes are undone.
  AccessFold(const Models& models, DirectoryCache& names) : models_(models), names_(names) {}

  // `place` moves on with the record; its head is the caller's to write (write_head) before the views are read by
  // anyone else. Of the record no more is asked than a rebuild reads (wire::read_folded).
  Outcome<void> apply(ViewWriter& views, OrgPlace& place, const Record& record, const RecordDigests& digests,
                      RecordSource& records);

 private:
  Outcome<void> retract(ViewWriter& views, OrgNumber org, OrgHead& head, const Record& record, RecordSource& records);
  // history_from after an event was retracted (or counts again): a retraction may take the earliest away.
  Outcome<void> find_earliest(ViewWriter& views, OrgNumber org, OrgHead& head, const Record& record, Instant turned,
                              bool counts, RecordSource& records);
  Outcome<std::vector<Change>> changes(ViewWriter& views, OrgNumber org, OrgHead& head, const Record& record);

  const Models& models_;
  DirectoryCache& names_;
};

// Whether the event at `target` is retracted, as known at `known`.
Outcome<bool> is_retracted(storage::ViewReader& views, OrgNumber org, Position target, Position known);

Digest id_digest(const EventId& id);
// The row of a client's event id: organization, kind, 16 bytes of its digest.
std::string id_key(OrgNumber org, const EventId& id);

// The position of the event with a client's id, or 0.
Outcome<Position> position_of_id(storage::ViewReader& views, OrgNumber org, const EventId& id);
// The position of the record that has a member's sealed identity, or 0.
Outcome<Position> first_named(storage::ViewReader& views, OrgNumber org, Number member);

// history_from as known at a position: the earliest occurred_at of what was not retracted, retractions aside; nothing
// while there is none.
Outcome<std::optional<Instant>> earliest_known(storage::ViewReader& views, OrgNumber org, const OrgHead& head,
                                               Position known);
// The newest occurred_at up to a version where that version's own event was late; nothing where it was not.
Outcome<std::optional<Instant>> newest_row(storage::ViewReader& views, OrgNumber org, Version version);

// How far the fold has come: written with every batch.
std::string checkpoint_key();

}  // namespace tenure::projections
