// What a client meets that breaks the rules, is slow, or goes away; and what the others meet meanwhile.
#include <iostream>
#include <random>

#include "services/http/server.h"
#include "tests/catch.h"
#include "tests/services_http/raw_client.h"

using namespace tenure;
using namespace tenure::http;
using namespace tenure::http::test;
using Catch::Matchers::Contains;
using std::chrono::milliseconds;
using namespace std::string_view_literals;

namespace {

struct EchoServer : TestServer {
  EchoServer() {
    router.blocking(Method::post, "/echo", "", [](Request& r) { return text(std::move(r.body)); });
    router.on_loop(Method::get, "/ok", "", [](Request&) { return text("ok"); });
    router.upload(Method::post, "/up", "", [](Request&) -> std::variant<std::unique_ptr<Upload>, Response> {
      struct Drop final : Upload {
        std::optional<Response> chunk(std::string_view) override { return std::nullopt; }
        Response finish() override { return text("done"); }
      };
      return std::make_unique<Drop>();
    });
  }
};

unsigned status_of_bytes(const TestServer& s, std::string_view bytes) {
  RawClient client = s.client();
  client.send(bytes);
  client.end_sending();
  const Answer answer = client.read_answer();
  CHECK(answer.header("Connection") == "close");
  return answer.status;
}

// Sends `bytes` one at a time until the server says something.
Answer drip(RawClient& client, std::string_view bytes) {
  for (const char c : bytes) {
    if (client.readable_within(milliseconds(10)) || !client.send({&c, 1})) break;
  }
  return client.read_answer();
}

}  // namespace

TEST_CASE("a head that comes one byte at a time is cut off with 408") {
  EchoServer s;
  s.options.limits.head_timeout = milliseconds(3'000);  // enough for who does not drip, on a machine that is busy
  s.start();
  RawClient client = s.client();
  const Answer answer = drip(client, "GET /ok HTTP/1.1\r\nX-Slow: " + std::string(5000, 'x'));
  CHECK(answer.status == 408);
  CHECK_THAT(answer.body, Contains("request_timeout"));
  CHECK(s.client().ask(get("/ok")).body == "ok");
}

TEST_CASE("a body that comes one byte at a time is cut off with 408, kept whole or streamed") {
  EchoServer s;
  s.options.limits.body_grace = milliseconds(200);
  s.start();
  for (const char* path : {"/echo", "/up"}) {
    RawClient client = s.client();
    client.send("POST " + std::string(path) + " HTTP/1.1\r\nHost: t\r\nContent-Length: 5000\r\n\r\n");
    CHECK(drip(client, std::string(4999, 'x')).status == 408);
  }
}

TEST_CASE("a client that sends nothing at all is closed without a word") {
  EchoServer s;
  s.options.limits.idle_timeout = milliseconds(3'000);  // enough for who does send, on a machine that is busy
  s.start();
  RawClient silent = s.client();
  CHECK(silent.read_all() == "");
  RawClient once = s.client();
  CHECK(once.ask(get("/ok")).body == "ok");
  CHECK(once.read_all() == "");
}

TEST_CASE("a client that does not read its answer is cut") {
  EchoServer s;
  s.options.limits.write_timeout = milliseconds(200);
  s.router.on_loop(Method::get, "/large", "", [](Request&) { return text(std::string(64 * mebibyte, 'x')); });
  s.start();
  RawClient client = s.client();
  REQUIRE(s.notebook.wait_for_open(1));
  client.send(get("/large"));
  CHECK(s.notebook.wait_for_open(0));
}

TEST_CASE("a head past its limit is 431, by bytes or by fields, with or without an end") {
  EchoServer s;
  s.start();
  CHECK(status_of_bytes(s, get("/ok", "X-Long: " + std::string(20'000, 'x') + "\r\n")) == 431);
  CHECK(status_of_bytes(s, "GET /" + std::string(20'000, 'x')) == 431);
  std::string many;
  for (int i = 0; i < 200; ++i) many += "X: y\r\n";
  CHECK(status_of_bytes(s, get("/ok", many)) == 431);
  CHECK(s.client().ask(get("/ok", "X-Long: " + std::string(15'000, 'x') + "\r\n")).status == 200);
}

TEST_CASE("a body past its limit is 413, and before it is sent where its length says so") {
  EchoServer s;
  s.options.limits.body_bytes_max = 1000;
  s.start();
  RawClient told = s.client();
  const Answer answer =
      told.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n");
  CHECK(answer.status == 413);
  CHECK_THAT(answer.body, Contains("1000 bytes"));
  RawClient chunked = s.client();
  chunked.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + std::string(1000, 'x'));
  CHECK(chunked.ask("\r\n1\r\nx\r\n").status == 413);
  CHECK(s.client().ask(post("/echo", std::string(1000, 'x'))).status == 200);
  RawClient sending = s.client();
  sending.send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 100000\r\n\r\n" + std::string(100'000, 'x'));
  CHECK(sending.read_answer().status == 413);
}

TEST_CASE("bodies that together are more than the server holds are 503") {
  EchoServer s;
  s.options.limits.bodies_bytes_max = 100'000;
  s.start();
  RawClient client = s.client();
  CHECK(client.ask(post("/echo", std::string(60'000, 'x'))).status == 200);
  CHECK(client.ask(post("/echo", std::string(60'000, 'x'))).status == 200);
  client.send(post("/echo", std::string(300'000, 'x')));
  const Answer answer = client.read_answer();
  CHECK(answer.status == 503);
  CHECK(answer.header("Retry-After") == "1");
  CHECK(s.client().ask(post("/echo", std::string(60'000, 'x'))).status == 200);
}

TEST_CASE("where a body means nothing, none but a small one is taken") {
  EchoServer s;
  s.start();
  for (const char* method : {"GET", "HEAD"}) {
    const std::string begin = std::string(method) + " /ok HTTP/1.1\r\nHost: t\r\n";
    CHECK(s.client().ask(begin + "Content-Length: 2\r\n\r\n{}", true).status == 200);
    CHECK(s.client().ask(begin + "Content-Length: 16777216\r\n\r\n", true).status == 413);
    CHECK(
        s.client().ask(begin + "Transfer-Encoding: chunked\r\n\r\n10000\r\n" + std::string(65536, 'x'), true).status ==
        413);
  }
}

TEST_CASE("a body in an encoding that is not undone is 415, and one as it is is taken") {
  EchoServer s;
  s.start();
  const Answer answer = s.client().ask(post("/echo", "\x1f\x8b", "Content-Encoding: gzip\r\n"));
  CHECK(answer.status == 415);
  CHECK(answer.header("Accept-Encoding") == "identity");
  CHECK_THAT(answer.body, Contains("\"field\":\"Content-Encoding\""));
  CHECK(s.client().ask(post("/up", "x", "Content-Encoding: deflate\r\n")).status == 415);
  CHECK(s.client().ask(post("/echo", "abc", "Content-Encoding: Identity\r\n")).body == "abc");
  CHECK(s.client().ask(get("/ok", "Content-Encoding: gzip\r\n")).status == 200);
}

TEST_CASE("a refused HEAD is answered without a body, as any other") {
  EchoServer s;
  s.start();
  const std::string head = "HEAD /ok HTTP/1.1\r\n";
  for (const auto& [bytes, status] :
       {std::pair(head + "\r\n", 400U), std::pair(head + "Host: t\r\nExpect: more\r\n\r\n", 417U),
        std::pair(head + "Host: t\r\nX-Long: " + std::string(20'000, 'x'), 431U)}) {
    RawClient client = s.client();
    const Answer answer = client.ask(bytes, true);
    CHECK(answer.status == status);
    CHECK(client.read_all().empty());
  }
}

TEST_CASE("what is no HTTP is 400 and closed") {
  EchoServer s;
  s.start();
  for (const std::string_view bytes :
       {std::string_view("hello\r\n\r\n"), std::string_view("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11),
        std::string_view("GET  /ok HTTP/1.1\r\n\r\n"), std::string_view("GET /ok HTTP/3.0\r\nHost: t\r\n\r\n"),
        std::string_view("GET /ok HTTP/1.1\nHost: t\n\n"), std::string_view("GET /ok HTTP/1.1\r\nHost : t\r\n\r\n"),
        "GET /o\0k HTTP/1.1\r\nHost: t\r\n\r\n"sv, "GET /ok HTTP/1.1\r\nHost: t\r\nX: a\0b\r\n\r\n"sv,
        std::string_view("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: -1\r\n\r\n"),
        std::string_view("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 99999999999999999999\r\n\r\n"),
        std::string_view("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")}) {
    INFO(bytes);
    CHECK(status_of_bytes(s, bytes) == 400);
  }
}

TEST_CASE("a request that two servers could read differently is refused") {
  EchoServer s;
  s.start();
  const std::string begin = "POST /echo HTTP/1.1\r\nHost: t\r\n";
  CHECK(status_of_bytes(s, begin + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
  CHECK(status_of_bytes(s, begin + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n") == 400);
  CHECK(status_of_bytes(s, begin + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd") == 400);
  CHECK(status_of_bytes(s, begin + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc") == 400);
  CHECK(status_of_bytes(s, begin + "Host: other\r\nContent-Length: 0\r\n\r\n") == 400);
  CHECK(status_of_bytes(s, "GET /ok HTTP/1.1\r\n\r\n") == 400);
  CHECK(status_of_bytes(s, begin + "Transfer-Encoding: gzip\r\n\r\nabc") == 501);
  CHECK(status_of_bytes(s, begin + "Transfer-Encoding: chunked, identity\r\n\r\nabc") == 501);
  const std::string chunks = "\r\n3\r\nabc\r\n0\r\n\r\n";
  CHECK(status_of_bytes(s, begin + "Transfer-Encoding: gzip, chunked\r\n" + chunks) == 501);
  CHECK(status_of_bytes(s, begin + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" + chunks) == 400);
  CHECK(s.client().ask(begin + "Transfer-Encoding: Chunked\r\n" + chunks).body == "abc");
  CHECK(status_of_bytes(s, "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 501);
}

TEST_CASE("NUL, bad UTF-8 and dot segments in the target are 400 with the reason") {
  EchoServer s;
  s.start();
  for (const char* target : {"/ok%00", "/ok?at=%00", "/ok?at=%FF", "/%C0%AE%C0%AE/ok", "/x/../ok", "/ok?x=%4"}) {
    RawClient client = s.client();
    const Answer answer = client.ask(get(target));
    INFO(target);
    CHECK(answer.status == 400);
    CHECK(answer.header("Content-Type") == "application/problem+json");
    CHECK_THAT(answer.body, Contains("\"field\":\"target\""));
  }
}

TEST_CASE("a client that has stopped sending still gets its answer, also to half a request") {
  EchoServer s;
  s.start();
  RawClient whole = s.client();
  whole.send(post("/echo", "body"));
  whole.end_sending();
  CHECK(whole.read_answer().body == "body");
  CHECK(whole.closed());
  CHECK(status_of_bytes(s, "GET /ok HT") == 400);
  CHECK(status_of_bytes(s, "POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhalf") == 400);
  CHECK(status_of_bytes(s, "POST /up HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\nhalf") == 400);
}

TEST_CASE("a chunk header without an end does not grow for ever") {
  EchoServer s;
  s.start();
  for (const char* path : {"/echo", "/up"}) {
    RawClient client = s.client();
    client.send("POST " + std::string(path) + " HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5;" +
                std::string(40'000, 'x'));
    CHECK(client.read_answer().status >= 400);
    CHECK(client.closed());
  }
}

TEST_CASE("one connection too many is told so, and there is room again when one goes") {
  EchoServer s;
  s.options.limits.connections_max = 2;
  s.start();
  RawClient first = s.client();
  RawClient second = s.client();
  CHECK(first.ask(get("/ok")).status == 200);
  CHECK(second.ask(get("/ok")).status == 200);
  {
    RawClient third = s.client();
    const Answer answer = third.ask(get("/ok"));
    CHECK(answer.status == 503);
    CHECK(answer.header("Retry-After") == "1");
    CHECK(third.closed());
  }
  second.close();
  REQUIRE(s.notebook.wait_for_open(1));
  CHECK(s.client().ask(get("/ok")).status == 200);
}

TEST_CASE("when the pool's queue is full, more work is 503 and the loop still answers") {
  EchoServer s;
  s.options.pool_threads = 1;
  s.options.pool_queued_max = 1;
  Gate gate;
  s.router.blocking(Method::get, "/slow", "", [&](Request&) {
    gate.pass();
    return text("slow");
  });
  s.start();
  RawClient running = s.client();
  running.send(get("/slow"));
  REQUIRE(gate.wait_for_arrivals(1));
  RawClient a = s.client();
  RawClient b = s.client();
  a.send(get("/slow"));
  b.send(get("/slow"));
  while (!a.readable_within(milliseconds(5)) && !b.readable_within(milliseconds(5))) {
  }
  const bool a_was_first = a.readable_within(milliseconds(0));
  RawClient& refused = a_was_first ? a : b;
  RawClient& queued = a_was_first ? b : a;
  const Answer answer = refused.read_answer();
  CHECK(answer.status == 503);
  CHECK(answer.header("Retry-After") == "1");
  CHECK(refused.ask(get("/ok")).body == "ok");
  CHECK(refused.ask(post("/up", "x")).status == 503);
  gate.open();
  CHECK(running.read_answer().body == "slow");
  CHECK(queued.read_answer().body == "slow");
}

TEST_CASE("clients that go away before their answer do no harm") {
  EchoServer s;
  ReplyBox box;
  s.router.async(Method::get, "/later", "", [&](Request&&, Reply reply) { box.put(std::move(reply)); });
  s.start();
  for (int i = 0; i < 20; ++i) {
    RawClient client = s.client();
    client.send(get("/later"));
    Reply reply = box.take();
    client.close();
    reply(text(std::string(mebibyte, 'x')));
  }
  CHECK(s.client().ask(get("/ok")).body == "ok");
  CHECK(s.notebook.wait_for_open(0));
}

TEST_CASE("random bytes and broken requests never stop the server") {
  EchoServer s;
  s.options.limits.linger_timeout = milliseconds(50);
  s.start();
  const auto seed = std::random_device()();
  std::cerr << "broken requests: seed " << seed << '\n';
  INFO("seed " << seed);
  std::mt19937 random(seed);
  const std::vector<std::string> models = {
      get("/ok?a=b%20c", "X-A: b\r\n"), post("/echo", "hello"),
      "POST /up HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      std::string(60, '\0')};
  for (int i = 0; i < 400; ++i) {
    std::string bytes = models[random() % models.size()] + models[random() % models.size()];
    for (unsigned n = random() % 6; n > 0; --n) bytes[random() % bytes.size()] = static_cast<char>(random());
    if (random() % 4 == 0) bytes.resize(random() % bytes.size());
    RawClient client = s.client();
    client.send(bytes);
    client.end_sending();
    client.read_all();
  }
  CHECK(s.client().ask(get("/ok")).body == "ok");
  CHECK(s.notebook.crashes().empty());
}
