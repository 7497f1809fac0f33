// The habits of two collectors, as their sources have them, and what the feed owes each. Vector's `websocket` source
// may say something of its own first, waits two seconds for the first frame, and stops for good when its ping was not
// answered by the time of the next. Filebeat's `streaming` input connects again after the close codes 1000, 1001, 1011,
// 1012, 1013 and 1015 or a reset connection, and stops for good after any other ending.
#include <algorithm>
#include <functional>
#include <thread>

#include "tests/feed_socket.h"
#include "tests/services/feed_client.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;
using Positions = std::vector<std::uint64_t>;

constexpr std::chrono::milliseconds an_hour{3'600'000};

bool filebeat_comes_again(const Ended& ended) {
  static constexpr unsigned codes[] = {1000, 1001, 1011, 1012, 1013, 1015};
  return ended.reset || std::find(std::begin(codes), std::end(codes), ended.code) != std::end(codes);
}

// What of the feed's text frames are events, by position.
std::optional<std::uint64_t> position_of(const Frame& frame) {
  if (frame.opcode != Opcode::text) return std::nullopt;
  const json message = json::parse(frame.payload);
  if (!message.contains("version")) return std::nullopt;
  return message.at("position").get<std::uint64_t>();
}

// A server that ends connections sooner than it would.
RunningOptions brisk() {
  RunningOptions options;
  options.limits.linger_timeout = std::chrono::milliseconds(200);
  return options;
}

RunningOptions impatient() {
  RunningOptions options = brisk();
  options.limits.live_progress_timeout = std::chrono::milliseconds(2'000);
  options.limits.live_ping_every = std::chrono::milliseconds(500);
  return options;
}

// About `events` kilobytes.
void append_many(RunningProgram& program, int events) {
  for (int from = 0; from < events; from += 1'000) {
    json batch = json::array();
    for (int i = from; i < std::min(events, from + 1'000); ++i) {
      batch.push_back({{"type", "group.created"},
                       {"actor", {{"kind", "system"}, {"id", "test"}}},
                       {"reason", std::string(500, 'r')},
                       {"data", {{"group", "g" + std::to_string(i)}}}});
    }
    REQUIRE(program.post("/v1/orgs/acme/events", batch.dump()).status == 201);
  }
}

std::uint64_t bytes_given(RunningProgram& program) {
  const std::string name = "\ntenure_feed_bytes_sent_total ", text = program.get("/metrics").body;
  return std::stoull(text.substr(text.find(name) + name.size()));
}

// Until the server has given all that it can to a client that does not read: nothing more for half a second, since one
// that is only slow stands still for a moment too.
void wait_until_stuck(RunningProgram& program) {
  std::uint64_t before = 0;
  for (int equal = 0; equal < 10;) {
    const std::uint64_t now = bytes_given(program);
    equal = now > 0 && now == before ? equal + 1 : 0;
    before = now;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

// Reads to the end of the connection; pings are answered if `lively`.
Ended end_of(FrameSocket& client, bool lively = true) {
  while (const auto frame = client.read()) {
    if (lively && frame->opcode == Opcode::ping) client.send(Opcode::pong, frame->payload);
  }
  return client.ended();
}

std::string address(const std::string& query) { return "/v1/feed" + query; }

}  // namespace

TEST_CASE("Vector gets its first frame though it says nothing and nothing happens, and whatever it says first") {
  // Neither a heartbeat nor a ping comes: what comes first is the hello, or the test waits in vain.
  RunningOptions options;
  options.feed_heartbeat = an_hour;
  options.limits.live_ping_every = an_hour;
  options.limits.live_progress_timeout = an_hour;
  RunningProgram program(options);
  make_org(program, "acme");
  const std::vector<std::optional<Frame>> rows{std::nullopt,
                                               Frame{Opcode::text, ""},
                                               Frame{Opcode::text, "SUBSCRIBE logs"},
                                               Frame{Opcode::text, R"({"type":"subscribe","topics":["*"]})"},
                                               Frame{Opcode::text, std::string(60'000, 'x')},
                                               Frame{Opcode::binary, "\xff\xfe"}};
  for (const auto& said : rows) {
    FrameSocket client(program.port(), address(""), program.token());
    if (said) client.send(said->opcode, said->payload);
    const auto first = client.read();
    REQUIRE(first);
    CHECK(first->opcode == Opcode::text);
    CHECK(json::parse(first->payload).at("type") == "hello");
    const std::uint64_t position = append(program, "acme", "bob");
    // What it said may be answered, before the event or after it, and ends nothing.
    for (bool got = false; !got;) {
      const auto frame = client.read();
      REQUIRE(frame);
      got = position_of(*frame) == position;
      if (got) continue;
      const json message = json::parse(frame->payload);
      CHECK(message.at("type") == "error");
      CHECK(message.at("retry") == false);
    }
  }
}

TEST_CASE("each ping of Vector's is answered ahead of a long catch-up that it reads slowly") {
  RunningProgram program;
  make_org(program, "acme");
  append_many(program, 20'000);
  const std::uint64_t last = newest(program);
  FrameSocket client(program.port(), address("?cursor=1"), program.token(), 64 * 1024);
  Positions seen;
  // What its own side of the connection holds, what ours does, and one turn of the server's loop.
  constexpr std::uint64_t ahead_max = 2'000'000;
  for (int ping = 0; ping < 5; ++ping) {
    wait_until_stuck(program);
    client.send(Opcode::ping, std::to_string(ping));
    const std::uint64_t before = client.bytes();
    for (;;) {
      const auto frame = client.read();
      REQUIRE(frame);
      if (const auto position = position_of(*frame)) seen.push_back(*position);
      if (frame->opcode != Opcode::pong) continue;
      CHECK(frame->payload == std::to_string(ping));
      break;
    }
    CHECK(client.bytes() - before < ahead_max);
  }
  // It was in the middle of it all the time, and the rest is whole.
  CHECK(seen.size() < last);
  while (seen.size() < last) {
    const auto frame = client.read();
    REQUIRE(frame);
    if (const auto position = position_of(*frame)) seen.push_back(*position);
  }
  for (std::size_t i = 0; i < seen.size(); ++i) REQUIRE(seen[i] == i + 1);
}

TEST_CASE("Vector, which keeps no cursor, goes on as a consumer that acknowledges by its pongs, and misses nothing") {
  RunningProgram program(brisk());
  make_org(program, "acme");
  Positions seen;
  std::uint64_t last = 0;
  for (int round = 0; round < 4; ++round) {
    append_many(program, 200 + round);
    last = newest(program);
    FrameSocket client(program.port(), address("?consumer=vector&ack=pong"), program.token());
    std::uint64_t at = 0;
    while (at < last) {
      const auto frame = client.read();
      REQUIRE(frame);
      if (frame->opcode == Opcode::ping) client.send(Opcode::pong, frame->payload);
      const auto position = position_of(*frame);
      if (!position) continue;
      // No gap: at a connection's first event nothing lies between it and what was seen.
      CHECK(*position <= (seen.empty() ? 1 : seen.back() + 1));
      if (at != 0) CHECK(*position == at + 1);
      at = *position;
      if (at > (seen.empty() ? 0 : seen.back())) seen.push_back(at);
      if (round == 1 && at == last - 50) break;  // it dies in the middle
    }
    if (round != 1) program.restart();
  }
  CHECK(seen.size() == last);
}

TEST_CASE("Filebeat comes again after every ending that a new connection cures") {
  struct Row {
    std::string what, query;
    std::function<void(RunningProgram&, const std::string& token_id)> end;
    bool lively = true;
  };
  const auto as_siem = std::string("?consumer=siem");
  const auto stop = [](bool restart) {
    return [restart](RunningProgram& program, const std::string&) { program.stop(restart); };
  };
  const auto send = [](const std::string& method, const std::string& target, const std::string& body = {}) {
    return [=](RunningProgram& program, const std::string&) {
      REQUIRE(program.request(method, target, body).status < 300);
    };
  };
  const std::vector<Row> rows{
      {"the server starts again", "", stop(true)},
      {"the server stops", "", stop(false)},
      {"the token was revoked", "",
       [](RunningProgram& program, const std::string& id) {
         REQUIRE(program.request("DELETE", "/v1/tokens/" + id).status == 200);
       }},
      {"the consumer was reset", as_siem, send("POST", "/v1/consumers/siem/reset", R"({"position":1})")},
      {"the consumer was deleted", as_siem, send("DELETE", "/v1/consumers/siem")},
      {"another connection took the consumer", as_siem,
       [](RunningProgram& program, const std::string&) {
         FrameSocket other(program.port(), address("?consumer=siem"), program.token());
         REQUIRE(other.read());
       }},
      {"it said nothing for the limit's time", "", [](RunningProgram&, const std::string&) {}, false}};
  for (const Row& row : rows) {
    INFO(row.what);
    RunningProgram program(impatient());
    make_org(program, "acme");
    const auto made = program.post("/v1/tokens", R"({"principal":"siem","scopes":["feed","admin"]})").json();
    const std::string admin = program.token(), secret = made.at("secret").get<std::string>();
    FrameSocket client(program.port(), address(row.query), secret);
    REQUIRE(client.read());
    program.speak_as(row.query.empty() ? admin : secret);  // a consumer is its principal's
    Ended ended;
    std::thread reading([&] { ended = end_of(client, row.lively); });
    row.end(program, made.at("token").get<std::string>());
    reading.join();
    CHECK(filebeat_comes_again(ended));
    CHECK(ended.code != 1006);  // and it was told so
  }
}

TEST_CASE("a client that takes nothing is let go by a reset connection, which Filebeat comes again after") {
  for (const bool stops : {false, true}) {
    RunningProgram program(impatient());
    make_org(program, "acme");
    append_many(program, 20'000);
    FrameSocket client(program.port(), address("?cursor=1"), program.token(), 64 * 1024);
    if (stops) {
      wait_until_stuck(program);
      program.stop(true);
    } else {
      const std::string gone = "tenure_feed_disconnects_total{reason=\"no_progress\"} 1";
      while (program.get("/metrics").body.find(gone) == std::string::npos) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
      }
    }
    const Ended ended = end_of(client);
    CHECK(ended.reset);
    CHECK(filebeat_comes_again(ended));
  }
}

TEST_CASE("only what a client's own frames broke ends with a code that a retry does not cure") {
  RunningProgram program;
  const auto code_for = [&](const std::function<void(FrameSocket&)>& say) {
    FrameSocket client(program.port(), address(""), program.token());
    say(client);
    return end_of(client).code;
  };
  CHECK(code_for([](FrameSocket& c) { c.send_bytes("GET / HTTP/1.1\r\n\r\n"); }) == 1002);
  CHECK(code_for([](FrameSocket& c) { c.send(Opcode::text, "\xff\xfe"); }) == 1007);
  CHECK(code_for([](FrameSocket& c) { c.send(Opcode::binary, std::string(70'000, 'x')); }) == 1009);
  CHECK(code_for([](FrameSocket& c) { c.send(Opcode::close, std::string("\x03\xe8", 2)); }) == 1000);
}

TEST_CASE("Filebeat with its cursor in the address has each event once over restarts, and with an old address too") {
  for (const bool address_once : {false, true}) {  // older ones work out their address only when they start
    RunningProgram program(brisk());
    make_org(program, "acme");
    std::uint64_t cursor = 0;
    Positions published;
    for (int round = 0; round < 4; ++round) {
      append_many(program, 300);
      const std::uint64_t last = newest(program);
      const std::uint64_t from = address_once ? 1 : cursor + 1;
      FrameSocket client(program.port(), address("?cursor=" + std::to_string(from)), program.token());
      while (cursor < last) {
        const auto frame = client.read();
        REQUIRE(frame);
        if (frame->opcode == Opcode::ping) client.send(Opcode::pong, frame->payload);
        const auto position = position_of(*frame);
        if (!position || *position <= cursor) continue;  // as the example's program drops it
        published.push_back(*position);
        cursor = *position;
      }
      Ended ended;
      std::thread reading([&] { ended = end_of(client); });
      program.stop(true);
      reading.join();
      CHECK(filebeat_comes_again(ended));
      program.restart();
    }
    REQUIRE(published.size() == cursor);
    for (std::size_t i = 0; i < published.size(); ++i) REQUIRE(published[i] == i + 1);
  }
}
