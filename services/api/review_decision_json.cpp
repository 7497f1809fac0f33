#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/limits.h"
#include "services/api/review_decision.h"
#include "services/api/said.h"

namespace tenure::services {

using nlohmann::json;

Decided<WantedDecision> read_decision(const json& body, const std::string& place) {
  if (!body.is_object()) return refuse(RefusalCode::invalid_field, "a decision must be an object.", place);
  static constexpr std::string_view known[] = {"item", "state", "decision", "role", "to", "until", "reason", "ticket"};
  for (const auto& [name, value] : body.items()) {
    if (std::find(std::begin(known), std::end(known), name) == std::end(known)) {
      return refuse(RefusalCode::unknown_field, "\"" + name + "\" is not a field of a decision.", place + "/" + name);
    }
  }
  WantedDecision wanted;
  const auto item = text_field(body, "item", place + "/item"), state = text_field(body, "state", place + "/state"),
             verb = text_field(body, "decision", place + "/decision");
  if (!item) return item.error();
  if (!state) return state.error();
  if (!verb) return verb.error();
  const auto known_verb = review_verb_from(*verb);
  if (!known_verb) {
    return refuse(RefusalCode::invalid_field, "\"decision\" must be keep, revoke, change or delegate.",
                  place + "/decision");
  }
  wanted.item = *item;
  wanted.state = *state;
  wanted.verb = *known_verb;
  const auto optional = [&](const char* name, auto& into) -> Decided<void> {
    if (!body.contains(name)) return {};
    const auto text = text_field(body, name, place + "/" + name);
    if (!text) return text.error();
    into.emplace(*text);
    return {};
  };
  if (const auto done = optional("role", wanted.role); !done) return done.error();
  if (const auto done = optional("to", wanted.to); !done) return done.error();
  if (const auto done = optional("ticket", wanted.ticket); !done) return done.error();
  if (body.contains("reason")) {
    const auto* text = body.at("reason").get_ptr<const std::string*>();
    if (!text || text->empty() || text->size() > limits::text_bytes_max || text->find('\0') != std::string::npos) {
      return refuse(RefusalCode::invalid_field,
                    "\"reason\" must be a text of 1 to " + std::to_string(limits::text_bytes_max) + " bytes.",
                    place + "/reason");
    }
    wanted.reason = *text;
  }
  if (body.contains("until")) {
    const auto* text = body.at("until").get_ptr<const std::string*>();
    const auto until = parse_instant(text ? std::string_view(*text) : std::string_view(), place + "/until");
    if (!until) return until.error();
    wanted.until = *until;
  }
  return wanted;
}

}  // namespace tenure::services
