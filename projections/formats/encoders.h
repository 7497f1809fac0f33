// One encoder a format, behind messages() of formats.h. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "projections/formats/formats.h"
#include "projections/formats/shown.h"

namespace tenure::formats {

// `coming`: as 1.9.0-dev.
std::vector<std::string> ocsf_messages(const Shown& event, const Source& source, const std::optional<Digest>& hash,
                                       bool coming);
std::string ecs_message(const Shown& event, const Source& source, const std::optional<Digest>& hash);
std::string cef_message(const Shown& event, const Source& source);
std::string cloud_event(const Shown& event, const Source& source);

}  // namespace tenure::formats
