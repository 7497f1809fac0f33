#include "events/wire/record_wire.h"

#include <algorithm>

#include "events/wire/fields.h"
#include "events/wire/record_gist.h"

namespace tenure::wire {

namespace {

std::string_view to_text(VerdictResult result) {
  switch (result) {
    case VerdictResult::allowed:
      return "allowed";
    case VerdictResult::violation:
      return "violation";
    case VerdictResult::unspecified:
      break;
  }
  return "unspecified";
}

std::string_view to_text(Channel channel) {
  switch (channel) {
    case Channel::api:
      return "api";
    case Channel::import:
      return "import";
    case Channel::console:
      break;
  }
  return "console";
}

void write_pair(WriteTo& to, std::string_view name, std::string_view a, const std::string& a_text, std::string_view b,
                const std::string& b_text, bool& first) {
  write_name(to, name, first);
  to.out += '{';
  bool inner = true;
  if (!a_text.empty()) write_field(to, a, a_text, inner);
  if (!b_text.empty()) write_field(to, b, b_text, inner);
  to.out += '}';
}

void write_recorded_by(WriteTo& to, const RecordedBy& by, bool& first) {
  write_name(to, "recorded_by", first);
  to.out += '{';
  bool inner = true;
  write_field(to, "channel", std::string(to_text(by.channel)), inner);
  if (!by.import_id.empty()) write_field(to, "import", by.import_id, inner);
  if (!by.principal.empty()) write_field(to, "principal", by.principal, inner);
  if (!by.token.empty()) write_field(to, "token", by.token, inner);
  to.out += '}';
}

void write_subjects(WriteTo& to, const Record& record, bool& first) {
  if (record.subjects.empty()) return;
  auto subjects = record.subjects;
  std::sort(subjects.begin(), subjects.end());
  write_name(to, "subjects", first);
  to.out += '{';
  bool inner = true;
  for (const auto& [subject, sealed] : subjects) write_field(to, tenure::to_text(subject), sealed, inner);
  to.out += '}';
}

void write_verdict(WriteTo& to, const Verdict& verdict, bool& first) {
  write_name(to, "verdict", first);
  to.out += '{';
  bool inner = true;
  if (!verdict.because.empty()) write_field(to, "because", verdict.because, inner);
  write_field(to, "result", std::string(to_text(verdict.result)), inner);
  if (!verdict.rule.empty()) write_field(to, "rule", verdict.rule, inner);
  to.out += '}';
}

// All members in canonical order.
void write_members(WriteTo& to, const Record& record, std::string_view before) {
  const Event& event = record.event;
  bool first = true;
  to.out += '{';
  write_field(to, "actor", event.actor, first);
  write_field(to, "approved_by", event.approved_by, first);
  write_field(to, "basis", std::string(to_text(event.basis)), first);
  write_name(to, "before", first);
  const std::size_t before_start = to.out.size();
  to.out += before;
  move_out_if_long(to, before_start);
  write_field(to, "correlation_id", event.correlation_id, first);
  write_name(to, "data", first);
  write_data(to, event.data);
  write_field(to, "id", event.id, first);
  write_pair(to, "model", "id", record.model.text, "version", record.model_version, first);
  write_field(to, "occurred_at", event.occurred_at, first);
  write_field(to, "org", record.org, first);
  write_field(to, "position", record.position, first);
  write_field(to, "prev", to_hex(record.prev), first);
  write_field(to, "reason", event.reason, first);
  write_field(to, "recorded_at", record.recorded_at, first);
  write_recorded_by(to, record.recorded_by, first);
  write_field(to, "schema", static_cast<std::uint64_t>(record.schema), first);
  write_field(to, "session", event.session, first);
  write_field(to, "source_ip", event.source_ip, first);
  if (to.stored) write_subjects(to, record, first);
  write_field(to, "ticket", event.ticket, first);
  write_field(to, "type", std::string(type_name(event.data)), first);
  write_verdict(to, record.verdict, first);
  write_field(to, "version", record.version.value, first);
  to.out += '}';
}

}  // namespace

Decided<EncodedRecord> write_record(const Record& record) {
  EncodedRecord encoded;
  encoded.bytes.reserve(640);
  WriteTo to{encoded.bytes, true, &encoded.parts};
  write_members(to, record, record.before.json);
  if (encoded.bytes.size() > limits::record_bytes_max) {
    return refuse(RefusalCode::too_large, "the event would need a record of " + std::to_string(encoded.bytes.size()) +
                                              " bytes; at most " + std::to_string(limits::record_bytes_max) +
                                              " are allowed. Shorten its texts or lists.");
  }
  return encoded;
}

std::string show_record(const Record& record, std::string_view before_json) {
  std::string out;
  out.reserve(1'024);
  show_record(out, record, before_json);
  return out;
}

void show_record(std::string& out, const Record& record, std::string_view before_json) {
  WriteTo to{out};
  write_members(to, record, before_json);
}

namespace {

using simdjson::dom::object;

bool read_raw(ReadFrom& from, const Element& json, std::string_view field, std::string& text) {
  return read_text(from, json, field, limits::record_bytes_max, text);
}

bool read_verdict(ReadFrom& from, const Element& json, Verdict& verdict) {
  object members;
  if (!read_members(from, json, "/verdict", members)) return false;
  for (const auto [key, value] : members) {
    std::string text;
    if (!read_raw(from, value, "/verdict", text)) return false;
    if (key == "because") {
      verdict.because = std::move(text);
    } else if (key == "rule") {
      verdict.rule = std::move(text);
    } else if (key == "result" && text == "allowed") {
      verdict.result = VerdictResult::allowed;
    } else if (key == "result" && text == "violation") {
      verdict.result = VerdictResult::violation;
    } else if (key != "result" || text != "unspecified") {
      return from.wrong_kind("/verdict", "a verdict");
    }
  }
  return true;
}

bool read_recorded_by(ReadFrom& from, const Element& json, RecordedBy& by) {
  object members;
  if (!read_members(from, json, "/recorded_by", members)) return false;
  for (const auto [key, value] : members) {
    std::string text;
    if (!read_raw(from, value, "/recorded_by", text)) return false;
    if (key == "token") {
      by.token = std::move(text);
    } else if (key == "principal") {
      by.principal = std::move(text);
    } else if (key == "import") {
      by.import_id = std::move(text);
    } else if (key == "channel" && (text == "api" || text == "import" || text == "console")) {
      by.channel = text == "api" ? Channel::api : text == "import" ? Channel::import : Channel::console;
    } else {
      return from.wrong_kind("/recorded_by", "who recorded it");
    }
  }
  return true;
}

bool read_subjects(ReadFrom& from, const Element& json, Record& record) {
  object members;
  if (!read_members(from, json, "/subjects", members)) return false;
  for (const auto [key, value] : members) {
    const auto subject = subject_from_text(key);
    std::string sealed;
    if (!subject) return from.wrong_kind("/subjects", "subjects with sealed identities");
    if (!read_raw(from, value, "/subjects", sealed)) return false;
    record.subjects.emplace_back(*subject, std::move(sealed));
  }
  return true;
}

bool read_model(ReadFrom& from, const Element& json, Record& record) {
  object members;
  if (!read_members(from, json, "/model", members)) return false;
  for (const auto [key, value] : members) {
    if (!read_raw(from, value, "/model", key == "id" ? record.model.text : record.model_version)) return false;
  }
  return true;
}

bool read_before(ReadFrom& from, const Element& json, Record& record) {
  object members;
  if (json.get(members) != simdjson::SUCCESS) return from.wrong_kind("/before", "an object");
  std::string_view hash_hex;
  if (members.size() == 1 && members["blob"].get(hash_hex) == simdjson::SUCCESS) {
    const auto hash = digest_from_hex(hash_hex);
    if (!hash || !from.parts || !*from.parts) return from.wrong_kind("/before", "an object whose blob can be read");
    auto part = (*from.parts)(*hash);
    if (!part) return from.no(RefusalCode::invalid_field, part.error().because, "/before");
    record.before.json = std::move(*part);
    return true;
  }
  record.before.json = simdjson::minify(json);
  return true;
}

bool read_number(ReadFrom& from, const Element& json, std::string_view field, std::uint64_t& number) {
  return json.get(number) == simdjson::SUCCESS || from.wrong_kind(field, "a whole number");
}

bool read_member(ReadFrom& from, std::string_view key, const Element& value, Record& record) {
  if (key == "type" || key == "data" || key == "schema") return true;
  if (key == "before") return read_before(from, value, record);
  if (key == "model") return read_model(from, value, record);
  if (key == "org") return read_raw(from, value, "/org", record.org.text);
  if (key == "position") return read(from, value, "/position", record.position);
  if (key == "version") return read_number(from, value, "/version", record.version.value);
  if (key == "recorded_at") return read(from, value, "/recorded_at", record.recorded_at);
  if (key == "recorded_by") return read_recorded_by(from, value, record.recorded_by);
  if (key == "subjects") return read_subjects(from, value, record);
  if (key == "verdict") return read_verdict(from, value, record.verdict);
  if (key == "prev") {
    std::string_view text;
    const auto prev = value.get(text) == simdjson::SUCCESS ? digest_from_hex(text) : std::nullopt;
    if (!prev) return from.wrong_kind("/prev", "a digest");
    record.prev = *prev;
    return true;
  }
  if (const auto said = read_said(from, key, value, record.event)) return *said;
  return from.no(RefusalCode::unknown_field, "\"" + std::string(key) + "\" is not a field of a record", key);
}

// Type and data, after the older shapes are lifted. Every type is at schema 1 today, so there is
// nothing to lift yet; the first change of a shape adds its step here.
bool read_typed(ReadFrom& from, const object& members, Record& record) {
  std::string_view type;
  std::uint64_t schema = 0;
  Element data;
  if (members["type"].get(type) != simdjson::SUCCESS || members["data"].get(data) != simdjson::SUCCESS ||
      members["schema"].get(schema) != simdjson::SUCCESS || schema != 1) {
    return from.wrong_kind("/type", "a known type with a known schema");
  }
  record.schema = static_cast<int>(schema);
  return read_data(from, type, data, record.event.data);
}

// Type, data, and the members that are `looked_at`.
template <class LookedAt>
Outcome<void> read_record_of(std::string_view bytes, const PartSource& parts, Record& record,
                             const LookedAt& looked_at) {
  thread_local simdjson::dom::parser parser;
  ReadFrom from{true, &parts, {}};
  Element json;
  object members;
  bool good = parser.parse(bytes.data(), bytes.size(), true).get(json) == simdjson::SUCCESS &&
              json.get(members) == simdjson::SUCCESS;
  if (good) {  // an object that was never read has no end either
    for (auto it = members.begin(); good && it != members.end(); ++it) {
      if (looked_at(it.key())) good = read_member(from, it.key(), it.value(), record);
    }
  }
  if (good && !read_typed(from, members, record)) good = false;
  if (!good) {
    return fail(FailureCode::corruption,
                "a record cannot be read: " + (from.refusal ? from.refusal->because : std::string("not JSON")));
  }
  return {};
}

}  // namespace

Outcome<Record> read_record(std::string_view bytes, const PartSource& parts) {
  Outcome<Record> record = Record();
  const auto read = read_record_of(bytes, parts, *record, [](std::string_view) { return true; });
  if (!read) return read.error();
  return record;
}

Outcome<Record> read_gist(std::string_view bytes, const PartSource& parts) {
  Outcome<Record> gist = Record();
  const auto read = read_record_of(
      bytes, parts, *gist, [](std::string_view key) { return key == "org" || key == "actor" || key == "verdict"; });
  if (!read) return read.error();
  return gist;
}

Outcome<void> read_folded(Record& record, std::string_view bytes, const PartSource& parts) {
  return read_record_of(bytes, parts, record, [](std::string_view key) {
    return key != "before" && key != "prev" && key != "recorded_at" && key != "recorded_by";
  });
}

}  // namespace tenure::wire
