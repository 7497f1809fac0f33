// The routes of findings (what deserves a look at an instant; closing one and reopening it) and of the
// separation-of-duties rules that some rest on. Called once, before the server starts.
#pragma once

#include "services/api/parts.h"

namespace tenure::services {

void add_findings_routes(http::Router& router, Parts& parts);
void add_sod_routes(http::Router& router, Parts& parts);

}  // namespace tenure::services
