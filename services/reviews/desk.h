// Everything of access reviews that a running Tenure has: what is known of them, and what is done to them.
#pragma once

#include "services/reviews/reviewing.h"

namespace tenure::services {

class ReviewDesk {
 public:
  explicit ReviewDesk(Parts& parts) : reviews(parts), reviewing(parts, reviews) {}

  Reviews reviews;
  Reviewing reviewing;
};

}  // namespace tenure::services
