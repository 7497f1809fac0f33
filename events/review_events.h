// The access reviews' own events. No client sends one: the routes of reviews do, once they have been decided.
//
// A definition says what is reviewed by whom; a campaign is opened with its scope pinned to a position, and what it
// asks about follows from that position and the definition, so that no record lists it. Included by events/event.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "events/event_parts.h"

namespace tenure::event {

#define TENURE_EVENT(type_name, schema_number)        \
  static constexpr std::string_view type = type_name; \
  static constexpr int schema = schema_number;        \
  static constexpr auto fields() { return std::tuple(TENURE_FIELDS); }

// A definition was made or replaced. `document` is its stored form (events/review/definition.h), in which people are
// numbers into `people`.
struct ReviewDefined {
  std::string definition;
  Document document;
  std::vector<Person> people;
#define TENURE_FIELDS                                                                           \
  field("definition", &ReviewDefined::definition), field("document", &ReviewDefined::document), \
      field("people", &ReviewDefined::people)
  TENURE_EVENT("review.defined", 1)
#undef TENURE_FIELDS
};
// No campaign is opened by it any more.
struct ReviewWithdrawn {
  std::string definition;
#define TENURE_FIELDS field("definition", &ReviewWithdrawn::definition)
  TENURE_EVENT("review.withdrawn", 1)
#undef TENURE_FIELDS
};

// A run of a definition's schedule came to nothing: there was nothing to review, or nobody to ask.
struct ReviewSkipped {
  std::string because;  // one sentence that names no person
  std::string definition;
  Instant scheduled_for;
#define TENURE_FIELDS                                                                         \
  field("because", &ReviewSkipped::because), field("definition", &ReviewSkipped::definition), \
      field("scheduled_for", &ReviewSkipped::scheduled_for)
  TENURE_EVENT("review.skipped", 1)
#undef TENURE_FIELDS
};

struct ReviewOpened {
  Instant as_of;                          // the state under review: that of this instant …
  std::optional<std::string> definition;  // by its id; none where it was stated for this campaign alone
  Document document;                      // the definition as it stood
  Instant due_at;
  // Where the scope names findings: of whom there were some, so that it stays its scope whoever searches later. Nothing
  // where it was opened by a Tenure that did not keep this yet.
  std::optional<Document> found;
  std::uint64_t items = 0;   // how many there are …
  std::string items_digest;  // … and the SHA-256 (hex) over their ids and states, in order
  std::vector<Person> people;
  Position pinned;  // … as known at this position
  std::string review;
  std::optional<Instant> scheduled_for;  // the run of its schedule
#define TENURE_FIELDS                                                                             \
  field("as_of", &ReviewOpened::as_of), field("definition", &ReviewOpened::definition),           \
      field("document", &ReviewOpened::document), field("due_at", &ReviewOpened::due_at),         \
      field("found", &ReviewOpened::found), field("items", &ReviewOpened::items),                 \
      field("items_digest", &ReviewOpened::items_digest), field("people", &ReviewOpened::people), \
      field("pinned", &ReviewOpened::pinned), field("review", &ReviewOpened::review),             \
      field("scheduled_for", &ReviewOpened::scheduled_for)
  TENURE_EVENT("review.opened", 1)
#undef TENURE_FIELDS
};

// One reviewer's word on one item; the actor is the reviewer.
struct ReviewDecided {
  ReviewVerb decision = ReviewVerb::keep;
  std::string item;
  Person member;  // whose hold it is
  std::string review;
  std::optional<RoleId> role;    // change: to this one
  std::uint64_t stage = 0;       // from 0
  std::string state;             // of the hold, as the reviewer saw it
  std::optional<Person> to;      // delegate: to them …
  std::optional<Instant> until;  // … and back to the reviewer at this instant
#define TENURE_FIELDS                                                                   \
  field("decision", &ReviewDecided::decision), field("item", &ReviewDecided::item),     \
      field("member", &ReviewDecided::member), field("review", &ReviewDecided::review), \
      field("role", &ReviewDecided::role), field("stage", &ReviewDecided::stage),       \
      field("state", &ReviewDecided::state), field("to", &ReviewDecided::to), field("until", &ReviewDecided::until)
  TENURE_EVENT("review.decided", 1)
#undef TENURE_FIELDS
};

// Somebody else is asked instead of `from`, or beside all others where nobody is named; about one item or all.
struct ReviewReassigned {
  std::optional<Person> from;
  std::optional<std::string> item;
  std::string review;
  Person to;
#define TENURE_FIELDS                                                             \
  field("from", &ReviewReassigned::from), field("item", &ReviewReassigned::item), \
      field("review", &ReviewReassigned::review), field("to", &ReviewReassigned::to)
  TENURE_EVENT("review.reassigned", 1)
#undef TENURE_FIELDS
};

struct ReviewReminded {
  std::uint64_t open = 0;  // items that wait for the reviewer
  std::string review;
  Person reviewer;
  std::uint64_t stage = 0;
#define TENURE_FIELDS                                                             \
  field("open", &ReviewReminded::open), field("review", &ReviewReminded::review), \
      field("reviewer", &ReviewReminded::reviewer), field("stage", &ReviewReminded::stage)
  TENURE_EVENT("review.reminded", 1)
#undef TENURE_FIELDS
};
// Another person may decide what waits for the reviewer, too.
struct ReviewEscalated {
  std::uint64_t open = 0;
  std::string review;
  Person reviewer;
  std::uint64_t stage = 0;
  Person to;
#define TENURE_FIELDS                                                                         \
  field("open", &ReviewEscalated::open), field("review", &ReviewEscalated::review),           \
      field("reviewer", &ReviewEscalated::reviewer), field("stage", &ReviewEscalated::stage), \
      field("to", &ReviewEscalated::to)
  TENURE_EVENT("review.escalated", 1)
#undef TENURE_FIELDS
};

struct ReviewStageEnded {
  std::string because;  // "due", "decided" or "asked"
  std::string review;
  std::uint64_t stage = 0;
#define TENURE_FIELDS                                                                       \
  field("because", &ReviewStageEnded::because), field("review", &ReviewStageEnded::review), \
      field("stage", &ReviewStageEnded::stage)
  TENURE_EVENT("review.stage_ended", 1)
#undef TENURE_FIELDS
};
// The end, with what came out, as counted then.
struct ReviewClosed {
  Instant as_of;              // the holds stand as at this instant, as known just before the record's position
  std::string because;        // "due", "decided" or "asked"
  std::uint64_t carried = 0;  // certified earlier, unchanged
  std::uint64_t changed = 0;  // to another role
  std::uint64_t ended = 0;    // holds that ended while the review was open
  std::uint64_t kept = 0;
  std::uint64_t left_open = 0;  // nobody answered, and the definition leaves such ones as they are
  std::string outcome_digest;   // the SHA-256 (hex) over ids, states and outcomes, in order
  std::string review;
  std::uint64_t revoked = 0;
#define TENURE_FIELDS                                                                                       \
  field("as_of", &ReviewClosed::as_of), field("because", &ReviewClosed::because),                           \
      field("carried", &ReviewClosed::carried), field("changed", &ReviewClosed::changed),                   \
      field("ended", &ReviewClosed::ended), field("kept", &ReviewClosed::kept),                             \
      field("left_open", &ReviewClosed::left_open), field("outcome_digest", &ReviewClosed::outcome_digest), \
      field("review", &ReviewClosed::review), field("revoked", &ReviewClosed::revoked)
  TENURE_EVENT("review.closed", 1)
#undef TENURE_FIELDS
};
// What the close asked for was recorded, in mode enforce: events of the holds themselves, each by the system
// "review:ID", approved by its reviewer.
struct ReviewRemediated {
  std::uint64_t applied = 0;
  std::uint64_t held_back = 0;  // tasks instead: more than may go by themselves, or become other holds
  std::uint64_t refused = 0;    // by a rule of every team, such as that of the last owner: tasks instead
  std::string review;
#define TENURE_FIELDS                                                                             \
  field("applied", &ReviewRemediated::applied), field("held_back", &ReviewRemediated::held_back), \
      field("refused", &ReviewRemediated::refused), field("review", &ReviewRemediated::review)
  TENURE_EVENT("review.remediated", 1)
#undef TENURE_FIELDS
};
// Given up: nothing follows from it.
struct ReviewCancelled {
  std::string review;
#define TENURE_FIELDS field("review", &ReviewCancelled::review)
  TENURE_EVENT("review.cancelled", 1)
#undef TENURE_FIELDS
};

// A report on access without a campaign, pinned like one: it can be had again, the same to the byte.
struct AccessReported {
  Instant as_of;
  std::optional<std::string> definition;  // whose schedule asked for it
  Instant from;                           // the period's begin; `as_of` is its end
  Position pinned;
  std::string report;
  std::optional<Instant> scheduled_for;
#define TENURE_FIELDS                                                                       \
  field("as_of", &AccessReported::as_of), field("definition", &AccessReported::definition), \
      field("from", &AccessReported::from), field("pinned", &AccessReported::pinned),       \
      field("report", &AccessReported::report), field("scheduled_for", &AccessReported::scheduled_for)
  TENURE_EVENT("review.access_reported", 1)
#undef TENURE_FIELDS
};

#undef TENURE_EVENT

}  // namespace tenure::event
