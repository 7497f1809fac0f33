// A hold as the naive fold names it: "role|ann|writer", "group|ann|g", "grant|ann|writer|repo:a",
// "invitation|ann|writer".
#pragma once

#include <string>

#include "tests/properties/tenure_in_memory.h"

namespace tenure::test {

std::string in_words(projections::Holds& holds, const IdentityOfNumber& identity, const projections::Hold& hold);

// A number from the environment, by which a long run is asked for.
std::uint64_t number_from(const char* name, std::uint64_t otherwise);

}  // namespace tenure::test
