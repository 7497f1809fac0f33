// What the routes of access reviews have in common: the review of a path, who acts, people by identity. Used by the
// routes alone; one thread, one request.
#pragma once

#include "services/api/said.h"
#include "services/reviews/desk.h"

namespace tenure::services {

// Who acts by a request's body, whose actor is settled.
Acting acting_of(const Request& request, const Said& said);

// The review of the path, brought up to now and locked. A Response is a no.
boost::system::result<HeldReview, Response> review_of(Parts& parts, const Request& request, const OpenOrg& org);

// Identities as the API shows them, looked up once each.
class Shown {
 public:
  Shown(Parts& parts, const OpenOrg& org) : parts_(parts), org_(org) {}

  const std::string& identity(const SubjectId& subject);
  // {"kind","id"}
  void actor(JsonText& json, std::string_view name, const Actor& actor);
  // An event of the log: {"position","type","occurred_at","actor","approved_by"?}; nothing is written for position 0.
  void event(JsonText& json, std::string_view name, std::uint64_t position);
  const std::optional<Failure>& failure() const { return failure_; }
  void note(const Failure& failure) {
    if (!failure_) failure_ = failure;
  }

 private:
  Parts& parts_;
  const OpenOrg& org_;
  std::unordered_map<SubjectId, std::string> known_;
  std::optional<Failure> failure_;
};

// {"id","name","status",…}: a review in a list.
void review_summary(JsonText& json, Shown& shown, const ReviewSummary& summary);

}  // namespace tenure::services
