// One of every event type, and more of those that end several things, told to a running Tenure over HTTP and read back
// as the API shows them. Owned by one test, one thread; what is refused and should not be fails the test.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "events/ids.h"
#include "tests/services/running_program.h"

namespace tenure::test {

// All events of an organization in order.
std::vector<nlohmann::json> shown_events(RunningProgram& program, const std::string& org);

// By GET /v1/orgs/{org}/events: of acme (observe), gate and certified (enforce) and _tenure. And what access reviews do
// by the clock, written by what writes the API's answers, as of an organization that is not there.
std::vector<nlohmann::json> every_event(RunningProgram& program);

// The names of all types that the program can record.
std::set<std::string> every_type();

// The hash of each event's record: what the next event of its organization has as `prev`; nothing for the newest.
std::optional<Digest> record_hash(const std::vector<nlohmann::json>& events, std::size_t index);

}  // namespace tenure::test
