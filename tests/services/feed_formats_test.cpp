// The feed in the formats of SIEM tools: whatever carries them, what is sent is what projections/formats makes of the
// event as the API shows it, in order, and the position is in every message.
#include "events/digest.h"
#include "projections/formats/formats.h"
#include "tests/services/every_event.h"
#include "tests/services/feed_client.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    lines.push_back(text.substr(at, end - at));
  }
  return lines;
}

bool is_control(const std::string& line) {
  const json message = json::parse(line, nullptr, false);
  if (!message.is_object() || !message.contains("type") || !message.at("type").is_string()) return false;
  return message.at("type") == "hello" || message.at("type") == "heartbeat";
}

}  // namespace

TEST_CASE("each format is sent as it is made from the event that the API shows, over a long poll and a WebSocket") {
  RunningProgram program({.demo = true});
  // Tests run without a version and a host of their own.
  const formats::Source source{program.get("/readyz").json().at("store").get<std::string>(), "", ""};
  const std::vector<json> shown = shown_events(program, "demo");
  REQUIRE(shown.size() > 5);
  for (const char* name : {"ocsf", "ocsf-1.9", "ecs", "cef", "cloudevents"}) {
    INFO(name);
    const auto format = formats::format_of(name);
    REQUIRE(format.has_value());
    std::vector<std::string> wanted;
    // The last event's hash is in no record yet.
    for (std::size_t i = 0; i + 1 < shown.size(); ++i) {
      for (std::string& message : formats::messages(*format, shown[i], source, record_hash(shown, i))) {
        wanted.push_back(std::move(message));
      }
    }
    const std::string query = std::string("?org=demo&cursor=1&format=") + name;
    const auto answer = program.request("GET", "/v1/feed" + query + "&wait=0", {}, {"Accept: application/x-ndjson"});
    REQUIRE(answer.status == 200);
    std::vector<std::string> lines = lines_of(unchunked(answer.body));
    REQUIRE(lines.size() > wanted.size() + 2);
    CHECK(json::parse(lines.front()).at("type") == "hello");
    CHECK(json::parse(lines.front()).at("format") == name);
    std::erase_if(lines, is_control);
    REQUIRE(lines.size() > wanted.size());
    lines.resize(wanted.size());
    CHECK(lines == wanted);
    Follower follower(program, query);
    CHECK(follower.hello().at("format") == name);
    for (const std::string& message : wanted) {
      const auto read = follower.client().read();
      REQUIRE(read.has_value());
      CHECK(*read == message);
    }
  }
}
