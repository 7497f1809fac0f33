#include "events/wire/event_wire.h"

#include <new>

#include "events/wire/fields.h"
#include "events/wire/json_read.h"

namespace tenure::wire {

namespace {

using simdjson::dom::object;

simdjson::dom::parser& parser_of_this_thread() {
  // The parser keeps its depth when it grows.
  thread_local simdjson::dom::parser parser = [] {
    simdjson::dom::parser made;
    if (made.allocate(limits::record_bytes_max, limits::json_depth_max) != simdjson::SUCCESS) throw std::bad_alloc();
    return made;
  }();
  return parser;
}

bool read_type(ReadFrom& from, const object& members, std::string_view& type) {
  Element element;
  if (members["type"].get(element) != simdjson::SUCCESS) {
    return from.no(RefusalCode::missing_field, "an event needs \"type\", for example \"member.added\".", "/type");
  }
  return element.get(type) == simdjson::SUCCESS || from.wrong_kind("/type", "a text");
}

// One member of the envelope; false when it is refused.
bool read_member(ReadFrom& from, std::string_view key, const Element& value, std::string_view type, Event& event) {
  if (key == "type") return true;
  if (const auto said = read_said(from, key, value, event)) return *said;
  if (key == "data") return read_data(from, type, value, event.data);
  const std::string place = "/" + std::string(key);
  return from.no(RefusalCode::unknown_field,
                 "\"" + std::string(key) +
                     "\" is not a field of an event; it has id, type, occurred_at, basis, actor, "
                     "approved_by, reason, ticket, correlation_id, session, source_ip and data.",
                 place);
}

bool read_event(ReadFrom& from, const Element& json, Event& event) {
  object members;
  std::string_view type;
  if (!read_members(from, json, "", members) || !read_type(from, members, type)) return false;
  if (!sent_by_clients(type)) {
    return from.no(RefusalCode::unknown_type,
                   "\"" + std::string(type) +
                       "\" is recorded by Tenure itself; it cannot be sent. Rules of duties "
                       "and words on findings have requests of their own.",
                   "/type");
  }
  bool has_actor = false, has_data = false;
  for (const auto [key, value] : members) {
    has_actor |= key == "actor";
    has_data |= key == "data";
    if (!read_member(from, key, value, type, event)) return false;
  }
  if (!has_data && !is_event_type(from, type)) return false;
  if (!has_actor) {
    return from.no(RefusalCode::missing_field,
                   "an event needs \"actor\": {\"kind\", \"id\"}, who did it; a system may be named.", "/actor");
  }
  if (!has_data && type == event::OrgDeleted::type) {
    event.data = event::OrgDeleted{};
    return true;
  }
  if (!has_data) return from.no(RefusalCode::missing_field, "an event needs \"data\".", "/data");
  if (std::holds_alternative<event::EventRetracted>(event.data) && !event.reason) {
    return from.no(RefusalCode::missing_field, "\"event.retracted\" needs a \"reason\".", "/reason");
  }
  return true;
}

// Why simdjson did not take it, with the place: the slower reader finds the byte.
Refusal why_malformed(std::string_view text) {
  auto document = read_json(text, "");
  if (!document) return document.error();
  return refuse(RefusalCode::malformed_json, "the text is not JSON that Tenure can read (a number beyond 64 bits?).");
}

void add(BatchRefusal& refusals, Refusal refusal, std::uint64_t index) {
  refusal.index = index;
  refusals.push_back(std::move(refusal));
}

Refusal too_many() {
  return refuse(RefusalCode::too_large, "a batch may have at most " + std::to_string(limits::batch_events_max) +
                                            " events; send the rest in another request, or use the import.");
}

void read_into(const Element& json, std::vector<Event>& events, BatchRefusal& refusals, std::uint64_t index) {
  ReadFrom from;
  if (!read_event(from, json, events.emplace_back())) add(refusals, std::move(*from.refusal), index);
}

void read_lines(std::string_view body, std::vector<Event>& events, BatchRefusal& refusals) {
  std::size_t start = 0;
  std::uint64_t index = 0;
  while (start < body.size()) {
    const std::size_t end = std::min(body.find('\n', start), body.size());
    const std::string_view line = body.substr(start, end - start);
    const std::size_t line_start = start;
    start = end + 1;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    if (index == limits::batch_events_max) return refusals.clear(), add(refusals, too_many(), index);
    Element json;
    if (parser_of_this_thread().parse(line.data(), line.size(), true).get(json) == simdjson::SUCCESS) {
      read_into(json, events, refusals, index);
    } else {
      Refusal refusal = why_malformed(line);
      if (refusal.offset) *refusal.offset += line_start;
      add(refusals, std::move(refusal), index);
    }
    ++index;
  }
}

}  // namespace

boost::system::result<std::vector<Event>, BatchRefusal> read_events(std::string_view body, bool ndjson) {
  std::vector<Event> events;
  BatchRefusal refusals;
  if (ndjson) {
    read_lines(body, events, refusals);
  } else {
    Element json;
    if (parser_of_this_thread().parse(body.data(), body.size(), true).get(json) != simdjson::SUCCESS) {
      return BatchRefusal{why_malformed(body)};
    }
    simdjson::dom::array array;
    if (json.get(array) == simdjson::SUCCESS) {
      std::uint64_t index = 0;
      for (const Element item : array) {
        if (index == limits::batch_events_max) return refusals.clear(), add(refusals, too_many(), index), refusals;
        read_into(item, events, refusals, index++);
      }
    } else {
      read_into(json, events, refusals, 0);
    }
  }
  if (!refusals.empty()) return refusals;
  if (events.empty()) {
    return BatchRefusal{
        refuse(RefusalCode::missing_field, "the body has no event; send an object, an array or lines.")};
  }
  return events;
}

Decided<Event> read_event(std::string_view text) {
  auto events = read_events(text, false);
  if (!events) return events.error().front();
  return std::move(events->front());
}

namespace {

void write_members(WriteTo& to, const Event& event) {
  bool first = true;
  write_field(to, "actor", event.actor, first);
  write_field(to, "approved_by", event.approved_by, first);
  write_field(to, "basis", std::string(to_text(event.basis)), first);
  write_field(to, "correlation_id", event.correlation_id, first);
  write_name(to, "data", first);
  write_data(to, event.data);
  write_field(to, "id", event.id, first);
  write_field(to, "occurred_at", event.occurred_at, first);
  write_field(to, "reason", event.reason, first);
  write_field(to, "session", event.session, first);
  write_field(to, "source_ip", event.source_ip, first);
  write_field(to, "ticket", event.ticket, first);
  write_field(to, "type", std::string(type_name(event.data)), first);
}

}  // namespace

std::string write_event(const Event& event) {
  std::string out;
  WriteTo to{out};
  write_members(to, event);
  return out;
}

std::string fingerprint(const Event& event, bool with_time) {
  std::string out;
  WriteTo to{out, true};
  if (with_time) {
    write_members(to, event);
  } else {
    Event timeless = event;
    timeless.occurred_at.reset();
    write_members(to, timeless);
  }
  return out;
}

std::string write_data(const EventPayload& data) {
  std::string out;
  WriteTo to{out};
  write_data(to, data);
  return out;
}

}  // namespace tenure::wire
