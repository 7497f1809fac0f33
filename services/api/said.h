// What the body of a request says that becomes one event: its own fields, and beside them what every event may say
// (actor, approved_by, reason, ticket, correlation_id, occurred_at), read by the one strict reader of events.
//
// Used by the routes alone; one thread, one request.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>

#include "services/api/asking.h"

namespace tenure::services {

class Said {
 public:
  // A Response is a no. `own` are the fields of this body; an empty body says nothing.
  static boost::system::result<Said, Response> read(const Request& request,
                                                    std::initializer_list<std::string_view> own);

  const nlohmann::json& body() const { return *body_; }
  const std::optional<Instant>& occurred_at() const { return event_.occurred_at; }
  bool has_reason() const { return event_.reason.has_value(); }
  const Actor& actor() const { return event_.actor; }
  // What every event may say, without data.
  const Event& event() const { return event_; }

  // Who acts where the body names nobody: the token's principal, as a member where they are one, else as support staff.
  // A Response is a no: the token may not speak for such an actor.
  std::optional<Response> settle_actor(Asking& asking);
  // Records it as that event, and waits.
  Response record(Asking& asking, EventPayload data);

 private:
  std::shared_ptr<const nlohmann::json> body_;
  Event event_;
  bool names_actor_ = false;
};

// A text of 1 to 320 bytes without control characters: `field` of a body, `place` its JSON pointer.
Decided<std::string> text_field(const nlohmann::json& body, std::string_view field, const std::string& place);

}  // namespace tenure::services
