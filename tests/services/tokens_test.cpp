// Tokens over HTTP: what each scope opens, to which organizations and for whom; how they are made, listed, revoked and
// kept.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "events/digest.h"
#include "tests/catch.h"
#include "tests/services/running_program.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::HttpAnswer;
using test::RunningProgram;

// An owner's program with the organizations acme and gate; requests as others go through `as`.
struct Tokens {
  RunningProgram program;
  std::string admin = program.token();

  Tokens() {
    for (const char* org : {"acme", "gate"}) {
      const std::string body =
          R"({"id":")" + std::string(org) + R"(","model":"github","mode":"observe","owner":"ana"})";
      REQUIRE(program.post("/v1/orgs", body).status == 201);
    }
  }
  json make(const std::string& wish) {
    program.speak_as(admin);
    const auto made = program.post("/v1/tokens", wish);
    INFO(made.body);
    REQUIRE(made.status == 201);
    return made.json();
  }
  int as(const json& token, const std::string& method, const std::string& target, const std::string& body = {}) {
    program.speak_as(token.at("secret").get<std::string>());
    const int status = program.request(method, target, body).status;
    program.speak_as(admin);
    return status;
  }
};

struct Door {
  std::string method, target, body, scope;
};

// One request for each thing that the interface does, and the scope that opens it.
const std::vector<Door> doors{
    {"GET", "/v1/models", "", "read"},
    {"GET", "/v1/models/github", "", "read"},
    {"POST", "/v1/models", "{}", "admin"},
    {"GET", "/v1/orgs", "", "read"},
    {"POST", "/v1/orgs", "{}", "append"},
    {"GET", "/v1/orgs/acme", "", "read"},
    {"GET", "/v1/orgs/acme/events", "", "read"},
    {"GET", "/v1/orgs/acme/events/1", "", "read"},
    {"POST", "/v1/orgs/acme/events", "{}", "append"},
    {"POST", "/v1/orgs/acme/import?format=none", "{}", "append"},
    {"GET", "/v1/orgs/acme/who-can?permission=repository", "", "read"},
    {"GET", "/v1/orgs/acme/can?permission=repository&member=ana", "", "read"},
    {"GET", "/v1/orgs/acme/members", "", "read"},
    {"GET", "/v1/orgs/acme/members/ana", "", "read"},
    {"GET", "/v1/orgs/acme/groups", "", "read"},
    {"GET", "/v1/orgs/acme/groups/none/members", "", "read"},
    {"GET", "/v1/orgs/acme/roles", "", "read"},
    {"GET", "/v1/orgs/acme/roles/owner", "", "read"},
    {"GET", "/v1/tokens", "", "admin"},
    {"POST", "/v1/tokens", "{}", "admin"},
    {"DELETE", "/v1/tokens/none", "", "admin"},
};

std::set<std::string> ids_of(const json& list) {
  std::set<std::string> ids;
  for (const json& token : list.at("items")) ids.insert(token.at("token").get<std::string>());
  return ids;
}

}  // namespace

TEST_CASE("a scope opens its own routes and no other, admin opens all") {
  Tokens tokens;
  for (const char* scope : {"admin", "append", "read", "review", "feed"}) {
    const json token = tokens.make(R"({"principal":"a","scopes":[")" + std::string(scope) + "\"]}");
    for (const Door& door : doors) {
      INFO(scope << ": " << door.method << " " << door.target);
      const bool open = scope == std::string("admin") || scope == door.scope;
      CHECK((tokens.as(token, door.method, door.target, door.body) != 403) == open);
    }
  }
  for (const char* open : {"/healthz", "/readyz", "/metrics", "/openapi.json"}) {
    CHECK(tokens.program.raw("GET " + std::string(open) + " HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n").status ==
          200);
  }
}

TEST_CASE("a token with a list of organizations reaches those alone, by every route") {
  Tokens tokens;
  const json token = tokens.make(R"({"principal":"a","scopes":["append","read"],"orgs":["gate","new"]})");
  for (const Door& door : doors) {
    if (door.target.find("/acme") == std::string::npos) continue;
    INFO(door.method << " " << door.target);
    CHECK(tokens.as(token, door.method, door.target, door.body) == 403);
    std::string other = door.target;
    other.replace(other.find("/acme"), 5, "/gate");
    CHECK(tokens.as(token, door.method, other, door.body) != 403);
  }
  CHECK(tokens.as(token, "POST", "/v1/orgs", R"({"id":"other","model":"github","mode":"observe"})") == 403);
  CHECK(tokens.as(token, "POST", "/v1/orgs", R"({"id":"new","model":"github","mode":"observe"})") == 201);
}

TEST_CASE("a token for some kinds of actors speaks for those alone") {
  Tokens tokens;
  const json token = tokens.make(R"({"principal":"a","scopes":["append"],"actor_kinds":["integration","system"]})");
  const auto by = [](const std::string& kind) {
    return R"({"type":"member.added","actor":{"kind":")" + kind + R"(","id":"x"},"data":{"member":"zoe"}})";
  };
  CHECK(tokens.as(token, "POST", "/v1/orgs/acme/events", by("integration")) == 201);
  CHECK(tokens.as(token, "POST", "/v1/orgs/acme/events", by("member")) == 403);
  CHECK(tokens.as(token, "POST", "/v1/orgs/acme/events", "[" + by("system") + "," + by("support") + "]") == 403);
  // Making an organization is an event like any other.
  const std::string org = R"({"id":"new","model":"github","mode":"observe","actor":{"kind":)";
  CHECK(tokens.as(token, "POST", "/v1/orgs", org + R"("member","id":"ana"}})") == 403);
  CHECK(tokens.as(token, "POST", "/v1/orgs", org + R"("integration","id":"x"}})") == 201);
}

TEST_CASE("what a token records names the token and whose it is") {
  Tokens tokens;
  const json token = tokens.make(R"({"principal":"sync@acme.test","scopes":["append"]})");
  REQUIRE(tokens.as(token, "POST", "/v1/orgs/acme/events",
                    R"({"type":"member.added","actor":{"kind":"system","id":"x"},"data":{"member":"zoe"}})") == 201);
  const json record = tokens.program.get("/v1/orgs/acme/events/2").json();
  CHECK(record.at("recorded_by").at("token") == token.at("token"));
  CHECK(record.at("recorded_by").at("principal") == "sync@acme.test");
}

TEST_CASE(
    "a token's secret is shown once and kept nowhere, its list shows what it may, and revoking it holds at once") {
  Tokens tokens;
  const json token =
      tokens.make(R"({"principal":"a@b.test","scopes":["read"],"orgs":["acme"],"actor_kinds":["system"],)"
                  R"("expires_at":"2999-01-01T00:00:00Z"})");
  const std::string id = token.at("token").get<std::string>(), secret = token.at("secret").get<std::string>();
  CHECK(secret.size() == 4 + 64);
  const auto shown = tokens.program.get("/v1/tokens");
  CHECK(shown.body.find(secret.substr(4)) == std::string::npos);
  CHECK(shown.body.find(to_hex(sha256(secret))) == std::string::npos);
  json expected = token;
  expected.erase("secret");
  const json list = shown.json();
  CHECK(std::find(list.at("items").begin(), list.at("items").end(), expected) != list.at("items").end());
  CHECK(expected.at("orgs") == json({"acme"}));
  CHECK(expected.at("revoked") == false);

  CHECK(tokens.as(token, "GET", "/v1/orgs/acme") == 200);
  CHECK(tokens.program.request("DELETE", "/v1/tokens/" + id).json().at("revoked") == true);
  CHECK(tokens.as(token, "GET", "/v1/orgs/acme") == 401);
  CHECK(tokens.program.request("DELETE", "/v1/tokens/" + id).status == 200);

  const json other = tokens.make(R"({"principal":"a@b.test","scopes":["read"]})");
  tokens.program.restart();
  CHECK(tokens.as(token, "GET", "/v1/orgs/acme") == 401);
  CHECK(tokens.as(other, "GET", "/v1/orgs/acme") == 200);
  CHECK(ids_of(tokens.program.get("/v1/tokens").json()).contains(id));

  tokens.program.stop();
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tokens.program.folder())) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    INFO(entry.path());
    for (const auto& made : {secret, other.at("secret").get<std::string>()}) {
      CHECK(bytes.find(made.substr(4)) == std::string::npos);
    }
    ++files;
  }
  CHECK(files > 5);
}

TEST_CASE("a token that is limited makes, sees and revokes only tokens within its own limits") {
  Tokens tokens;
  const json limited = tokens.make(R"({"principal":"a","scopes":["admin"],"orgs":["acme"],"actor_kinds":["system"]})");
  const json wide = tokens.make(R"({"principal":"b","scopes":["read"]})");
  const json within = tokens.make(R"({"principal":"c","scopes":["read"],"orgs":["acme"],"actor_kinds":["system"]})");
  const auto make = [&](const std::string& more) {
    return tokens.as(limited, "POST", "/v1/tokens", R"({"principal":"d","scopes":["admin"])" + more + "}");
  };
  CHECK(make("") == 403);
  CHECK(make(R"(,"orgs":["acme"])") == 403);
  CHECK(make(R"(,"actor_kinds":["system"])") == 403);
  CHECK(make(R"(,"orgs":["acme","gate"],"actor_kinds":["system"])") == 403);
  CHECK(make(R"(,"orgs":["acme"],"actor_kinds":["system","member"])") == 403);
  CHECK(make(R"(,"orgs":["acme"],"actor_kinds":["system"])") == 201);

  const auto revoke = [&](const json& token) {
    return tokens.as(limited, "DELETE", "/v1/tokens/" + token.at("token").get<std::string>());
  };
  CHECK(revoke(wide) == 403);
  CHECK(revoke(within) == 200);
  CHECK(tokens.as(wide, "GET", "/v1/orgs/acme") == 200);
  CHECK(tokens.as(within, "GET", "/v1/orgs/acme") == 401);

  tokens.program.speak_as(limited.at("secret").get<std::string>());
  const auto seen = ids_of(tokens.program.get("/v1/tokens").json());
  CHECK_FALSE(seen.contains(wide.at("token").get<std::string>()));
  CHECK(seen.contains(within.at("token").get<std::string>()));
  CHECK(seen.contains(limited.at("token").get<std::string>()));
  // Access models are everybody's.
  CHECK(tokens.as(limited, "POST", "/v1/models", "{}") == 403);
}

TEST_CASE("a token that ends makes none that ends later, or never") {
  Tokens tokens;
  const json ending = tokens.make(R"({"principal":"a","scopes":["admin"],"expires_at":"2999-01-01T00:00:00Z"})");
  const auto make = [&](const std::string& more) {
    return tokens.as(ending, "POST", "/v1/tokens", R"({"principal":"d","scopes":["read"])" + more + "}");
  };
  CHECK(make("") == 403);
  CHECK(make(R"(,"expires_at":"2999-01-01T00:00:01Z")") == 403);
  CHECK(make(R"(,"expires_at":"2999-01-01T00:00:00Z")") == 201);
}

TEST_CASE("when a token was made is told the same before and after a restart") {
  Tokens tokens;
  for (int i = 0; i < 10; ++i) tokens.make(R"({"principal":"a","scopes":["read"]})");
  const json before = tokens.program.get("/v1/tokens").json().at("items");
  tokens.program.restart();
  CHECK(tokens.program.get("/v1/tokens").json().at("items") == before);
}

TEST_CASE("the scheme of a token is read in any case") {
  RunningProgram program;
  for (const char* scheme : {"Bearer", "bearer", "BEARER"}) {
    CHECK(program
              .raw("GET /v1/tokens HTTP/1.1\r\nHost: t\r\nConnection: close\r\nAuthorization: " + std::string(scheme) +
                   " " + program.token() + "\r\n\r\n")
              .status == 200);
  }
}
