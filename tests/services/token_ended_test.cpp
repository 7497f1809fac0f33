// A token that is revoked while its request is under way: nothing more is recorded or told.
#include "services/api/rows.h"
#include "services/tokens.h"
#include "tests/catch.h"
#include "tests/services/running_program.h"
#include "tests/services_http/raw_client.h"

namespace {

using namespace tenure;
using http::test::RawClient;
using nlohmann::json;
using test::RunningProgram;

// A token that only appends, and its end.
struct Appending {
  RunningProgram& program;
  json token;

  explicit Appending(RunningProgram& of) : program(of) {
    const auto made = program.post("/v1/tokens", R"({"principal":"sync","scopes":["append"]})");
    REQUIRE(made.status == 201);
    token = made.json();
  }
  // The head of a request whose body the server asks for: once it has, the token was let in.
  std::string head(const std::string& target, std::size_t body_bytes) const {
    return "POST " + target + " HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nAuthorization: Bearer " +
           token.at("secret").get<std::string>() + "\r\nContent-Length: " + std::to_string(body_bytes) + "\r\n\r\n";
  }
  void revoke() const {
    REQUIRE(program.request("DELETE", "/v1/tokens/" + token.at("token").get<std::string>()).status == 200);
  }
};

std::string joins(int number) {
  return R"({"_document_id":"d)" + std::to_string(number) +
         R"(","@timestamp":1700000000000,"actor":"ana","org":"acme","action":"org.add_member","user":"m)" +
         std::to_string(number) + "\"}\n";
}

}  // namespace

TEST_CASE("a body that ends after its token was revoked is not recorded") {
  RunningProgram program;
  REQUIRE(program.post("/v1/orgs", R"({"id":"acme","model":"github","mode":"observe","owner":"ana"})").status == 201);
  const Appending appending(program);
  const std::string body = R"({"type":"member.added","actor":{"kind":"system","id":"x"},"data":{"member":"zoe"}})";
  RawClient client(program.port());
  REQUIRE(client.ask(appending.head("/v1/orgs/acme/events", body.size())).status == 100);
  client.send(body.substr(0, body.size() - 1));
  appending.revoke();
  CHECK(client.ask(body.substr(body.size() - 1)).status == 401);
  CHECK(program.get("/v1/orgs/acme/events").json().at("total") == 1);
}

TEST_CASE("an import whose token is revoked ends with the lines that were recorded before") {
  RunningProgram program;
  REQUIRE(program.post("/v1/orgs/acme/import?format=github-audit", joins(0)).status == 200);
  const auto before = program.get("/v1/orgs/acme/events").json().at("total");
  std::string lines;
  for (int i = 1; i < 9'000; ++i) lines += joins(i);
  const Appending appending(program);
  RawClient client(program.port());
  REQUIRE(client.ask(appending.head("/v1/orgs/acme/import?format=github-audit", lines.size())).status == 100);
  const std::size_t first = joins(1).size();
  client.send(lines.substr(0, first));
  appending.revoke();
  client.send(lines.substr(first));
  const auto answer = client.read_answer();
  CHECK(answer.status == 401);
  CHECK(answer.body.find("revoked or has expired since the request began") != std::string::npos);
  CHECK(program.get("/v1/orgs/acme/events").json().at("total") == before);
}

TEST_CASE("an import that fills no batch ends with its token, too") {
  RunningProgram program;
  const Appending appending(program);
  RawClient client(program.port());
  REQUIRE(client.ask(appending.head("/v1/orgs/acme/import?format=github-audit", 1'000'000)).status == 100);
  client.send("\n");
  appending.revoke();
  client.send("\n");
  CHECK(client.read_answer().status == 401);
}

TEST_CASE("a stream of rows ends with the page in hand once its token is revoked, and is cut") {
  services::Tokens tokens;
  event::TokenCreated created;
  created.hash = "h";
  created.scopes = {"read"};
  created.token = "tok_1";
  Record made;
  made.event.data = created;
  tokens.apply(made, "ana");
  http::Request request;
  request.add_header("Accept", "application/x-ndjson");
  request.identity = tokens.by_id("tok_1");
  int pages = 0;
  const auto list = services::with_rows({"a"}, [&pages](http::Request&) {
    http::Response page;
    page.body = R"({"items":[{"a":)" + std::to_string(++pages) + R"(}],"next":"more"})";
    return page;
  });
  auto answer = list(request);
  REQUIRE(answer.more);
  Record revoked;
  revoked.event.data = event::TokenRevoked{"tok_1"};
  tokens.apply(revoked, {});
  std::string chunk;
  CHECK_THROWS_AS(answer.more(chunk), http::CutShort);
  CHECK(pages == 1);
}
