// The feed's promise, as its clients see it: whoever follows, drops, lags and goes on while others append and the
// server is killed under all of them, ends with exactly the log.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <thread>

#include "tests/catch.h"
#include "tests/feed_socket.h"
#include "tests/tools/running_serve.h"
#include "tests/tools/sender.h"
#include "tests/tools/wanderer.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

constexpr int kills = 3, senders = 4;

// One carrier in three, one client in four a consumer, one in three with a filter: every combination comes up.
Habits habits_of(int number) {
  static constexpr FeedCarrier carriers[] = {FeedCarrier::websocket, FeedCarrier::sse, FeedCarrier::ndjson};
  Habits habits;
  habits.carrier = carriers[number % 3];
  if (number / 3 % 4 == 0) habits.consumer = "consumer-" + std::to_string(number);
  habits.acks_by_pong = !habits.consumer.empty() && habits.carrier == FeedCarrier::websocket && number / 12 % 2 == 1;
  if (number / 12 % 3 == 1) habits.org = number % 2 == 0 ? "a" : "b";
  return habits;
}

void tell_where(World& world, const RunningServe& serve) {
  world.port = static_cast<std::uint16_t>(std::stoul(serve.address().port));
}

// Four clients append until the server is killed under them.
void load_and_kill(World& world, RunningServe& serve, int round, std::chrono::milliseconds lifetime,
                   std::chrono::milliseconds pause) {
  std::vector<std::unique_ptr<Sender>> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < senders; ++i) {
    const std::string name = std::to_string(round) + "-" + std::to_string(i);
    all.push_back(
        std::make_unique<Sender>(serve.address(), serve.token(), name, std::vector<std::string>{"a", "b"}, pause));
    threads.emplace_back([sender = all.back().get()] { sender->run(); });
  }
  for (const auto& sender : all) sender->wait_until_heard();
  std::this_thread::sleep_for(lifetime);
  world.port = 0;
  serve.kill();
  for (std::thread& thread : threads) thread.join();
  for (const auto& sender : all) CHECK(sender->others().empty());
}

// The log as one quiet client reads it: by organization, and all of it under "".
std::map<std::string, std::vector<Wanderer::Seen>> log_of(const World& world) {
  std::map<std::string, std::vector<Wanderer::Seen>> log;
  FrameSocket socket(world.port, "/v1/feed?cursor=1", world.token);
  for (std::uint64_t position = 0; position < world.last;) {
    const auto frame = socket.read();
    if (!frame) throw std::runtime_error("the feed ended");
    if (frame->opcode != Opcode::text) continue;
    const json message = json::parse(frame->payload);
    if (!message.contains("version")) continue;
    position = message.at("position").get<std::uint64_t>();
    const Wanderer::Seen seen(position, std::hash<std::string>{}(frame->payload));
    log[""].push_back(seen);
    log[message.at("org").get<std::string>()].push_back(seen);
  }
  return log;
}

void check_against(const std::map<std::string, std::vector<Wanderer::Seen>>& log, std::uint64_t last,
                   const Wanderer& one) {
  INFO("consumer \"" << one.habits().consumer << "\", org \"" << one.habits().org << "\", carrier "
                     << static_cast<int>(one.habits().carrier));
  CHECK(one.faults() == std::vector<std::string>());
  const auto& expected = log.at(one.habits().org);
  // Consumers that were made late are events behind the end.
  const auto end = std::upper_bound(one.seen().begin(), one.seen().end(), Wanderer::Seen(last, SIZE_MAX));
  CHECK(static_cast<std::size_t>(end - one.seen().begin()) == expected.size());
  CHECK(std::equal(one.seen().begin(), end, expected.begin(), expected.end()));
}

void wander_and_kill(int clients, std::chrono::milliseconds lifetime, std::chrono::milliseconds pause) {
  const char* asked = std::getenv("TENURE_SEED");
  const std::uint64_t seed = asked ? std::stoull(asked) : std::random_device{}();
  std::cout << "feed under kill -9: TENURE_SEED=" << seed << "\n";
  INFO("TENURE_SEED=" << seed);
  RunningServe serve({"--log-level", "warn"});
  for (const char* org : {"a", "b"}) {
    const std::string body = json{{"id", org}, {"model", "github"}, {"mode", "observe"}}.dump();
    REQUIRE(http_request(serve.address(), {"POST", "/v1/orgs", serve.token(), body, {}})->status == 201);
  }
  World world;
  world.token = serve.token();
  tell_where(world, serve);
  std::vector<std::unique_ptr<Wanderer>> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < clients; ++i) {
    all.push_back(std::make_unique<Wanderer>(world, seed + static_cast<std::uint64_t>(i), habits_of(i)));
    threads.emplace_back([one = all.back().get()] { one->run(); });
  }
  for (int round = 0; round < kills; ++round) {
    load_and_kill(world, serve, round, lifetime, pause);
    serve.start();
    tell_where(world, serve);
  }
  const auto ready = http_request(serve.address(), {"GET", "/readyz", {}, {}, {}});
  world.last = json::parse(ready->body).at("position").get<std::uint64_t>();
  for (std::thread& thread : threads) thread.join();

  const auto log = log_of(world);
  REQUIRE(log.at("").size() == world.last);
  std::uint64_t sessions = 0, again = 0;
  for (const auto& one : all) {
    check_against(log, world.last, *one);
    sessions += one->sessions();
    again += one->again();
  }
  std::cout << world.last << " positions, " << clients << " clients, " << sessions << " connections, " << again
            << " events sent again to consumers\n";
  REQUIRE(serve.stop() == exit_ok);
  CHECK(serve.run_stopped({"verify"}).code == exit_ok);
}

}  // namespace

TEST_CASE(
    "whoever connects, drops, lags and goes on while the server is killed -9 three times ends with exactly the log") {
  wander_and_kill(48, std::chrono::milliseconds(2'500), std::chrono::milliseconds(2));
}

// Some minutes, and a step of its own in tools/test. Twenty seconds a life: a minute of appending in all.
TEST_CASE("two hundred clients do so for a minute, over each carrier, as consumers and not, with filters and without",
          "[.long]") {
  wander_and_kill(200, std::chrono::milliseconds(20'000), std::chrono::milliseconds(15));
}
