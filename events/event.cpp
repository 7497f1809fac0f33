#include "events/event.h"

#include <algorithm>
#include <array>
#include <utility>

#include "events/limits.h"

namespace tenure {

namespace {

template <std::size_t... I>
EventTypes moved(std::size_t index, void* from, std::index_sequence<I...>) {
  using Make = EventTypes (*)(void*);
  static constexpr std::array<Make, sizeof...(I)> makes{[](void* value) -> EventTypes {
    return EventTypes(std::in_place_index<I>,
                      std::move(*static_cast<std::variant_alternative_t<I, EventTypes>*>(value)));
  }...};
  return makes[index](from);
}

constexpr auto every_index = std::make_index_sequence<std::variant_size_v<EventTypes>>{};

}  // namespace

EventPayload::EventPayload() = default;
EventPayload::EventPayload(std::size_t index, void* moved_from) : EventTypes(moved(index, moved_from, every_index)) {}
EventPayload::EventPayload(const EventPayload& other) = default;
EventPayload::EventPayload(EventPayload&& other) noexcept = default;
EventPayload& EventPayload::operator=(const EventPayload& other) = default;
EventPayload& EventPayload::operator=(EventPayload&& other) noexcept = default;
EventPayload::~EventPayload() = default;

std::string_view type_name(const EventPayload& data) {
  return std::visit([](const auto& d) { return std::remove_cvref_t<decltype(d)>::type; }, data);
}

namespace {

template <std::size_t... I>
bool is_one_of(std::string_view type, std::index_sequence<I...>) {
  return ((std::variant_alternative_t<I, EventTypes>::type == type) || ...);
}

}  // namespace

bool is_event_type(std::string_view type) { return is_one_of(type, every_index); }

bool sent_by_clients(std::string_view type) {
  static constexpr std::array own{
      event::OrgCreated::type,      event::ActionDenied::type,  event::SodRuleAdded::type,
      event::SodRuleRemoved::type,  event::FindingClosed::type, event::FindingReopened::type,
      event::ModelPublished::type,  event::TokenCreated::type,  event::TokenRevoked::type,
      event::ConsumerCreated::type, event::ConsumerReset::type, event::ConsumerDeleted::type,
      event::SinkCreated::type,     event::SinkPaused::type,    event::SinkResumed::type,
      event::SinkDeleted::type};
  return std::find(own.begin(), own.end(), type) == own.end() && !is_about_reviews(type);
}

bool is_about_the_record(const EventPayload& data) {
  return std::holds_alternative<event::EventRetracted>(data) || std::holds_alternative<event::SodRuleAdded>(data) ||
         std::holds_alternative<event::SodRuleRemoved>(data) || std::holds_alternative<event::FindingClosed>(data) ||
         std::holds_alternative<event::FindingReopened>(data) || is_about_reviews(type_name(data));
}

bool is_about_reviews(std::string_view type) { return type.starts_with("review."); }

std::string to_text(const ResourceId& resource) { return resource.kind + ":" + resource.id; }

std::string to_text(const Scope& scope) {
  switch (scope.kind) {
    case Scope::Kind::org:
      return "org";
    case Scope::Kind::every:
      return scope.resource_kind + ":*";
    case Scope::Kind::resource:
      break;
  }
  return scope.resource_kind + ":" + scope.id;
}

std::string_view to_text(ActorKind kind) {
  switch (kind) {
    case ActorKind::member:
      return "member";
    case ActorKind::support:
      return "support";
    case ActorKind::system:
      return "system";
    case ActorKind::integration:
      break;
  }
  return "integration";
}

std::string_view to_text(Mode mode) { return mode == Mode::observe ? "observe" : "enforce"; }

std::string_view to_text(Basis basis) { return basis == Basis::happened ? "happened" : "baseline"; }

std::string_view to_text(ReviewVerb verb) {
  switch (verb) {
    case ReviewVerb::keep:
      return "keep";
    case ReviewVerb::revoke:
      return "revoke";
    case ReviewVerb::change:
      return "change";
    case ReviewVerb::delegate:
      break;
  }
  return "delegate";
}

std::optional<ReviewVerb> review_verb_from(std::string_view text) {
  for (const ReviewVerb verb : {ReviewVerb::keep, ReviewVerb::revoke, ReviewVerb::change, ReviewVerb::delegate}) {
    if (to_text(verb) == text) return verb;
  }
  return std::nullopt;
}

std::optional<ActorKind> actor_kind_from(std::string_view text) {
  for (const ActorKind kind : {ActorKind::member, ActorKind::support, ActorKind::system, ActorKind::integration}) {
    if (to_text(kind) == text) return kind;
  }
  return std::nullopt;
}

bool is_org_name(std::string_view text) {
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  return !text.empty() && text.size() <= limits::identifier_bytes_max && text.front() != '_' && text != "." &&
         text != ".." && text.find_first_of("/?#%\\ ") == std::string_view::npos &&
         std::none_of(text.begin(), text.end(), is_control);
}

Decided<ResourceId> parse_resource(std::string_view text, std::string_view field) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || text.substr(colon + 1) == "*") {
    return refuse(RefusalCode::invalid_field,
                  "\"" + std::string(field) + "\" must name a resource as kind:id, for example repo:acme/web.",
                  std::string(field));
  }
  return ResourceId{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Decided<Scope> parse_scope(std::string_view text, std::string_view field) {
  if (text == "org") return Scope{};
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) {
    return refuse(RefusalCode::invalid_field,
                  "\"" + std::string(field) + "\" must be org, kind:id or kind:*, for example repo:acme/web.",
                  std::string(field));
  }
  const std::string kind(text.substr(0, colon));
  const std::string id(text.substr(colon + 1));
  if (id == "*") return Scope{Scope::Kind::every, kind, {}};
  return Scope{Scope::Kind::resource, kind, id};
}

}  // namespace tenure
