// Where a sink pushes to, read from its URL. Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "events/result.h"

namespace tenure::services {

enum class SinkKind : std::uint8_t { syslog, splunk_hec, ndjson };

// "syslog", "splunk_hec", "ndjson"; nothing for any other name.
std::optional<SinkKind> sink_kind_of(std::string_view name);
std::string_view name_of(SinkKind kind);

struct Destination {
  bool tls = false;
  std::string host;  // a name or an address without brackets
  std::uint16_t port = 0;
  std::string target;     // of HTTP: path and query
  std::string authority;  // as a Host header has it
};

// tcp:// or tls://HOST:PORT for syslog, http:// or https:// for the others; without a path an HTTP collector is asked
// at /services/collector/event. A refusal names what is wrong, at `field`: another scheme, no host or port, user
// information or a fragment, longer than url_bytes_max.
Decided<Destination> parse_destination(SinkKind kind, std::string_view url, std::string_view field);

}  // namespace tenure::services
