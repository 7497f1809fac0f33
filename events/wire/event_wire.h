// Events as JSON: reading what clients send, writing what the API shows.
//
// Reading is strict: an unknown type or field, a wrong kind of value, a duplicate key, a text past
// its limit is a refusal that names the field by JSON pointer; nothing is guessed. It uses simdjson's
// DOM, so the whole text is validated (UTF-8 and syntax) before the first field is looked at.
//
// Threads: any; each thread keeps a parser of its own. Complexity: linear in the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"

namespace tenure::wire {

// Every refusal of a batch, each with the index of its event; never empty.
using BatchRefusal = std::vector<Refusal>;

// One JSON object, an array of them, or (when `ndjson`) one object a line; empty lines are skipped.
boost::system::result<std::vector<Event>, BatchRefusal> read_events(std::string_view body, bool ndjson);

// One event from one JSON object.
Decided<Event> read_event(std::string_view text);

// The event's own fields as JSON object members, without braces and without `position` and the like;
// people as identities where known, else as "subject:ID". For the API and for `action.denied`.
std::string write_event(const Event& event);
// What makes two sendings of an event the same: everything that the client said, people by subject.
std::string fingerprint(const Event& event, bool with_time);
// The `data` object alone, as the API shows it.
std::string write_data(const EventPayload& data);

}  // namespace tenure::wire
