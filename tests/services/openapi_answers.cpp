#include "tests/services/openapi_answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "services/openapi.h"
#include "tests/catch.h"

namespace tenure::test {

using nlohmann::json;

const json& openapi() {
  static const json parsed = json::parse(openapi_document());
  return parsed;
}

const json& resolved(const json& schema) {
  const auto ref = schema.find("$ref");
  if (ref == schema.end()) return schema;
  const auto text = ref->get<std::string>();
  return openapi().at(json::json_pointer(text.substr(1)));
}

static bool is_of(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "integer") return value.is_number_integer();
  if (type == "boolean") return value.is_boolean();
  return type == "null" && value.is_null();
}

// The names that a schema of an object knows, with those of its parts.
static void names_of(const json& raw, std::set<std::string>& names) {
  const json& schema = resolved(raw);
  const json properties = schema.value("properties", json::object());
  for (const auto& [name, unused] : properties.items()) names.insert(name);
  for (const json& part : schema.value("allOf", json::array())) names_of(part, names);
}

// What is wrong with one object's members.
static void check_members(const json& value, const json& schema, const std::string& place,
                          std::vector<std::string>& faults) {
  for (const json& name : schema.value("required", json::array())) {
    if (!value.contains(name.get<std::string>())) faults.push_back(place + " lacks " + name.get<std::string>());
  }
  const json properties = schema.value("properties", json::object());
  for (const auto& [name, member] : value.items()) {
    if (!properties.contains(name)) continue;
    for (auto& fault : faults_of(member, properties.at(name), place + "/" + name)) faults.push_back(std::move(fault));
  }
}

// Where a value differs from its schema; a member that the schema does not name is a fault too.
std::vector<std::string> faults_of(const json& value, const json& raw, const std::string& place, bool known_names) {
  const json& schema = resolved(raw);
  std::vector<std::string> faults;
  const auto all = [&](std::vector<std::string> more) { faults.insert(faults.end(), more.begin(), more.end()); };
  if (const auto type = schema.find("type"); type != schema.end()) {
    bool fits = type->is_string() && is_of(value, type->get<std::string>());
    if (type->is_array()) {
      fits = std::any_of(type->begin(), type->end(), [&](const json& t) { return is_of(value, t.get<std::string>()); });
    }
    if (!fits) return {place + " is " + value.dump() + ", not " + type->dump()};
  }
  if (const auto choices = schema.find("enum"); choices != schema.end()) {
    if (std::find(choices->begin(), choices->end(), value) == choices->end())
      faults.push_back(place + " is " + value.dump());
  }
  for (const json& part : schema.value("allOf", json::array())) all(faults_of(value, part, place, false));
  if (const auto choices = schema.find("oneOf"); choices != schema.end()) {
    const bool one = std::any_of(choices->begin(), choices->end(),
                                 [&](const json& c) { return faults_of(value, c, place).empty(); });
    if (!one) faults.push_back(place + " is none of its kinds: " + value.dump());
  }
  if (value.is_array() && schema.contains("items")) {
    for (std::size_t i = 0; i < value.size(); ++i)
      all(faults_of(value[i], schema.at("items"), place + "/" + std::to_string(i)));
  }
  if (!value.is_object()) return faults;
  check_members(value, schema, place, faults);
  std::set<std::string> names;
  names_of(schema, names);
  if (!known_names || names.empty()) return faults;
  for (const auto& [name, unused] : value.items()) {
    if (!names.contains(name)) faults.push_back(place + " has " + name + ", of which the document knows nothing");
  }
  return faults;
}

void check_answer(const HttpAnswer& answer, const std::string& method, const std::string& path) {
  INFO(method << " " << path << " answered " << answer.status << ": " << answer.body);
  const json& responses = openapi().at("paths").at(path).at(method).at("responses");
  const std::string status = std::to_string(answer.status);
  const json& response = responses.contains(status) ? responses.at(status) : responses.at("default");
  const auto type = answer.headers.find("content-type");
  REQUIRE(type != answer.headers.end());
  REQUIRE(response.at("content").contains(type->second));
  if (type->second.find("json") == std::string::npos) return;
  CHECK(faults_of(answer.json(), response.at("content").at(type->second).at("schema"), "") ==
        std::vector<std::string>());
}

}  // namespace tenure::test
