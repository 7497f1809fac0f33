// What the routes of access reviews have in common: the review of a path, who acts, people by identity. Used by the
// routes alone; one thread, one request.
#pragma once

#include "services/api/said.h"
#include "services/reviews/desk.h"
#include "services/reviews/shown_people.h"

namespace tenure::services {

// Who acts by a request's body, whose actor is settled.
Acting acting_of(const Request& request, const Said& said);

// What answers have beside a definition: it is passed over where one is sent, so that what was read may be sent again.
inline constexpr std::string_view only_answered[] = {"defined", "next_runs", "warnings"};

// "warnings": […]
void write_warnings(JsonText& json, const std::vector<std::string>& warnings);

// The review of the path, brought up to now and locked. A Response is a no.
boost::system::result<HeldReview, Response> review_of(Parts& parts, const Request& request, const OpenOrg& org);

// People and events as the API shows them.
class Shown : public ShownPeople {
 public:
  using ShownPeople::ShownPeople;

  // {"kind","id"}
  void actor(JsonText& json, std::string_view name, const Actor& actor);
  // An event of the log: {"position","type","occurred_at","actor","approved_by"?}; nothing is written for position 0.
  void event(JsonText& json, std::string_view name, std::uint64_t position);
};

// {"id","name","status",…}: a review in a list.
void review_summary(JsonText& json, Shown& shown, const ReviewSummary& summary);

}  // namespace tenure::services
