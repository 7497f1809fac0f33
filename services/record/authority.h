// By whose authority an event happens, and what the access model says to it then. Pure; any thread.
#pragma once

#include "events/judge.h"

namespace tenure::services {

enum class JudgedAs : std::uint8_t {
  actor,
  review,    // what an access review takes: only the rules of every team are asked (events/lifecycle.h)
  approver,  // what it gives: as if whoever approved it did it
};

Verdict verdict_on(JudgedAs judged_as, const AccessModel& model, const Event& event, const TeamState& before);

}  // namespace tenure::services
