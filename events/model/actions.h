// The event types that an access model's rules may speak of, and what each of them is about.
//
// An action is known by its index in EventPayload, so that judging an event needs no text. Values only; any thread.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "events/event.h"

namespace tenure {

inline constexpr std::size_t action_count = std::variant_size_v<EventTypes>;

struct ActionType {
  std::string_view name;     // "member.removed"
  bool ruled = false;        // rules may name it: it changes a team, and Tenure did not write it itself
  bool has_target = false;   // it is about a person
  bool gives_role = false;   // it may give a role
  bool on_resource = false;  // it may be about a resource
};

// Of the event type that stands at `index` (< action_count) in EventPayload.
const ActionType& action_type(std::size_t index);

// The actions that a rule's pattern means: "member.removed", "role.*" or "*". Empty: none, so the pattern is wrong.
std::vector<std::size_t> actions_matching(std::string_view pattern);

}  // namespace tenure
