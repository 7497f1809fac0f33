#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/limits.h"
#include "events/wire/event_wire.h"
#include "events/wire/json_read.h"
#include "services/api/said.h"

namespace tenure::services {

namespace {

using nlohmann::json;

constexpr std::string_view of_every_event[] = {"actor",  "approved_by",    "reason",
                                               "ticket", "correlation_id", "occurred_at"};

template <class Names>
bool is_one_of(const Names& names, std::string_view name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// Reads what every event may say by way of an event that needs nothing else.
Decided<Event> read_said(const json& body) {
  json carrier{{"type", event::OrgDeleted::type}, {"actor", {{"kind", "system"}, {"id", "tenure"}}}};
  for (const std::string_view name : of_every_event) {
    if (body.contains(name)) carrier[std::string(name)] = body.at(name);
  }
  return wire::read_event(carrier.dump(-1, ' ', false, json::error_handler_t::replace));
}

}  // namespace

boost::system::result<Said, Response> Said::read(const Request& request, std::initializer_list<std::string_view> own) {
  Said said;
  json whole = json::object();
  if (!request.body.empty()) {
    auto body = read_json(request.body, "");
    if (!body) return http::problem(body.error());
    if (!body->is_object()) return no(refuse(RefusalCode::invalid_field, "the body must be an object."));
    whole = std::move(*body);
  }
  for (const auto& [name, value] : whole.items()) {
    if (is_one_of(own, name) || is_one_of(of_every_event, name)) continue;
    return no(refuse(RefusalCode::unknown_field, "\"" + name + "\" is not a field of this request.", "/" + name));
  }
  auto event = read_said(whole);
  if (!event) return no(event.error());
  said.event_ = std::move(*event);
  said.names_actor_ = whole.contains("actor");
  said.body_ = std::make_shared<const json>(std::move(whole));
  return said;
}

std::optional<Response> Said::settle_actor(Asking& asking) {
  const auto* token = asking.request().identity_as<Token>();
  if (!names_actor_) {
    const auto member = asking.parts().identities.member_of(*asking.org().snapshot, asking.org().id,
                                                            asking.org().number, token->principal);
    if (!member) return http::problem(member.error());
    const bool is_member = *member != 0 && asking.facts().state(*member).exists();
    event_.actor = {is_member ? ActorKind::member : ActorKind::support, Person{token->principal, {}}};
  }
  const auto kind = to_text(event_.actor.kind);
  if (token->speaks_for(kind)) return std::nullopt;
  return http::problem(
      refuse(RefusalCode::forbidden,
             "this token may not speak for actors of kind " + std::string(kind) + "; name an \"actor\" that it may.",
             "/actor/kind"));
}

Response Said::record(Asking& asking, EventPayload data) {
  AppendRequest wanted;
  wanted.org = asking.org().id;
  wanted.events.push_back(std::move(event_));
  wanted.events.back().data = std::move(data);
  wanted.by = recording_of(asking.request(), Channel::api);
  return append_response(asking.parts().appends.submit_and_wait(std::move(wanted)));
}

Decided<std::string> text_field(const json& body, std::string_view field, const std::string& place) {
  const auto it = body.find(field);
  if (it == body.end()) return refuse(RefusalCode::missing_field, "\"" + std::string(field) + "\" is needed.", place);
  const std::string* text = it->get_ptr<const std::string*>();
  const auto control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  if (!text || text->empty() || text->size() > limits::identifier_bytes_max ||
      std::any_of(text->begin(), text->end(), control)) {
    return refuse(RefusalCode::invalid_field,
                  "\"" + std::string(field) + "\" must be a text of 1 to 320 bytes without control characters.", place);
  }
  return *text;
}

}  // namespace tenure::services
