#include "tests/services/push_told.h"

#include <chrono>
#include <thread>

namespace tenure::test {

using nlohmann::json;

services::PushTimes quick() {
  services::PushTimes times;
  times.pause_first = std::chrono::milliseconds(5);
  times.pause_most = std::chrono::milliseconds(40);
  times.settle = std::chrono::milliseconds(500);
  return times;
}

json sink_wish(const std::string& name, const std::string& kind, const std::string& url) {
  return {{"sink", name}, {"kind", kind}, {"url", url}};
}

json make_sink(RunningProgram& program, const json& wish) {
  const auto made = program.post("/v1/sinks", wish.dump());
  INFO(made.body);
  REQUIRE(made.status == 201);
  return made.json();
}

json sink(RunningProgram& program, const std::string& name) {
  const auto answer = program.get("/v1/sinks/" + name);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return answer.json();
}

json delivered(RunningProgram& program, const std::string& name) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (std::chrono::steady_clock::now() < until) {
    const auto now = sink(program, name);
    if (now.at("lag_events") == 0) return now;
    std::this_thread::yield();
  }
  return sink(program, name);
}

std::vector<std::string> feed_messages(RunningProgram& program, const std::string& query) {
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

}  // namespace tenure::test
