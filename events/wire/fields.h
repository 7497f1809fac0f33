// How the parts of an event are written to and read from JSON, one overload a type. Included by the
// wire's .cpp files only.
#pragma once

#include <simdjson.h>

#include <string>
#include <string_view>
#include <vector>

#include "events/digest.h"
#include "events/event.h"
#include "events/limits.h"
#include "events/wire/canonical_json.h"
#include "events/wire/record_wire.h"

namespace tenure::wire {

// ---- writing -------------------------------------------------------------------------------------

// Where a writer stands: people as subjects (the log) or as identities (the API), and where long
// parts go when they may not stay inside.
struct WriteTo {
  std::string& out;
  bool stored = false;
  std::vector<Part>* parts = nullptr;
};

void write(WriteTo& to, const std::string& text);
void write(WriteTo& to, std::uint64_t number);
void write(WriteTo& to, Instant at);
void write(WriteTo& to, Position position);
void write(WriteTo& to, Mode mode);
void write(WriteTo& to, ReviewVerb verb);
void write(WriteTo& to, const Person& person);
void write(WriteTo& to, const PrivateText& text);
void write(WriteTo& to, const Document& document);
void write(WriteTo& to, const ResourceId& resource);
void write(WriteTo& to, const Scope& scope);
void write(WriteTo& to, const Principal& principal);
void write(WriteTo& to, const Grants& grants);
void write(WriteTo& to, const Actor& actor);
template <class Tag>
void write(WriteTo& to, const Name<Tag>& name) {
  write(to, name.text);
}
template <class T>
void write(WriteTo& to, const std::vector<T>& list) {
  to.out += '[';
  bool first = true;
  for (const T& item : list) {
    if (!first) to.out += ',';
    first = false;
    write(to, item);
  }
  to.out += ']';
}

// Writes `"name":` after a comma where one is due. The name is one of ours: nothing in it needs an escape.
void write_name(WriteTo& to, std::string_view name, bool& first);
// Replaces what was written since `start` by {"blob":hash} if it is long and there is a place for it.
void move_out_if_long(WriteTo& to, std::size_t start);

template <class T>
void write_field(WriteTo& to, std::string_view name, const T& value, bool& first) {
  write_name(to, name, first);
  write(to, value);
}
template <class T>
void write_field(WriteTo& to, std::string_view name, const std::optional<T>& value, bool& first) {
  if (value) write_field(to, name, *value, first);
}
template <class T>
void write_field(WriteTo& to, std::string_view name, const std::vector<T>& value, bool& first) {
  if (value.empty()) return;
  write_name(to, name, first);
  write(to, value);
}
template <class T>
void write_field(WriteTo& to, std::string_view name, const Patch<T>& patch, bool& first) {
  if (patch.absent()) return;
  write_name(to, name, first);
  if (patch.cleared) {
    to.out += "null";
  } else {
    write(to, *patch.value);
  }
}

void write_data(WriteTo& to, const EventPayload& data);

// ---- reading -------------------------------------------------------------------------------------

using Element = simdjson::dom::element;

// Where a reader stands: the refusal it has met, if any, and whether it reads the log or a client.
struct ReadFrom {
  bool stored = false;
  const PartSource* parts = nullptr;
  std::optional<Refusal> refusal;

  bool no(RefusalCode code, std::string because, std::string_view field) {
    if (!refusal) refusal = refuse(code, std::move(because), std::string(field));
    return false;
  }
  bool wrong_kind(std::string_view field, std::string_view wanted) {
    return no(RefusalCode::invalid_field, "\"" + std::string(field) + "\" must be " + std::string(wanted) + ".", field);
  }
};

bool read(ReadFrom& from, const Element& json, std::string_view field, std::string& text);
bool read(ReadFrom& from, const Element& json, std::string_view field, Instant& at);
bool read(ReadFrom& from, const Element& json, std::string_view field, Position& position);
bool read(ReadFrom& from, const Element& json, std::string_view field, Mode& mode);
bool read(ReadFrom& from, const Element& json, std::string_view field, ReviewVerb& verb);
bool read(ReadFrom& from, const Element& json, std::string_view field, std::uint64_t& number);
bool read(ReadFrom& from, const Element& json, std::string_view field, Person& person);
bool read(ReadFrom& from, const Element& json, std::string_view field, PrivateText& text);
bool read(ReadFrom& from, const Element& json, std::string_view field, Document& document);
bool read(ReadFrom& from, const Element& json, std::string_view field, ResourceId& resource);
bool read(ReadFrom& from, const Element& json, std::string_view field, Scope& scope);
bool read(ReadFrom& from, const Element& json, std::string_view field, Principal& principal);
bool read(ReadFrom& from, const Element& json, std::string_view field, Grants& grants);
bool read(ReadFrom& from, const Element& json, std::string_view field, Actor& actor);
// An identifier: 1 to identifier_bytes_max bytes, no control characters.
bool read_identifier(ReadFrom& from, const Element& json, std::string_view field, std::string& text);
// A text of at most `most` bytes, no NUL.
bool read_text(ReadFrom& from, const Element& json, std::string_view field, std::size_t most, std::string& text);

template <class Tag>
bool read(ReadFrom& from, const Element& json, std::string_view field, Name<Tag>& name) {
  return read_identifier(from, json, field, name.text);
}
template <class T>
bool read(ReadFrom& from, const Element& json, std::string_view field, std::optional<T>& value) {
  value.emplace();
  return read(from, json, field, *value);
}
template <class T>
bool read(ReadFrom& from, const Element& json, std::string_view field, Patch<T>& patch) {
  if (json.is_null()) {
    patch.cleared = true;
    return true;
  }
  patch.value.emplace();
  return read(from, json, field, *patch.value);
}
template <class T>
bool read(ReadFrom& from, const Element& json, std::string_view field, std::vector<T>& list) {
  simdjson::dom::array array;
  if (json.get(array) != simdjson::SUCCESS) return from.wrong_kind(field, "a list");
  for (const Element item : array) {
    if (list.size() == limits::invitation_groups_max) {
      return from.no(RefusalCode::too_large,
                     "\"" + std::string(field) + "\" may have at most " +
                         std::to_string(limits::invitation_groups_max) + " entries.",
                     field);
    }
    if (!read(from, item, field, list.emplace_back())) return false;
  }
  return true;
}

// The object's members, each once; a duplicate is refused (RFC 8259 leaves its meaning open).
bool read_members(ReadFrom& from, const Element& json, std::string_view field, simdjson::dom::object& object);

bool read(ReadFrom& from, const Element& json, std::string_view field, Basis& basis);

// A member that a client's event and its record have in common; nothing if `key` is none of them.
std::optional<bool> read_said(ReadFrom& from, std::string_view key, const Element& value, Event& event);

// False, with its refusal, for a type that there is not.
bool is_event_type(ReadFrom& from, std::string_view type);
bool read_data(ReadFrom& from, std::string_view type, const Element& json, EventPayload& data);

}  // namespace tenure::wire
