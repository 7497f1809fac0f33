// In which form events are sent: format, carrier, and what is added. All who want the same kind share its bytes.
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include "projections/formats/formats.h"

namespace tenure::services {

using FeedFormat = formats::Format;

// How a message is set apart from the next: a WebSocket's text frame, a Server-Sent Event, a line; and where it is
// pushed (services/push) an event of Splunk's collector on a line, or a syslog message behind its length.
enum class Framing : std::uint8_t { websocket, sse, lines, hec, syslog };

struct Kind {
  FeedFormat format = FeedFormat::native;
  Framing framing = Framing::websocket;
  bool with_record = false;  // the hashed bytes too

  auto operator<=>(const Kind&) const = default;
};

inline std::string_view to_text(Framing framing) {
  static constexpr std::string_view names[] = {"websocket", "sse", "ndjson", "hec", "syslog"};
  return names[static_cast<std::size_t>(framing)];
}

}  // namespace tenure::services
