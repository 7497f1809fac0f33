// What a client of the feed asks for, read from its request: where from, what of it, in which form.
#pragma once

#include <variant>

#include "services/api/parts.h"
#include "services/feed/feed.h"

namespace tenure::services {

// A Response is a no. Blocks: it looks into the store, and may make a named consumer.
std::variant<FeedWish, http::Response> asked_feed(Parts& parts, const http::Request& request);

// Whether a token sees all that is sent of these organizations; empty: of every one.
bool sees_all(const Token& token, const std::vector<std::string>& orgs);

// How far a consumer is behind: events not yet acknowledged, and the age of the first of them.
struct Lag {
  std::uint64_t events = 0;
  std::uint64_t seconds = 0;
};
Outcome<Lag> lag_of(const Consumer& consumer, storage::Snapshot& snapshot, Instant now);

// An instant to begin at, which may be ahead of the clock as far as an event may: what comes before it would be sent.
Decided<Instant> parse_since(std::string_view text, std::string_view field, Instant now);
// The first position that was recorded at that instant or after; newest + 1 if there is none. O(log n) reads.
Outcome<Position> first_since(storage::Snapshot& snapshot, Instant since);

}  // namespace tenure::services
