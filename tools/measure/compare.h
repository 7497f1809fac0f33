// What changed between two runs, from the JSON that each wrote (report.h).
//
// Plain functions of texts.
#pragma once

#include <string>

namespace tenure::bench {

// A table of all figures of both, those that changed marked. A figure counts as changed when no round of one run lies
// within the rounds of the other and the medians are 3 % apart or more: what lies within its own rounds is noise.
// Throws std::runtime_error, and says which, where one of the two is no report.
std::string compared(const std::string& before, const std::string& after);

}  // namespace tenure::bench
