// Access models and what they let slip, as the API shows them. Pure functions; any thread.
#pragma once

#include "events/model/access_model.h"
#include "events/wire/json_text.h"

namespace tenure::services {

// The whole model: its scales, permissions, roles with their cells, and its rules as sentences.
void write_model(JsonText& json, const AccessModel& model);

// The analysis of events/model/analysis.h; permissions and roles by their ids.
void write_analysis(JsonText& json, const AccessModel& model);

}  // namespace tenure::services
