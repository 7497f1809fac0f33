// What tests of the feed share: a follower over a WebSocket, an organization that events are appended to, and the lines
// of the other two carriers.
#pragma once

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
  Follower(const RunningProgram& program, const std::string& query, const std::string& token = {})
      : client_(std::make_unique<WsClient>(
            program.port(), "/v1/feed" + query,
            WsClient::Headers{{"Authorization", "Bearer " + (token.empty() ? program.token() : token)}})) {
    hello_ = nlohmann::json::parse(client_->read().value());
  }

  const nlohmann::json& hello() const { return hello_; }
  // The next message whose type is this; what comes before it is kept if it is an event, and dropped else.
  nlohmann::json next(const std::string& type) {
    while (auto message = client_->read()) {
      last_ = *message;
      nlohmann::json json = nlohmann::json::parse(*message);
      if (json.at("type") == type) return json;
      if (json.contains("position") && json.contains("version")) events_.push_back(std::move(json));
    }
    return nullptr;
  }
  // The next event of any type; null once the connection has ended.
  nlohmann::json event() {
    while (auto message = client_->read()) {
      last_ = *message;
      nlohmann::json json = nlohmann::json::parse(*message);
      if (json.contains("version")) return json;
    }
    return nullptr;
  }
  std::vector<std::uint64_t> positions(std::size_t count) {
    std::vector<std::uint64_t> all;
    while (all.size() < count) {
      const auto one = event();
      if (one.is_null()) break;
      all.push_back(one.at("position").get<std::uint64_t>());
    }
    return all;
  }
  const std::string& last_text() const { return last_; }
  const std::vector<nlohmann::json>& events() const { return events_; }
  WsClient& client() { return *client_; }

 private:
  std::unique_ptr<WsClient> client_;
  nlohmann::json hello_;
  std::string last_;
  std::vector<nlohmann::json> events_;
};

inline void make_org(RunningProgram& program, const std::string& org) {
  const auto made =
      program.post("/v1/orgs", R"({"id":")" + org + R"(","model":"github","mode":"observe","owner":"ana"})");
  REQUIRE(made.status == 201);
}

// Position of the event.
inline std::uint64_t append(RunningProgram& program, const std::string& org, const std::string& member,
                            const std::string& actor = "ana") {
  const auto sent =
      program.post("/v1/orgs/" + org + "/events", R"({"type":"member.added","actor":{"kind":"member","id":")" + actor +
                                                      R"("},"data":{"member":")" + member + R"(","role":"member"}})");
  REQUIRE(sent.status == 201);
  return sent.json().at("items").at(0).at("position").get<std::uint64_t>();
}

inline std::string token_of(RunningProgram& program, const std::string& wish) {
  const auto made = program.post("/v1/tokens", wish);
  REQUIRE(made.status == 201);
  return made.json().at("secret").get<std::string>();
}

inline std::uint64_t newest(RunningProgram& program) {
  return program.get("/readyz").json().at("position").get<std::uint64_t>();
}

// The body of a chunked answer, joined.
inline std::string unchunked(const std::string& body) {
  std::string out;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t line = body.find("\r\n", at);
    const std::size_t size = std::stoul(body.substr(at, line - at), nullptr, 16);
    out += body.substr(line + 2, size);
    at = line + 4 + size;
    if (size == 0) break;
  }
  return out;
}

// One long poll: its lines, hello and the last heartbeat among them.
inline std::vector<nlohmann::json> poll(RunningProgram& program, const std::string& query) {
  const auto answer = program.request("GET", "/v1/feed" + query, {}, {"Accept: application/x-ndjson"});
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  std::vector<nlohmann::json> lines;
  const std::string body = unchunked(answer.body);
  for (std::size_t at = 0, end = 0; (end = body.find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(nlohmann::json::parse(body.substr(at, end - at)));
  }
  return lines;
}

}  // namespace tenure::test
