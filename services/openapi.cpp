#include "services/openapi.h"

namespace tenure {

// Every route with its method, parameters and scope; the shapes of the answers follow. tests/services/
// api_test.cpp compares it with the router.
std::string_view openapi_document() {
  static constexpr std::string_view document =
#include "services/openapi_document.inc"
      ;
  return document;
}

}  // namespace tenure
