// An organization on an access model over HTTP, and what tests expect of events into it. One thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/catch.h"
#include "tests/services/running_program.h"

namespace tenure::test {

using nlohmann::json;

// An organization on a model, and events into it by its owner.
struct Organization {
  RunningProgram& program;
  std::string id;

  Organization(RunningProgram& at, std::string name, const std::string& model, const char* mode,
               const json& more = json::object());
  json get(const std::string& rest) const;
  std::string path(const std::string& rest) const { return "/v1/orgs/" + id + rest; }

  HttpAnswer send(const std::string& type, const std::string& data, const std::string& at = {}) const;
  HttpAnswer send_as(const std::string& who, const std::string& type, const std::string& data,
                     const std::string& at = {}) const;
  // The verdict of an event that was recorded.
  json verdict(const std::string& type, const std::string& data, const std::string& at = {}) const;
  std::string level(const std::string& member, const std::string& permission, const std::string& at = {}) const;
};

void is_violation(const json& verdict, const char* rule);
void is_refused(const HttpAnswer& answer, const char* rule);

}  // namespace tenure::test
