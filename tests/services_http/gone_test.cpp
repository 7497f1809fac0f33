// Clients that leave while they are being answered.
#include <atomic>
#include <thread>

#include "tests/catch.h"
#include "tests/services_http/raw_client.h"

using namespace tenure;
using namespace tenure::http;
using namespace tenure::http::test;

namespace {

// Works until its client has gone, or for as long as a test may take.
void work_on(const Request& request) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    request.go_on();
    std::this_thread::yield();
  }
}

// A client asks, and goes once its handler has begun: the request is given up and the connection closed.
void client_goes(TestServer& s, Gate& begun, const std::string& target) {
  s.start();
  RawClient client = s.client();
  client.send(get(target));
  REQUIRE(begun.wait_for_arrivals(1));
  client.close();
  REQUIRE(s.notebook.wait_for_abandoned(1));
  REQUIRE(s.notebook.wait_for_open(0));
}

}  // namespace

TEST_CASE("a handler is told that its client has gone, answers nothing and is counted") {
  TestServer s;
  Gate begun;
  begun.open();
  s.router.blocking(Method::get, "/long", "", [&](Request& request) {
    begun.pass();
    work_on(request);
    return text("too late");
  });
  client_goes(s, begun, "/long");
  CHECK(s.notebook.crashes().empty());
}

TEST_CASE("a stream whose client goes while a piece is made ends with that piece") {
  TestServer s;
  Gate begun;
  begun.open();
  s.router.blocking(Method::get, "/stream", "", [&](Request& request) {
    Response response = text("");
    response.more = [&begun, request](std::string& chunk) {
      begun.pass();
      work_on(request);
      chunk = "x";
      return true;
    };
    return response;
  });
  client_goes(s, begun, "/stream");
}

TEST_CASE("a client that waits, or has sent its next request already, has not gone") {
  TestServer s;
  Gate gate;
  std::atomic<bool> gone = false;
  s.router.blocking(Method::get, "/long", "", [&](Request& request) {
    gate.pass();
    gone = request.client_gone();
    request.go_on();
    return text("here");
  });
  s.start();
  RawClient client = s.client();
  client.send(get("/long") + get("/long"));
  REQUIRE(gate.wait_for_arrivals(1));
  gate.open();
  CHECK(client.read_answer().body == "here");
  CHECK(client.read_answer().body == "here");
  CHECK_FALSE(gone);
}

TEST_CASE("who sends no more but waits is answered by a handler that does not ask") {
  TestServer s;
  Gate gate;
  s.router.blocking(Method::get, "/short", "", [&](Request&) {
    gate.pass();
    return text("here");
  });
  s.start();
  RawClient client = s.client();
  client.send(get("/short"));
  client.end_sending();
  REQUIRE(gate.wait_for_arrivals(1));
  gate.open();
  CHECK(client.read_answer().body == "here");
}
