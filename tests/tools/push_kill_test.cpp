// What a sink promises, as its receivers see it: the server is killed under it, they fail as they like, and in the end
// each has every position, in order but for what came again.
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "tests/catch.h"
#include "tests/push_receivers.h"
#include "tests/tools/running_serve.h"
#include "tests/tools/sender.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;
using std::chrono::milliseconds;

constexpr int kills = 3;

std::vector<std::uint64_t> positions_of(const HttpTaker& taker) {
  std::vector<std::uint64_t> all;
  for (const std::string& line : taker.lines()) all.push_back(json::parse(line).at("position").get<std::uint64_t>());
  return all;
}

std::vector<std::uint64_t> positions_of(const SyslogTaker& taker) {
  std::vector<std::uint64_t> all;
  for (const auto& message : taker.taken()) {
    all.push_back(position_of(message.id));
  }
  return all;
}

// Appends until the server is killed under it.
void append_and_kill(RunningServe& serve, int round) {
  Sender sender(serve.address(), serve.token(), std::to_string(round), {"a"});
  std::thread thread([&] { sender.run(); });
  sender.wait_until_heard();
  std::this_thread::sleep_for(milliseconds(1'000));
  serve.kill();
  thread.join();
  CHECK(sender.others().empty());
}

}  // namespace

TEST_CASE("receivers that fail while the server is killed -9 three times are sent every position") {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "push under kill -9: seed " << seed << "\n";
  INFO("seed " << seed);
  std::mt19937_64 http_dice(seed), syslog_dice(seed + 1);
  HttpTaker http([&](const Posted&) {
    Reaction reaction;
    if (http_dice() % 6 == 0) return refusing(503);
    if (http_dice() % 6 == 0) reaction.answers = false;  // it has the batch, and does not say so
    return reaction;
  });
  SyslogTaker syslog([&] {
    const std::size_t messages = syslog_dice() % 3 == 0 ? SIZE_MAX - 1 : 500 + syslog_dice() % 5'000;
    return SyslogTaker::Life{messages, milliseconds(syslog_dice() % 20)};
  });
  RunningServe serve;
  const std::string org = json{{"id", "a"}, {"model", "github"}, {"mode", "observe"}}.dump();
  REQUIRE(http_request(serve.address(), {"POST", "/v1/orgs", serve.token(), org, {}})->status == 201);
  REQUIRE(serve.run({"sinks", "add", "http", "--kind", "ndjson", "--to", "http://" + http.address()}).code == exit_ok);
  REQUIRE(serve.run({"sinks", "add", "syslog", "--kind", "syslog", "--to", "tcp://" + syslog.address()}).code ==
          exit_ok);
  for (int round = 0; round < kills; ++round) {
    append_and_kill(serve, round);
    serve.start();
  }
  const auto ready = http_request(serve.address(), {"GET", "/readyz", {}, {}, {}});
  const auto last = json::parse(ready->body).at("position").get<std::uint64_t>();
  const auto has = [&](const auto& taker) {
    const auto positions = positions_of(taker);
    return std::find(positions.begin(), positions.end(), last) != positions.end();
  };
  CHECK(http.wait_until([&] { return has(http); }));
  CHECK(syslog.wait_until([&] { return has(syslog); }));
  const auto by_http = positions_of(http), by_syslog = positions_of(syslog);
  CHECK(fault_of(by_http, last) == "");
  CHECK(fault_of(by_syslog, last) == "");
  CHECK(syslog.faults() == std::vector<std::string>());
  std::cout << last << " positions; sent again: " << by_http.size() - last << " over HTTP, " << by_syslog.size() - last
            << " over syslog in " << syslog.connections() << " connections\n";
  REQUIRE(serve.stop() == exit_ok);
  CHECK(serve.run_stopped({"verify"}).code == exit_ok);
}

TEST_CASE("tenure sinks makes a sink with a token from a file, shows what is wrong with it, and deletes it") {
  RunningServe serve;
  HttpTaker taker([](const Posted&) { return refusing(403, "Invalid token"); });
  const std::string url = "http://" + taker.address();
  const auto made = serve.run({"sinks", "add", "splunk", "--kind", "splunk_hec", "--to", url, "--format", "ecs",
                               "--type", "member.added", "--start", "oldest", "--token-file", "-"},
                              "my-token\n");
  INFO(made.out << made.err);
  CHECK(made.code == exit_ok);
  CHECK(made.out.find(url) != std::string::npos);
  CHECK(serve.run({"sinks", "pause", "splunk"}).out.find("paused") != std::string::npos);
  CHECK(serve.run({"sinks", "resume", "splunk"}).code == exit_ok);
  const std::string org = json{{"id", "a"}, {"model", "github"}, {"mode", "observe"}, {"owner", "ana"}}.dump();
  REQUIRE(http_request(serve.address(), {"POST", "/v1/orgs", serve.token(), org, {}})->status == 201);
  const std::string event =
      R"({"type":"member.added","actor":{"kind":"member","id":"ana"},"data":{"member":"bob","role":"member"}})";
  REQUIRE(http_request(serve.address(), {"POST", "/v1/orgs/a/events", serve.token(), event, {}})->status == 201);
  REQUIRE(taker.wait_until([&] { return !taker.posted().empty(); }));
  CHECK(taker.posted().front().authorization == "Splunk my-token");
  REQUIRE(taker.wait_until([&] {
    return serve.run({"sinks", "list"}).out.find("Invalid token") != std::string::npos;
  }));
  const auto shown = serve.run({"sinks", "show", "splunk"});
  CHECK(shown.out.find("refused") != std::string::npos);
  CHECK((shown.out + made.out).find("my-token") == std::string::npos);
  CHECK(serve.run({"sinks", "add", "x", "--kind", "syslog", "--to", "udp://h:1"}).code == exit_refused);
  CHECK(serve.run({"sinks", "add", "x", "--kind", "ndjson", "--to", url, "--token-file", "/nowhere"}).code ==
        exit_usage);
  CHECK(serve.run({"sinks", "delete", "splunk"}).out.find("is deleted") != std::string::npos);
  CHECK(serve.run({"sinks", "show", "splunk"}).code == exit_refused);
  CHECK(json::parse(serve.run({"sinks", "list", "--json"}).out).at("total") == 0);
}
