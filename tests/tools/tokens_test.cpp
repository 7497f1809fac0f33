// Tokens by the command line: made with their limits, listed without their secrets, revoked.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/catch.h"
#include "tests/tools/running_serve.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

}  // namespace

TEST_CASE("a token made by the command line has the scopes, organizations, actors and end that were given") {
  RunningServe serve({"--demo"});
  const Ran made =
      serve.run({"--json", "token", "create", "--principal", "sync", "--scope", "append", "--scope", "read", "--org",
                 "demo", "--org", "other", "--actor-kind", "system", "--expires-at", "2999-01-01T00:00:00Z"});
  REQUIRE(made.code == exit_ok);
  const json token = json::parse(made.out);
  CHECK(token.at("principal") == "sync");
  CHECK(token.at("scopes") == json({"append", "read"}));
  CHECK(token.at("orgs") == json({"demo", "other"}));
  CHECK(token.at("actor_kinds") == json({"system"}));
  CHECK(token.at("expires_at") == "2999-01-01T00:00:00Z");

  const std::string secret = token.at("secret").get<std::string>(), id = token.at("token").get<std::string>();
  CHECK(serve.run({"--token", secret, "members", "demo"}).code == exit_ok);
  const auto append = [&](const std::string& org, const std::string& kind) {
    return serve.run({"--token", secret, "append", org, "-"},
                     R"({"type":"group.created","actor":{"kind":")" + kind + R"(","id":"x"},"data":{"group":"g"}})");
  };
  CHECK(append("demo", "system").code == exit_ok);
  CHECK(append("demo", "member").code == exit_forbidden);
  CHECK(append("acme", "system").code == exit_forbidden);

  const Ran table = serve.run({"token", "list"});
  CHECK(table.code == exit_ok);
  CHECK(table.out.find("demo other") != std::string::npos);
  CHECK(table.out.find(secret.substr(4)) == std::string::npos);
  CHECK(serve.run({"token", "revoke", id}).code == exit_ok);
  CHECK(serve.run({"token", "list"}).out.find("revoked") != std::string::npos);
  CHECK(serve.run({"--token", secret, "members", "demo"}).code == exit_forbidden);
  CHECK(serve.run({"token", "revoke", "tok_none"}).code == exit_refused);
}

TEST_CASE("a token that cannot be made is refused with the reason") {
  RunningServe serve;
  const Ran unknown = serve.run({"token", "create", "--principal", "a", "--scope", "write"});
  CHECK(unknown.code == exit_refused);
  CHECK(unknown.err.find("admin, append, read") != std::string::npos);
  CHECK(serve.run({"token", "create", "--principal", "a", "--scope", "read", "--expires-at", "2030-01-01"}).code ==
        exit_refused);
  CHECK(serve.run({"token", "create", "--scope", "read"}).code == exit_usage);
}

TEST_CASE("a first start that cannot leave its token is tried again by the next") {
  RunningServe serve;
  REQUIRE(serve.stop() == exit_ok);
  std::filesystem::remove_all(serve.folder());
  // A folder stands where the token's file belongs.
  std::filesystem::create_directories(serve.folder() + "/admin.token");
  try {
    serve.start();
    FAIL("it started");
  } catch (const DidNotStart& no) {
    CHECK(no.code == exit_failed);
  }
  std::filesystem::remove(serve.folder() + "/admin.token");
  serve.start();
  CHECK(serve.run({"token", "list"}).code == exit_ok);
}
