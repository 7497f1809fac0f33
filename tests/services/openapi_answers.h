// Answers of a running server against the OpenAPI document.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "tests/services/running_program.h"

namespace tenure::test {

const nlohmann::json& openapi();
// Compares an answer with what the document says of its route and status; a member that no schema names is a fault.
void check_answer(const HttpAnswer& answer, const std::string& method, const std::string& path);

}  // namespace tenure::test
