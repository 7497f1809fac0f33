// The OpenAPI 3.1 document that is served at /openapi.json: services/openapi.json, built into the program.
//
// Any thread. tests/services/openapi_test.cpp keeps it true to what the server answers.
#pragma once

#include <string_view>

namespace tenure {

std::string_view openapi_document();

}  // namespace tenure
