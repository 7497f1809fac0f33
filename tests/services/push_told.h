// What tests of sinks share: short pauses, sinks made and looked at, and what the feed itself shows of the same events.
#pragma once

#include "tests/push_receivers.h"
#include "tests/services/feed_client.h"

namespace tenure::test {

// Pauses that a test can wait for.
inline services::PushTimes quick() {
  services::PushTimes times;
  times.pause_first = std::chrono::milliseconds(5);
  times.pause_most = std::chrono::milliseconds(40);
  times.settle = std::chrono::milliseconds(500);
  return times;
}

inline nlohmann::json sink_wish(const std::string& name, const std::string& kind, const std::string& url) {
  return {{"sink", name}, {"kind", kind}, {"url", url}};
}

inline nlohmann::json make_sink(RunningProgram& program, const nlohmann::json& wish) {
  const auto made = program.post("/v1/sinks", wish.dump());
  INFO(made.body);
  REQUIRE(made.status == 201);
  return made.json();
}

inline nlohmann::json sink(RunningProgram& program, const std::string& name) {
  const auto answer = program.get("/v1/sinks/" + name);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return answer.json();
}

// Waits until the sink has delivered all there is; what it then is.
inline nlohmann::json delivered(RunningProgram& program, const std::string& name) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (std::chrono::steady_clock::now() < until) {
    const auto now = sink(program, name);
    if (now.at("lag_events") == 0) return now;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return sink(program, name);
}

// The messages of the feed from position 1, as texts.
inline std::vector<std::string> feed_messages(RunningProgram& program, const std::string& query = {}) {
  const auto answer = program.request("GET", "/v1/feed?cursor=1&wait=0" + query, {}, {"Accept: application/x-ndjson"});
  REQUIRE(answer.status == 200);
  const std::string body = unchunked(answer.body);
  std::vector<std::string> lines;
  for (std::size_t at = 0, end = 0; (end = body.find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(body.substr(at, end - at));
  }
  REQUIRE(lines.size() >= 2);
  return {lines.begin() + 1, lines.end() - 1};  // without hello and heartbeat
}

inline std::uint64_t position_of(const std::string& id) { return std::stoull(id.substr(id.find(':') + 1)); }

// Why this is not every position up to `last` in order, but for what came again; empty: it is.
inline std::string fault_of(const std::vector<std::uint64_t>& positions, std::uint64_t last) {
  std::uint64_t most = 0;
  for (const std::uint64_t position : positions) {
    if (position > most + 1) return std::to_string(position) + " after " + std::to_string(most);
    most = std::max(most, position);
  }
  return most >= last ? std::string() : "ends at " + std::to_string(most) + ", not " + std::to_string(last);
}

}  // namespace tenure::test
