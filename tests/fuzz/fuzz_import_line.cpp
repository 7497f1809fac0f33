// Feeds bytes to the reader of audit log lines. Whatever it takes must be events that Tenure's own reader takes too,
// with distinct ids, and the same again when the line is read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "events/limits.h"
#include "events/wire/event_wire.h"
#include "services/import/github_audit.h"

namespace {

using namespace tenure;

void must(bool holds) {
  if (!holds) std::abort();
}

void check_event(const Event& event, std::set<std::string>& ids) {
  must(event.id && event.occurred_at);
  must(ids.insert(event.id->text).second);
  // A raw line may be longer than a client may send as text.
  const auto* kept = std::get_if<event::SourceRecorded>(&event.data);
  if (kept != nullptr && kept->raw.text.size() > limits::text_bytes_max) return;
  const std::string text = "{" + wire::write_event(event) + "}";
  const auto again = wire::read_event(text);
  must(again.has_value());
  must("{" + wire::write_event(*again) + "}" == text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = read_github_audit_line(text);
  if (!line) {
    must(!line.error().because.empty());
    return 0;
  }
  must(!line->document_id.empty());
  must(line->creates_org == line->events.empty());
  must(!line->recorded_only || line->events.size() == 1);
  std::set<std::string> ids;
  for (const Event& event : line->events) check_event(event, ids);
  const auto again = read_github_audit_line(text);
  must(again.has_value() && again->events.size() == line->events.size());
  for (std::size_t i = 0; i < line->events.size(); ++i) {
    must(wire::write_event(again->events[i]) == wire::write_event(line->events[i]));
  }
  return 0;
}
