// An organization "acme" in a running program, told event by event over HTTP. Owned by one test, one thread; whatever
// is refused fails the test.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "tests/catch.h"
#include "tests/services/running_program.h"

namespace tenure::test {

class TeamTold {
 public:
  explicit TeamTold(const std::string& model) {
    const nlohmann::json org{{"id", "acme"},
                             {"model", model},
                             {"mode", "observe"},
                             {"owner", "olga"},
                             {"occurred_at", "2023-01-01T00:00:00Z"}};
    const auto made = program_.post("/v1/orgs", org.dump());
    INFO(made.body);
    REQUIRE(made.status == 201);
  }

  // Returns the event's position.
  std::uint64_t happens(const std::string& at, const std::string& type, const nlohmann::json& data,
                        const std::string& reason = {}, nlohmann::json more = nlohmann::json::object()) {
    nlohmann::json event{
        {"type", type}, {"actor", {{"kind", "system"}, {"id", "sync"}}}, {"occurred_at", at}, {"data", data}};
    if (!reason.empty()) event["reason"] = reason;
    event.update(more);
    const auto answer = program_.post("/v1/orgs/acme/events", event.dump());
    INFO(event.dump() << ": " << answer.body);
    REQUIRE(answer.status == 201);
    return answer.json().at("items").at(0).at("position").get<std::uint64_t>();
  }

  nlohmann::json get(const std::string& path_and_query) {
    const auto answer = program_.get("/v1/orgs/acme" + path_and_query);
    INFO(path_and_query << ": " << answer.body);
    REQUIRE(answer.status == 200);
    return answer.json();
  }

  RunningProgram& program() { return program_; }

 private:
  RunningProgram program_;
};

// The open and closed findings of a kind; `more` is more of the query.
inline nlohmann::json findings(TeamTold& team, const std::string& kind, const std::string& more = {}) {
  return team.get("/findings?kind=" + kind + more).at("items");
}

// Who acts, as a member of an event or another body.
inline nlohmann::json by(const char* member) { return {{"actor", {{"kind", "member"}, {"id", member}}}}; }

}  // namespace tenure::test
