#include "tests/services/json_schema.h"

#include <fstream>
#include <set>
#include <stdexcept>

namespace tenure::test {

using nlohmann::json;

namespace {

json read_file(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error("no file " + file.string());
  return json::parse(in);
}

bool is_of_type(const json& value, const std::string& type) {
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  if (type == "null") return value.is_null();
  throw std::runtime_error("the schema has an unknown type " + type);
}

std::size_t characters(const std::string& utf8) {
  std::size_t count = 0;
  for (const char c : utf8) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

// They say something about a schema, or are looked at with another keyword.
const std::set<std::string> silent{"$schema", "$id",        "title", "description", "$comment",
                                   "$defs",   "deprecated", "then",  "properties",  "format"};

}  // namespace

JsonSchema::JsonSchema(const std::filesystem::path& file) : schema_(read_file(file)) {}

std::vector<std::string> JsonSchema::faults(const json& value) const {
  Faults faults;
  check(schema_, value, "", faults);
  return faults;
}

bool JsonSchema::valid(const json& schema, const json& value, const std::string& place) const {
  Faults faults;
  check(schema, value, place, faults);
  return faults.empty();
}

const std::regex& JsonSchema::pattern(const std::string& text) const {
  const auto found = patterns_.find(text);
  return found != patterns_.end() ? found->second : patterns_.emplace(text, std::regex(text)).first->second;
}

void JsonSchema::check(const json& schema, const json& value, const std::string& place, Faults& faults) const {
  if (schema.is_boolean()) {
    if (!schema.get<bool>()) faults.push_back(place + ": nothing may stand here");
    return;
  }
  for (const auto& [keyword, part] : schema.items()) check_keyword(keyword, schema, value, place, faults);
  if (value.is_object()) check_members(schema, value, place, faults);
}

void JsonSchema::check_keyword(const std::string& keyword, const json& schema, const json& value,
                               const std::string& place, Faults& faults) const {
  const json& rule = schema.at(keyword);
  const auto fault = [&](const std::string& what) { faults.push_back(place + ": " + what); };
  if (keyword == "type") {
    if (!is_of_type(value, rule.get<std::string>())) fault("is no " + rule.get<std::string>());
  } else if (keyword == "enum") {
    if (std::find(rule.begin(), rule.end(), value) == rule.end()) fault(value.dump() + " is not in the enum");
  } else if (keyword == "const") {
    if (value != rule) fault(value.dump() + " is not " + rule.dump());
  } else if (keyword == "$ref") {
    check(schema_.at(json::json_pointer(rule.get<std::string>().substr(1))), value, place, faults);
  } else if (keyword == "required") {
    if (!value.is_object()) return;
    for (const auto& name : rule) {
      if (!value.contains(name.get<std::string>())) fault("lacks " + name.get<std::string>());
    }
  } else if (keyword == "pattern") {
    if (value.is_string() && !std::regex_search(value.get<std::string>(), pattern(rule.get<std::string>()))) {
      fault(value.dump() + " does not have the pattern");
    }
  } else if (keyword == "maxLength") {
    if (value.is_string() && characters(value.get<std::string>()) > rule.get<std::size_t>()) fault("is too long");
  } else if (keyword == "minimum") {
    if (value.is_number() && value.get<double>() < rule.get<double>()) fault("is too small");
  } else if (keyword == "maximum") {
    if (value.is_number() && value.get<double>() > rule.get<double>()) fault("is too large");
  } else if (keyword == "items") {
    if (!value.is_array()) return;
    for (std::size_t i = 0; i < value.size(); ++i) check(rule, value[i], place + "/" + std::to_string(i), faults);
  } else if (keyword == "if") {
    if (valid(rule, value, place) && schema.contains("then")) check(schema.at("then"), value, place, faults);
  } else if (keyword == "allOf" || keyword == "anyOf" || keyword == "oneOf") {
    check_choices(keyword, rule, value, place, faults);
  } else if (keyword != "additionalProperties" && !silent.contains(keyword)) {
    throw std::runtime_error("the schema has the keyword " + keyword + ", which this reader does not know");
  }
}

void JsonSchema::check_choices(const std::string& keyword, const json& choices, const json& value,
                               const std::string& place, Faults& faults) const {
  if (keyword == "allOf") {
    for (const json& choice : choices) check(choice, value, place, faults);
    return;
  }
  std::size_t fitting = 0;
  for (const json& choice : choices) fitting += valid(choice, value, place);
  if (fitting == 0 || (keyword == "oneOf" && fitting > 1)) {
    faults.push_back(place + ": " + std::to_string(fitting) + " choices of " + keyword + " fit");
  }
}

void JsonSchema::check_members(const json& schema, const json& value, const std::string& place, Faults& faults) const {
  const json known = schema.value("properties", json::object());
  const auto rest = schema.find("additionalProperties");
  for (const auto& [name, member] : value.items()) {
    const auto found = known.find(name);
    if (found != known.end()) {
      check(*found, member, place + "/" + name, faults);
    } else if (rest != schema.end()) {
      check(*rest, member, place + "/" + name, faults);
    }
  }
}

}  // namespace tenure::test
