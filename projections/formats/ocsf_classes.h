// OCSF's numbers: the class and activity of each deed in 1.8.0 and 1.9.0-dev, and their captions.
//
// Source: the schemas of OCSF 1.8.0 (3001, 3004, 3005, 3006) and 1.9.0-dev (3007, 3008). Constants; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "projections/formats/mapping.h"

namespace tenure::formats {

enum class OcsfClass : std::uint16_t {
  account_change = 3001,
  entity_management = 3004,
  user_access = 3005,
  group_management = 3006,
  user_management = 3007,
  role_management = 3008,
};

inline constexpr int ocsf_other = 99;  // the activity that OCSF has no number for; activity_name says which

struct OcsfActivity {
  OcsfClass in;
  int id;
  std::string_view name;  // OCSF's caption
};

// With `coming`, as in 1.9.0-dev: people by 3007 and roles by 3008; 3004 and 3006 are those of 1.8.0 there.
const OcsfActivity& ocsf_activity(Deed deed, bool coming);

std::string_view caption(OcsfClass of);
// Whether the class is one of those that came with 1.9.0-dev.
bool came_with_1_9(OcsfClass of);

}  // namespace tenure::formats
