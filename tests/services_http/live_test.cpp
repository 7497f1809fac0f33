// Answers that do not end, over sockets: what a stream gives arrives, what a client sends wrong ends nobody else, and
// whoever makes no progress is let go.
#include <atomic>
#include <deque>
#include <random>

#include "services/http/websocket.h"
#include "tests/catch.h"
#include "tests/services_http/raw_client.h"
#include "tests/ws_client.h"

namespace {

using namespace tenure::http;
using namespace tenure::http::test;
using tenure::test::NoUpgrade;
using tenure::test::WsClient;

// What the test and the stream share.
struct Script {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> messages;  // to be sent, framed already
  std::vector<std::string> heard;
  std::optional<Ending> ended;
  std::optional<CloseCode> told_to_leave;
  bool ends = false, throws = false;
  std::size_t endless = 0;  // so many messages of 1 KiB beside
  Waker waker;

  void send(std::string bytes) {
    const std::lock_guard lock(mutex);
    messages.push_back(std::move(bytes));
    waker();
  }
  template <class T>
  T look(T Script::*member) {
    const std::lock_guard lock(mutex);
    return this->*member;
  }
  template <class F>
  bool wait(const F& until) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, patience, [&] { return until(); });
  }
};

class Scripted final : public LiveStream {
 public:
  explicit Scripted(std::shared_ptr<Script> script) : script_(std::move(script)) {}
  void begin(Waker waker) override {
    const std::lock_guard lock(script_->mutex);
    script_->waker = std::move(waker);
    script_->changed.notify_all();
  }
  void fill(Outgoing& out) override {
    const std::lock_guard lock(script_->mutex);
    if (script_->throws) throw std::runtime_error("a fault of the stream's");
    for (; !script_->messages.empty(); script_->messages.pop_front()) out.add(std::move(script_->messages.front()));
    for (; script_->endless > 0 && out.bytes() < 200'000; --script_->endless) {
      out.add(Piece{nullptr, kilobyte()});
    }
    if (script_->told_to_leave) {
      out.end(*script_->told_to_leave, "cursor=7");
    } else if (script_->ends && script_->endless == 0) {
      out.end(CloseCode::going_away, {});
    }
    script_->changed.notify_all();
  }
  void heard(std::string_view message) override {
    note([&] { script_->heard.emplace_back(message); });
  }
  void ponged(std::string_view payload) override {
    note([&] { script_->heard.push_back("pong " + std::string(payload)); });
  }
  void leave(CloseCode code) override {
    note([&] { script_->told_to_leave = code; });
  }
  void ended(Ending how) override {
    note([&] { script_->ended = how; });
  }

  static std::string_view kilobyte() {
    static const std::string frame = [] {
      std::string text;
      append_frame(text, Opcode::text, std::string(1024, 'x'));
      return text;
    }();
    return frame;
  }

 private:
  template <class F>
  void note(const F& f) {
    const std::lock_guard lock(script_->mutex);
    f();
    script_->changed.notify_all();
  }
  std::shared_ptr<Script> script_;
};

// A server with one live route; each connection has a script of its own.
struct LiveServer : TestServer {
  LiveServer() {
    router.live(Method::get, "/live", "", [this](Request& request) -> std::variant<LiveOpening, Response> {
      if (request.query("no")) return Response{403, MediaType("text/plain"), "no"};
      auto script = std::make_shared<Script>();
      script->endless = request.query("endless") ? 64 * 1024 : 0;
      LiveOpening opening;
      opening.stream = std::make_unique<Scripted>(script);
      const std::lock_guard lock(mutex);
      scripts.push_back(std::move(script));
      changed.notify_all();
      return opening;
    });
    router.on_loop(Method::get, "/plain", "", [](Request&) { return test::text("plain"); });
  }
  std::shared_ptr<Script> script(std::size_t number = 0) {
    std::shared_ptr<Script> found;
    {
      std::unique_lock lock(mutex);
      if (!changed.wait_for(lock, patience, [&] { return scripts.size() > number; }))
        throw std::runtime_error("no stream");
      found = scripts[number];
    }
    return found;
  }
  WsClient websocket(const std::string& target = "/live") const { return WsClient(port, target, {}); }

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<Script>> scripts;
};

std::string framed(std::string_view message) {
  std::string out;
  append_frame(out, Opcode::text, message);
  return out;
}

constexpr std::string_view handshake =
    "GET /live HTTP/1.1\r\nHost: test\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

// A client's frame: masked with zeros, which change nothing.
std::string masked(std::uint8_t first, std::string_view payload) {
  std::string frame;
  append_frame_head(frame, Opcode::text, payload.size());
  frame[0] = static_cast<char>(first);
  frame[1] = static_cast<char>(static_cast<std::uint8_t>(frame[1]) | 0x80);
  return frame + std::string(4, '\0') + std::string(payload);
}

// The code of the close frame that these frames end with; 0 when there is none.
unsigned close_code_of(std::string_view frames) {
  while (frames.size() >= 2) {
    const std::size_t size = first_frame_bytes(frames);
    if (size > frames.size()) return 0;
    if ((static_cast<std::uint8_t>(frames[0]) & 0x0f) == 8) {
      return static_cast<unsigned>(static_cast<std::uint8_t>(frames[2])) << 8 | static_cast<std::uint8_t>(frames[3]);
    }
    frames.remove_prefix(size);
  }
  return 0;
}

}  // namespace

TEST_CASE("a WebSocket's client gets what its stream gives, whole and in order, and the stream hears what it says") {
  LiveServer server;
  server.start();
  WsClient client = server.websocket();
  const auto script = server.script();
  std::string many;
  for (int i = 0; i < 1000; ++i) many += framed("message " + std::to_string(i));
  script->send(many);
  for (int i = 0; i < 1000; ++i) CHECK(client.read() == "message " + std::to_string(i));
  client.send("text");
  client.send(std::string("bin\0ary", 7), true);
  REQUIRE(script->wait([&] { return script->heard.size() == 2; }));
  CHECK(script->heard == std::vector<std::string>{"text", std::string("bin\0ary", 7)});
  client.ping("are you there");
  client.send("behind the ping");
  REQUIRE(script->wait([&] { return script->heard.size() == 3; }));
  script->send(framed("last"));
  CHECK(client.read() == "last");
  client.close();
  REQUIRE(script->wait([&] { return script->ended.has_value(); }));
  CHECK(script->look(&Script::ended) == Ending::client_closed);
  CHECK(client.pongs() == std::vector<std::string>{"are you there"});
}

TEST_CASE("a handshake that is wrong is refused before the upgrade, and says why") {
  LiveServer server;
  server.start();
  const auto answer = [&](std::string_view from, std::string_view to) {
    std::string request(handshake);
    request.replace(request.find(from), from.size(), to);
    return server.client().ask(request);
  };
  CHECK(answer("Version: 13", "Version: 8").status == 426);
  CHECK(answer("Version: 13", "Version: 8").header("Sec-WebSocket-Version") == "13");
  CHECK(answer("dGhlIHNhbXBsZSBub25jZQ==", "short").status == 400);
  CHECK(answer("Sec-WebSocket-Key", "X-Key").status == 400);
  CHECK(answer("HTTP/1.1\r\nHost", "HTTP/1.0\r\nHost").status == 400);
  CHECK(answer("/live", "/live?no").status == 403);
  CHECK(answer("/live", "/elsewhere").status == 404);
  std::string head(handshake);
  CHECK(server.client().ask(head.replace(0, 3, "HEAD"), true).status == 405);
  CHECK(server.client().ask(handshake).status == 101);
  // RFC 6455, 1.3: its own example.
  CHECK(server.client().ask(handshake).header("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("what is no WebSocket frame of a client is answered with the close code that says so") {
  LiveServer server;
  server.start();
  const auto code_for = [&](const std::string& bytes) {
    RawClient client = server.client();
    REQUIRE(client.ask(handshake).status == 101);
    client.send(bytes);
    return close_code_of(client.read_all());
  };
  std::string not_masked;
  append_frame(not_masked, Opcode::text, "hello");
  CHECK(code_for(not_masked) == 1002);
  CHECK(code_for("GET / HTTP/1.1\r\nHost: test\r\n\r\n") == 1002);
  CHECK(code_for(masked(0x83, "opcode 3")) == 1002);
  CHECK(code_for(masked(0xc1, "reserved bit")) == 1002);
  CHECK(code_for(masked(0x80, "continues nothing")) == 1002);
  CHECK(code_for(masked(0x01, "begins") + masked(0x81, "begins again")) == 1002);
  CHECK(code_for(masked(0x09, "half a ping")) == 1002);
  CHECK(code_for(masked(0x89, std::string(126, 'p'))) == 1002);
  CHECK(code_for(masked(0x88, "x")) == 1002);
  CHECK(code_for(masked(0x81, "\xff\xfe")) == 1007);
  CHECK(code_for(masked(0x88, std::string("\x03\xe8", 2))) == 1000);
  CHECK(code_for(masked(0x88, "")) == 1000);
  // Refused by its head: no more of the 16 MiB is waited for.
  CHECK(code_for(masked(0x82, std::string(16 << 20, 'x')).substr(0, 14)) == 1009);
  CHECK(code_for(masked(0x01, std::string(40'000, 'x')) + masked(0x80, std::string(40'000, 'x'))) == 1009);
  CHECK(code_for(masked(0x82, std::string(16 << 20, 'x'))) == 1009);
}

TEST_CASE("a pong goes between two frames and ahead of all that is queued for a client that does not read") {
  LiveServer server;
  server.start();
  RawClient client = server.client();
  std::string request(handshake);
  request.replace(request.find("/live"), 5, "/live?endless");
  REQUIRE(client.ask(request).status == 101);
  const auto script = server.script();
  // It stops asking its stream when the client takes no more.
  std::size_t left = 0;
  REQUIRE(script->wait([&] { return script->endless < 64 * 1024; }));
  do {
    left = script->look(&Script::endless);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  } while (left != script->look(&Script::endless));
  REQUIRE(left > 0);
  client.send(masked(0x89, "now"));
  client.send(masked(0x81, "heard"));
  REQUIRE(script->wait([&] { return script->heard.size() == 1; }));
  {
    const std::lock_guard lock(script->mutex);
    script->ends = true;
    script->endless = std::min<std::size_t>(script->endless, 10 * 1024);
  }
  const std::string all = client.read_all();
  std::string_view rest = all;
  std::size_t messages = 0, before_pong = 0, pongs = 0;
  while (!rest.empty()) {
    const std::size_t size = first_frame_bytes(rest);
    REQUIRE(size <= rest.size());
    const auto opcode = static_cast<std::uint8_t>(rest[0]) & 0x0f;
    if (opcode == 10) {
      ++pongs;
      before_pong = messages;
      CHECK(rest.substr(2, size - 2) == "now");
    }
    messages += opcode == 1;
    rest.remove_prefix(size);
  }
  CHECK(pongs == 1);
  CHECK(messages - before_pong >= 10 * 1024 - 1);
  CHECK(close_code_of(all) == 1001);
}

TEST_CASE("a client that takes nothing and says nothing is let go, and the others are not") {
  LiveServer server;
  // Enough for who answers its pings, on a machine that is busy.
  server.options.limits.live_progress_timeout = std::chrono::milliseconds(3'000);
  server.options.limits.live_ping_every = std::chrono::milliseconds(500);
  server.options.limits.linger_timeout = std::chrono::milliseconds(200);
  server.start();
  WsClient lively = server.websocket();
  const auto first = server.script();
  std::jthread reading([&] { (void)lively.read(); });  // answers its pings
  RawClient stuck = server.client();
  std::string request(handshake);
  request.replace(request.find("/live"), 5, "/live?endless");
  REQUIRE(stuck.ask(request).status == 101);
  const auto second = server.script(1);
  RawClient silent = server.client();
  REQUIRE(silent.ask(handshake).status == 101);
  const auto third = server.script(2);
  for (const auto& script : {second, third}) {
    CHECK(script->wait([&] { return script->ended.has_value(); }));
    CHECK(script->look(&Script::ended) == Ending::no_progress);
    CHECK(script->look(&Script::told_to_leave) == CloseCode::try_again_later);
  }
  CHECK(close_code_of(silent.read_all()) == 1013);
  CHECK_FALSE(first->look(&Script::ended).has_value());
  first->send(framed("still here"));
  reading.join();
}

TEST_CASE("a server that stops says so to whoever follows, with the code for stopping or for starting again") {
  for (const bool restart : {false, true}) {
    LiveServer server;
    server.start();
    WsClient client = server.websocket();
    const auto script = server.script();
    script->send(framed("one"));
    CHECK(client.read() == "one");
    std::thread stopping([&] { server.server->stop(restart); });
    CHECK(client.read() == std::nullopt);
    CHECK(client.close_code() == (restart ? 1012 : 1001));
    CHECK(client.reason() == "cursor=7");
    client.drop();
    stopping.join();
    CHECK(script->look(&Script::ended) == Ending::server_stopped);
  }
}

TEST_CASE("a stream that fails ends its WebSocket with a code to come again by, and a chunked body without its end") {
  LiveServer server;
  server.start();
  WsClient client = server.websocket();
  RawClient lines = server.client();
  lines.send(get("/live"));
  for (const std::size_t number : {0U, 1U}) {
    const auto script = server.script(number);
    const std::lock_guard lock(script->mutex);
    script->throws = true;
    script->waker();
  }
  CHECK(client.read() == std::nullopt);
  CHECK(client.close_code() == 1013);
  const std::string body = lines.read_all();
  CHECK(body.starts_with("HTTP/1.1 200"));
  CHECK_FALSE(body.ends_with("0\r\n\r\n"));
  for (const std::size_t number : {0U, 1U}) {
    const auto script = server.script(number);
    REQUIRE(script->wait([&] { return script->ended.has_value(); }));
    CHECK(script->look(&Script::ended) == Ending::failed);
  }
  CHECK(server.client().ask(get("/plain")).body == "plain");
}

TEST_CASE("a chunked body ends when its stream ends, and the connection takes the next request") {
  LiveServer server;
  server.start();
  RawClient client = server.client();
  client.send(get("/live"));
  const auto script = server.script();
  script->send("one\n");
  script->send("two\n");
  {
    const std::lock_guard lock(script->mutex);
    script->ends = true;
    script->waker();
  }
  const Answer answer = client.read_answer();
  CHECK(answer.status == 200);
  CHECK(answer.body == "one\ntwo\n");
  CHECK(client.ask(get("/plain")).body == "plain");
  CHECK(script->look(&Script::ended) == Ending::by_stream);
}

TEST_CASE("a client of a chunked body that goes away is noticed") {
  LiveServer server;
  server.start();
  RawClient client = server.client();
  client.send(get("/live"));
  const auto script = server.script();
  client.close();
  REQUIRE(script->wait([&] { return script->ended.has_value(); }));
  CHECK(script->look(&Script::ended) == Ending::client_closed);
  CHECK(server.notebook.wait_for_open(0));
}

TEST_CASE("a flood of pings is answered by its last, and the stream goes on") {
  LiveServer server;
  server.start();
  RawClient client = server.client();
  REQUIRE(client.ask(handshake).status == 101);
  std::string flood;
  for (int i = 0; i < 10'000; ++i) flood += masked(0x89, std::to_string(i));
  std::thread sending([&] {
    for (int i = 0; i < 20; ++i) client.send(flood);
    client.send(masked(0x89, "last") + masked(0x88, std::string("\x03\xe8", 2)));
  });
  const auto script = server.script();
  REQUIRE(script->wait([&] { return script->ended.has_value(); }));
  sending.join();
  const std::string all = client.read_all();
  CHECK(close_code_of(all) == 1000);
  CHECK(server.client().ask(get("/plain")).body == "plain");
}

namespace {

struct Collected final : FrameSink {
  std::vector<std::string> seen;
  void on_message(std::string_view message) override { seen.push_back("message " + std::string(message)); }
  void on_ping(std::string_view payload) override { seen.push_back("ping " + std::string(payload)); }
  void on_pong(std::string_view payload) override { seen.push_back("pong " + std::string(payload)); }
  void on_close(std::uint16_t code) override { seen.push_back("close " + std::to_string(code)); }
};

}  // namespace

TEST_CASE("frames are the same messages however they are cut on their way") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  std::string bytes;
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    const std::string text(random() % 400 == 0 ? 60'000 : random() % 300, static_cast<char>('a' + i % 26));
    const std::size_t cut = random() % (text.size() + 1);
    bytes += masked(0x01, text.substr(0, cut)) + masked(0x89, "p" + std::to_string(i)) + masked(0x80, text.substr(cut));
    expected.push_back("ping p" + std::to_string(i));
    expected.push_back("message " + text);
  }
  for (int round = 0; round < 20; ++round) {
    FrameReader reader(65'536);
    Collected collected;
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t size = 1 + random() % (round == 0 ? 1 : 5'000);
      REQUIRE(reader.take(std::string_view(bytes).substr(at, size), collected) == FrameFault::none);
      at += size;
    }
    CHECK(collected.seen == expected);
  }
}
