// What is no sink is refused, with the field at fault, and leaves nothing behind.
#include "services/push/destination.h"
#include "services/push/receiver.h"
#include "tests/services/push_told.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

struct Row {
  const char* what;
  json change;  // of a good wish: null takes a field away
  int status;
  const char* code;
  const char* field;
  const char* says;
};

const std::vector<Row> rows{
    {"no name", {{"sink", nullptr}}, 400, "missing_field", "/sink", "\"sink\" is missing"},
    {"a name with a blank", {{"sink", "a b"}}, 400, "invalid_field", "/sink", "letters, digits"},
    {"a name of 129 bytes", {{"sink", std::string(129, 'a')}}, 400, "invalid_field", "/sink", "1 to 128"},
    {"a name that is a number", {{"sink", 1}}, 400, "invalid_field", "/sink", "must be a text"},
    {"no kind", {{"kind", nullptr}}, 400, "missing_field", "/kind", "syslog, splunk_hec or ndjson"},
    {"an unknown kind", {{"kind", "kafka"}}, 400, "invalid_field", "/kind", "\"kafka\" is no kind of sink"},
    {"no url", {{"url", nullptr}}, 400, "missing_field", "/url", "where it pushes to"},
    {"a url that is none", {{"url", "not a url"}}, 400, "invalid_field", "/url", "is not a URL"},
    {"another scheme", {{"url", "ftp://127.0.0.1/"}}, 400, "invalid_field", "/url", "another scheme"},
    {"syslog's scheme for HTTP", {{"url", "tcp://127.0.0.1:514"}}, 400, "invalid_field", "/url", "http://HOST/PATH"},
    {"a url with a user", {{"url", "http://user@127.0.0.1/"}}, 400, "invalid_field", "/url", "user or password"},
    {"a url with a password", {{"url", "http://u:p@127.0.0.1/"}}, 400, "invalid_field", "/url", "user or password"},
    {"a url with a fragment", {{"url", "http://127.0.0.1/#x"}}, 400, "invalid_field", "/url", "fragment"},
    {"a url without host", {{"url", "http:///x"}}, 400, "invalid_field", "/url", "names no host"},
    {"port 0", {{"url", "http://127.0.0.1:0/"}}, 400, "invalid_field", "/url", "port from 1 to 65535"},
    {"port 65536", {{"url", "http://127.0.0.1:65536/"}}, 400, "invalid_field", "/url", "port from 1 to 65535"},
    {"a url of 3,000 bytes", {{"url", "http://h/" + std::string(3'000, 'a')}}, 413, "too_large", "/url", "2048"},
    {"syslog without port", {{"kind", "syslog"}, {"url", "tcp://127.0.0.1"}}, 400, "invalid_field", "/url", "port"},
    {"syslog with a path", {{"kind", "syslog"}, {"url", "tcp://h:1/x"}}, 400, "invalid_field", "/url", "has a path"},
    {"syslog over UDP", {{"kind", "syslog"}, {"url", "udp://h:514"}}, 400, "invalid_field", "/url", "tcp://HOST:PORT"},
    {"syslog with a token",
     {{"kind", "syslog"}, {"url", "tcp://h:1"}, {"token", "x"}},
     400,
     "invalid_field",
     "/token",
     "no place for a \"token\""},
    {"an unknown format", {{"format", "leef"}}, 400, "invalid_field", "/format", "\"leef\" is no format"},
    {"cef where JSON is due", {{"format", "cef"}}, 400, "invalid_field", "/format", "\"cef\" is no JSON"},
    {"an unknown organization", {{"orgs", {"nobody"}}}, 400, "unknown_org", "/orgs", "no organization \"nobody\""},
    {"organizations as a text", {{"orgs", "acme"}}, 400, "invalid_field", "/orgs", "must be a list"},
    {"an empty list", {{"types", json::array()}}, 400, "invalid_field", "/types", "leave it out for all"},
    {"an unknown type", {{"types", {"member.eaten"}}}, 400, "unknown_type", "/types", "not an event type"},
    {"101 types", {{"types", std::vector<std::string>(101, "member.added")}}, 413, "too_large", "/types", "100"},
    {"an unknown verdict", {{"verdicts", {"maybe"}}}, 400, "invalid_field", "/verdicts", "no verdict"},
    {"an empty token", {{"token", ""}}, 400, "invalid_field", "/token", "printable ASCII"},
    {"a token with a line end", {{"token", "a\r\nX: y"}}, 400, "invalid_field", "/token", "printable ASCII"},
    {"a token of 5,000 bytes", {{"token", std::string(5'000, 'a')}}, 400, "invalid_field", "/token", "1 to 4096"},
    {"a start at 0", {{"start", 0}}, 400, "invalid_cursor", "/start", "a position from 1 to"},
    {"a start beyond the end", {{"start", 1'000'000}}, 400, "invalid_cursor", "/start", "a position from 1 to"},
    {"a start in words", {{"start", "yesterday"}}, 400, "invalid_field", "/start", "oldest, now"},
    {"a field too many", {{"retries", 3}}, 400, "unknown_field", "/retries", "not a field of a sink"},
};

}  // namespace

TEST_CASE("what is no sink is refused with the field at fault, and leaves nothing behind") {
  RunningProgram program({.push_times = quick()});
  const std::uint64_t before = newest(program);
  for (const Row& row : rows) {
    json wish = sink_wish("s", "ndjson", "http://127.0.0.1:9/");
    wish.update(row.change);
    for (auto at = wish.begin(); at != wish.end();) at = at->is_null() ? wish.erase(at) : std::next(at);
    const auto answer = program.post("/v1/sinks", wish.dump());
    INFO(row.what << ": " << answer.body);
    CHECK(answer.status == row.status);
    CHECK(answer.json().at("code") == row.code);
    CHECK(answer.json().at("field") == row.field);
    CHECK(answer.json().at("detail").get<std::string>().find(row.says) != std::string::npos);
  }
  for (const char* body : {"", "[]", "\"x\"", "{"}) CHECK(program.post("/v1/sinks", body).status == 400);
  CHECK(newest(program) == before);
  CHECK(program.get("/v1/sinks").json().at("total") == 0);
}

TEST_CASE("a name is taken by one sink or consumer, and there are 32 sinks at most") {
  RunningProgram program({.push_times = quick()});
  HttpTaker taker;
  const std::string url = "http://" + taker.address();
  REQUIRE(program.request("GET", "/v1/feed?consumer=siem&wait=0", {}, {"Accept: application/x-ndjson"}).status == 200);
  for (int i = 0; i < 2; ++i) {
    const auto answer = program.post("/v1/sinks", sink_wish("siem", "ndjson", url).dump());
    CHECK(answer.status == 409);
    CHECK(answer.json().at("code") == "already_exists");
    if (i == 0) REQUIRE(program.request("DELETE", "/v1/consumers/siem").status == 200);
    if (i == 0) make_sink(program, sink_wish("siem", "ndjson", url));
  }
  for (int i = 1; i < 32; ++i) make_sink(program, sink_wish("s" + std::to_string(i), "ndjson", url));
  const auto answer = program.post("/v1/sinks", sink_wish("one-more", "ndjson", url).dump());
  INFO(answer.body);
  CHECK(answer.status == 413);
  CHECK(answer.json().at("detail").get<std::string>().find("32 sinks") != std::string::npos);
  CHECK(program.get("/v1/sinks").json().at("total") == 32);
  for (const char* what : {"", "/pause", "/resume"}) {
    const std::string target = std::string("/v1/sinks/nobody") + what;
    CHECK((*what ? program.post(target, "") : program.get(target)).status == 404);
  }
  CHECK(program.request("DELETE", "/v1/sinks/nobody").status == 404);
}

TEST_CASE("sinks take the scope admin, and a token for some organizations makes and sees those of these alone") {
  RunningProgram program({.push_times = quick()});
  make_org(program, "acme");
  make_org(program, "other");
  HttpTaker taker;
  const std::string admin = program.token();
  const auto wish_for = [&](const char* name, std::vector<std::string> orgs) {
    json wish = sink_wish(name, "ndjson", "http://" + taker.address());
    if (!orgs.empty()) wish["orgs"] = orgs;
    return wish.dump();
  };
  REQUIRE(program.post("/v1/sinks", wish_for("all", {})).status == 201);
  REQUIRE(program.post("/v1/sinks", wish_for("others", {"other"})).status == 201);
  program.speak_as(token_of(program, R"({"principal":"x","scopes":["feed","read","append"]})"));
  CHECK(program.get("/v1/sinks").status == 403);
  CHECK(program.post("/v1/sinks", wish_for("mine", {"acme"})).status == 403);
  program.speak_as(admin);
  program.speak_as(token_of(program, R"({"principal":"x","scopes":["admin"],"orgs":["acme"]})"));
  CHECK(program.post("/v1/sinks", wish_for("mine", {})).status == 403);
  CHECK(program.post("/v1/sinks", wish_for("mine", {"other"})).status == 403);
  CHECK(program.post("/v1/sinks", wish_for("mine", {"acme"})).status == 201);
  CHECK(program.get("/v1/sinks").json().at("total") == 1);
  CHECK(program.get("/v1/sinks/all").status == 404);
  CHECK(program.request("DELETE", "/v1/sinks/others").status == 404);
  CHECK(program.request("DELETE", "/v1/sinks/mine").status == 200);
}

TEST_CASE("a URL is read as where to connect and what to ask for") {
  using services::parse_destination;
  using services::SinkKind;
  struct Url {
    SinkKind kind;
    const char* url;
    const char* host;
    std::uint16_t port;
    const char* target;
    bool tls;
  };
  const Url urls[] = {
      {SinkKind::splunk_hec, "https://splunk.acme.test:8088", "splunk.acme.test", 8088, "/services/collector/event",
       true},
      {SinkKind::splunk_hec, "http://h/collector", "h", 80, "/collector", false},
      {SinkKind::ndjson, "https://h", "h", 443, "/", true},
      {SinkKind::ndjson, "http://[::1]:81/a%20b?c=d", "::1", 81, "/a%20b?c=d", false},
      {SinkKind::ndjson, "http://h?x", "h", 80, "/?x", false},
      {SinkKind::syslog, "tcp://10.0.0.1:601", "10.0.0.1", 601, "", false},
      {SinkKind::syslog, "tls://h:6514/", "h", 6514, "", true},
  };
  for (const Url& one : urls) {
    const auto to = parse_destination(one.kind, one.url, "url");
    INFO(one.url);
    REQUIRE(to.has_value());
    CHECK(to->host == one.host);
    CHECK(to->port == one.port);
    if (one.kind != SinkKind::syslog) CHECK(to->target == one.target);
    CHECK(to->tls == one.tls);
  }
}

TEST_CASE("a Retry-After is seconds or a date, and what a receiver says is one printable line without the token") {
  using services::retry_after_of;
  const auto now = std::chrono::system_clock::from_time_t(1'700'000'000);  // 14 November 2023, 22:13:20
  CHECK(retry_after_of("120", now) == std::chrono::seconds(120));
  CHECK(retry_after_of("99999999999999999999", now) == std::chrono::seconds(999'999'999));
  CHECK(retry_after_of("Tue, 14 Nov 2023 22:13:50 GMT", now) == std::chrono::seconds(30));
  CHECK(retry_after_of("Tue, 14 Nov 2023 22:00:00 GMT", now) == std::chrono::seconds(0));
  for (const char* wrong : {"", "soon", "-1", "1.5", "Tue, 14 Nov 2023"}) CHECK_FALSE(retry_after_of(wrong, now));
  CHECK(retry_after_of("Fri, 31 Dec 9999 23:59:59 GMT", now) > std::chrono::hours(24 * 365 * 7'000));
  CHECK(services::said_by("no\r\n\x1b[2Jtoken abc is bad\n", "abc") == "no   [2Jtoken (token) is bad");
  CHECK(services::said_by(std::string(1'000, 'x'), "").size() <= 203);
}

TEST_CASE("what a receiver says is not shown where it shows the token otherwise written") {
  using services::said_by;
  const std::string token = "s3cr3t/t0k3n";
  CHECK(said_by("Bearer s3cr3t/t0k3n is not known, s3cr3t/t0k3n", token) == "Bearer (token) is not known, (token)");
  for (const char* said : {R"({"bad":"Authorization: Bearer s3cr3t\/t0k3n"})", "s3cr3t%2Ft0k3n", "s3cr3t&#47;t0k3n",
                           "s3cr3t/t0k3n and s3cr3t\\u002ft0k3n", "s3cr3t t0k3n"}) {
    INFO(said);
    CHECK(said_by(said, token).empty());
  }
  // Half of a long one is enough; what is like it by chance is not.
  CHECK(said_by("not with 0123456789abc", "0123456789abcdef-x").empty());
  CHECK(said_by("not with 012345", "0123456789abcdef-x") == "not with 012345");
  CHECK(said_by("the token is wrong", token) == "the token is wrong");
}
