// The comparisons with databases that are sections of their own, with --peers. Tenure is measured in the same rounds,
// in turns with them. (Those of appends and of imports are rows of the sections that these have anyway.)
#pragma once

#include "tools/measure/bench.h"
#include "tools/measure/held_roles.h"
#include "tools/measure/servers.h"

namespace tenure::bench {

// One member's power against PostgreSQL's prepared point query.
void measure_can_peers(Bench& bench);
// 1,000 answers at a past instant against PostgreSQL's GiST and MariaDB's system versioning.
void measure_who_can_peers(Bench& bench);
// The same organization's answers as things stand now, against SpiceDB's LookupSubjects; nothing where that is not
// installed.
void measure_who_can_now(Bench& bench, const TenureServer& server, const HeldRoles& roles);

}  // namespace tenure::bench
