// Bodies that are never whole in memory, in both directions.
#include <atomic>
#include <future>
#include <numeric>

#include "services/http/problem.h"
#include "services/http/server.h"
#include "tests/catch.h"
#include "tests/services_http/raw_client.h"

using namespace tenure;
using namespace tenure::http;
using namespace tenure::http::test;
using Begun = std::variant<std::unique_ptr<Upload>, Response>;

namespace {

// More than the kernel keeps for both ends of a connection, less than what is sent.
constexpr std::size_t kernel_bytes_max = 24 * mebibyte;
constexpr std::size_t long_body_bytes = 64 * mebibyte;

// Adds up what it gets.
class Sum final : public Upload {
 public:
  std::optional<Response> chunk(std::string_view bytes) override {
    largest_ = std::max(largest_, bytes.size());
    size_ += bytes.size();
    for (const char c : bytes) sum_ = sum_ * 31 + static_cast<unsigned char>(c);
    return std::nullopt;
  }
  Response finish() override {
    return text(std::to_string(size_) + " " + std::to_string(sum_) + (largest_ <= 64 * kibibyte ? " small" : " large"));
  }
  static std::string of(std::string_view bytes) {
    std::uint64_t sum = 0;
    for (const char c : bytes) sum = sum * 31 + static_cast<unsigned char>(c);
    return std::to_string(bytes.size()) + " " + std::to_string(sum) + " small";
  }

 private:
  std::uint64_t sum_ = 0;
  std::size_t size_ = 0;
  std::size_t largest_ = 0;
};

std::string pattern(std::size_t size) {
  std::string bytes(size, ' ');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 1000);
  return bytes;
}

// Takes whatever comes.
struct Swallowing final : Upload {
  std::optional<Response> chunk(std::string_view) override { return std::nullopt; }
  Response finish() override { return text("done"); }
};

}  // namespace

TEST_CASE("an upload larger than the body limit arrives in order, in small pieces") {
  TestServer s;
  s.options.limits.body_bytes_max = 1000;
  s.router.upload(Method::post, "/up", "", [](Request&) { return Begun(std::make_unique<Sum>()); });
  s.start();
  RawClient client = s.client();
  for (const std::size_t size : {0, 1, 1001, 100'000, 5'000'000}) {
    const std::string body = pattern(size);
    CHECK(client.ask(post("/up", body)).body == Sum::of(body));
  }
}

TEST_CASE("a chunked upload is the same as one with a length") {
  TestServer s;
  s.router.upload(Method::post, "/up", "", [](Request&) { return Begun(std::make_unique<Sum>()); });
  s.start();
  RawClient client = s.client();
  const std::string piece = pattern(4096);
  client.send("POST /up HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n");
  CHECK(client.read_answer().status == 100);
  std::string all;
  for (int i = 0; i < 100; ++i) {
    client.send("1000\r\n" + piece + "\r\n");
    all += piece;
  }
  CHECK(client.ask("0\r\n\r\n").body == Sum::of(all));
}

TEST_CASE("an upload whose taker is slow fills no memory: the client has to wait") {
  struct Slow final : Upload {
    explicit Slow(Gate& g) : gate(g) {}
    std::optional<Response> chunk(std::string_view bytes) override {
      gate.pass();
      size += bytes.size();
      return std::nullopt;
    }
    Response finish() override { return text(std::to_string(size)); }
    Gate& gate;
    std::size_t size = 0;
  };
  Gate gate;
  TestServer s;
  s.router.upload(Method::post, "/up", "", [&](Request&) { return Begun(std::make_unique<Slow>(gate)); });
  s.start();
  RawClient client = s.client();
  client.send("POST /up HTTP/1.1\r\nHost: t\r\nContent-Length: " + std::to_string(long_body_bytes) + "\r\n\r\n");
  const std::string piece(mebibyte, 'x');
  REQUIRE(client.send(piece));
  REQUIRE(gate.wait_for_arrivals(1));
  std::size_t sent = piece.size();
  for (std::size_t n = 1; n > 0 && sent < long_body_bytes;) {
    n = client.send_some(piece);
    sent += n;
  }
  CHECK(sent < kernel_bytes_max);
  gate.open();
  while (sent < long_body_bytes) {
    const std::size_t size = std::min(piece.size(), long_body_bytes - sent);
    REQUIRE(client.send(std::string_view(piece).substr(0, size)));
    sent += size;
  }
  CHECK(client.read_answer().body == std::to_string(long_body_bytes));
}

TEST_CASE("an upload can be refused at its head or stopped half-way, and the client gets the answer") {
  struct Picky final : Upload {
    std::optional<Response> chunk(std::string_view bytes) override {
      if (bytes.find('!') == std::string_view::npos) return std::nullopt;
      return problem(refuse(RefusalCode::malformed_json, "There is a '!' in it."));
    }
    Response finish() override { return text("fine"); }
  };
  TestServer s;
  s.router.upload(Method::post, "/up/{name}", "", [](Request& r) -> Begun {
    if (r.param("name") == "bad") return problem(refuse(RefusalCode::unknown_org, "No such organization."));
    return std::make_unique<Picky>();
  });
  s.start();
  RawClient refused = s.client();
  CHECK(refused.ask("POST /up/bad HTTP/1.1\r\nHost: t\r\nContent-Length: 100000000\r\n\r\nsome").status == 404);
  CHECK(refused.closed());
  RawClient stopped = s.client();
  stopped.send("POST /up/good HTTP/1.1\r\nHost: t\r\nContent-Length: 100000000\r\n\r\nsome!");
  CHECK(stopped.read_answer().status == 400);
  CHECK(s.client().ask(post("/up/good", "some")).body == "fine");
}

TEST_CASE("one upload too many is told so, and there is room again when one has ended") {
  TestServer s;
  s.options.limits.uploads_max = 2;
  s.router.upload(Method::post, "/up", "", [](Request&) { return Begun(std::make_unique<Swallowing>()); });
  s.router.on_loop(Method::post, "/kept", "", [](Request& r) { return text(std::move(r.body)); });
  s.start();
  const std::string head = "POST /up HTTP/1.1\r\nHost: t\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  RawClient first = s.client(), second = s.client();
  REQUIRE(first.ask(head).status == 100);
  REQUIRE(second.ask(head).status == 100);
  const Answer refused = s.client().ask(head);
  CHECK(refused.status == 503);
  CHECK(refused.header("Retry-After") == "1");
  CHECK(s.client().ask(post("/kept", "some")).body == "some");
  CHECK(first.ask("some").body == "done");
  RawClient third = s.client();
  CHECK(third.ask(head).status == 100);
  second.close();
  CHECK(third.ask("some").body == "done");
}

TEST_CASE("one sender has not all uploads, and others have the rest") {
  TestServer s;
  s.options.limits.uploads_max = 3;
  s.options.limits.uploads_of_one_max = 2;
  const auto ana = std::make_shared<const int>(1), bo = std::make_shared<const int>(2);
  s.router.before([&](Request& r, const Route&) -> std::optional<Response> {
    r.identity = r.header("X-Who") == "ana" ? ana : bo;
    return std::nullopt;
  });
  s.router.upload(Method::post, "/up", "", [](Request&) { return Begun(std::make_unique<Swallowing>()); });
  s.start();
  const auto begin = [](const std::string& who) {
    return "POST /up HTTP/1.1\r\nHost: t\r\nX-Who: " + who + "\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n";
  };
  RawClient first = s.client(), second = s.client(), third = s.client();
  REQUIRE(first.ask(begin("ana")).status == 100);
  REQUIRE(second.ask(begin("ana")).status == 100);
  CHECK(s.client().ask(begin("ana")).status == 503);
  CHECK(third.ask(begin("bo")).status == 100);
  CHECK(s.client().ask(begin("bo")).status == 503);
  CHECK(second.ask("some").body == "done");
  CHECK(s.client().ask(begin("bo")).status == 100);
}

TEST_CASE("a stream whose next pieces are in the making keeps no thread, and goes on when they are there") {
  // Two threads: one makes what comes next, and the other is there for everybody else.
  TestServer s;
  s.options.pool_threads = 2;
  struct Making {
    std::promise<void> begun, go_on;
    std::atomic<bool> ready{false};
    int pieces = 0;
  };
  const auto making = std::make_shared<Making>();
  s.router.blocking(Method::get, "/pieces", "", [making](Request&) {
    Response response;
    response.more = [making](std::string& chunk) {
      if (making->pieces == 0) return ++making->pieces, chunk = "first ", true;
      if (!making->ready) return true;  // an empty piece: not yet
      chunk = "second";
      return false;
    };
    response.ahead = [making] {
      making->begun.set_value();
      making->go_on.get_future().wait();
      making->ready = true;
    };
    return response;
  });
  s.router.blocking(Method::get, "/other", "", [](Request&) { return text("other"); });
  s.start();
  RawClient client = s.client();
  client.send(get("/pieces"));
  making->begun.get_future().wait();
  for (int i = 0; i < 5; ++i) CHECK(s.client().ask(get("/other")).body == "other");
  making->go_on.set_value();
  CHECK(client.read_answer().body == "first second");
}

TEST_CASE("an upload that throws answers 500") {
  struct Broken final : Upload {
    std::optional<Response> chunk(std::string_view) override { throw std::runtime_error("broken"); }
    Response finish() override { return text("never"); }
  };
  TestServer s;
  s.router.upload(Method::post, "/up", "", [](Request&) { return Begun(std::make_unique<Broken>()); });
  s.start();
  CHECK(s.client().ask(post("/up", "x")).status == 500);
  CHECK(s.notebook.crashes() == std::vector<std::string>{"/up: broken"});
}

TEST_CASE("an upload whose client goes away is destroyed without being finished") {
  struct Seen final : Upload {
    Seen(Gate& first, std::atomic<int>& finished, Gate& gone) : first_(first), finished_(finished), gone_(gone) {}
    ~Seen() override { gone_.pass(); }
    std::optional<Response> chunk(std::string_view) override {
      first_.pass();
      return std::nullopt;
    }
    Response finish() override {
      ++finished_;
      return text("never");
    }
    Gate& first_;
    std::atomic<int>& finished_;
    Gate& gone_;
  };
  Gate first, gone;
  std::atomic<int> finished = 0;
  first.open();
  gone.open();
  TestServer s;
  s.router.upload(Method::post, "/up", "",
                  [&](Request&) { return Begun(std::make_unique<Seen>(first, finished, gone)); });
  s.start();
  RawClient client = s.client();
  client.send("POST /up HTTP/1.1\r\nHost: t\r\nContent-Length: 1000\r\n\r\nsome");
  REQUIRE(first.wait_for_arrivals(1));
  client.close();
  CHECK(gone.wait_for_arrivals(1));
  CHECK(finished == 0);
}

TEST_CASE("a streamed answer arrives in chunks, whole, and the connection is kept") {
  TestServer s;
  const std::string body = pattern(3'000'000);
  s.router.on_loop(Method::get, "/down", "", [&](Request&) {
    Response r = text("");
    r.more = [&body, at = std::size_t{0}](std::string& chunk) mutable {
      chunk = body.substr(at, 64 * kibibyte);
      at += chunk.size();
      return at < body.size();
    };
    return r;
  });
  s.start();
  RawClient client = s.client();
  for (int i = 0; i < 2; ++i) {
    const Answer answer = client.ask(get("/down"));
    CHECK(answer.header("Transfer-Encoding") == "chunked");
    CHECK(answer.body == body);
  }
  CHECK(client.ask("HEAD /down HTTP/1.1\r\nHost: t\r\n\r\n", true).status == 200);
  RawClient old = s.client();
  const Answer answer = old.ask("GET /down HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK_FALSE(answer.header("Transfer-Encoding"));
  CHECK(answer.body == body);
}

TEST_CASE("a streamed answer of one piece has a length") {
  TestServer s;
  s.router.blocking(Method::get, "/short", "", [](Request&) {
    Response r = text("");
    r.more = [](std::string& chunk) {
      chunk += "short";
      return false;
    };
    return r;
  });
  s.start();
  const Answer answer = s.client().ask(get("/short"));
  CHECK(answer.header("Content-Length") == "5");
  CHECK(answer.body == "short");
}

TEST_CASE("a streamed answer is made no faster than its client reads it") {
  std::atomic<std::size_t> made = 0;
  TestServer s;
  s.router.on_loop(Method::get, "/down", "", [&](Request&) {
    Response r = text("");
    r.more = [&made](std::string& chunk) {
      chunk.assign(64 * kibibyte, 'x');
      return (made += chunk.size()) < long_body_bytes;
    };
    return r;
  });
  s.start();
  RawClient client = s.client();
  client.send(get("/down"));
  std::size_t read = 0;
  std::size_t lead = 0;
  while (read < long_body_bytes) {
    read += client.discard();
    lead = std::max(lead, std::max(made.load(), read) - read);
  }
  CHECK(made == long_body_bytes);
  CHECK(lead < kernel_bytes_max);
}

TEST_CASE("a streamed answer that fails is a 500 at first and a cut connection later, never half an answer") {
  TestServer s;
  s.router.on_loop(Method::get, "/down/{good}", "", [](Request& r) {
    Response response = text("");
    response.more = [left = std::stoi(std::string(r.param("good")))](std::string& chunk) mutable {
      if (left-- == 0) throw std::runtime_error("the disk went away");
      chunk = "piece";
      return true;
    };
    return response;
  });
  s.start();
  CHECK(s.client().ask(get("/down/0")).status == 500);
  RawClient client = s.client();
  client.send(get("/down/2"));
  const std::string all = client.read_all();
  CHECK_THAT(all, Catch::Matchers::Contains("piece"));
  CHECK_THAT(all, !Catch::Matchers::EndsWith("0\r\n\r\n"));
}

TEST_CASE("a streamed answer that is cut short is no crash, and a reset where the end of the connection is its end") {
  TestServer s;
  s.router.on_loop(Method::get, "/short", "", [](Request&) {
    Response response = text("");
    response.more = [pieces = 0](std::string& chunk) mutable {
      if (pieces++ > 0) throw CutShort();
      chunk = "piece";
      return true;
    };
    return response;
  });
  s.start();
  RawClient chunked = s.client();
  chunked.send(get("/short"));
  CHECK_THAT(chunked.read_all(), !Catch::Matchers::EndsWith("0\r\n\r\n"));
  RawClient old = s.client();
  old.send("GET /short HTTP/1.0\r\n\r\n");
  (void)old.read_all();
  CHECK(old.was_reset());
  CHECK(s.notebook.crashes().empty());
}
