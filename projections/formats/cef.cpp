// CEF version 0 (Micro Focus, "ArcSight Common Event Format" rev. 26): a header of seven fields between pipes, then
// extensions. What has no key of the dictionary has one that starts with Tenure, as the format asks of a vendor's own.
#include "projections/formats/addresses.h"
#include "projections/formats/encoders.h"

namespace tenure::formats {

namespace {

// Between pipes: a backslash and a pipe are escaped, and a line end, which nothing there can carry, is a blank.
void add_header(std::string& out, std::string_view value) {
  for (const char c : value) {
    if (c == '\\' || c == '|') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
}

// In an extension: a backslash, an equals sign and line ends.
void add_value(std::string& out, std::string_view value) {
  for (const char c : value) {
    switch (c) {
      case '\\':
        out += "\\\\";
        break;
      case '=':
        out += "\\=";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      default:
        out += c;
    }
  }
}

class Extensions {
 public:
  explicit Extensions(std::string& out) : out_(out) {}

  void add(std::string_view key, std::string_view value) {
    if (value.empty()) return;
    if (!first_) out_ += ' ';
    first_ = false;
    out_ += key;
    out_ += '=';
    add_value(out_, value);
  }
  void add(std::string_view key, std::int64_t value) { add(key, std::to_string(value)); }
  // "cs1", "before": a custom field and what it holds; its label's key is the field's with "Label" behind.
  void labelled(std::string_view key, std::string_view label, std::string_view value) {
    if (value.empty()) return;
    add(key, value);
    add(std::string(key) + "Label", label);
  }

 private:
  std::string& out_;
  bool first_ = true;
};

// CEF goes from 0 to 10: low to 3, medium to 6, high to 8.
std::string_view severity_of(const Row& row, const Shown& event) {
  if (event.violation()) return "8";
  switch (row.severity) {
    case Severity::informational:
      return "1";
    case Severity::low:
      return "3";
    case Severity::medium:
      return "5";
    case Severity::high:
      break;
  }
  return "8";
}

void add_address(Extensions& to, std::string_view address) {
  if (is_ipv4(address)) return to.add("src", address);
  if (is_ipv6(address)) return to.labelled("c6a2", "Source IPv6 Address", address);
  to.add("TenureSourceAddress", address);
}

// What the event is about beside a person.
void add_thing(Extensions& to, const Row& row, const Shown& event, const Subject& subject) {
  const auto text = [&](std::string_view name) { return text_of(event.data, name); };
  if (subject.kind != "member") {
    to.labelled("cs5", subject.kind, subject.id);
  } else if (row.about == About::membership) {
    to.labelled("cs5", "group", text("group"));
  } else if (row.about == About::assignment) {
    to.labelled("cs5", "resource", text("resource"));
  } else {
    to.labelled("cs5", "role", text("role"));
  }
}

std::string verdict_text(const Shown& event) {
  std::string text(event.verdict);
  if (!event.rule.empty()) text += ", rule " + std::string(event.rule);
  if (!event.because.empty()) text += ": " + std::string(event.because);
  return text;
}

}  // namespace

std::string cef_message(const Shown& event, const Source& source) {
  const Row& row = row_of(event.type);
  const Told what(event);
  const Shown& told = what.event();
  const Subject subject = subject_of(row_of(told.type), told);
  std::string out = "CEF:0|Tenure|tenure|";
  out.reserve(1'024);
  add_header(out, source.version);
  out += '|';
  add_header(out, event.type);
  out += '|';
  add_header(out, row.name);
  out += '|';
  out += severity_of(row, event);
  out += '|';
  Extensions to(out);
  to.add("rt", event.recorded_ms);
  to.add("start", event.occurred_ms);
  to.add("end", event.occurred_ms);
  to.add("externalId", std::to_string(event.position));
  to.add("deviceExternalId", source.store);
  to.add("dvchost", source.host);
  to.add("cat", "iam");
  to.add("act", event.type);
  to.add("outcome", what.refused() ? "failure" : "success");
  to.add("suser", event.actor.id);
  if (subject.kind == "member") to.add("duser", subject.id);
  if (row.about == About::review) to.add("duser", person_in_review(event));
  to.add("reason", told.reason);
  add_address(to, told.source_ip);
  to.add("msg", sentence(row_of(told.type), told, what.refused()));
  to.labelled("cs1", "before", dump(event.before));
  to.labelled("cs2", "after", after_json(event));
  to.labelled("cs3", "organization", event.org);
  to.labelled("cs4", "verdict", verdict_text(event));
  add_thing(to, row_of(told.type), told, subject);
  to.labelled("cs6", "approved by", event.approver.id);
  to.labelled("cn1", "position", std::to_string(event.position));
  to.labelled("cn2", "version", std::to_string(event.version));
  to.labelled("flexString1", "ticket", told.ticket);
  to.labelled("flexString2", "correlation id", told.correlation);
  to.add("TenureActorKind", event.actor.kind);
  to.add("TenureSession", told.session);
  to.add("TenureEventId", told.id);
  to.add("TenureBasis", event.basis);
  to.add("TenureChannel", event.channel);
  to.add("rawEvent", raw_text(event));
  return out;
}

}  // namespace tenure::formats
