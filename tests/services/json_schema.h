// JSON Schema (draft 2020-12), as much of it as the OCSF schemas use. A keyword that is not known fails the test rather
// than passing unseen. Owned by one test, one thread.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

namespace tenure::test {

class JsonSchema {
 public:
  explicit JsonSchema(const std::filesystem::path& file);
  explicit JsonSchema(nlohmann::json schema) : schema_(std::move(schema)) {}

  // Every fault as "/place: what"; none if the value is valid.
  std::vector<std::string> faults(const nlohmann::json& value) const;

 private:
  using Faults = std::vector<std::string>;
  void check(const nlohmann::json& schema, const nlohmann::json& value, const std::string& place, Faults& faults) const;
  void check_keyword(const std::string& keyword, const nlohmann::json& schema, const nlohmann::json& value,
                     const std::string& place, Faults& faults) const;
  void check_members(const nlohmann::json& schema, const nlohmann::json& value, const std::string& place,
                     Faults& faults) const;
  void check_choices(const std::string& keyword, const nlohmann::json& choices, const nlohmann::json& value,
                     const std::string& place, Faults& faults) const;
  bool valid(const nlohmann::json& schema, const nlohmann::json& value, const std::string& place) const;
  const std::regex& pattern(const std::string& text) const;

  nlohmann::json schema_;
  mutable std::map<std::string, std::regex> patterns_;
};

}  // namespace tenure::test
