// What clients of the feed may do to a server, all at once, as the program that users run: its memory stays bounded,
// and whoever behaves is served.
#include <sys/resource.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <random>
#include <thread>

#include "services/http/websocket.h"
#include "tests/catch.h"
#include "tests/services_http/raw_client.h"
#include "tests/tools/running_serve.h"
#include "tests/ws_client.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using http::test::RawClient;
using nlohmann::json;

constexpr std::size_t idle = 1'000, never_reading = 20;
constexpr std::size_t growth_max_kb = 64 * 1024;

std::size_t resident_kb(pid_t pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmRSS:")) return std::stoul(line.substr(6));
  }
  throw std::runtime_error("no such process");
}

void raise_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// A client's frame, masked with zeros.
std::string masked(http::Opcode opcode, std::string_view payload) {
  std::string frame;
  http::append_frame_head(frame, opcode, payload.size());
  frame[1] = static_cast<char>(static_cast<std::uint8_t>(frame[1]) | 0x80);
  return frame + std::string(4, '\0') + std::string(payload);
}

class Attacked {
 public:
  Attacked() : port_(static_cast<std::uint16_t>(std::stoul(serve.address().port))) {
    post("/v1/orgs", json{{"id", "a"}, {"model", "github"}, {"mode", "observe"}});
  }
  void post(const std::string& target, const json& body) const {
    const auto answer = http_request(serve.address(), {"POST", target, serve.token(), body.dump(), {}});
    if (!answer || answer->status != 201) throw std::runtime_error("an append was not taken");
  }
  void append(int count, const std::string& name) const {
    json batch = json::array();
    for (int i = 0; i < count; ++i) {
      batch.push_back({{"type", "group.created"},
                       {"actor", {{"kind", "system"}, {"id", "test"}}},
                       {"reason", std::string(500, 'r')},
                       {"data", {{"group", name + std::to_string(i)}}}});
    }
    post("/v1/orgs/a/events", batch);
  }
  RawClient follower(const std::string& query, const std::string& token) const {
    RawClient client(port_);
    client.send("GET /v1/feed" + query + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + token +
                "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
    return client;
  }
  std::uint16_t port() const { return port_; }

  RunningServe serve{std::vector<std::string>{"--log-level", "warn"}};

 private:
  std::uint16_t port_;
};

// Each of these ends by itself, whatever the server does to it.
void flood_with_pings(const Attacked& server, const std::string& token) {
  std::string pings;
  for (int i = 0; i < 20'000; ++i) pings += masked(http::Opcode::ping, "p");
  for (int i = 0; i < 10; ++i) {
    RawClient client = server.follower("", token);
    for (int k = 0; k < 10 && client.send(pings); ++k) {
    }
  }
}
void send_large_frames(const Attacked& server, const std::string& token) {
  const std::string large = masked(http::Opcode::binary, std::string(std::size_t{16} << 20, 'x'));
  for (int i = 0; i < 5; ++i) server.follower("", token).send(large);
}
void send_garbage(const Attacked& server, const std::string& token) {
  std::mt19937 random(1);
  for (int i = 0; i < 100; ++i) {
    std::string bytes(5'000, '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    server.follower("", token).send(bytes);
  }
}
void knock_without_token(const Attacked& server, const std::string&) {
  for (int i = 0; i < 300; ++i) (void)server.follower("", "tnr_none").readable_within(std::chrono::seconds(5));
}

}  // namespace

TEST_CASE("a thousand idle clients, some that never read, garbage, large frames and floods cost less than 64 MB") {
  raise_file_limit();
  const Attacked server;
  const std::string token = server.serve.token();
  for (int i = 0; i < 20; ++i) server.append(1'000, "h" + std::to_string(i) + "-");
  WsClient lively(server.port(), "/v1/feed", {{"Authorization", "Bearer " + token}});
  const std::size_t before = resident_kb(server.serve.pid());
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < idle; ++i) clients.push_back(server.follower("", token));
  for (std::size_t i = 0; i < never_reading; ++i) clients.push_back(server.follower("?cursor=1", token));
  for (RawClient& client : clients) REQUIRE(client.readable_within(std::chrono::seconds(60)));

  std::atomic<int> attacking{0};
  std::vector<std::thread> threads;
  for (auto* attack : {flood_with_pings, send_large_frames, send_garbage, knock_without_token}) {
    ++attacking;
    threads.emplace_back([&, attack] {
      attack(server, token);
      --attacking;
    });
  }
  std::size_t peak = before, appended = 0;
  do {
    server.append(10, "l" + std::to_string(appended) + "-");
    ++appended;
    peak = std::max(peak, resident_kb(server.serve.pid()));
  } while (attacking > 0);
  for (std::thread& thread : threads) thread.join();
  std::size_t seen = 0;
  std::uint64_t last = 0;
  bool in_order = true;
  while (seen < 10 * appended) {
    const json message = json::parse(lively.read().value());
    if (!message.contains("version")) continue;
    const auto position = message.at("position").get<std::uint64_t>();
    in_order = in_order && (last == 0 || position == last + 1);
    last = position;
    ++seen;
  }
  CHECK(in_order);
  std::cout << "memory grew by " << (peak - before) / 1024 << " MiB while " << 10 * appended
            << " events were appended\n";
  CHECK(peak - before < growth_max_kb);
  clients.clear();
}
