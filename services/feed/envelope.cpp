#include "services/feed/envelope.h"

#include <algorithm>

#include "events/wire/json_text.h"
#include "projections/formats/mapping.h"

namespace tenure::services {

namespace {

constexpr int facility_log_audit = 13;
// RFC 5424 section 6: HOSTNAME is at most 255 characters of printable US-ASCII, MSGID 32.
constexpr std::size_t hostname_bytes_max = 255, msgid_bytes_max = 32;
// Tenure has no enterprise number of its own; this is the one that RFC 5612 keeps for documentation.
constexpr std::string_view element = "tenure@32473";
constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";

Instant took_effect(const Record& record) { return record.event.occurred_at.value_or(record.recorded_at); }

// Seconds since 1970 with three decimals.
std::string epoch_seconds(Instant at) {
  std::int64_t ms = at.us / 1'000;
  if (at.us % 1'000 < 0) --ms;
  const std::string digits = std::to_string(ms < 0 ? -ms : ms);
  const std::string padded = digits.size() < 4 ? std::string(4 - digits.size(), '0') + digits : digits;
  return (ms < 0 ? "-" : "") + padded.substr(0, padded.size() - 3) + "." + padded.substr(padded.size() - 3);
}

// Of RFC 5424: error 3, warning 4, notice 5, informational 6.
int severity_of(const Record& record) {
  if (record.verdict.result == VerdictResult::violation) return 3;
  switch (formats::row_of(type_name(record.event.data)).severity) {
    case formats::Severity::informational:
      return 6;
    case formats::Severity::low:
      return 5;
    case formats::Severity::medium:
      return 4;
    case formats::Severity::high:
      break;
  }
  return 3;
}

// A header field: printable US-ASCII without blanks, or the nil value.
std::string printable(std::string_view text, std::size_t bytes_max) {
  std::string out;
  for (const char c : text.substr(0, bytes_max)) out += c > ' ' && c < 0x7f ? c : '_';
  return out.empty() ? "-" : out;
}

void add_parameter(std::string& out, std::string_view name, std::string_view value) {
  out += ' ';
  out += name;
  out += "=\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string pushed_id(const Wrapped& of) {
  std::string id = of.source.store + ":" + std::to_string(of.record.position.value);
  if (of.number > 0) id += "." + std::to_string(of.number);
  return id;
}

std::string hec_event(const Wrapped& of, std::string_view message) {
  JsonText json;
  json.open('{').key("time").raw(epoch_seconds(took_effect(of.record)));
  if (!of.source.host.empty()) json.field("host", of.source.host);
  json.field("source", "tenure").field("sourcetype", "tenure:" + std::string(formats::name_of(of.format)));
  json.key("fields").open('{').field("tenure_id", pushed_id(of)).close('}').key("event");
  if (formats::is_json(of.format)) {
    json.raw(message);
  } else {
    json.text(message);
  }
  return json.close('}').take();
}

std::string syslog_message(const Wrapped& of, std::string_view message) {
  std::string out;
  out.reserve(message.size() + 256);
  out += '<';
  out += std::to_string(facility_log_audit * 8 + severity_of(of.record));
  out += ">1 ";
  out += format_instant(took_effect(of.record));
  out += ' ';
  out += printable(of.source.host, hostname_bytes_max);
  out += " tenure - ";
  out += printable(type_name(of.record.event.data), msgid_bytes_max);
  out += " [";
  out += element;
  add_parameter(out, "id", pushed_id(of));
  add_parameter(out, "org", of.record.org.text);
  out += "] ";
  out += utf8_mark;
  out += message;
  return out;
}

}  // namespace tenure::services
