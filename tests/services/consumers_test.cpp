// Named consumers: the server keeps how far each has acknowledged, across connections and restarts.
#include <atomic>
#include <thread>

#include "tests/services/feed_client.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;
using Positions = std::vector<std::uint64_t>;

std::string ack(std::uint64_t position) { return R"({"type":"ack","position":)" + std::to_string(position) + "}"; }

json consumer(RunningProgram& program, const std::string& name) {
  const auto answer = program.get("/v1/consumers/" + name);
  INFO(answer.body);
  REQUIRE(answer.status == 200);
  return answer.json();
}

}  // namespace

TEST_CASE("a consumer goes on behind what it acknowledged, on another connection and after a restart") {
  RunningProgram program;
  make_org(program, "acme");
  const std::uint64_t before = newest(program);
  for (const bool binary : {false, true}) {
    Follower follower(program, "?consumer=siem");
    if (!binary) CHECK(follower.hello().at("cursor") == 1);
    CHECK(follower.hello().at("consumer") == "siem");
    const std::uint64_t position = append(program, "acme", binary ? "cat" : "bob");
    while (follower.event().at("position") < position) {
    }
    follower.client().send(ack(position), binary);
    CHECK(follower.next("acknowledged").at("position") == position);
    CHECK(consumer(program, "siem").at("acknowledged") == position);
    CHECK(consumer(program, "siem").at("lag_events") == 0);
    CHECK(consumer(program, "siem").at("connected") == true);
    // What was acknowledged is not sent again; what comes next is.
    const std::uint64_t next = append(program, "acme", "dan");
    program.restart();
    CHECK(consumer(program, "siem").at("acknowledged") == position);
    CHECK(consumer(program, "siem").at("lag_events") == newest(program) - position);
    Follower again(program, "?consumer=siem&cursor=1");
    CHECK(again.hello().at("cursor") == position + 1);
    CHECK(again.positions(1) == Positions{next});
  }
  CHECK(newest(program) > before);
}

TEST_CASE("what was not acknowledged is sent again") {
  RunningProgram program;
  make_org(program, "acme");
  Positions sent;
  for (int i = 0; i < 5; ++i) sent.push_back(append(program, "acme", "m" + std::to_string(i)));
  {
    Follower follower(program, "?consumer=siem&cursor=" + std::to_string(sent.front()));
    CHECK(follower.positions(5) == sent);
    follower.client().send(ack(sent[1]));
    CHECK(follower.next("acknowledged").at("position") == sent[1]);
    follower.client().send(ack(sent[0]));  // never back
    follower.client().send(ack(newest(program) + 1));
    CHECK(follower.next("error").at("code") == "invalid_field");
    follower.client().drop();
  }
  Follower again(program, "?consumer=siem");
  CHECK(again.positions(3) == Positions{sent[2], sent[3], sent[4]});
}

TEST_CASE("the newer of two connections as one consumer wins, and the older may come again") {
  RunningProgram program({.limits = [] {
    http::ServerLimits limits;
    limits.linger_timeout = std::chrono::milliseconds(200);
    return limits;
  }()});
  make_org(program, "acme");
  Follower older(program, "?consumer=siem&cursor=" + std::to_string(newest(program) + 1));
  Follower newer(program, "?consumer=siem");
  const json error = older.next("error");
  CHECK(error.at("code") == "taken_over");
  CHECK(error.at("retry") == true);
  CHECK(older.event().is_null());
  CHECK(older.client().close_code() == 1013);
  const std::uint64_t position = append(program, "acme", "bob");
  while (newer.event().at("position") < position) {
  }
  newer.client().send(ack(position));
  CHECK(newer.next("acknowledged").at("position") == position);
}

TEST_CASE("a client that cannot send a message acknowledges by its pongs, in order behind the events") {
  RunningProgram program;
  make_org(program, "acme");
  std::uint64_t position = 0;
  {
    Follower follower(program, "?consumer=siem&ack=pong");
    position = append(program, "acme", "bob");
    while (follower.event().at("position") < position) {
    }
    // Beast answers pings while it reads, and the ping comes behind the event that it names.
    append(program, "acme", "cat");
    while (consumer(program, "siem").at("acknowledged") < position) {
      append(program, "acme", "more");
      (void)follower.event();
    }
    for (const std::string& ping : follower.client().pings()) {
      if (!ping.empty()) CHECK(std::stoull(ping) <= newest(program));
    }
    follower.client().drop();
  }
  program.restart();
  Follower again(program, "?consumer=siem");
  CHECK(again.hello().at("cursor") > position);
}

TEST_CASE("consumers are listed with their lag, reset, acknowledged and deleted over the API, each on record") {
  RunningProgram program;
  make_org(program, "acme");
  const std::uint64_t first = append(program, "acme", "bob");
  { Follower follower(program, "?consumer=siem"); }
  const auto list = program.get("/v1/consumers").json();
  REQUIRE(list.at("items").size() == 1);
  CHECK(list.at("items").at(0).at("consumer") == "siem");
  CHECK(list.at("items").at(0).at("lag_events") == newest(program));
  CHECK(list.at("items").at(0).at("lag_seconds") >= 0);
  CHECK(program.get("/metrics")
            .body.find("tenure_consumer_lag_events{consumer=\"siem\"} " + std::to_string(newest(program))) !=
        std::string::npos);

  const auto reset = program.post("/v1/consumers/siem/reset", json{{"position", first}}.dump());
  CHECK(reset.status == 200);
  CHECK(reset.json().at("acknowledged") == first - 1);
  const std::string acknowledged = json{{"position", first}}.dump();
  const auto unsent = program.post("/v1/consumers/siem/ack", acknowledged);
  CHECK(unsent.status == 400);
  CHECK(unsent.json().at("field") == "/position");
  CHECK(consumer(program, "siem").at("acknowledged") == first - 1);
  Follower(program, "?consumer=siem").positions(1);
  CHECK(program.post("/v1/consumers/siem/ack", acknowledged).json().at("acknowledged") == first);
  program.restart();
  CHECK(consumer(program, "siem").at("acknowledged") == first);
  const auto since = program.post("/v1/consumers/siem/reset", R"({"since":"2000-01-01T00:00:00Z"})");
  CHECK(since.json().at("acknowledged") == 0);
  for (const char* body : {"{}", "[]", R"({"position":0})", R"({"position":-1})", R"({"position":99999})",
                           R"({"since":"now"})", R"({"position":1,"since":"2000-01-01T00:00:00Z"})"}) {
    INFO(body);
    CHECK(program.post("/v1/consumers/siem/reset", body).status == 400);
  }
  CHECK(program.post("/v1/consumers/siem/ack", R"({"position":99999})").status == 400);
  CHECK(program.request("DELETE", "/v1/consumers/siem").status == 200);
  CHECK(program.get("/v1/consumers/siem").status == 404);
  CHECK(program.post("/v1/consumers/siem/reset", R"({"position":1})").status == 404);
  CHECK(program.request("DELETE", "/v1/consumers/siem").status == 404);
  // A new one of the same name has nothing of the old one's.
  program.restart();
  CHECK(Follower(program, "?consumer=siem").hello().at("cursor") == 1);
  std::vector<std::string> types;
  for (const json& line : poll(program,
                               "?cursor=1&wait=0&org=_tenure&type=consumer.created&type=consumer.reset"
                               "&type=consumer.deleted")) {
    if (line.contains("version")) types.push_back(line.at("type").get<std::string>());
  }
  CHECK(types == std::vector<std::string>{"consumer.created", "consumer.reset", "consumer.reset", "consumer.deleted",
                                          "consumer.created"});
}

TEST_CASE("a consumer is its principal's: another one neither sees it nor takes it over") {
  RunningProgram program;
  make_org(program, "acme");
  const std::string mine = token_of(program, R"({"principal":"mine","scopes":["feed"]})");
  const std::string other = token_of(program, R"({"principal":"other","scopes":["feed"]})");
  Follower follower(program, "?consumer=siem", mine);
  CHECK_THROWS_AS(Follower(program, "?consumer=siem", other), NoUpgrade);
  const std::string admin = program.token();
  program.speak_as(other);
  CHECK(program.get("/v1/consumers").json().at("total") == 0);
  CHECK(program.get("/v1/consumers/siem").status == 404);
  CHECK(program.post("/v1/consumers/siem/reset", R"({"position":1})").status == 404);
  CHECK(program.request("DELETE", "/v1/consumers/siem").status == 404);
  program.speak_as(mine);
  CHECK(program.get("/v1/consumers").json().at("total") == 1);
  program.speak_as(admin);
  CHECK(program.get("/v1/consumers").json().at("total") == 1);
  CHECK(consumer(program, "siem").at("connected") == true);
}

TEST_CASE(
    "a token that sees other organizations than a consumer is for cannot move it, though it is the same principal's") {
  RunningProgram program;
  make_org(program, "acme");
  make_org(program, "other");
  const std::vector<std::string> lines{"Accept: application/x-ndjson"};
  const std::string admin = program.token();
  const std::string own_admin = token_of(program, R"({"principal":"siem","scopes":["admin","feed"]})");
  const std::string wide = token_of(program, R"({"principal":"siem","scopes":["feed"]})");
  const std::string narrow = token_of(program, R"({"principal":"siem","scopes":["feed"],"orgs":["acme"]})");
  const std::string both = token_of(program, R"({"principal":"siem","scopes":["feed"],"orgs":["other","acme"]})");
  const std::string again = token_of(program, R"({"principal":"siem","scopes":["feed"],"orgs":["acme","other"]})");
  for (const auto& [name, mine, others] :
       {std::tuple("all", wide, std::vector{narrow, both}), std::tuple("one", narrow, std::vector{wide, both}),
        std::tuple("two", both, std::vector{wide, narrow})}) {
    const std::string consumer = std::string("?consumer=") + name, path = std::string("/v1/consumers/") + name;
    { Follower follower(program, consumer, mine); }
    for (int run = 0; run < 2; ++run) {
      for (const std::string& other : others) {
        CHECK_THROWS_AS(Follower(program, consumer, other), NoUpgrade);
        program.speak_as(other);
        const auto refused = program.request("GET", "/v1/feed" + consumer + "&wait=0", {}, lines);
        CHECK(refused.status == 403);
        CHECK(refused.body.find("Use a token that sees the same") != std::string::npos);
        CHECK(program.post(path + "/reset", R"({"position":1})").status == 403);
        CHECK(program.post(path + "/ack", R"({"position":1})").status == 403);
        CHECK(program.request("DELETE", path).status == 403);
      }
      program.speak_as(mine);
      CHECK(program.post(path + "/ack", R"({"position":0})").status == 200);
      CHECK(program.get(path).json().at("orgs").size() == (mine == wide ? 0 : mine == narrow ? 1 : 2));
      if (mine == both) Follower(program, consumer, again);
      program.restart();
    }
    // Who looks after everything may, also of the same principal.
    for (const std::string& all : {admin, own_admin}) {
      program.speak_as(all);
      CHECK(program.post(path + "/reset", R"({"position":1})").status == 200);
    }
  }
}

TEST_CASE("a consumer of other organizations alone is not shown as one of all") {
  RunningProgram program;
  for (const char* org : {"acme", "other"}) make_org(program, org);
  const std::string of_other = token_of(program, R"({"principal":"siem","scopes":["feed"],"orgs":["other"]})");
  const std::string of_acme = token_of(program, R"({"principal":"siem","scopes":["feed"],"orgs":["acme"]})");
  { Follower follower(program, "?consumer=one", of_other); }
  program.speak_as(of_acme);
  CHECK(program.get("/v1/consumers").json().at("total") == 0);
  CHECK(program.get("/v1/consumers/one").status == 404);
  program.speak_as(of_other);
  CHECK(program.get("/v1/consumers/one").json().at("orgs") == json({"other"}));
}

TEST_CASE("whoever may delete a sink may set what it is sent next") {
  RunningProgram program;
  make_org(program, "acme");
  const auto made =
      program.post("/v1/sinks", R"({"sink":"s1","kind":"ndjson","url":"http://127.0.0.1:1/x","orgs":["acme"]})");
  INFO(made.body);
  REQUIRE(made.status == 201);
  const std::string of_acme = token_of(program, R"({"principal":"b","scopes":["admin"],"orgs":["acme"]})");
  const std::string feeding = token_of(program, R"({"principal":"b","scopes":["feed"],"orgs":["acme"]})");
  program.speak_as(feeding);
  CHECK(program.post("/v1/consumers/s1/reset", R"({"position":1})").status == 404);
  program.speak_as(of_acme);
  CHECK(program.post("/v1/consumers/s1/reset", R"({"position":1})").status == 200);
  CHECK(program.request("DELETE", "/v1/sinks/s1").status == 200);
}

TEST_CASE("acknowledgements that come while others are being written are written too") {
  RunningProgram program;
  make_org(program, "acme");
  std::string batch;
  for (int i = 0; i < 500; ++i) {
    batch += R"({"type":"group.created","actor":{"kind":"system","id":"x"},"data":{"group":"g)" + std::to_string(i) +
             "\"}}\n";
  }
  Follower follower(program, "?consumer=siem&cursor=" + std::to_string(newest(program) + 1));
  std::uint64_t last = 0;
  for (int round = 0; round < 3; ++round) {
    REQUIRE(program.post("/v1/orgs/acme/events", batch, {"Content-Type: application/x-ndjson"}).status == 201);
    const std::uint64_t end = newest(program);
    while (last < end) {
      last = follower.event().at("position").get<std::uint64_t>();
      follower.client().send(ack(last));
    }
  }
  while (follower.next("acknowledged").at("position") < last) {
  }
  CHECK(consumer(program, "siem").at("acknowledged") == last);
  program.restart();
  CHECK(consumer(program, "siem").at("acknowledged") == last);
}

TEST_CASE("an acknowledgement of what was sent before a reset does not undo the reset") {
  RunningProgram program;
  make_org(program, "acme");
  const std::uint64_t position = append(program, "acme", "bob");
  Follower(program, "?consumer=siem").positions(position);
  CHECK(program.post("/v1/consumers/siem/reset", R"({"position":1})").status == 200);
  const auto late = program.post("/v1/consumers/siem/ack", json{{"position", position}}.dump());
  CHECK(late.status == 400);
  CHECK(late.json().at("detail").get<std::string>().find("has not been sent") != std::string::npos);
  CHECK(consumer(program, "siem").at("acknowledged") == 0);
}

TEST_CASE("acknowledgements of several consumers at once are durable when they are answered") {
  RunningProgram program;
  make_org(program, "acme");
  std::uint64_t last = 0;
  for (int i = 0; i < 30; ++i) last = append(program, "acme", "m" + std::to_string(i));
  const std::vector<std::string> names{"a", "b", "c"};
  for (const std::string& name : names) Follower(program, "?consumer=" + name).positions(last);
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (const std::string& name : names) {
    threads.emplace_back([&, name] {
      for (std::uint64_t position = 1; position <= last; ++position) {
        const auto answer = program.post("/v1/consumers/" + name + "/ack", json{{"position", position}}.dump());
        // What is shown is what the store has.
        if (answer.status != 200 || answer.json().at("acknowledged") != position) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("an instant ahead of the clock is nothing to begin at") {
  RunningProgram program;
  make_org(program, "acme");
  CHECK(program.request("GET", "/v1/feed?since=2999-01-01T00:00:00Z", {}, {"Accept: application/x-ndjson"}).status ==
        400);
  { Follower follower(program, "?consumer=siem"); }
  const auto reset = program.post("/v1/consumers/siem/reset", R"({"since":"2999-01-01T00:00:00Z"})");
  CHECK(reset.status == 400);
  CHECK(reset.json().at("detail").get<std::string>().find("ahead of the server's clock") != std::string::npos);
}
