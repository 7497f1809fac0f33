// The route of findings: what deserves a look at an instant. Called once, before the server starts.
#pragma once

#include "services/api/parts.h"

namespace tenure::services {

void add_findings_routes(http::Router& router, Parts& parts);

}  // namespace tenure::services
