// Feeds bytes to the two readers of events: what clients send, and what the log holds. What is read and written must
// read again and give the same bytes: a stored record is the very bytes that are hashed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "events/wire/canonical_json.h"
#include "events/wire/event_wire.h"
#include "events/wire/record_wire.h"

namespace {

using namespace tenure;

void must(bool holds) {
  if (!holds) std::abort();
}

void try_event(std::string_view text) {
  const auto event = wire::read_event(text);
  if (!event) {
    must(!event.error().because.empty());
    return;
  }
  const std::string written = "{" + wire::write_event(*event) + "}";
  const auto again = wire::read_event(written);
  must(again.has_value());
  must("{" + wire::write_event(*again) + "}" == written);
}

void try_lines(std::string_view text) {
  const auto events = wire::read_events(text, true);
  if (events) {
    must(!events->empty());
  } else {
    must(!events.error().empty());
  }
}

// Reading does not ask for every field, since what is stored was written whole; without these it cannot be written so.
bool has_what_every_record_has(const Record& record) {
  const Actor& actor = record.event.actor;
  return record.position && (actor.is_person() ? !actor.who.subject.empty() : !actor.who.identity.empty());
}

void try_record(std::string_view bytes) {
  const wire::PartSource no_parts = [](const Digest&) -> Outcome<std::string> {
    return fail(FailureCode::not_found, "no parts here");
  };
  const auto record = wire::read_record(bytes, no_parts);
  if (!record) {
    must(!record.error().because.empty());
    return;
  }
  if (!has_what_every_record_has(*record)) return;
  const auto written = wire::write_record(*record);
  if (!written || !written->parts.empty()) return;
  const auto again = wire::read_record(written->bytes, no_parts);
  must(again.has_value());
  const auto rewritten = wire::write_record(*again);
  must(rewritten.has_value());
  must(rewritten->bytes == written->bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try_event(text);
  try_lines(text);
  try_record(text);
  return 0;
}
