#include "tools/measure/held_roles.h"

#include <simdjson.h>

#include <stdexcept>

#include "events/instant.h"

namespace tenure::bench {
namespace {

std::int64_t instant_of(const std::string& text) {
  const auto at = parse_instant(text);
  if (!at) throw std::runtime_error("no instant: " + text);
  return at->us / 1'000;
}

std::string text_at(const simdjson::dom::element& event, const char* pointer) {
  std::string_view text;
  if (event.at_pointer(pointer).get(text) != simdjson::SUCCESS) {
    throw std::runtime_error(std::string("an event without ") + pointer);
  }
  return std::string(text);
}

}  // namespace

void HeldRoles::begin(const std::string& member, const std::string& role, const std::string& resource,
                      std::int64_t at_ms) {
  open_.emplace(std::tuple(member, role, resource), at_ms);  // to be given what one holds changes nothing
}

void HeldRoles::end(const std::string& member, const std::string& role, const std::string& resource,
                    std::int64_t at_ms) {
  const auto found = open_.find(std::tuple(member, role, resource));
  if (found == open_.end()) throw std::runtime_error(member + " loses what they do not hold: " + role);
  ended_.push_back({member, role, resource, found->second, at_ms});
  open_.erase(found);
}

void HeldRoles::take(std::string_view lines) {
  simdjson::dom::parser parser;
  const simdjson::padded_string padded(lines);
  for (auto parsed : parser.parse_many(padded)) {
    const simdjson::dom::element event = parsed.value();
    const std::string type = text_at(event, "/type");
    const std::int64_t at_ms = instant_of(text_at(event, "/occurred_at"));
    const std::string role = text_at(event, "/data/role");
    if (type == "member.added" || type == "member.role_changed") {
      const std::string member = text_at(event, "/data/member");
      std::string& had = roles_[member];
      if (!had.empty()) end(member, had, whole_organization(), at_ms);
      begin(member, had = role, whole_organization(), at_ms);
    } else if (type == "role.granted" || type == "role.revoked") {
      const std::string member = text_at(event, "/data/principal").substr(std::string_view("member:").size());
      const std::string resource = text_at(event, "/data/on");
      type == "role.granted" ? begin(member, role, resource, at_ms) : end(member, role, resource, at_ms);
    } else {
      throw std::runtime_error("an event that no database here knows: " + type);
    }
  }
}

std::vector<HeldRole> HeldRoles::all() const {
  std::vector<HeldRole> all = ended_;
  for (const auto& [key, from_ms] : open_) {
    all.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), from_ms, std::nullopt});
  }
  return all;
}

}  // namespace tenure::bench
