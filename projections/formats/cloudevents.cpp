// CloudEvents 1.0.2 in structured JSON mode: the native event as `data`.
#include "events/wire/json_text.h"
#include "projections/formats/encoders.h"

namespace tenure::formats {

namespace {

// A part of a URN: everything but RFC 3986's unreserved characters as %XX.
void add_part(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
                       c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
}

// Texts of one length, so that they sort as the numbers do.
std::string padded(std::uint64_t number) {
  constexpr std::size_t digits = 16;  // of 2^53 - 1
  std::string text = std::to_string(number);
  if (text.size() < digits) text.insert(0, digits - text.size(), '0');
  return text;
}

}  // namespace

std::string cloud_event(const Shown& event, const Source& source) {
  const Subject subject = subject_of(row_of(event.type), event);
  std::string from = "urn:tenure:";
  add_part(from, source.store);
  from += ':';
  add_part(from, event.org);
  JsonText out(2'048);
  out.open('{').field("specversion", "1.0").field("id", std::to_string(event.position)).field("source", from);
  out.field("type", "io.tenure." + std::string(event.type));
  out.field("subject", std::string(subject.kind) + ":" + subject.id);
  out.some("time", event.occurred_at).some("recordedtime", event.recorded_at);
  out.field("datacontenttype", "application/json");
  out.field("sequence", padded(event.version)).some("partitionkey", event.org);
  out.key("data").raw(dump(event.whole));
  return out.close('}').take();
}

}  // namespace tenure::formats
