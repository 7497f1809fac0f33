// Everything of access reviews that a running Tenure has: what is known of them, and what is done to them.
#pragma once

#include "services/reviews/clock.h"

namespace tenure::services {

class ReviewDesk {
 public:
  explicit ReviewDesk(Parts& parts) : reviews(parts), reviewing(parts, reviews), clock(parts, reviews, reviewing) {}

  Reviews reviews;
  Reviewing reviewing;
  ReviewClock clock;
};

}  // namespace tenure::services
