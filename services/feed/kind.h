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

// What of a run of positions a block holds: all their messages; only what filters ask of them, and no message; or the
// message of one position that passed somebody's filter, without its neighbours.
enum class Part : std::uint8_t { whole, traits, single };

struct Kind {
  FeedFormat format = FeedFormat::native;
  Framing framing = Framing::websocket;
  bool with_record = false;  // the hashed bytes too
  Part part = Part::whole;

  auto operator<=>(const Kind&) const = default;
};

// What filters ask is the same for every form.
inline constexpr Kind traits_kind{FeedFormat::native, Framing::websocket, false, Part::traits};

inline std::string_view to_text(Framing framing) {
  static constexpr std::string_view names[] = {"websocket", "sse", "ndjson", "hec", "syslog"};
  return names[static_cast<std::size_t>(framing)];
}

}  // namespace tenure::services
