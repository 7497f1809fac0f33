// SIGTERM: no new work is taken, what was begun is finished, the store is closed.
#include <signal.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "tests/catch.h"
#include "tests/tools/running_serve.h"
#include "tests/tools/sender.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

}  // namespace

TEST_CASE("SIGTERM under load ends with 0, loses nothing acknowledged and leaves a store that opens and verifies") {
  RunningServe serve({"--drain-seconds", "30"});
  const std::string body = R"({"id":"a","model":"github","mode":"observe"})";
  REQUIRE(http_request(serve.address(), {"POST", "/v1/orgs", serve.token(), body, {}})->status == 201);
  std::vector<std::unique_ptr<Sender>> clients;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(
        std::make_unique<Sender>(serve.address(), serve.token(), std::to_string(i), std::vector<std::string>{"a"}));
    threads.emplace_back([client = clients.back().get()] { client->run(); });
  }
  for (const auto& client : clients) client->wait_until_heard();
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  CHECK(serve.stop() == exit_ok);
  for (std::thread& thread : threads) thread.join();
  CHECK(serve.run_stopped({"verify"}).code == exit_ok);
  serve.start();
  const KeptById found = listed(serve.address(), serve.token(), "a");
  for (const auto& client : clients) {
    // Every answer was a yes: whoever came too late found no server, and nobody was cut off in the middle.
    CHECK(client->others().empty());
    REQUIRE_FALSE(client->kept().empty());
    for (const auto& [id, place] : client->kept()) REQUIRE(found.at(id) == place);
  }
}

TEST_CASE("SIGTERM lets an import that has begun come to its end") {
  RunningServe serve({"--drain-seconds", "60"});
  constexpr int lines = 20'000, before_the_signal = 5'000;
  int sent = 0;
  const auto source = [&] {
    if (sent == before_the_signal) {
      serve.signal(SIGTERM);
      // No new work from here on: the door is closed once the signal has been heard.
      while (http_request(serve.address(), {"GET", "/healthz", {}, {}, {}})) continue;
    }
    std::string piece;
    for (int i = 0; i < 500 && sent < lines; ++i, ++sent) {
      piece += json{{"_document_id", std::to_string(sent)},
                    {"@timestamp", 1'700'000'000'000 + sent},
                    {"action", "org.add_member"},
                    {"actor", "ana"},
                    {"org", "acme"},
                    {"user", "user-" + std::to_string(sent)}}
                   .dump() +
               "\n";
    }
    return piece;
  };
  const auto answer =
      http_upload(serve.address(), {"POST", "/v1/orgs/acme/import?format=github-audit", serve.token(), {}, {}}, source);
  REQUIRE(answer.has_value());
  INFO(answer->body);
  REQUIRE(answer->status == 200);
  CHECK(json::parse(answer->body).at("lines") == lines);
  CHECK(json::parse(answer->body).at("events") == lines + 1);
  CHECK(serve.wait() == exit_ok);
  const Ran verified = serve.run_stopped({"--json", "verify"});
  CHECK(verified.code == exit_ok);
  serve.start();
  CHECK(json::parse(serve.run({"--json", "members", "acme", "--limit", "1"}).out).at("total") == lines);
}
