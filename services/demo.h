// The demo organization: a small team with a past, so that the first question has an answer.
#pragma once

#include "services/append_queue.h"

namespace tenure::services {

// Makes the organization `demo` where it is not there yet. Idempotent. False: there is one that this did not make, and
// which stays as it is.
Outcome<bool> make_demo(AppendQueue& appends);

}  // namespace tenure::services
