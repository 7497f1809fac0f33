// What a client meets that keeps to the rules.
#include "services/http/server.h"

#include <atomic>
#include <thread>

#include "services/http/problem.h"
#include "tests/catch.h"
#include "tests/services_http/raw_client.h"

using namespace tenure;
using namespace tenure::http;
using namespace tenure::http::test;
using Catch::Matchers::Contains;

namespace {

void add_echo(Router& router) {
  router.blocking(Method::post, "/echo", "", [](Request& r) { return text(std::move(r.body)); });
  router.on_loop(Method::get, "/hello/{name}", "",
                 [](Request& r) { return text("hello " + std::string(r.param("name"))); });
}

}  // namespace

TEST_CASE("a request on the loop is answered and the connection kept") {
  TestServer s;
  add_echo(s.router);
  s.start();
  RawClient client = s.client();
  for (int i = 0; i < 3; ++i) {
    const Answer answer = client.ask(get("/hello/ana"));
    CHECK(answer.status == 200);
    CHECK(answer.body == "hello ana");
    CHECK(answer.header("Content-Type") == "text/plain");
    CHECK_FALSE(answer.header("Connection"));
    CHECK_THAT(answer.header("Date").value_or(""), Catch::Matchers::EndsWith(" GMT"));
  }
}

TEST_CASE("a request on the pool gets its body, of any size up to the limit") {
  TestServer s;
  add_echo(s.router);
  s.options.limits.body_bytes_max = 3'000'000;
  s.start();
  RawClient client = s.client();
  for (const std::size_t size : {0, 1, 8191, 8192, 8193, 70'000, 3'000'000}) {
    const std::string body(size, 'x');
    const Answer answer = client.ask(post("/echo", body));
    CHECK(answer.status == 200);
    CHECK(answer.body == body);
  }
}

TEST_CASE("a chunked body is joined, and its trailer changes nothing") {
  TestServer s;
  s.router.blocking(Method::post, "/echo", "",
                    [](Request& r) { return text(r.body + " " + std::string(r.header("x-late").value_or("none"))); });
  s.start();
  RawClient client = s.client();
  client.send("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  const Answer answer = client.ask("7;x=y\r\n, world\r\n0\r\nX-Late: yes\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.body == "hello, world none");
  CHECK(client.ask(post("/echo", "again")).body == "again none");
}

TEST_CASE("pipelined requests are answered in order, however late the first answer is") {
  TestServer s;
  add_echo(s.router);
  ReplyBox box;
  s.router.async(Method::get, "/later", "", [&](Request&&, Reply reply) { box.put(std::move(reply)); });
  s.start();
  RawClient client = s.client();
  client.send(get("/later") + post("/echo", "two") + get("/hello/three") + get("/hello/four"));
  std::thread([reply = box.take()]() mutable { reply(text("one")); }).join();
  CHECK(client.read_answer().body == "one");
  CHECK(client.read_answer().body == "two");
  CHECK(client.read_answer().body == "hello three");
  CHECK(client.read_answer().body == "hello four");
}

TEST_CASE("an async handler may answer at once, from the loop itself") {
  TestServer s;
  s.router.async(Method::post, "/now", "", [](Request&& r, Reply reply) { reply(text(r.body)); });
  s.start();
  RawClient client = s.client();
  client.send(post("/now", "a") + post("/now", "b"));
  CHECK(client.read_answer().body == "a");
  CHECK(client.read_answer().body == "b");
}

TEST_CASE("many answers from other threads at once all arrive, each with its own client") {
  TestServer s;
  s.options.io_threads = 2;
  ReplyBox box;
  s.router.async(Method::get, "/n/{n}", "", [&](Request&& r, Reply reply) {
    std::thread([n = std::string(r.param("n")), reply = std::move(reply)]() mutable { reply(text(n)); }).detach();
  });
  s.start();
  std::vector<RawClient> clients;
  clients.reserve(100);
  for (int i = 0; i < 100; ++i) clients.push_back(s.client());
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 100; ++i) clients[i].send(get("/n/" + std::to_string(i * 10 + round)));
    for (int i = 0; i < 100; ++i) CHECK(clients[i].read_answer().body == std::to_string(i * 10 + round));
  }
}

TEST_CASE("a reply that is thrown away answers 500, so that nobody waits for ever") {
  TestServer s;
  s.router.async(Method::get, "/lost", "", [](Request&&, Reply) {});
  s.start();
  const Answer answer = s.client().ask(get("/lost"));
  CHECK(answer.status == 500);
  CHECK_THAT(answer.body, Contains("\"code\":\"internal\""));
}

TEST_CASE("a handler that throws answers 500 without the text, which the observer gets") {
  TestServer s;
  s.router.on_loop(Method::get, "/loop", "", [](Request&) -> Response { throw std::runtime_error("secret 1"); });
  s.router.blocking(Method::get, "/pool", "", [](Request&) -> Response { throw std::runtime_error("secret 2"); });
  s.router.async(Method::get, "/async", "", [](Request&&, Reply) { throw std::runtime_error("secret 3"); });
  s.start();
  RawClient client = s.client();
  for (const char* path : {"/loop", "/pool", "/async"}) {
    const Answer answer = client.ask(get(path));
    CHECK(answer.status == 500);
    CHECK_THAT(answer.body, !Contains("secret"));
  }
  CHECK(s.notebook.crashes() == std::vector<std::string>{"/loop: secret 1", "/pool: secret 2", "/async: secret 3"});
}

TEST_CASE("an unknown path is 404, and a known one with another method 405 with what it takes") {
  TestServer s;
  add_echo(s.router);
  s.start();
  RawClient client = s.client();
  CHECK(client.ask(get("/nowhere")).status == 404);
  CHECK(client.ask(get("//hello/ana")).status == 404);
  const Answer answer = client.ask("DELETE /echo HTTP/1.1\r\nHost: t\r\n\r\n");
  CHECK(answer.status == 405);
  CHECK(answer.header("Allow") == "POST");
  CHECK(client.ask("BREW /echo HTTP/1.1\r\nHost: t\r\n\r\n").status == 405);
}

TEST_CASE("HEAD answers what GET would, without the body") {
  TestServer s;
  add_echo(s.router);
  s.start();
  RawClient client = s.client();
  const Answer answer = client.ask("HEAD /hello/ana HTTP/1.1\r\nHost: t\r\n\r\n", true);
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Length") == "9");
  CHECK(client.ask(get("/hello/bob")).body == "hello bob");
}

TEST_CASE("HTTP/1.0 is answered and closed, or kept where the client asks for it") {
  TestServer s;
  add_echo(s.router);
  s.start();
  RawClient closing = s.client();
  CHECK(closing.ask("GET /hello/a HTTP/1.0\r\n\r\n").header("Connection") == "close");
  CHECK(closing.closed());
  RawClient keeping = s.client();
  const std::string request = "GET /hello/a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
  CHECK(keeping.ask(request).header("Connection") == "keep-alive");
  CHECK(keeping.ask(request).body == "hello a");
}

TEST_CASE("a client that asks to close is answered and closed") {
  TestServer s;
  add_echo(s.router);
  s.start();
  RawClient client = s.client();
  CHECK(client.ask(get("/hello/a", "Connection: close\r\n")).header("Connection") == "close");
  CHECK(client.closed());
}

TEST_CASE("an answer without content has neither length nor type") {
  TestServer s;
  s.router.on_loop(Method::delete_, "/x", "", [](Request&) { return Response{204}; });
  s.start();
  RawClient client = s.client();
  const Answer answer = client.ask("DELETE /x HTTP/1.1\r\nHost: t\r\n\r\n", true);
  CHECK(answer.status == 204);
  CHECK_FALSE(answer.header("Content-Length"));
  CHECK_FALSE(answer.header("Content-Type"));
  CHECK(client.ask("DELETE /x HTTP/1.1\r\nHost: t\r\n\r\n", true).status == 204);
}

TEST_CASE("a line break in a field's value cannot begin another field") {
  TestServer s;
  s.router.on_loop(Method::get, "/x", "", [](Request&) {
    Response r = text("ok");
    r.headers.emplace_back("ETag", "\"1\"\r\nSet-Cookie: evil");
    return r;
  });
  s.start();
  const Answer answer = s.client().ask(get("/x"));
  CHECK(answer.header("ETag") == "\"1\"  Set-Cookie: evil");
  CHECK_FALSE(answer.header("Set-Cookie"));
}

TEST_CASE("the hook sees the route's scope and can put an identity there or stop the request") {
  TestServer s;
  s.router.on_loop(Method::get, "/who", "read", [](Request& r) { return text(*r.identity_as<std::string>()); });
  s.router.on_loop(Method::get, "/admin", "admin", [](Request&) { return text("never"); });
  s.router.before([](Request& r, const Route& route) -> std::optional<Response> {
    if (route.scope == "admin") return problem(refuse(RefusalCode::forbidden, "Not with this token."));
    r.identity = std::make_shared<const std::string>(r.header("authorization").value_or("nobody"));
    return std::nullopt;
  });
  s.start();
  RawClient client = s.client();
  CHECK(client.ask(get("/who", "Authorization: Bearer ana\r\n")).body == "Bearer ana");
  CHECK(client.ask(get("/admin")).status == 403);
  CHECK(client.ask(get("/who")).body == "nobody");
}

TEST_CASE("a request stopped by the hook is answered before its body is sent") {
  TestServer s;
  s.router.blocking(Method::post, "/kept", "", [](Request&) { return text("never"); });
  s.router.upload(Method::post, "/streamed", "", [](Request&) -> std::variant<std::unique_ptr<Upload>, Response> {
    throw std::runtime_error("the hook came too late");
  });
  s.router.before(
      [](Request&, const Route&) { return std::optional(problem(refuse(RefusalCode::unauthenticated, ""))); });
  s.start();
  for (const char* path : {"/kept", "/streamed"}) {
    RawClient client = s.client();
    const Answer answer = client.ask("POST " + std::string(path) +
                                     " HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n");
    CHECK(answer.status == 401);
    CHECK(answer.header("WWW-Authenticate") == "Bearer");
    CHECK(answer.header("Connection") == "close");
    CHECK(client.closed());
  }
  CHECK(s.notebook.crashes().empty());
}

TEST_CASE("the hook is asked again when a body had to be waited for, and may stop the request by then") {
  TestServer s;
  std::atomic<bool> closed{false};
  s.router.blocking(Method::post, "/kept", "", [](Request& r) { return text(std::move(r.body)); });
  s.router.before([&closed](Request&, const Route&) -> std::optional<Response> {
    if (!closed) return std::nullopt;
    return problem(refuse(RefusalCode::unauthenticated, "Not any more."));
  });
  s.start();
  RawClient client = s.client();
  // It is asked for its body, so the hook has let it pass.
  const std::string head = "POST /kept HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  CHECK(client.ask(head).status == 100);
  client.send("lat");
  closed = true;
  CHECK(client.ask("e").status == 401);
  closed = false;
  CHECK(client.ask(head).status == 100);
  CHECK(client.ask("late").body == "late");
}

TEST_CASE("a client that waits to be asked for its body is asked") {
  TestServer s;
  add_echo(s.router);
  s.start();
  RawClient client = s.client();
  CHECK(client.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n").status ==
        100);
  CHECK(client.ask("body").body == "body");
  CHECK(client.ask("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: miracles\r\n\r\n").status == 417);
}

TEST_CASE("a large answer arrives whole and is followed by the next") {
  TestServer s;
  std::string large(20 * mebibyte, ' ');
  for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>('a' + i % 23);
  s.router.on_loop(Method::get, "/large", "", [&](Request&) { return text(large); });
  s.start();
  RawClient client = s.client();
  client.send(get("/large") + get("/large"));
  CHECK(client.read_answer().body == large);
  CHECK(client.read_answer().body == large);
}

TEST_CASE("the observer is told route, status and bytes of each answer, and how many connections are open") {
  TestServer s;
  add_echo(s.router);
  s.start();
  {
    RawClient client = s.client();
    client.ask(get("/hello/ana"));
    client.ask(get("/nowhere"));
    const auto served = s.notebook.wait_for_served(2);
    REQUIRE(served.size() == 2);
    CHECK(served[0].route == "/hello/{name}");
    CHECK(served[0].status == 200);
    CHECK(served[0].bytes_in == get("/hello/ana").size());
    CHECK(served[0].bytes_out > 9);
    CHECK(served[1].route == "");
    CHECK(served[1].status == 404);
    CHECK(s.server->open_connections() == 1);
  }
  CHECK(s.notebook.wait_for_open(0));
}

TEST_CASE("a handler knows its client's address") {
  TestServer s;
  s.router.on_loop(Method::get, "/me", "", [](Request& r) { return text(r.peer.address_text()); });
  s.start();
  CHECK(s.client().ask(get("/me")).body == "127.0.0.1");
}

TEST_CASE("a port that is taken is a failure that names it") {
  TestServer s;
  s.start();
  ServerOptions options;
  options.port = s.port;
  Server second(options, Router());
  const auto port = second.listen();
  REQUIRE(port.has_error());
  CHECK_THAT(port.error().because, Contains(std::to_string(s.port)));
  ServerOptions nonsense;
  nonsense.address = "not an address";
  CHECK(Server(nonsense, Router()).listen().has_error());
}
