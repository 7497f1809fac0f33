// The OpenAPI 3.1 document that is served at /openapi.json, built into the program. Any thread.
#pragma once

#include <string_view>

namespace tenure {

std::string_view openapi_document();

}  // namespace tenure
