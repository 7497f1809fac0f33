// Start here: a record as the messages that a SIEM takes, in the format that it takes.
//
// An event as the API shows it goes in; out come the texts to send, in order. `native`, `ecs`, `cef` and `cloudevents`
// make one message of a record; `ocsf` and `ocsf-1.9` make one for each thing that happened to a person, group or
// entity (a member who was removed loses a role, grants and groups), never none. What each type becomes is one row of
// the table in mapping.cpp, told in README.md. A type without a row is not lost: it goes out as what no row speaks of.
//
// Pure: no I/O, no clock; any thread. Nothing fails: a field that is absent or of another kind is left out.
// Messages are UTF-8 on one line without a line end. Complexity: linear in the event; for OCSF in what it ended.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/ids.h"

namespace tenure::formats {

enum class Format : std::uint8_t { native, ocsf, ocsf_1_9, ecs, cef, cloudevents };

// "native", "ocsf", "ocsf-1.9", "ecs", "cef", "cloudevents"; nothing for any other name.
std::optional<Format> format_of(std::string_view name);
std::string_view name_of(Format format);
// Whether a message is one JSON object; `cef` is a line of text.
bool is_json(Format format);

// Where the events come from; the same for all of one store.
struct Source {
  std::string store;    // the store's id
  std::string version;  // Tenure's, "0.1.0"
  std::string host;     // the server's host name; empty: not told
};

// `shown` is the event as GET /v1/orgs/{org}/events/{version} answers it. `record_hash` is the SHA-256 of the stored
// record, the value that the organization's next record has as `prev`: `ocsf-1.9` attests it (the record_integrity
// profile needs it), `ocsf` and `ecs` carry it. `native` does not look at the last two.
std::vector<std::string> messages(Format format, const nlohmann::json& shown, const Source& source,
                                  const std::optional<Digest>& record_hash = std::nullopt);

}  // namespace tenure::formats
