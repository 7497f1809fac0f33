// How the server stops.
#include <atomic>
#include <thread>

#include "services/http/server.h"
#include "tests/catch.h"
#include "tests/services_http/raw_client.h"

using namespace tenure;
using namespace tenure::http;
using namespace tenure::http::test;

TEST_CASE("stopping closes idle connections at once and answers what is in flight") {
  TestServer s;
  ReplyBox box;
  Gate gate;
  s.options.io_threads = 2;
  s.router.async(Method::get, "/later", "", [&](Request&&, Reply reply) { box.put(std::move(reply)); });
  s.router.blocking(Method::get, "/slow", "", [&](Request&) {
    gate.pass();
    return text("slow");
  });
  s.start();
  std::vector<RawClient> idle;  // some on each loop: once all are closed, every loop knows that it stops
  idle.reserve(4);
  for (int i = 0; i < 4; ++i) idle.push_back(s.client());
  RawClient waiting = s.client();
  RawClient pooled = s.client();
  waiting.send(get("/later"));
  pooled.send(get("/slow"));
  Reply reply = box.take();
  REQUIRE(gate.wait_for_arrivals(1));

  std::thread stopping([&] { s.server->stop(); });
  for (RawClient& client : idle) CHECK(client.closed());
  reply(text("at last"));
  gate.open();
  const Answer answer = waiting.read_answer();
  CHECK(answer.body == "at last");
  CHECK(answer.header("Connection") == "close");
  CHECK(waiting.closed());
  CHECK(pooled.read_answer().body == "slow");
  stopping.join();
  CHECK_THROWS(s.client());
}

TEST_CASE("stopping lets a client finish sending its body") {
  TestServer s;
  s.router.blocking(Method::post, "/echo", "", [](Request& r) { return text(r.body); });
  s.start();
  RawClient idle = s.client();
  RawClient client = s.client();
  client.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
  std::thread stopping([&] { s.server->stop(); });
  CHECK(idle.closed());
  CHECK(client.ask("0123456789").body == "0123456789");
  stopping.join();
}

TEST_CASE("stopping cuts what is not done in time, and a reply after the end is dropped") {
  TestServer s;
  ReplyBox box;
  s.options.limits.drain_timeout = std::chrono::milliseconds(100);
  s.router.async(Method::get, "/never", "", [&](Request&&, Reply reply) { box.put(std::move(reply)); });
  s.start();
  RawClient waiting = s.client();
  RawClient half = s.client();
  waiting.send(get("/never"));
  half.send("GET /never HTTP/1.1\r\n");
  Reply reply = box.take();
  s.server->stop();
  CHECK(waiting.read_all() == "");
  CHECK(half.read_all() == "");
  reply(text("too late"));
  s.server.reset();
}

TEST_CASE("a server that never ran stops, and one that stopped stops again") {
  Server never{ServerOptions(), Router()};
  REQUIRE(never.listen().has_value());
  never.stop();
  never.stop();
  Server unbound{ServerOptions(), Router()};
  unbound.stop();
  CHECK(unbound.open_connections() == 0);
}

TEST_CASE("whoever connects while the server stops is closed, never left waiting") {
  for (int round = 0; round < 200; ++round) {
    TestServer s;
    s.options.io_threads = 4;
    s.router.on_loop(Method::get, "/x", "", [](Request&) { return text("x"); });
    s.start();
    std::vector<RawClient> clients;
    std::atomic<int> connected = 0;
    std::thread connecting([&] {
      try {
        for (; connected < 200; ++connected) clients.push_back(s.client());
      } catch (const std::exception&) {
        // the server has stopped
      }
    });
    while (connected < round % 40) std::this_thread::yield();
    s.server->stop();
    connecting.join();
    for (RawClient& client : clients) {
      client.send(get("/x"));  // one that the system itself had not handed over yet is told only when it speaks
      CHECK_NOTHROW(client.read_all());
    }
  }
}

TEST_CASE("stopping in the middle of traffic loses no answer that was begun") {
  for (int round = 0; round < 5; ++round) {
    TestServer s;
    s.options.io_threads = 2;
    s.router.blocking(Method::get, "/x", "", [](Request&) { return text(std::string(100'000, 'x')); });
    s.start();
    std::atomic<int> torn = 0;
    std::atomic<int> whole = 0;
    std::vector<std::thread> clients;
    clients.reserve(8);
    for (int i = 0; i < 8; ++i) {
      clients.emplace_back([&] {
        try {
          RawClient client = s.client();
          while (client.send(get("/x")) && !client.closed()) {
            try {
              if (client.read_answer().body.size() == 100'000) ++whole;
            } catch (const std::exception&) {
              ++torn;
            }
          }
        } catch (const std::exception&) {
          // not even connected: the server had stopped
        }
      });
    }
    s.notebook.wait_for_served(1);
    s.server->stop();
    for (std::thread& client : clients) client.join();
    CHECK(torn == 0);
    CHECK(whole >= 1);
  }
}
