// What a client can get wrong about who it is, what it sent before, how it sends and what it sets up; each is refused
// with the way out, and nothing changes. The second half of bad_input_test.cpp.

#include <thread>

#include "tests/catch.h"
#include "tests/services/wrong_request.h"

namespace {

using namespace tenure;
using nlohmann::json;
using test::HttpAnswer;
using test::TwoOrganizations;
using test::Wrong;

const std::string to_acme = "/v1/orgs/acme/events";

Wrong setup(const std::string& what, const std::string& target, const std::string& body, int status,
            const std::string& code, const std::string& field, const std::string& says) {
  return {what, "POST", target, body, {}, status, code, field, says};
}

// Asks with another token, or with none.
HttpAnswer ask_as(TwoOrganizations& org, const std::string& token, const Wrong& wrong) {
  std::string text = wrong.method + " " + wrong.target + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n";
  if (!token.empty()) text += "Authorization: " + token + "\r\n";
  if (!wrong.body.empty()) text += "Content-Length: " + std::to_string(wrong.body.size()) + "\r\n";
  return org.program.raw(text + "\r\n" + wrong.body);
}

void refuse_as(TwoOrganizations& org, const std::string& token, const Wrong& wrong) {
  const std::string before = org.state();
  test::check_refusal(wrong, ask_as(org, token, wrong));
  CHECK(org.state() == before);
}

std::string make_token(TwoOrganizations& org, const std::string& wish) {
  const auto made = org.program.post("/v1/tokens", wish);
  REQUIRE(made.status == 201);
  return "Bearer " + made.json().at("secret").get<std::string>();
}

}  // namespace

TEST_CASE("a reused event id or Idempotency-Key with another body is 409, with the same body the first answer") {
  TwoOrganizations org;
  const std::string bob = TwoOrganizations::event("bob");
  org.refuse({"an id with other content",
              "POST",
              to_acme,
              TwoOrganizations::event("bob", R"("reason":"other",)"),
              {},
              409,
              "id_reused",
              "/id",
              "use a new id"});
  org.refuse({"a key with another body",
              "POST",
              to_acme,
              TwoOrganizations::event("zoe"),
              {"Idempotency-Key: first"},
              409,
              "id_reused",
              "Idempotency-Key",
              "use a new key"});
  org.refuse({"a key that is too long",
              "POST",
              to_acme,
              bob,
              {"Idempotency-Key: " + std::string(321, 'k')},
              400,
              "invalid_field",
              "Idempotency-Key",
              "320 bytes"});
  const std::string before = org.state();
  const auto first = org.program.post(to_acme, bob, {"Idempotency-Key: first"});
  CHECK(first.status == 201);
  CHECK(first.json().at("items").at(0).at("version") == 2);
  CHECK(first.headers.at("etag") == "\"2\"");
  CHECK(org.program.post(to_acme, bob).json() == first.json());
  // Idempotency comes before the version: a retry of what was taken is not stale.
  CHECK(org.program.post(to_acme, bob, {"Idempotency-Key: first", "If-Match: \"1\""}).json() == first.json());
  CHECK(org.program.post(to_acme, bob, {"If-Match: \"1\""}).json() == first.json());
  CHECK(org.state() == before);
}

TEST_CASE("a stale version is 412 and names the current one") {
  TwoOrganizations org;
  const auto stale = org.refuse({"a stale version",
                                 "POST",
                                 to_acme,
                                 TwoOrganizations::event("zoe"),
                                 {"If-Match: \"1\""},
                                 412,
                                 "version_conflict",
                                 "If-Match",
                                 "read what changed"});
  CHECK(stale.json().at("version") == 2);
  for (const char* text : {"2", "\"two\"", "W/\"2\"", "\"\"", "*"}) {
    org.refuse({"no version",
                "POST",
                to_acme,
                TwoOrganizations::event("zoe"),
                {std::string("If-Match: ") + text},
                400,
                "invalid_field",
                "If-Match",
                "as ETag gives it"});
  }
  // The version is the whole batch's condition: in `enforce` it is compared before anything is judged.
  org.refuse({"a stale violation",
              "POST",
              "/v1/orgs/gate/events",
              R"({"type":"member.removed","actor":{"kind":"member","id":"ana"},"data":{"member":"ana"}})",
              {"If-Match: \"7\""},
              412,
              "version_conflict",
              "If-Match",
              "at version 1"});
  CHECK(org.program.post(to_acme, TwoOrganizations::event("zoe"), {"If-Match: \"2\""}).headers.at("etag") == "\"3\"");
}

TEST_CASE("no token is 401, and one without the scope, for another organization or for other actors 403") {
  TwoOrganizations org;
  const std::string event = TwoOrganizations::event("zoe");
  const Wrong append{"", "POST", to_acme, event, {}, 401, "unauthenticated", "", ""};
  const auto as = [&](Wrong wrong, const std::string& what, int status, const std::string& says,
                      const std::string& field = {}) {
    wrong.what = what;
    wrong.status = status;
    wrong.code = status == 401 ? "unauthenticated" : "forbidden";
    wrong.says = says;
    wrong.field = field;
    return wrong;
  };
  refuse_as(org, "", as(append, "no token", 401, "tenure token create"));
  refuse_as(org, "Basic YTpi", as(append, "another scheme", 401, "Bearer"));
  refuse_as(org, "Bearer tnr_0000", as(append, "an unknown token", 401, "unknown, revoked or expired"));
  CHECK(ask_as(org, "", append).headers.at("www-authenticate") == "Bearer");

  const std::string reader = make_token(org, R"({"principal":"a","scopes":["read"]})");
  refuse_as(org, reader, as(append, "without the scope", 403, "\"append\""));
  const Wrong tokens{"", "GET", "/v1/tokens", {}, {}, 403, "forbidden", "", ""};
  refuse_as(org, reader, as(tokens, "without admin", 403, "\"admin\""));

  const std::string gate = make_token(org, R"({"principal":"a","scopes":["append","read"],"orgs":["gate"]})");
  refuse_as(org, gate, as(append, "for another organization", 403, "other organizations", "org"));
  const Wrong read{"", "GET", "/v1/orgs/acme", {}, {}, 403, "forbidden", "", ""};
  refuse_as(org, gate, as(read, "reading another organization", 403, "other organizations", "org"));
  const Wrong create{"", "POST", "/v1/orgs", R"({"id":"new","model":"github","mode":"observe"})", {}, 403, "", "", ""};
  refuse_as(org, gate, as(create, "making another organization", 403, "other organizations", "/id"));
  const auto seen = ask_as(org, gate, {"", "GET", "/v1/orgs", {}, {}, 200, "", "", ""}).json();
  CHECK(seen.at("total") == 1);
  CHECK(seen.at("items").at(0).at("id") == "gate");

  const std::string machine = make_token(org, R"({"principal":"a","scopes":["append"],"actor_kinds":["integration"]})");
  refuse_as(org, machine, as(append, "for another kind of actor", 403, "actors of kind member", "/actor/kind"));
  const Wrong import{"", "POST", "/v1/orgs/acme/import?format=github-audit", "{}", {}, 403, "", "", ""};
  refuse_as(org, machine, as(import, "an import by it", 403, "members and integrations", "format"));

  const std::string gone =
      make_token(org, R"({"principal":"a","scopes":["append"],"expires_at":"2020-01-01T00:00:00Z"})");
  refuse_as(org, gone, as(append, "an expired token", 401, "expired"));
}

TEST_CASE("a client that sends a byte at a time is cut off with 408, in the head and in the body") {
  test::RunningOptions options;
  // Enough for who does not drip, on a machine that is busy.
  options.limits.head_timeout = std::chrono::milliseconds(3'000);
  options.limits.body_grace = std::chrono::milliseconds(1'000);
  TwoOrganizations org(options);
  const std::string before = org.state();
  // So long that a byte at a time takes far longer than is given for it.
  const std::string event = TwoOrganizations::event("zoe") + std::string(20'000, ' ');
  const std::string authorization = "Authorization: Bearer " + org.program.token() + "\r\n";
  const std::string head = "POST " + to_acme + " HTTP/1.1\r\nHost: localhost\r\n" + authorization +
                           "X-Long: " + std::string(2'000, 'x') +
                           "\r\nContent-Length: " + std::to_string(event.size()) + "\r\n\r\n";
  const Wrong slow_head{"slow head", "POST", to_acme, {}, {}, 408, "request_timeout", "", "3000 ms"};
  test::check_refusal(slow_head, org.program.drip("", head + event));
  const Wrong slow{"slow", "POST", to_acme, {}, {}, 408, "request_timeout", "", "1000 ms"};
  test::check_refusal(slow, org.program.drip(head, event));
  const std::string upload = "POST /v1/orgs/acme/import?format=github-audit HTTP/1.1\r\nHost: localhost\r\n" +
                             authorization + "Content-Length: 100000\r\n\r\n";
  test::check_refusal(slow, org.program.drip(upload, std::string(99'999, 'x')));
  CHECK(org.state() == before);
}

TEST_CASE("a wrong organization, token or model is refused and its field named") {
  TwoOrganizations org;
  const auto tokens = org.program.get("/v1/tokens").json().at("total");
  const std::string at = R"("occurred_at":)", good = R"("id":"new","model":"github","mode":"observe")";
  org.refuse_all({
      setup("no JSON", "/v1/orgs", "{\"id\":", 400, "malformed_json", "", "ends"),
      setup("a list", "/v1/orgs", "[]", 400, "invalid_field", "", "an object"),
      setup("no id", "/v1/orgs", R"({"model":"github","mode":"observe"})", 400, "missing_field", "/id", "needed"),
      setup("an id with a slash", "/v1/orgs", R"({"id":"a/b","model":"github","mode":"observe"})", 400, "invalid_field",
            "/id", "paths"),
      setup("a reserved id", "/v1/orgs", R"({"id":"_tenure","model":"github","mode":"observe"})", 400, "invalid_field",
            "/id", "_"),
      setup("an id that is taken", "/v1/orgs", R"({"id":"acme","model":"github","mode":"observe"})", 409,
            "already_exists", "/id", "exists"),
      setup("no mode", "/v1/orgs", R"({"id":"new","model":"github"})", 400, "missing_field", "/mode", "needed"),
      setup("an unknown mode", "/v1/orgs", R"({"id":"new","model":"github","mode":"strict"})", 400, "invalid_field",
            "/mode", "enforce"),
      setup("an unknown model", "/v1/orgs", R"({"id":"new","model":"none","mode":"observe"})", 400, "unknown_model",
            "/model", "GET /v1/models"),
      setup("an unknown field", "/v1/orgs", "{" + good + R"(,"owners":1})", 400, "unknown_field", "/owners", "field"),
      setup("an owner that is a list", "/v1/orgs", "{" + good + R"(,"owner":[]})", 400, "invalid_field", "/owner",
            "a text"),
      setup("an actor without an id", "/v1/orgs", "{" + good + R"(,"actor":{"kind":"member"}})", 400, "missing_field",
            "/actor/id", "id"),
      setup("a date for an instant", "/v1/orgs", "{" + good + "," + at + R"("2024-02-29"})", 400, "invalid_field",
            "/occurred_at", "RFC 3339"),
      setup("an instant ahead", "/v1/orgs", "{" + good + "," + at + R"("2999-01-01T00:00:00Z"})", 422, "in_the_future",
            "/occurred_at", "5 minutes"),
      setup("a token of nobody", "/v1/tokens", R"({"scopes":["read"]})", 400, "invalid_field", "/principal", "whose"),
      setup("a token for nothing", "/v1/tokens", R"({"principal":"a"})", 400, "missing_field", "/scopes", "append"),
      setup("an unknown scope", "/v1/tokens", R"({"principal":"a","scopes":["write"]})", 400, "invalid_field",
            "/scopes", "admin, append"),
      setup("scopes that are a text", "/v1/tokens", R"({"principal":"a","scopes":"read"})", 400, "invalid_field",
            "/scopes", "list"),
      setup("an unknown kind of actor", "/v1/tokens", R"({"principal":"a","scopes":["read"],"actor_kinds":["bot"]})",
            400, "invalid_field", "/actor_kinds", "integration"),
      setup("a token until a date", "/v1/tokens", R"({"principal":"a","scopes":["read"],"expires_at":"2030-01-01"})",
            400, "invalid_field", "/expires_at", "RFC 3339"),
      setup("an unknown field of a token", "/v1/tokens", R"({"principal":"a","scopes":["read"],"org":"acme"})", 400,
            "unknown_field", "/org", "token"),
      setup("a model that is none", "/v1/models", "{}", 400, "invalid_field", "/id", "missing"),
      setup("a model that is no JSON", "/v1/models", "{", 400, "malformed_json", "", "ends"),
      setup("an import of no format", "/v1/orgs/acme/import", "{}", 400, "invalid_field", "format", "github-audit"),
      setup("an import of an unknown format", "/v1/orgs/acme/import?format=csv", "{}", 400, "invalid_field", "format",
            "github-audit"),
      setup("an import where Tenure is the gate", "/v1/orgs/gate/import?format=github-audit", "{}", 409,
            "invalid_field", "org", "observe"),
      {"a token that there is not", "DELETE", "/v1/tokens/tok_0", {}, {}, 404, "not_found", "token", "tok_0"},
      {"a path of no route", "GET", "/v1/organizations", {}, {}, 404, "not_found", "", "/openapi.json"},
      {"a method of no route", "PUT", "/v1/orgs", "{}", {}, 405, "method_not_allowed", "", "GET"},
  });
  CHECK(org.program.get("/v1/tokens").json().at("total") == tokens);
}

TEST_CASE("what would be taken otherwise than it was meant is refused: a key, an encoding, a name with a NUL") {
  TwoOrganizations org;
  const auto tokens = org.program.get("/v1/tokens").json().at("total");
  org.refuse_all({
      setup("a token of somebody with a NUL", "/v1/tokens", R"({"principal":"a\u0000b","scopes":["read"]})", 400,
            "invalid_field", "/principal", "control"),
      {"a key that would not be known again",
       "POST",
       "/v1/tokens",
       R"({"principal":"a","scopes":["read"]})",
       {"Idempotency-Key: once"},
       400,
       "invalid_field",
       "Idempotency-Key",
       "leave it out"},
      {"an import in another encoding",
       "POST",
       "/v1/orgs/acme/import?format=github-audit",
       "\x1f\x8b",
       {"Content-Encoding: gzip"},
       415,
       "unknown_content_encoding",
       "Content-Encoding",
       "as it is"},
  });
  CHECK(org.program.get("/v1/tokens").json().at("total") == tokens);
}

TEST_CASE("an import names each line that it cannot take and takes the others") {
  TwoOrganizations org;
  const auto line = [](const std::string& id, const std::string& in, const std::string& rest) {
    return R"({"_document_id":")" + id + R"(","@timestamp":1700000000000,"actor":"ana","org":")" + in + "\"," + rest +
           "}\n";
  };
  const std::string added = R"("action":"org.add_member","user":"zoe")";
  const auto answer = org.program.post("/v1/orgs/acme/import?format=github-audit",
                                       line("1", "acme", added) + "not JSON\n\n" + line("2", "other", added) +
                                           "{\"a\":\"\xff\"}\n" + line("3", "acme", R"("user":"zoe")") +
                                           line("4", "acme", R"("action":"org.remove_member","user":"zoe")"));
  REQUIRE(answer.status == 200);
  const json summary = answer.json();
  CHECK(summary.at("lines") == 7);
  CHECK(summary.at("events") == 2);
  CHECK(summary.at("refused_lines") == 4);
  std::vector<int> lines;
  for (const json& refused : summary.at("refused")) {
    lines.push_back(refused.at("line").get<int>());
    CHECK_FALSE(refused.at("because").get<std::string>().empty());
  }
  CHECK(lines == std::vector{2, 4, 5, 6});
}

TEST_CASE("an event id that Tenure gives its own events is refused to clients") {
  test::RunningProgram program;
  REQUIRE(program.post("/v1/orgs", R"({"id":"o","model":"github","mode":"observe","owner":"ana"})").status == 201);
  for (const char* id : {"review:q1", "review-run:q:2026-01-01T00:00:00Z", "report:r1"}) {
    const auto answer = program.post("/v1/orgs/o/events", std::string(R"({"id":")") + id +
                                                              R"(","type":"member.added","actor":{"kind":"member",)" +
                                                              R"("id":"ana"},"data":{"member":"bob"}})");
    INFO(id << ": " << answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.json().at("field") == "/id");
  }
}
