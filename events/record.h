// The event as kept: what a client stated, and what Tenure adds when it accepts it.
//
// The stored form is canonical JSON (RFC 8785) of exactly these fields, the very bytes that are
// hashed; events/wire/record_wire.h writes and reads it. Values only; any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "events/event.h"

namespace tenure {

enum class VerdictResult : std::uint8_t { allowed, violation, unspecified };

// What the access model says of an event, judged by the state at its time as known when recorded.
struct Verdict {
  VerdictResult result = VerdictResult::unspecified;
  std::string rule;     // the rule's id, empty when unspecified
  std::string because;  // one plain sentence
};

enum class Channel : std::uint8_t { api, import, console };

struct RecordedBy {
  std::string token;      // public id of the token, empty for the program itself
  std::string principal;  // subject text of the token's principal within this organization, or "tenure"
  Channel channel = Channel::api;
  std::string import_id;  // which import, empty if none
};

// The values that an event replaced, as known when it was recorded: a JSON object in canonical form
// with subjects in place of people ("{}" when it replaced nothing).
struct Before {
  std::string json = "{}";
};

struct Record {
  int schema = 1;
  Position position;
  OrgId org;
  Version version;
  Instant recorded_at;
  RecordedBy recorded_by;
  ModelId model;
  std::string model_version;
  Event event;
  Before before;
  Verdict verdict;
  // Sealed identities (base64) of the people that this record names first in its organization.
  std::vector<std::pair<SubjectId, std::string>> subjects;
  Digest prev{};  // SHA-256 of the organization's previous record, zeros for the first
};

}  // namespace tenure
