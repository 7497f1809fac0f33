// Answers of a running server against the OpenAPI document.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "tests/services/running_program.h"

namespace tenure::test {

const nlohmann::json& openapi();
// A schema, or what it refers to.
const nlohmann::json& resolved(const nlohmann::json& schema);
// Where a value differs from its schema; a member that the schema does not name is a fault too.
std::vector<std::string> faults_of(const nlohmann::json& value, const nlohmann::json& schema, const std::string& place,
                                   bool known_names = true);
// Compares an answer with what the document says of its route and status; a member that no schema names is a fault.
void check_answer(const HttpAnswer& answer, const std::string& method, const std::string& path);

}  // namespace tenure::test
