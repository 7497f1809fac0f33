#include <algorithm>
#include <utility>

#include "events/wire/fields.h"

namespace tenure::wire {

void write(WriteTo& to, const std::string& text) { append_json_string(to.out, text); }
void write(WriteTo& to, std::uint64_t number) { to.out += std::to_string(number); }
void write(WriteTo& to, Instant at) { write(to, format_instant(at)); }
void write(WriteTo& to, Position position) { write(to, position.value); }
void write(WriteTo& to, Mode mode) { write(to, std::string(to_text(mode))); }
void write(WriteTo& to, ReviewVerb verb) { write(to, std::string(to_text(verb))); }

namespace {

std::string person_text(const WriteTo& to, const Person& person) {
  if (to.stored) return to_text(person.subject);
  return person.identity.empty() ? "subject:" + to_text(person.subject) : person.identity;
}

}  // namespace

void write(WriteTo& to, const Person& person) { write(to, person_text(to, person)); }

void write(WriteTo& to, const PrivateText& text) {
  const std::size_t start = to.out.size();
  write(to, text.text);
  move_out_if_long(to, start);
}

void write(WriteTo& to, const Document& document) {
  const std::size_t start = to.out.size();
  write(to, document.text);
  move_out_if_long(to, start);
}

void write(WriteTo& to, const ResourceId& resource) { write(to, to_text(resource)); }
void write(WriteTo& to, const Scope& scope) { write(to, to_text(scope)); }

void write(WriteTo& to, const Principal& principal) {
  switch (principal.kind) {
    case Principal::Kind::member:
      write(to, "member:" + person_text(to, principal.member));
      return;
    case Principal::Kind::group:
      write(to, "group:" + principal.group.text);
      return;
    case Principal::Kind::everyone:
      to.out += "\"everyone\"";
      return;
  }
}

void write(WriteTo& to, const Grants& grants) {
  const std::size_t start = to.out.size();
  to.out += '{';
  bool first = true;
  std::vector<const Grants::value_type*> order;
  order.reserve(grants.size());
  for (const auto& entry : grants) order.push_back(&entry);
  std::sort(order.begin(), order.end(),
            [](const auto* a, const auto* b) { return canonical_less(a->first.text, b->first.text); });
  for (const auto* entry : order) {
    if (!std::exchange(first, false)) to.out += ',';
    append_json_string(to.out, entry->first.text);
    to.out += ':';
    write(to, entry->second.text);
  }
  to.out += '}';
  move_out_if_long(to, start);
}

void write(WriteTo& to, const Actor& actor) {
  to.out += "{\"id\":";
  if (actor.is_person()) {
    write(to, actor.who);
  } else {
    write(to, actor.who.identity);
  }
  to.out += ",\"kind\":\"";
  to.out += to_text(actor.kind);
  to.out += "\"}";
}

void write_name(WriteTo& to, std::string_view name, bool& first) {
  to.out += std::exchange(first, false) ? "\"" : ",\"";
  to.out += name;
  to.out += "\":";
}

void move_out_if_long(WriteTo& to, std::size_t start) {
  if (!to.parts || to.out.size() - start <= limits::inline_part_bytes_max) return;
  std::string part = to.out.substr(start);
  const Digest hash = sha256(part);
  to.out.resize(start);
  to.out += "{\"blob\":\"" + to_hex(hash) + "\"}";
  to.parts->push_back({hash, std::move(part)});
}

void write_data(WriteTo& to, const EventPayload& data) {
  to.out += '{';
  std::visit(
      [&](const auto& d) {
        bool first = true;
        std::apply([&](const auto&... f) { (write_field(to, f.name, d.*(f.member), first), ...); },
                   std::remove_cvref_t<decltype(d)>::fields());
      },
      data);
  to.out += '}';
}

}  // namespace tenure::wire
