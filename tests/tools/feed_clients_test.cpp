// The feed as real clients read it: Python's websockets, curl, and `tenure feed` itself.
#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/catch.h"
#include "tests/tools/running_serve.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

constexpr int events = 30;

// What a shell command writes to its standard output; it is given a minute.
std::string said_by(const std::string& command) {
  FILE* pipe = ::popen(("timeout 60 " + command + " 2>/dev/null").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string all;
  std::array<char, 4096> room{};
  for (std::size_t n = 0; (n = std::fread(room.data(), 1, room.size(), pipe)) > 0;) all.append(room.data(), n);
  ::pclose(pipe);
  return all;
}

// The positions of the lines that are events.
std::vector<std::uint64_t> positions_in(const std::string& text, const std::string& before = {}) {
  std::vector<std::uint64_t> positions;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = text.substr(at, end - at);
    if (!line.starts_with(before + "{")) continue;
    const json message = json::parse(line.substr(before.size()));
    if (message.contains("version")) positions.push_back(message.at("position").get<std::uint64_t>());
  }
  return positions;
}

std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (; first <= last; ++first) all.push_back(first);
  return all;
}

std::uint64_t newest(const RunningServe& serve) {
  return json::parse(http_request(serve.address(), {"GET", "/readyz", {}, {}, {}})->body)
      .at("position")
      .get<std::uint64_t>();
}

struct Followed {
  RunningServe serve;
  Followed() {
    post("/v1/orgs", json{{"id", "acme"}, {"model", "github"}, {"mode", "observe"}});
    append(events);
  }
  void post(const std::string& target, const json& body) const {
    REQUIRE(http_request(serve.address(), {"POST", target, serve.token(), body.dump(), {}})->status == 201);
  }
  void append(int count) const {
    json batch = json::array();
    for (int i = 0; i < count; ++i) {
      batch.push_back({{"type", "group.created"},
                       {"actor", {{"kind", "system"}, {"id", "test"}}},
                       {"data", {{"group", "g" + std::to_string(newest(serve)) + "-" + std::to_string(i)}}}});
    }
    post("/v1/orgs/acme/events", batch);
  }
  std::string authorization() const { return "-H 'Authorization: Bearer " + serve.token() + "' "; }
};

}  // namespace

TEST_CASE("Python's websockets follows as a consumer and goes on where it acknowledged") {
  Followed feed;
  const std::string program = "env TENURE_TOKEN=" + feed.serve.token() + " " + TENURE_PYTHON + " " + TENURE_SOURCE_DIR +
                              "/tools/examples/follow.py ws" + feed.serve.url().substr(4) + " py --count ";
  const auto first = positions_in(said_by(program + "10"));
  CHECK(first == from_to(1, 10));
  const auto rest = positions_in(said_by(program + "15"));
  CHECK(rest == from_to(11, 25));
}

TEST_CASE("curl reads a long poll to its end, and server-sent events until it is stopped") {
  Followed feed;
  const std::uint64_t last = newest(feed.serve);
  const std::string curl = "curl -sN " + feed.authorization();
  CHECK(positions_in(said_by(curl + "-H 'Accept: application/x-ndjson' '" + feed.serve.url() +
                             "/v1/feed?cursor=1&wait=0'")) == from_to(1, last));
  // It never ends by itself: curl leaves after two seconds with what it has.
  CHECK(positions_in(said_by(curl + "-m 2 -H 'Accept: text/event-stream' '" + feed.serve.url() + "/v1/feed?cursor=1'"),
                     "data: ") == from_to(1, last));
}

TEST_CASE("tenure feed prints what it is asked for, goes on as a consumer, and consumers are managed by command") {
  Followed feed;
  const std::uint64_t last = newest(feed.serve);
  const Ran all = feed.serve.run({"--json", "feed", "--cursor", "1", "--count", std::to_string(last)});
  CHECK(all.code == exit_ok);
  CHECK(positions_in(all.out) == from_to(1, last));
  const Ran some =
      feed.serve.run({"feed", "--cursor", "1", "--org", "acme", "--type", "group.created", "--count", "3"});
  CHECK(some.code == exit_ok);
  CHECK(std::count(some.out.begin(), some.out.end(), '\n') == 3);
  CHECK(some.out.find("group.created group=g") != std::string::npos);
  CHECK(some.out.find('\x1b') == std::string::npos);
  CHECK(feed.serve.run({"feed", "--cursor", "1", "--count", "1", "--color", "always"}).out.find('\x1b') !=
        std::string::npos);
  CHECK(feed.serve.run({"feed", "--cursor", "99999", "--count", "1"}).code == exit_refused);
  CHECK(feed.serve.run({"feed", "--token", "tnr_wrong", "--count", "1"}).code == exit_forbidden);

  CHECK(positions_in(feed.serve.run({"--json", "feed", "--consumer", "cli", "--count", "5"}).out) == from_to(1, 5));
  CHECK(positions_in(feed.serve.run({"--json", "feed", "--consumer", "cli", "--count", "5"}).out) == from_to(6, 10));
  const Ran list = feed.serve.run({"consumers", "list"});
  CHECK(list.out.find("cli") != std::string::npos);
  CHECK(feed.serve.run({"consumers", "reset", "cli", "--position", "3"}).code == exit_ok);
  CHECK(positions_in(feed.serve.run({"--json", "feed", "--consumer", "cli", "--count", "1"}).out) == from_to(3, 3));
  CHECK(feed.serve.run({"consumers", "reset", "cli"}).code == exit_usage);
  CHECK(feed.serve.run({"consumers", "delete", "cli"}).code == exit_ok);
  CHECK(feed.serve.run({"consumers", "delete", "cli"}).code == exit_refused);
}
