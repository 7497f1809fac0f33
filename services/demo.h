// The demo organization: a small team with a past, so that the first question has an answer.
#pragma once

#include "services/append_queue.h"

namespace tenure::services {

// Makes the organization `demo` where it is not there yet. Idempotent.
Outcome<void> make_demo(AppendQueue& appends);

}  // namespace tenure::services
