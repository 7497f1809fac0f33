// kill -9 of the running program under load: what was acknowledged over HTTP is there afterwards, at its place; what
// was not is there whole or not at all; and sending all of it again changes nothing.
#include <signal.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "tests/catch.h"
#include "tests/tools/running_serve.h"
#include "tests/tools/sender.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

constexpr int kills = 20;
constexpr int senders = 4;

// Four clients append until the server is killed under them, `lifetime` after each of them was heard.
std::vector<std::unique_ptr<Sender>> load_and_kill(RunningServe& serve, int round, std::chrono::milliseconds lifetime) {
  std::vector<std::unique_ptr<Sender>> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < senders; ++i) {
    const std::string name = std::to_string(round) + "-" + std::to_string(i);
    all.push_back(std::make_unique<Sender>(serve.address(), serve.token(), name, std::vector<std::string>{"a", "b"}));
    threads.emplace_back([sender = all.back().get()] { sender->run(); });
  }
  for (const auto& sender : all) sender->wait_until_heard();
  std::this_thread::sleep_for(lifetime);
  serve.kill();
  for (std::thread& thread : threads) thread.join();
  return all;
}

}  // namespace

TEST_CASE(
    "kill -9 of the server under load, twenty times, loses no acknowledged event, and sending again changes none") {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "kill -9 under load: seed " << seed << "\n";
  std::mt19937_64 random(seed);
  RunningServe serve;
  for (const char* org : {"a", "b"}) {
    const std::string body = json{{"id", org}, {"model", "github"}, {"mode", "observe"}}.dump();
    REQUIRE(http_request(serve.address(), {"POST", "/v1/orgs", serve.token(), body, {}})->status == 201);
  }
  KeptById kept;
  std::chrono::milliseconds slowest{0};
  for (int round = 0; round < kills; ++round) {
    INFO("seed " << seed << ", round " << round);
    const auto clients = load_and_kill(serve, round, std::chrono::milliseconds(50 + random() % 300));
    if (round % 4 == 3) CHECK(serve.run_stopped({"verify"}).code == exit_ok);
    slowest = std::max(slowest, serve.start());
    for (const auto& client : clients) {
      CHECK(client->others().empty());
      REQUIRE_FALSE(client->acknowledged().empty());
      for (const auto& [id, place] : client->kept()) kept[id] = place;
      for (const Sent& sent : client->acknowledged()) {
        for (const auto& [id, place] : send(serve.address(), serve.token(), sent)) REQUIRE(place == kept.at(id));
      }
      // Recorded or not, whole or not at all: now it is, once.
      for (const Sent& sent : client->in_doubt()) {
        KeptById places = send(serve.address(), serve.token(), sent);
        REQUIRE(places.size() == sent.ids.size());
        kept.merge(places);
      }
    }
  }
  KeptById found = listed(serve.address(), serve.token(), "a");
  found.merge(listed(serve.address(), serve.token(), "b"));
  CHECK(found == kept);
  REQUIRE(serve.stop() == exit_ok);
  const Ran verified = serve.run_stopped({"--json", "verify"});
  CHECK(verified.code == exit_ok);
  std::cout << kills << " kills, " << kept.size() << " acknowledged events, slowest restart " << slowest.count()
            << " ms, verify " << verified.out;
  CHECK(json::parse(verified.out).at("records").get<std::size_t>() > kept.size());
}
