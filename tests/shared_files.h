// Where the files are that stand beside the checkout, in ../shared: real audit logs, model texts, schemas.
// Any thread. They are not part of the repository, so a checkout alone may be without them: a test that needs them
// begins with REQUIRE_SHARED(), which fails where CI=true and elsewhere says plainly that the test was left out.
#pragma once

#include <filesystem>

#include "tests/catch.h"

namespace tenure::testing {

// ../shared as seen from the source tree, whether or not it exists.
std::filesystem::path shared_files();

// True where the test can go on. False where it is to return at once, having said that it was left out.
// Fails the test, and does not return, where CI=true and the files are absent.
bool shared_files_found_or_left_out();

}  // namespace tenure::testing

#define REQUIRE_SHARED()                                              \
  do {                                                                \
    if (!::tenure::testing::shared_files_found_or_left_out()) return; \
  } while (false)
