// What a record did, one step for each person, group or entity: OCSF has one message for each.
//
// Views into the event; plain values, any thread. Complexity: linear in the event and what it ended.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "projections/formats/mapping.h"
#include "projections/formats/shown.h"

namespace tenure::formats {

struct Step {
  Deed deed;
  std::string_view activity;  // the activity's name where OCSF has none for it
  std::string_view user, group, subgroup;
  bool everyone = false;                  // `group` stands for everybody in the organization
  std::string_view role;                  // which `iam_role` the step is about
  std::string_view resource;              // "repo:acme/web", "repo:*" or "org"
  std::vector<std::string> privileges{};  // "role:R", "role:R on SCOPE", "assignment:RESOURCE", "ownership", "P=L"
  // What held before and after, for a step that is one of many; the others tell the record's own values.
  std::optional<bool> held{};
};

// Never none; the first is what the type itself says.
std::vector<Step> steps_of(const Row& row, const Shown& event);

}  // namespace tenure::formats
