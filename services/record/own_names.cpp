// What is Tenure's own, and no client's to write to: an organization, and ids of events.
#include <algorithm>
#include <iterator>

#include "services/record/batch.h"

namespace tenure::services {

Refusals cannot_be_about(const AppendRequest& request) {
  if (request.own) return {};
  if (request.org == tenure_org) {
    return {refuse(RefusalCode::forbidden,
                   "\"" + tenure_org.text +
                       "\" is Tenure's own: what stands there comes with what it tells, as "
                       "POST /v1/models and POST /v1/tokens; send events to an organization.",
                   "org")};
  }
  if (!creates(request) || is_org_name(request.org.text)) return {};
  return {refuse(RefusalCode::invalid_field,
                 "an organization cannot be called \"" + request.org.text +
                     "\": its name stands in paths; 1 to 320 bytes without spaces, control characters and / ? # % \\, "
                     "and no _ in front.",
                 "org")};
}

// Ids that Tenure gives its own events, so that each happens once: a client's event must not stand in their place.
bool is_reserved(const EventId& id) {
  static constexpr std::string_view own[] = {"review:", "review-run:", "report:"};
  return std::any_of(std::begin(own), std::end(own),
                     [&](std::string_view prefix) { return id.text.starts_with(prefix); });
}

}  // namespace tenure::services
