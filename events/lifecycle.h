// What holds for teams under every access model, from the model's description of its roles alone: system roles stay
// as they are, a deleted role stays deleted, a role that needs a holder keeps one, names mean something.
//
// Part of the judgement (events/judge.h), which is what to call. Pure; any thread.
#pragma once

#include <optional>
#include <string>

#include "events/judge.h"

namespace tenure {

// Whether the event asks for what is so already: the same role, a member who is disabled being disabled.
bool changes_nothing(const Event& event, const TeamState& before);

// The violation, or what the model leaves open (options of custom roles), with a rule id that starts with "lifecycle.";
// or nothing.
std::optional<Verdict> lifecycle_violation(const AccessModel& model, const Event& event, const TeamState& before);

// The JSON pointer of what such a verdict is about, in the event as a client sends it ("/data/grants/billing"); empty
// for any other verdict.
std::string field_at_fault(const AccessModel& model, const Event& event, const Verdict& verdict);

}  // namespace tenure
