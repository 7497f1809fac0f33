// What a query asks, read from its parameters: when, and as known when. Refusals name the parameter.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/wire/json_text.h"
#include "services/api/parts.h"

namespace tenure::services {

// "at an instant", or "over a range" (`on`+`tz`, `from`+`to`).
struct When {
  Instant at;
  bool range = false;
  Instant from, to;
};

// Refuses parameters that the route does not know, and any that is given twice.
Decided<void> only_known(const http::Request& request, std::initializer_list<std::string_view> known);
Decided<When> asked_when(const http::Request& request, Instant now);
// The position as of which things were known: the parameter as a position or an instant; else the newest. A Response is
// a no: the asker's fault or the store's.
boost::system::result<Position, http::Response> asked_known(const http::Request& request, storage::Snapshot& snapshot,
                                                            std::string_view name = "known_at");
// Whether a parameter that is true or false says true; absent, it is false.
Decided<bool> asked_flag(const http::Request& request, std::string_view name);
// The Idempotency-Key of a request, bound to its token, target and body; nothing where it has none.
Decided<std::optional<IdempotencyKey>> idempotency_of(const http::Request& request, const Parts& parts);
// A list of texts, as a field.
void write_texts(JsonText& out, std::string_view name, const std::vector<std::string>& values);
// Decimal digits and nothing else.
std::optional<std::uint64_t> whole_number(std::string_view text);

// The day of a date in a time zone, as [from, to): 23, 24 or 25 hours and odd ones too.
Decided<std::pair<Instant, Instant>> zoned_day(std::string_view date, std::string_view zone);

}  // namespace tenure::services
