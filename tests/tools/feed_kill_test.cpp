// The feed's promise, as its clients see it: whoever follows, drops, lags and goes on while others append and the
// server is killed under all of them, ends with exactly the log.
#include <algorithm>
#include <atomic>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "tests/catch.h"
#include "tests/tools/running_serve.h"
#include "tests/tools/sender.h"
#include "tests/ws_client.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

constexpr int kills = 3, senders = 4, followers = 40, consumers = 8;

// What all followers look at: where the server is, and where the log ends once that is known.
struct World {
  std::atomic<std::uint16_t> port{0};  // 0: it is down
  std::atomic<std::uint64_t> last{UINT64_MAX};
  std::string token;
};

// One client with its own dice. What is wrong with what it saw is kept, since assertions are the test's thread's.
class Wanderer {
 public:
  Wanderer(const World& world, std::uint64_t seed, std::string consumer)
      : world_(world), random_(seed), consumer_(std::move(consumer)) {}

  void run() {
    while (next_ <= world_.last) {
      try {
        follow();
      } catch (const std::exception&) {
        // The server is down, or went while the connection was made: again, elsewhere.
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
    }
  }

  // By position from 1; the bytes as a hash.
  const std::vector<std::size_t>& seen() const { return seen_; }
  const std::vector<std::string>& faults() const { return faults_; }
  std::uint64_t sessions() const { return sessions_; }
  std::uint64_t again() const { return again_; }

 private:
  void follow() {
    const std::uint16_t port = world_.port;
    if (port == 0) throw std::runtime_error("down");
    const std::string query = consumer_.empty() ? "?cursor=" + std::to_string(next_) : "?consumer=" + consumer_;
    WsClient client(port, "/v1/feed" + query, {{"Authorization", "Bearer " + world_.token}});
    ++sessions_;
    std::uint64_t due = 0;  // of this session's next event
    std::uint64_t left = 1 + random_() % 3'000, since_ack = 0;
    while (auto text = client.read()) {
      const json message = json::parse(*text);
      if (message.at("type") == "hello") {
        due = message.at("cursor").get<std::uint64_t>();
        if (due <= durable_)
          faults_.push_back("acknowledged " + std::to_string(durable_) + ", begun at " + std::to_string(due));
        if (due > next_) faults_.push_back("begun at " + std::to_string(due) + " after " + std::to_string(next_ - 1));
      } else if (message.at("type") == "acknowledged") {
        durable_ = message.at("position").get<std::uint64_t>();
      } else if (message.contains("version")) {
        take(message.at("position").get<std::uint64_t>(), due++, *text);
        if (!consumer_.empty() && ++since_ack > random_() % 200) {
          client.send(json{{"type", "ack"}, {"position", due - 1}}.dump());
          since_ack = 0;
        }
        if (random_() % 2'000 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(random_() % 500));
        if (--left == 0) return client.drop();
      }
      if (next_ > world_.last) return;
    }
  }

  void take(std::uint64_t position, std::uint64_t due, const std::string& text) {
    const std::size_t hash = std::hash<std::string>{}(text);
    if (position != due) faults_.push_back("position " + std::to_string(position) + " for " + std::to_string(due));
    if (position < next_ && !consumer_.empty()) {
      ++again_;
      if (seen_.at(position - 1) != hash) faults_.push_back("another event at " + std::to_string(position));
      return;
    }
    if (position != next_)
      faults_.push_back("position " + std::to_string(position) + " after " + std::to_string(next_ - 1));
    seen_.push_back(hash);
    next_ = position + 1;
  }

  const World& world_;
  std::mt19937_64 random_;
  std::string consumer_;
  std::vector<std::size_t> seen_;
  std::vector<std::string> faults_;
  std::uint64_t next_ = 1, durable_ = 0, sessions_ = 0, again_ = 0;
};

void tell_where(World& world, const RunningServe& serve) {
  world.port = static_cast<std::uint16_t>(std::stoul(serve.address().port));
}

// Four clients append until the server is killed under them.
void load_and_kill(World& world, RunningServe& serve, int round, std::chrono::milliseconds lifetime) {
  std::vector<std::unique_ptr<Sender>> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < senders; ++i) {
    const std::string name = std::to_string(round) + "-" + std::to_string(i);
    all.push_back(std::make_unique<Sender>(serve.address(), serve.token(), name, std::vector<std::string>{"a", "b"}));
    threads.emplace_back([sender = all.back().get()] { sender->run(); });
  }
  for (const auto& sender : all) sender->wait_until_heard();
  std::this_thread::sleep_for(lifetime);
  world.port = 0;
  serve.kill();
  for (std::thread& thread : threads) thread.join();
  for (const auto& sender : all) CHECK(sender->others().empty());
}

}  // namespace

TEST_CASE(
    "whoever connects, drops, lags and goes on while the server is killed -9 three times ends with exactly the log") {
  const std::uint64_t seed = std::random_device{}();
  std::cout << "feed under kill -9: seed " << seed << "\n";
  INFO("seed " << seed);
  RunningServe serve;
  for (const char* org : {"a", "b"}) {
    const std::string body = json{{"id", org}, {"model", "github"}, {"mode", "observe"}}.dump();
    REQUIRE(http_request(serve.address(), {"POST", "/v1/orgs", serve.token(), body, {}})->status == 201);
  }
  World world;
  world.token = serve.token();
  tell_where(world, serve);
  std::vector<std::unique_ptr<Wanderer>> all;
  std::vector<std::thread> threads;
  for (int i = 0; i < followers + consumers; ++i) {
    const std::string consumer = i < followers ? std::string() : "consumer-" + std::to_string(i);
    all.push_back(std::make_unique<Wanderer>(world, seed + static_cast<std::uint64_t>(i), consumer));
    threads.emplace_back([one = all.back().get()] { one->run(); });
  }
  for (int round = 0; round < kills; ++round) {
    load_and_kill(world, serve, round, std::chrono::milliseconds(2'500));
    serve.start();
    tell_where(world, serve);
  }
  const auto ready = http_request(serve.address(), {"GET", "/readyz", {}, {}, {}});
  const auto last = json::parse(ready->body).at("position").get<std::uint64_t>();
  // A consumer that connects again adds an event of its own only when it is made, and all are by now.
  world.last = last;
  for (std::thread& thread : threads) thread.join();

  Wanderer fresh(world, seed, {});
  fresh.run();
  REQUIRE(fresh.seen().size() >= last);
  std::uint64_t sessions = 0, again = 0;
  for (const auto& one : all) {
    CHECK(one->faults() == std::vector<std::string>());
    REQUIRE(one->seen().size() >= last);
    CHECK(
        std::equal(one->seen().begin(), one->seen().begin() + static_cast<std::ptrdiff_t>(last), fresh.seen().begin()));
    sessions += one->sessions();
    again += one->again();
  }
  std::cout << last << " positions, " << all.size() << " clients, " << sessions << " connections, " << again
            << " events sent again to consumers\n";
  REQUIRE(serve.stop() == exit_ok);
  CHECK(serve.run_stopped({"verify"}).code == exit_ok);
}
