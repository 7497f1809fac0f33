#include <algorithm>
#include <array>

#include "events/wire/fields.h"

namespace tenure::wire {

namespace {

std::string in_quotes(std::string_view field) { return "\"" + std::string(field) + "\""; }

// What a part's place holds when the part stands beside the log.
std::optional<std::string_view> blob_of(const Element& json) {
  simdjson::dom::object object;
  std::string_view hash;
  if (json.get(object) != simdjson::SUCCESS || object["blob"].get(hash) != simdjson::SUCCESS) return std::nullopt;
  return hash;
}

// The JSON text of a part beside the log.
bool fetch(ReadFrom& from, std::string_view hash_hex, std::string_view field, std::string& text) {
  const auto hash = digest_from_hex(hash_hex);
  if (!hash || !from.parts || !*from.parts) {
    return from.no(RefusalCode::invalid_field, "the blob " + std::string(hash_hex) + " cannot be looked up", field);
  }
  auto part = (*from.parts)(*hash);
  if (!part) return from.no(RefusalCode::invalid_field, part.error().because, field);
  text = std::move(*part);
  return true;
}

}  // namespace

bool read_text(ReadFrom& from, const Element& json, std::string_view field, std::size_t most, std::string& text) {
  std::string_view view;
  if (json.get(view) != simdjson::SUCCESS) return from.wrong_kind(field, "a text");
  if (view.size() > most) {
    return from.no(RefusalCode::too_large,
                   in_quotes(field) + " is " + std::to_string(view.size()) + " bytes long; at most " +
                       std::to_string(most) + " are allowed.",
                   field);
  }
  if (view.find('\0') != std::string_view::npos) {
    return from.no(RefusalCode::invalid_field, in_quotes(field) + " contains a NUL character; leave it out.", field);
  }
  text.assign(view);
  return true;
}

bool read_identifier(ReadFrom& from, const Element& json, std::string_view field, std::string& text) {
  if (!read_text(from, json, field, limits::identifier_bytes_max, text)) return false;
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (text.empty() || std::any_of(text.begin(), text.end(), control)) {
    return from.no(RefusalCode::invalid_field,
                   in_quotes(field) + " must be 1 to " + std::to_string(limits::identifier_bytes_max) +
                       " bytes of UTF-8 without control characters.",
                   field);
  }
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, std::string& text) {
  return read_text(from, json, field, limits::text_bytes_max, text);
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Instant& at) {
  std::string_view view;
  if (json.get(view) != simdjson::SUCCESS) {
    return from.wrong_kind(field, "an instant in RFC 3339 form, for example 2024-02-29T10:00:00Z");
  }
  auto parsed = parse_instant(view, field);
  if (!parsed) {
    if (!from.refusal) from.refusal = parsed.error();
    return false;
  }
  at = *parsed;
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Position& position) {
  std::uint64_t number = 0;
  if (json.get(number) != simdjson::SUCCESS || number == 0) return from.wrong_kind(field, "a position (1 or more)");
  position = Position(number);
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Mode& mode) {
  std::string_view view;
  if (json.get(view) == simdjson::SUCCESS) {
    if (view == "observe") return mode = Mode::observe, true;
    if (view == "enforce") return mode = Mode::enforce, true;
  }
  return from.wrong_kind(field, "\"observe\" or \"enforce\"");
}

bool read(ReadFrom& from, const Element& json, std::string_view field, ReviewVerb& verb) {
  std::string_view view;
  const auto known = json.get(view) == simdjson::SUCCESS ? review_verb_from(view) : std::nullopt;
  if (!known) return from.wrong_kind(field, "keep, revoke, change or delegate");
  verb = *known;
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, std::uint64_t& number) {
  if (json.get(number) == simdjson::SUCCESS) return true;
  return from.wrong_kind(field, "a whole number, 0 or more");
}

// A client names people by identity; "subject:s_…" is how those are shown who have none any more, and somebody new who
// was called so would stand in the answers for them.
bool take_identity(ReadFrom& from, std::string text, std::string_view field, Person& person) {
  constexpr std::string_view mark = "subject:";
  if (text.starts_with(mark) && subject_from_text(std::string_view(text).substr(mark.size()))) {
    return from.no(RefusalCode::invalid_field,
                   in_quotes(field) + " must be an identity; " + text +
                       " is how a person is shown whose identity is not known any more.",
                   field);
  }
  person.identity = std::move(text);
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Person& person) {
  std::string text;
  if (!read_identifier(from, json, field, text)) return false;
  if (!from.stored) return take_identity(from, std::move(text), field, person);
  const auto subject = subject_from_text(text);
  if (!subject) return from.wrong_kind(field, "a subject");
  person.subject = *subject;
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, PrivateText& text) {
  if (from.stored) {
    if (const auto hash = blob_of(json)) {
      std::string part;
      if (!fetch(from, *hash, field, part)) return false;
      // A private text's part is one JSON string in base64: nothing in it is escaped.
      if (part.size() < 2) return from.wrong_kind(field, "a sealed text");
      text.text = part.substr(1, part.size() - 2);
      return true;
    }
  }
  return read_text(from, json, field, from.stored ? limits::record_bytes_max : limits::text_bytes_max, text.text);
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Document& document) {
  const auto hash = blob_of(json);
  if (!hash) return read_text(from, json, field, limits::record_bytes_max, document.text);
  std::string part;
  if (!fetch(from, *hash, field, part)) return false;
  simdjson::dom::parser parser;
  std::string_view text;
  if (parser.parse(part).get(text) != simdjson::SUCCESS) return from.wrong_kind(field, "a text");
  document.text.assign(text);
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, ResourceId& resource) {
  std::string text;
  if (!read_identifier(from, json, field, text)) return false;
  auto parsed = parse_resource(text, field);
  if (!parsed) return from.no(parsed.error().code, parsed.error().because, field);
  resource = std::move(*parsed);
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Scope& scope) {
  std::string text;
  if (!read_identifier(from, json, field, text)) return false;
  auto parsed = parse_scope(text, field);
  if (!parsed) return from.no(parsed.error().code, parsed.error().because, field);
  scope = std::move(*parsed);
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Principal& principal) {
  std::string text;
  if (!read_identifier(from, json, field, text)) return false;
  constexpr std::string_view member = "member:", group = "group:";
  if (text == "everyone") {
    principal.kind = Principal::Kind::everyone;
    return true;
  }
  if (text.starts_with(group) && text.size() > group.size()) {
    principal.kind = Principal::Kind::group;
    principal.group = GroupId(text.substr(group.size()));
    return true;
  }
  if (text.starts_with(member) && text.size() > member.size()) {
    principal.kind = Principal::Kind::member;
    text.erase(0, member.size());
    if (!from.stored) return take_identity(from, std::move(text), field, principal.member);
    if (const auto subject = subject_from_text(text)) return principal.member.subject = *subject, true;
  }
  return from.wrong_kind(field, "member:ID, group:ID or everyone");
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Grants& grants) {
  if (from.stored) {
    if (const auto hash = blob_of(json)) {
      std::string part;
      if (!fetch(from, *hash, field, part)) return false;
      simdjson::dom::parser parser;
      Element whole;
      if (parser.parse(part).get(whole) != simdjson::SUCCESS) return from.wrong_kind(field, "grants");
      return read(from, whole, field, grants);
    }
  }
  simdjson::dom::object object;
  if (!read_members(from, json, field, object)) return false;
  for (const auto [key, value] : object) {
    std::string level;
    const std::string place = std::string(field) + "/" + std::string(key);
    if (key.empty() || key.size() > limits::identifier_bytes_max) {
      return from.no(RefusalCode::invalid_field, "a permission's id must be 1 to 320 bytes.", place);
    }
    if (!read_identifier(from, value, place, level)) return false;
    grants.emplace(PermissionId(key), LevelId(std::move(level)));
  }
  return true;
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Actor& actor) {
  simdjson::dom::object object;
  if (!read_members(from, json, field, object)) return false;
  bool has_kind = false;
  std::optional<Element> id;
  for (const auto [key, value] : object) {
    const std::string place = std::string(field) + "/" + std::string(key);
    if (key == "kind") {
      std::string_view text;
      const auto kind = value.get(text) == simdjson::SUCCESS ? actor_kind_from(text) : std::nullopt;
      if (!kind) return from.wrong_kind(place, "\"member\", \"support\", \"system\" or \"integration\"");
      actor.kind = *kind;
      has_kind = true;
    } else if (key == "id") {
      id = value;
    } else {
      return from.no(RefusalCode::unknown_field, in_quotes(place) + " is not a field of an actor: kind, id.", place);
    }
  }
  if (!has_kind || !id) {
    return from.no(RefusalCode::missing_field, in_quotes(field) + " needs \"kind\" and \"id\".",
                   std::string(field) + (has_kind ? "/id" : "/kind"));
  }
  const std::string place = std::string(field) + "/id";
  return actor.is_person() ? read(from, *id, place, actor.who) : read_identifier(from, *id, place, actor.who.identity);
}

bool read(ReadFrom& from, const Element& json, std::string_view field, Basis& basis) {
  std::string_view text;
  if (json.get(text) == simdjson::SUCCESS) {
    if (text == "happened") return basis = Basis::happened, true;
    if (text == "baseline") return basis = Basis::baseline, true;
  }
  return from.wrong_kind(field, "\"happened\" or \"baseline\"");
}

std::optional<bool> read_said(ReadFrom& from, std::string_view key, const Element& value, Event& event) {
  if (key == "id") return read(from, value, "/id", event.id);
  if (key == "occurred_at") return read(from, value, "/occurred_at", event.occurred_at);
  if (key == "basis") return read(from, value, "/basis", event.basis);
  if (key == "actor") return read(from, value, "/actor", event.actor);
  if (key == "approved_by") return read(from, value, "/approved_by", event.approved_by);
  if (key == "reason") return read(from, value, "/reason", event.reason);
  if (key == "ticket") return read(from, value, "/ticket", event.ticket);
  if (key == "correlation_id") return read(from, value, "/correlation_id", event.correlation_id);
  if (key == "session") return read(from, value, "/session", event.session);
  if (key == "source_ip") return read(from, value, "/source_ip", event.source_ip);
  return std::nullopt;
}

bool read_members(ReadFrom& from, const Element& json, std::string_view field, simdjson::dom::object& object) {
  if (json.get(object) != simdjson::SUCCESS) return from.wrong_kind(field.empty() ? "the event" : field, "an object");
  // In order, as the log has them, none can stand twice.
  bool in_order = true;
  std::optional<std::string_view> last;
  for (const auto [key, value] : object) {
    in_order = in_order && (!last || *last < key);
    last = key;
  }
  if (in_order) return true;
  std::vector<std::string_view> seen;
  for (const auto [key, value] : object) seen.push_back(key);
  std::sort(seen.begin(), seen.end());
  const auto twice = std::adjacent_find(seen.begin(), seen.end());
  if (twice != seen.end()) {
    const std::string place = std::string(field) + "/" + std::string(*twice);
    return from.no(RefusalCode::malformed_json, in_quotes(*twice) + " stands twice in one object; send it once.",
                   place);
  }
  return true;
}

namespace {

template <class T>
struct IsOptional : std::false_type {};
template <class T>
struct IsOptional<std::optional<T>> : std::true_type {};
template <class T>
struct IsOptional<std::vector<T>> : std::true_type {};
template <class T>
struct IsOptional<Patch<T>> : std::true_type {};

template <class Data>
bool read_one(ReadFrom& from, const Element& json, EventPayload& out) {
  simdjson::dom::object object;
  if (!read_members(from, json, "/data", object)) return false;
  Data data;
  constexpr auto fields = Data::fields();
  std::array<bool, std::tuple_size_v<decltype(fields)> + 1> seen{};
  for (const auto [key, value] : object) {
    bool known = false, good = true;
    std::size_t at = 0;
    const std::string place = "/data/" + std::string(key);
    const Element element = value;
    const auto one = [&, name = key](const auto& f) {  // clang 14 captures no structured binding by itself
      if (!known && f.name == name) {
        known = seen[at] = true;
        good = read(from, element, place, data.*(f.member));
      }
      ++at;
    };
    std::apply([&](const auto&... f) { (one(f), ...); }, fields);
    if (!good) return false;
    if (!known) {
      return from.no(RefusalCode::unknown_field,
                     "\"" + std::string(Data::type) + "\" has no field \"" + std::string(key) + "\".", place);
    }
  }
  std::size_t at = 0;
  std::string missing;
  const auto check = [&](const auto& f) {
    using Value = std::remove_cvref_t<decltype(data.*(f.member))>;
    if (!IsOptional<Value>::value && !seen[at] && missing.empty()) missing = f.name;
    ++at;
  };
  std::apply([&](const auto&... f) { (check(f), ...); }, fields);
  if (!missing.empty()) {
    return from.no(RefusalCode::missing_field,
                   "\"" + std::string(Data::type) + "\" needs \"" + missing + "\" in its data.", "/data/" + missing);
  }
  out = std::move(data);
  return true;
}

template <std::size_t... I>
bool read_any(ReadFrom& from, std::string_view type, const Element& json, EventPayload& data,
              std::index_sequence<I...>) {
  bool known = false, good = false;
  const auto one = [&]<class Data>(std::type_identity<Data>) {
    if (known || Data::type != type) return;
    known = true;
    good = read_one<Data>(from, json, data);
  };
  (one(std::type_identity<std::variant_alternative_t<I, EventTypes>>{}), ...);
  return known ? good : is_event_type(from, type);
}

constexpr auto every_type = std::make_index_sequence<std::variant_size_v<EventTypes>>{};

}  // namespace

bool is_event_type(ReadFrom& from, std::string_view type) {
  if (tenure::is_event_type(type)) return true;
  return from.no(RefusalCode::unknown_type, in_quotes(type) + " is not an event type of Tenure.", "/type");
}

bool read_data(ReadFrom& from, std::string_view type, const Element& json, EventPayload& data) {
  return read_any(from, type, json, data, every_type);
}

}  // namespace tenure::wire
