// Reads one line of a GitHub organization's audit log and says what it means for Tenure.
//
// Pure: no I/O, no clock; any thread (each keeps a parser of its own). Time grows with the line.
//
// Promises: the same line always gives the same events with the same ids, so that importing it again adds nothing.
// No line is lost: an action that changes no access, one that is not known here, and a known one without the fields
// it needs become one `source.recorded` that holds the line.
//
// Refuses, naming the field: what is not one JSON object of at most limits::raw_line_bytes_max bytes and
// limits::json_depth_max levels (malformed_json, too_large), a line without action or time (missing_field), a time or
// name of the wrong kind, a name with control characters or past limits::identifier_bytes_max (invalid_field,
// too_large). A blank line is not JSON: callers skip them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "events/event.h"
#include "events/model/access_model.h"
#include "events/result.h"

namespace tenure {

// `source` of what is recorded without being understood.
inline constexpr std::string_view github_audit_source = "github-audit";
// The access model of organizations that come from such a log.
inline constexpr std::string_view github_audit_model = "github";

struct ImportedLine {
  std::string org;             // empty when the line names none
  std::string document_id;     // `_document_id`, or "line:" and the line's SHA-256
  std::vector<Event> events;   // in the order they are to be recorded; each has an id, a time and an actor
  bool creates_org = false;    // the organization begins here: no event of its own, its id would be `document_id`
  bool recorded_only = false;  // the one event is a `source.recorded`
  bool not_followed = false;   // access may be understated from here on: a rename, a move, a field is missing, or a
                               // repository role of the organization's own whose base the line does not say
  Instant occurred_at;         // of the line, for the organization that it creates
  Actor actor;
};

Decided<ImportedLine> read_github_audit_line(std::string_view line);

// Whether a model knows repositories and the roles that such lines give: in another's organization they mean something
// else, or nothing.
bool knows_github_roles(const AccessModel& model);

}  // namespace tenure
