#include "services/api/asked.h"

#include <algorithm>
#include <charconv>

#include "events/limits.h"
#include "events/wire/record_wire.h"

namespace tenure::services {

void write_texts(JsonText& out, std::string_view name, const std::vector<std::string>& values) {
  out.key(name).open('[');
  for (const std::string& value : values) out.text(value);
  out.close(']');
}

std::optional<std::uint64_t> whole_number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

Decided<void> only_known(const http::Request& request, std::initializer_list<std::string_view> known) {
  for (std::size_t i = 0; i < request.query_count(); ++i) {
    const auto name = std::string(request.query_at(i).first);
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return refuse(RefusalCode::unknown_field, "\"" + name + "\" is not a parameter of this request.", name);
    }
    if (request.query_times(name) > 1) {
      return refuse(RefusalCode::invalid_field, "\"" + name + "\" is given twice; give it once.", name);
    }
  }
  return {};
}

Decided<bool> asked_flag(const http::Request& request, std::string_view name) {
  const auto value = request.query(name);
  if (!value || *value == "false") return false;
  if (*value == "true") return true;
  return refuse(RefusalCode::invalid_field, "\"" + std::string(name) + "\" must be true or false.", std::string(name));
}

Decided<When> asked_when(const http::Request& request, Instant now) {
  When when{now, false, {}, {}};
  const auto at = request.query("at"), on = request.query("on"), zone = request.query("tz");
  const auto from = request.query("from"), to = request.query("to");
  if ((at ? 1 : 0) + (on ? 1 : 0) + (from || to ? 1 : 0) > 1) {
    return refuse(RefusalCode::invalid_field, "give one of \"at\", \"on\" with \"tz\", or \"from\" with \"to\".", "at");
  }
  if (zone && !on) return refuse(RefusalCode::invalid_field, "\"tz\" goes with \"on\".", "tz");
  if (on) {
    if (!zone) return refuse(RefusalCode::missing_field, "\"on\" needs \"tz\", for example tz=Europe/Berlin.", "tz");
    const auto day = zoned_day(*on, *zone);
    if (!day) return day.error();
    return When{day->first, true, day->first, day->second};
  }
  if (from || to) {
    if (!from || !to)
      return refuse(RefusalCode::missing_field, "\"from\" and \"to\" go together.", from ? "to" : "from");
    const auto begin = parse_instant(*from, "from"), end = parse_instant(*to, "to");
    if (!begin) return begin.error();
    if (!end) return end.error();
    if (*end <= *begin) return refuse(RefusalCode::invalid_field, "\"to\" must be after \"from\".", "to");
    return When{*begin, true, *begin, *end};
  }
  if (at) {
    const auto instant = parse_instant(*at, "at");
    if (!instant) return instant.error();
    when.at = *instant;
  }
  return when;
}

boost::system::result<Position, http::Response> asked_known(const http::Request& request, storage::Snapshot& snapshot,
                                                            std::string_view name) {
  const auto text = request.query(name);
  if (!text) return snapshot.head();
  if (const auto position = whole_number(*text)) return std::min(Position(*position), snapshot.head());
  const std::string field(name);
  const auto instant = parse_instant(*text, field);
  if (!instant) {
    return http::problem(
        refuse(RefusalCode::invalid_field,
               '"' + field + "\" must be a position or an RFC 3339 instant, as in 2024-02-29T10:00:00Z.", field));
  }
  // recorded_at never falls with the position: the last record at or before the instant, by halving.
  std::uint64_t low = 0, high = snapshot.head().value;
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    const auto stored = snapshot.record(Position(middle));
    const auto record = stored
                            ? wire::read_record(stored->bytes, [&](const Digest& hash) { return snapshot.blob(hash); })
                            : Outcome<Record>(stored.error());
    if (!record) return http::problem(record.error());
    if (record->recorded_at <= *instant) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return Position(low);
}

Decided<std::optional<IdempotencyKey>> idempotency_of(const http::Request& request, const Parts& parts) {
  const auto key = request.header("Idempotency-Key");
  if (!key) return std::optional<IdempotencyKey>();
  if (key->empty() || key->size() > limits::identifier_bytes_max) {
    return refuse(RefusalCode::invalid_field, "Idempotency-Key must be 1 to 320 bytes.", "Idempotency-Key");
  }
  const Digest body = parts.people.keyed_digest(std::string(request.target()) + "\n" + request.body);
  return std::optional<IdempotencyKey>(
      IdempotencyKey{request.identity_as<Token>()->id, std::string(*key),
                     std::string(reinterpret_cast<const char*>(body.data()), body.size())});
}

}  // namespace tenure::services
