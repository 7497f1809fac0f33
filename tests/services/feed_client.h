// What tests of the feed share: a follower over a WebSocket, an organization that events are appended to, and the lines
// of the other two carriers.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/services/running_program.h"
#include "tests/ws_client.h"

namespace tenure::test {

class Follower {
 public:
  // As the program's own token, unless another is given.
  Follower(const RunningProgram& program, const std::string& query, const std::string& token = {});

  const nlohmann::json& hello() const { return hello_; }
  // The next message whose type is this; what comes before it is kept if it is an event, and dropped else.
  nlohmann::json next(const std::string& type);
  // The next event of any type; null once the connection has ended.
  nlohmann::json event();
  std::vector<std::uint64_t> positions(std::size_t count);
  const std::string& last_text() const { return last_; }
  const std::vector<nlohmann::json>& events() const { return events_; }
  WsClient& client() { return *client_; }

 private:
  std::unique_ptr<WsClient> client_;
  nlohmann::json hello_;
  std::string last_;
  std::vector<nlohmann::json> events_;
};

void make_org(RunningProgram& program, const std::string& org);

// Position of the event.
std::uint64_t append(RunningProgram& program, const std::string& org, const std::string& member,
                     const std::string& actor = "ana");

std::string token_of(RunningProgram& program, const std::string& wish);

std::uint64_t newest(RunningProgram& program);

// The body of a chunked answer, joined.
std::string unchunked(const std::string& body);

// One long poll: its lines, hello and the last heartbeat among them.
std::vector<nlohmann::json> poll(RunningProgram& program, const std::string& query);

}  // namespace tenure::test
