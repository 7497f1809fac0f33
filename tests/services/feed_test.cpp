// The feed over its three carriers: every position once and in order, from the log to what comes next; only what the
// token may see; and clear words for whoever asks wrongly.
#include <algorithm>
#include <thread>

#include "events/digest.h"
#include "tests/services/feed_client.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;
using Positions = std::vector<std::uint64_t>;

Positions from_to(std::uint64_t first, std::uint64_t last) {
  Positions all;
  for (; first <= last; ++first) all.push_back(first);
  return all;
}

// Where "wait=0" ends at once, everything that there is.
Positions polled(RunningProgram& program, const std::string& query) {
  Positions all;
  for (const json& line : poll(program, query + "&wait=0")) {
    if (line.contains("version")) all.push_back(line.at("position").get<std::uint64_t>());
  }
  return all;
}

}  // namespace

TEST_CASE("the feed says hello at once, then every event as the events route shows it, then what is appended") {
  RunningProgram program({.demo = true});
  make_org(program, "acme");
  const std::uint64_t before = newest(program);
  Follower follower(program, "?cursor=1");
  CHECK(follower.hello().at("type") == "hello");
  CHECK(follower.hello().at("store") == program.get("/readyz").json().at("store"));
  CHECK(follower.hello().at("oldest") == 1);
  CHECK(follower.hello().at("newest") == before);
  CHECK(follower.hello().at("cursor") == 1);
  CHECK(follower.hello().at("format") == "native");
  for (std::uint64_t position = 1; position <= before; ++position) {
    const json event = follower.event();
    REQUIRE(event.at("position") == position);
    const std::string org = event.at("org").get<std::string>();
    if (org == "_tenure") continue;
    CHECK(program.get("/v1/orgs/" + org + "/events/" + std::to_string(event.at("version").get<std::uint64_t>())).body ==
          follower.last_text());
  }
  for (int i = 0; i < 20; ++i) {
    const std::uint64_t position = append(program, "acme", "m" + std::to_string(i));
    const json event = follower.event();
    CHECK(event.at("position") == position);
    CHECK(event.at("data").at("member") == "m" + std::to_string(i));
    CHECK(event.at("actor").at("id") == "ana");
  }
}

TEST_CASE("whoever joins while others append misses nothing where old meets new, whichever position it begins at") {
  RunningProgram program;
  make_org(program, "acme");
  constexpr int appends = 300, followers = 6;
  std::thread writer([&] {
    RunningProgram& p = program;
    for (int i = 0; i < appends; ++i) append(p, "acme", "m" + std::to_string(i % 7));
  });
  const std::uint64_t last = newest(program) + appends;
  std::vector<std::thread> threads;
  std::vector<Positions> seen(followers);
  for (std::size_t i = 0; i < followers; ++i) {
    threads.emplace_back([&, i] {
      Follower follower(program, i % 2 == 0 ? "?cursor=1" : "?since=2020-01-01T00:00:00Z");
      seen[i] = follower.positions(last);
    });
  }
  writer.join();
  const std::uint64_t end = newest(program);
  for (std::uint64_t more = end; more < last; ++more) append(program, "acme", "last");
  for (std::thread& thread : threads) thread.join();
  for (const Positions& positions : seen) CHECK(positions == from_to(1, last));
}

TEST_CASE("filters leave out what was not asked for, and a heartbeat says through where that holds") {
  RunningProgram program({.feed_heartbeat = std::chrono::milliseconds(50)});
  make_org(program, "acme");
  make_org(program, "other");
  const std::uint64_t first = newest(program) + 1;
  const std::uint64_t bob = append(program, "acme", "Bob@acme.test");
  const std::uint64_t cat = append(program, "other", "cat");
  const std::uint64_t by_bob = append(program, "acme", "dan", "bob@acme.test");
  const std::uint64_t zoe = append(program, "acme", "Z\xc3\xb6\xc3\xab");
  const std::string cursor = "?cursor=" + std::to_string(first);
  CHECK(polled(program, cursor + "&org=acme") == Positions{bob, by_bob, zoe});
  CHECK(polled(program, cursor + "&org=acme&org=other") == Positions{bob, cat, by_bob, zoe});
  CHECK(polled(program, cursor + "&actor=bob%40acme.test") == Positions{by_bob});
  CHECK(polled(program, cursor + "&member=bob%40acme.test") == Positions{bob});
  CHECK(polled(program, cursor + "&member=BOB%40ACME.TEST&member=cat") == Positions{bob, cat});
  CHECK(polled(program, cursor + "&member=z%C3%96%C3%8B") == Positions{zoe});
  // As the record names her.
  const json record =
      json::parse(poll(program, cursor + "&wait=0&limit=1&include=record").at(1).at("record").get<std::string>());
  const std::string subject = "subject:" + record.at("data").at("member").get<std::string>();
  CHECK(polled(program, cursor + "&org=acme&member=" + subject) == Positions{bob});
  CHECK(polled(program, cursor + "&org=other&org=acme&actor=" + subject) == Positions{by_bob});
  const auto refused = [&](const std::string& query) {
    return program.request("GET", "/v1/feed" + cursor + "&wait=0" + query, {}, {"Accept: application/x-ndjson"}).json();
  };
  CHECK(refused("&member=" + subject).at("detail").get<std::string>().find("name that with org") != std::string::npos);
  CHECK(refused("&org=other&member=" + subject).at("code") == "unknown_member");
  CHECK(polled(program, cursor + "&type=member.removed").empty());
  CHECK(polled(program, cursor + "&type=member.removed&type=member.added&org=other") == Positions{cat});
  // A verdict and its complement share no event and leave none out.
  Positions by_verdict;
  for (const char* verdict : {"allowed", "violation", "unspecified"}) {
    for (const std::uint64_t position : polled(program, cursor + "&verdict=" + verdict)) by_verdict.push_back(position);
  }
  std::sort(by_verdict.begin(), by_verdict.end());
  CHECK(by_verdict == from_to(bob, zoe));
  // What does not match moves `through` on nonetheless.
  Follower follower(program, cursor + "&org=other");
  CHECK(follower.event().at("position") == cat);
  CHECK(follower.next("heartbeat").at("through") == zoe);
  const std::uint64_t more = append(program, "acme", "eve");
  json heartbeat;
  do {
    heartbeat = follower.next("heartbeat");
  } while (heartbeat.at("through") < more);
  CHECK(heartbeat.at("newest") == more);
  CHECK(follower.events().empty());
}

TEST_CASE("who asks wrongly is told so before the upgrade") {
  RunningProgram program;
  make_org(program, "acme");
  const std::uint64_t end = newest(program);
  const std::string store = program.get("/readyz").json().at("store").get<std::string>();
  struct Row {
    std::string query, code, says;
    int status = 400;
  };
  const std::vector<Row> rows{{"cursor=0", "invalid_cursor", "from 1"},
                              {"cursor=-1", "invalid_cursor", "-1 is not"},
                              {"cursor=1.5", "invalid_cursor", "position"},
                              {"cursor=", "invalid_cursor", "position"},
                              {"cursor=" + std::to_string(end + 2), "invalid_cursor", std::to_string(end + 1)},
                              {"cursor=99999999999999999999", "invalid_cursor", "position"},
                              {"cursor=1&cursor=2", "invalid_field", "twice"},
                              {"cursor=1&since=2020-01-01T00:00:00Z", "invalid_field", "one of"},
                              {"since=yesterday", "invalid_field", ""},
                              {"cursor=1&store=0123", "invalid_cursor", store},
                              {"cursor=1&store=0123", "invalid_cursor", "0123"},
                              {"format=xml", "invalid_field", "cloudevents"},
                              {"include=all", "invalid_field", "record"},
                              {"org=nowhere", "unknown_org", "nowhere"},
                              {"org=", "invalid_field", "empty"},
                              {"org=acme,other", "unknown_org", "repeat"},
                              {"type=member.lost", "unknown_type", "member.lost"},
                              {"verdict=guilty", "invalid_field", "violation"},
                              {"org=acme&member=nobody", "unknown_member", "nobody"},
                              {"colour=red", "unknown_field", "colour"},
                              {"consumer=no%20blanks", "invalid_field", "letters"},
                              {"ack=pong", "invalid_field", "consumer"},
                              {"ack=never", "invalid_field", "pong"},
                              {"limit=5", "invalid_field", "ndjson"}};
  for (const Row& row : rows) {
    INFO(row.query);
    try {
      Follower follower(program, "?" + row.query);
      FAIL("was upgraded");
    } catch (const NoUpgrade& no) {
      CHECK(no.status == static_cast<unsigned>(row.status));
      const json problem = json::parse(no.body);
      CHECK(problem.at("code") == row.code);
      CHECK(problem.at("detail").get<std::string>().find(row.says) != std::string::npos);
    }
  }
  for (const char* query : {"?limit=0", "?limit=1000000", "?wait=61", "?wait=-1", "?cursor=0"}) {
    INFO(query);
    CHECK(program.request("GET", std::string("/v1/feed") + query, {}, {"Accept: application/x-ndjson"}).status == 400);
  }
  CHECK(program.get("/v1/feed").status == 406);
  CHECK(
      program.request("GET", "/v1/feed", {}, {"Accept: text/event-stream", "Last-Event-ID: " + std::to_string(end + 1)})
          .status == 400);
  CHECK(Follower(program, "?cursor=" + std::to_string(end + 1)).hello().at("cursor") == end + 1);
  CHECK(Follower(program, "?cursor=1&store=" + store).hello().at("store") == store);
}

TEST_CASE("a token without the scope is refused before the upgrade, and one of some organizations sees those alone") {
  RunningProgram program({.feed_heartbeat = std::chrono::milliseconds(50)});
  make_org(program, "acme");
  make_org(program, "other");
  const std::string reader = token_of(program, R"({"principal":"r","scopes":["read"]})");
  const std::string limited = token_of(program, R"({"principal":"l","scopes":["feed"],"orgs":["acme"]})");
  for (const auto& [token, status] : {std::pair<std::string, unsigned>{"tnr_wrong", 401}, {reader, 403}}) {
    try {
      Follower follower(program, "?cursor=1", token);
      FAIL("was upgraded");
    } catch (const NoUpgrade& no) {
      CHECK(no.status == status);
    }
  }
  CHECK_THROWS_AS(Follower(program, "?org=other", limited), NoUpgrade);
  Follower follower(program, "?cursor=1", limited);
  const std::uint64_t bob = append(program, "acme", "bob");
  append(program, "other", "cat");
  CHECK(follower.event().at("version") == 1);
  const json event = follower.event();
  CHECK(event.at("position") == bob);
  CHECK(event.at("version") == 2);
  CHECK(follower.next("heartbeat").at("through") >= bob);
  CHECK(follower.events().empty());
}

TEST_CASE("a token that is revoked sees nothing more, though it was following") {
  RunningProgram program({.limits = [] {
    http::ServerLimits limits;
    limits.linger_timeout = std::chrono::milliseconds(200);  // makes the loop look more often
    return limits;
  }()});
  make_org(program, "acme");
  const auto made = program.post("/v1/tokens", R"({"principal":"l","scopes":["feed"]})").json();
  Follower follower(program, "", made.at("secret").get<std::string>());
  REQUIRE(program.request("DELETE", "/v1/tokens/" + made.at("token").get<std::string>()).status == 200);
  CHECK(follower.next("error").at("code") == "token_ended");
  CHECK(follower.event().is_null());
  CHECK(follower.client().close_code() == 1013);
}

TEST_CASE("a long poll ends at its number or when nothing more comes, and says where to go on") {
  RunningProgram program;
  make_org(program, "acme");
  for (int i = 0; i < 10; ++i) append(program, "acme", "m" + std::to_string(i));
  const std::uint64_t end = newest(program);
  Positions all;
  std::uint64_t cursor = 1;
  for (std::uint64_t through = 0; through < end; cursor = through + 1) {
    const auto lines = poll(program, "?limit=3&wait=0&cursor=" + std::to_string(cursor));
    REQUIRE(lines.size() >= 3);
    CHECK(lines.front().at("type") == "hello");
    CHECK(lines.front().at("limit") == 3);
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) all.push_back(lines[i].at("position").get<std::uint64_t>());
    CHECK(lines.back().at("type") == "heartbeat");
    through = lines.back().at("through").get<std::uint64_t>();
  }
  CHECK(all == from_to(1, end));
}

TEST_CASE("server-sent events carry their positions as ids, and a browser's header goes on behind the last") {
  RunningProgram program;
  make_org(program, "acme");
  const std::uint64_t end = newest(program);
  const auto body_until_stop = [&](const std::vector<std::string>& headers, std::uint64_t events) {
    std::string body;
    std::thread asking([&] { body = unchunked(program.request("GET", "/v1/feed?cursor=1", {}, headers).body); });
    // The stop ends what would not end by itself, once all that there is was given.
    const std::string given = "\ntenure_feed_events_sent_total " + std::to_string(events) + "\n";
    while (program.get("/metrics").body.find(given) == std::string::npos) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    program.stop(true);
    asking.join();
    program.restart();
    return body;
  };
  const std::string all = body_until_stop({"Accept: text/event-stream"}, end);
  CHECK(all.find("retry: 1000\nevent: hello\ndata: {\"type\":\"hello\"") == 0);
  Positions ids;
  for (std::size_t at = 0; (at = all.find("\nid: ", at)) != std::string::npos; ++at) {
    const std::size_t line = all.find('\n', at + 5);
    const std::uint64_t id = std::stoull(all.substr(at + 5, line - at - 5));
    if (all.compare(line, 7, "\ndata: ") != 0) continue;
    const std::string data = all.substr(line + 7, all.find('\n', line + 7) - line - 7);
    const json message = json::parse(data);
    if (!message.contains("version")) continue;
    CHECK(message.at("position") == id);
    ids.push_back(id);
  }
  CHECK(ids == from_to(1, end));
  CHECK(all.find("event: error\nid: " + std::to_string(end) + "\ndata: {\"type\":\"error\",\"code\":\"restart\"") !=
        std::string::npos);
  const std::string rest =
      body_until_stop({"Accept: text/event-stream", "Last-Event-ID: " + std::to_string(end - 1)}, 1);
  CHECK(rest.find("\"position\":" + std::to_string(end - 1) + ",") == std::string::npos);
  CHECK(rest.find("id: " + std::to_string(end) + "\ndata: ") != std::string::npos);
}

TEST_CASE("a message that is not understood is answered, and the feed goes on") {
  RunningProgram program;
  make_org(program, "acme");
  Follower follower(program, "");
  const std::vector<std::pair<std::string, std::string>> rows{{"not json", "malformed_json"},
                                                              {"[]", "unknown_message"},
                                                              {"{\"type\":7}", "unknown_message"},
                                                              {"{\"type\":\"subscribe\"}", "unknown_message"},
                                                              {"{\"type\":\"ack\",\"position\":1}", "not_a_consumer"}};
  for (const auto& [message, code] : rows) {
    follower.client().send(message);
    const json error = follower.next("error");
    CHECK(error.at("code") == code);
    CHECK(error.at("retry") == false);
  }
  const std::uint64_t bob = append(program, "acme", "bob");
  CHECK(follower.event().at("position") == bob);
}

TEST_CASE("the record that a message includes is what is hashed: each organization's chain can be followed by it") {
  RunningProgram program({.demo = true});
  const std::uint64_t end = newest(program);
  Follower follower(program, "?cursor=1&include=record");
  std::map<std::string, std::string> last;
  for (std::uint64_t position = 1; position <= end; ++position) {
    const json event = follower.event();
    const std::string record = event.at("record").get<std::string>();
    const json kept = json::parse(record);
    CHECK(kept.at("position") == event.at("position"));
    std::string& before = last[kept.at("org").get<std::string>()];
    CHECK(kept.at("prev") == (before.empty() ? std::string(64, '0') : to_hex(sha256(before))));
    before = record;
  }
}

TEST_CASE("a client that does not read is served from the log when it does, and holds up nobody") {
  RunningProgram program;
  make_org(program, "acme");
  const std::uint64_t first = newest(program) + 1;
  Follower slow(program, "");
  Follower quick(program, "");
  std::string batch = "[";
  for (int i = 0; i < 1'000; ++i) {
    batch += std::string(i == 0 ? "" : ",") + R"({"type":"member.added","reason":")" + std::string(400, 'r') +
             R"(","actor":{"kind":"member","id":"ana"},"data":{"member":"m)" + std::to_string(i % 50) + R"("}})";
  }
  batch += "]";
  for (int i = 0; i < 10; ++i) REQUIRE(program.post("/v1/orgs/acme/events", batch).status == 201);
  CHECK(quick.positions(10'000) == from_to(first, first + 9'999));
  CHECK(slow.positions(10'000) == from_to(first, first + 9'999));
}

TEST_CASE("a stop and a restart are told apart, with the cursor to go on from, and nothing is lost across them") {
  RunningProgram program;
  make_org(program, "acme");
  for (const bool restart : {true, false}) {
    Follower follower(program, "");
    const std::uint64_t position = append(program, "acme", restart ? "bob" : "cat");
    CHECK(follower.event().at("position") == position);
    std::thread stopping([&] { program.stop(restart); });
    const json error = follower.next("error");
    CHECK(error.at("code") == (restart ? "restart" : "shutdown"));
    CHECK(error.at("cursor") == position + 1);
    CHECK(error.at("retry") == true);
    CHECK(follower.event().is_null());
    CHECK(follower.client().close_code() == (restart ? 1012 : 1001));
    CHECK(follower.client().reason() == "cursor=" + std::to_string(position + 1));
    follower.client().drop();
    stopping.join();
    program.restart();
    Follower again(program, "?cursor=" + std::to_string(position + 1));
    const std::uint64_t more = append(program, "acme", "more");
    CHECK(again.positions(1) == Positions{more});
  }
}

TEST_CASE("what the feed does is counted, with the reason of every disconnect") {
  RunningProgram program;
  make_org(program, "acme");
  {
    Follower follower(program, "?cursor=1");
    (void)follower.positions(newest(program));
    CHECK(program.get("/metrics").body.find("tenure_feed_subscribers{carrier=\"websocket\"} 1") != std::string::npos);
    follower.client().close();
  }
  poll(program, "?cursor=1&wait=0");
  std::string text;
  do {
    text = program.get("/metrics").body;
  } while (text.find("tenure_feed_disconnects_total{reason=\"client_closed\"} 1") == std::string::npos);
  CHECK(text.find("tenure_feed_disconnects_total{reason=\"served\"} 1") != std::string::npos);
  CHECK(text.find("tenure_feed_subscribers{carrier=\"websocket\"} 0") != std::string::npos);
  CHECK(text.find("tenure_feed_events_sent_total " + std::to_string(2 * newest(program))) != std::string::npos);
}

TEST_CASE("each format that SIEMs take goes out over every carrier, with the position to go on from") {
  RunningProgram program({.demo = true});
  const std::uint64_t end = newest(program);
  for (const char* format : {"ocsf", "ocsf-1.9", "ecs", "cloudevents"}) {
    INFO(format);
    const auto lines = poll(program, std::string("?cursor=1&wait=0&org=demo&format=") + format);
    CHECK(lines.front().at("format") == format);
    CHECK(lines.back().at("through") == end);
    std::size_t events = 0;
    std::uint64_t last = 0;
    for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
      if (!lines[i].contains("metadata")) {
        ++events;
        continue;
      }
      // A record may give several OCSF messages; they stay together and in order.
      const auto sequence = lines[i].at("metadata").at("sequence").get<std::uint64_t>();
      CHECK(sequence >= last);
      CHECK(lines[i].at("metadata").at("uid").get<std::string>().starts_with(std::to_string(sequence)));
      events += sequence > last;
      last = sequence;
    }
    CHECK(events == program.get("/v1/orgs/demo/events").json().at("versions"));
  }
  WsClient client(program.port(), "/v1/feed?cursor=7&format=cef", {{"Authorization", "Bearer " + program.token()}});
  CHECK(json::parse(client.read().value()).at("format") == "cef");
  for (std::uint64_t position = 7; position <= end; ++position) CHECK(client.read().value().starts_with("CEF:"));
  CHECK_THROWS_AS(Follower(program, "?format=cef&include=record"), NoUpgrade);
}
