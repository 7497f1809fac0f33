// Work that concerns all connections comes in turns: whoever asks meanwhile does not wait for its end.
#include <atomic>
#include <chrono>
#include <thread>

#include "tests/catch.h"
#include "tests/services_http/raw_client.h"

namespace {

using namespace tenure::http;
using namespace tenure::http::test;

constexpr std::size_t followers = 100;

// Has nothing to send, and takes a while to find that out.
class Idle final : public LiveStream {
 public:
  explicit Idle(std::atomic<std::size_t>& asked) : asked_(asked) {}
  void begin(Waker) override {}
  void fill(Outgoing&) override {
    std::this_thread::sleep_for(std::chrono::microseconds(20));
    ++asked_;
  }
  void heard(std::string_view) override {}
  void ponged(std::string_view) override {}
  void leave(CloseCode) override {}
  void ended(Ending) override {}

 private:
  std::atomic<std::size_t>& asked_;
};

}  // namespace

TEST_CASE("a look at all connections' deadlines lets a request have its turn before it is through") {
  std::atomic<std::size_t> asked{0};
  std::atomic<bool> counting{false}, in_between{false};
  TestServer server;
  server.options.limits.linger_timeout = std::chrono::milliseconds(40);  // so it looks every 10 ms
  server.options.limits.drain_timeout = std::chrono::milliseconds(40);
  server.router.live(Method::get, "/live", "", [&](Request&) -> std::variant<LiveOpening, Response> {
    LiveOpening opening;
    opening.stream = std::make_unique<Idle>(asked);
    return opening;
  });
  // One loop: what a handler sees of the others' work is where that work stands. Each is asked once a look, so that
  // from one look's end to another's it is a multiple of their number.
  server.router.on_loop(Method::get, "/turn", "", [&](Request&) {
    if (!counting.exchange(true)) asked = 0;
    if (asked % followers != 0) in_between = true;
    return test::text("turn");
  });
  server.start();
  std::vector<RawClient> clients;
  for (std::size_t i = 0; i < followers; ++i) {
    clients.push_back(server.client());
    REQUIRE(clients.back()
                .ask("GET /live HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                .status == 101);
  }
  RawClient other = server.client();
  while (!in_between && asked < 300 * followers) {
    CHECK(other.ask(get("/turn")).status == 200);
  }
  CHECK(in_between);
}
