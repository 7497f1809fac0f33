// A sink: where events are pushed, in which form, which of them; and how it gets on. Plain values; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "events/event.h"
#include "services/feed/filter.h"
#include "services/feed/kind.h"
#include "services/push/destination.h"

namespace tenure::services {

struct Sink {
  std::string name;  // its consumer's too
  SinkKind kind = SinkKind::ndjson;
  std::string url;
  Destination to;
  FeedFormat format = FeedFormat::native;
  std::vector<std::string> orgs, types, verdicts;  // empty: all
  std::optional<std::string> secret_id;            // of its token, if it has one
  std::string principal;                           // who made it
  Instant created_at;
  bool paused = false;
};

enum class SinkPhase : std::uint8_t {
  running,      // sends, or waits for what comes
  backing_off,  // the last attempt failed; it tries again
  refused,      // the receiver does not take what it is sent; it tries again, at the slowest pace
  paused
};
std::string_view name_of(SinkPhase phase);

struct SinkState {
  SinkPhase phase = SinkPhase::running;
  Instant since;                    // it has been in this phase
  std::uint64_t attempts = 0;       // that failed, one after the other
  std::optional<Instant> next_try;  // while it backs off
  std::string error;                // the last one; stays until something was taken
  std::optional<Instant> error_at;
  std::optional<Instant> taken_at;                      // when a batch was last taken, since the start
  std::uint64_t events = 0, batches = 0, failures = 0;  // taken, taken, failed since the start
};

// How its blocks are encoded, and what it is sent of them.
Kind kind_of(const Sink& sink);
FeedFilter filter_of(const Sink& sink);

}  // namespace tenure::services
