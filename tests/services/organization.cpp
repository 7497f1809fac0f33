#include "tests/services/organization.h"

#include <utility>

namespace tenure::test {

Organization::Organization(RunningProgram& at, std::string name, const std::string& model, const char* mode,
                           const json& more)
    : program(at), id(std::move(name)) {
  json body{{"id", id}, {"model", model}, {"mode", mode}, {"owner", "oda@team.test"}};
  if (more.is_object()) body.update(more);
  const auto created = program.post("/v1/orgs", body.dump());
  INFO(created.body);
  REQUIRE(created.status == 201);
}

json Organization::get(const std::string& rest) const {
  const auto answer = program.get(path(rest));
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return answer.json();
}

HttpAnswer Organization::send(const std::string& type, const std::string& data, const std::string& at) const {
  return send_as("oda@team.test", type, data, at);
}

HttpAnswer Organization::send_as(const std::string& who, const std::string& type, const std::string& data,
                                 const std::string& at) const {
  json event{{"type", type}, {"actor", {{"kind", "member"}, {"id", who}}}, {"data", json::parse(data)}};
  if (type == "event.retracted") event["reason"] = "it was wrong";
  if (!at.empty()) event["occurred_at"] = at;
  return program.post(path("/events"), event.dump());
}

json Organization::verdict(const std::string& type, const std::string& data, const std::string& at) const {
  const auto answer = send(type, data, at);
  INFO(answer.body);
  REQUIRE(answer.status == 201);
  return answer.json().at("items").at(0).at("verdict");
}

std::string Organization::level(const std::string& member, const std::string& permission, const std::string& at) const {
  const auto answer = program.get(path("/can?member=" + percent(member) + "&permission=" + percent(permission) +
                                       (at.empty() ? "" : "&at=" + percent(at))));
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return answer.json().at("level").get<std::string>();
}

void is_violation(const json& verdict, const char* rule) {
  INFO(verdict.dump());
  CHECK(verdict.at("result") == "violation");
  CHECK(verdict.at("rule") == rule);
  CHECK_FALSE(verdict.at("because").get<std::string>().empty());
}

void is_refused(const HttpAnswer& answer, const char* rule) {
  INFO(answer.body);
  CHECK(answer.status == 403);
  CHECK(answer.json().at("code") == "not_allowed");
  CHECK(answer.json().at("rule") == rule);
}

}  // namespace tenure::test
