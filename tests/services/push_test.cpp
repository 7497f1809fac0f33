// Sinks: what receivers are sent, in which form, and how it is gone on with.
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "events/instant.h"
#include "tests/services/push_told.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;
using std::chrono::milliseconds;
using Texts = std::vector<std::string>;

// The envelopes of Splunk's collector, one behind the other.
std::vector<json> envelopes(const HttpTaker& taker) {
  std::vector<json> all;
  for (const std::string& line : taker.lines()) all.push_back(json::parse(line));
  return all;
}

std::vector<std::uint64_t> positions_of(const HttpTaker& taker) {
  std::vector<std::uint64_t> all;
  for (const std::string& line : taker.lines()) {
    all.push_back(json::parse(line).at("position").get<std::uint64_t>());
  }
  return all;
}

std::string whole_folder(const std::string& folder) {
  std::ostringstream all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) all << std::ifstream(entry.path(), std::ios::binary).rdbuf();
  }
  return all.str();
}

}  // namespace

TEST_CASE("an ndjson sink posts every event once, in order, as the feed shows it in each format") {
  RunningProgram program({.demo = true, .push_times = quick()});
  const char* formats[] = {"native", "ocsf", "ocsf-1.9", "ecs", "cloudevents"};
  std::list<HttpTaker> takers(std::size(formats));
  auto taker = takers.begin();
  for (const char* format : formats) {
    json wish = sink_wish(format, "ndjson", "http://" + (taker++)->address() + "/take?from=tenure");
    wish["format"] = format;
    make_sink(program, wish);
  }
  taker = takers.begin();
  for (const char* format : formats) {
    const json now = delivered(program, format);
    INFO(now.dump());
    CHECK(taker->lines() == feed_messages(program, std::string("&format=") + format));
    CHECK(now.at("state") == "running");
    CHECK(now.at("delivered") == newest(program));
    CHECK(now.at("events") == newest(program));
    CHECK_FALSE(now.contains("error"));
    for (const Posted& posted : taker->taken()) {
      CHECK(posted.target == "/take?from=tenure");
      CHECK(posted.content_type == "application/x-ndjson");
      CHECK(posted.store == program.get("/readyz").json().at("store"));
      CHECK(posted.authorization.empty());
    }
    ++taker;
  }
  const std::uint64_t next = append(program, "demo", "one@demo.test");
  for (HttpTaker& each : takers) {
    each.wait_until([&] { return !each.lines().empty(); });
  }
  CHECK(delivered(program, "native").at("delivered") == next);
  CHECK(positions_of(takers.front()).back() == next);
}

TEST_CASE("a splunk_hec sink posts envelopes with the event's id, its time and the token") {
  RunningProgram program({.demo = true, .push_times = quick()});
  const auto store = program.get("/readyz").json().at("store").get<std::string>();
  for (const char* format : {"native", "cef", "ocsf"}) {
    HttpTaker taker;
    json wish = sink_wish(format, "splunk_hec", "http://" + taker.address());
    wish["format"] = format;
    wish["token"] = "0f4e-secret";
    CHECK(make_sink(program, wish).at("token") == true);
    delivered(program, format);
    const Texts expected = feed_messages(program, std::string("&format=") + format);
    const auto got = envelopes(taker);
    REQUIRE(got.size() == expected.size());
    std::set<std::string> ids;
    for (std::size_t i = 0; i < got.size(); ++i) {
      INFO(got[i].dump());
      CHECK(got[i].at("source") == "tenure");
      CHECK(got[i].at("sourcetype") == std::string("tenure:") + format);
      const auto id = got[i].at("fields").at("tenure_id").get<std::string>();
      CHECK(ids.insert(id).second);
      CHECK(id.starts_with(store + ":"));
      const json event = std::string(format) == "cef" ? json() : json::parse(expected[i]);
      CHECK(got[i].at("event") == (event.is_null() ? json(expected[i]) : event));
      if (event.contains("position")) {
        CHECK(id == store + ":" + event.at("position").dump());
        const auto at = tenure::parse_instant(event.at("occurred_at").get<std::string>());
        CHECK(std::abs(got[i].at("time").get<double>() - static_cast<double>(at->us) / 1e6) < 0.0011);
      }
      if (event.contains("metadata")) CHECK(id == store + ":" + event.at("metadata").at("uid").get<std::string>());
    }
    for (const Posted& posted : taker.taken()) {
      CHECK(posted.target == "/services/collector/event");
      CHECK(posted.authorization == "Splunk 0f4e-secret");
      CHECK(posted.content_type == "application/json");
    }
  }
}

TEST_CASE("a syslog sink sends RFC 5424 messages behind their lengths, with the event's id, in every format") {
  RunningProgram program({.demo = true, .push_times = quick()});
  const auto store = program.get("/readyz").json().at("store").get<std::string>();
  const auto native = feed_messages(program);
  for (const char* format : {"cef", "native", "ecs"}) {
    SyslogTaker taker;
    json wish = sink_wish(format, "syslog", "tcp://" + taker.address());
    if (std::string(format) != "cef") wish["format"] = format;
    CHECK(make_sink(program, wish).at("format") == format);
    CHECK(delivered(program, format).at("state") == "running");
    CHECK(taker.faults() == Texts());
    CHECK(taker.connections() == 1);
    const auto messages = taker.taken();
    const Texts expected = feed_messages(program, std::string("&format=") + format);
    REQUIRE(messages.size() == expected.size());
    for (std::size_t i = 0; i < native.size(); ++i) {
      const json event = json::parse(native[i]);
      const SyslogMessage& message = messages[i];
      INFO(native[i]);
      CHECK(message.text == expected[i]);
      CHECK(message.marked);
      CHECK(message.app == "tenure");
      CHECK(message.process == "-");
      CHECK(message.type == event.at("type"));
      CHECK(message.id == store + ":" + event.at("position").dump());
      CHECK(message.org == event.at("org"));
      CHECK(message.timestamp == event.at("occurred_at"));
      CHECK(message.priority / 8 == 13);
      if (event.at("verdict").at("result") == "violation") CHECK(message.priority % 8 == 3);
      if (event.at("type") == "member.added" && event.at("verdict").at("result") != "violation") {
        CHECK(message.priority % 8 == 5);
      }
    }
  }
}

TEST_CASE("a sink is sent only what passes its filters, and moves on past the rest") {
  RunningProgram program({.demo = true, .push_times = quick()});
  make_org(program, "acme");
  append(program, "acme", "bob");
  append(program, "demo", "zoe@demo.test");
  HttpTaker taker;
  json wish = sink_wish("some", "ndjson", "http://" + taker.address());
  wish["orgs"] = {"acme"};
  wish["types"] = {"member.added", "org.created"};
  wish["verdicts"] = {"allowed", "unspecified"};
  const json made = make_sink(program, wish);
  CHECK(made.at("orgs") == json::array({"acme"}));
  const json now = delivered(program, "some");
  CHECK(now.at("delivered") == newest(program));
  CHECK(taker.lines() == feed_messages(program,
                                       "&org=acme&type=member.added&type=org.created"
                                       "&verdict=allowed&verdict=unspecified"));
  CHECK(taker.lines().size() == now.at("events").get<std::size_t>());
  CHECK(taker.lines().size() >= 2);
}

TEST_CASE("a new sink begins where it is told to") {
  RunningProgram program({.push_times = quick()});
  make_org(program, "acme");
  const std::uint64_t bob = append(program, "acme", "bob");
  const auto recorded = json::parse(feed_messages(program).back()).at("recorded_at").get<std::string>();
  struct Start {
    json start;
    std::uint64_t first;
  };
  int count = 0;
  for (const auto& [start, first] :
       {Start{nullptr, 1}, Start{"oldest", 1}, Start{bob, bob}, Start{recorded, bob}, Start{"now", 0}}) {
    HttpTaker taker;
    const std::string name = "s" + std::to_string(count++);
    const std::uint64_t next = newest(program) + 1;
    json wish = sink_wish(name, "ndjson", "http://" + taker.address());
    if (!start.is_null()) wish["start"] = start;
    make_sink(program, wish);
    delivered(program, name);
    INFO(start.dump());
    REQUIRE_FALSE(positions_of(taker).empty());
    CHECK(positions_of(taker).front() == (first == 0 ? next : first));  // "now": its own event is the next
    CHECK(program.request("DELETE", "/v1/sinks/" + name).status == 200);
  }
}

TEST_CASE("after a restart a sink goes on behind what was taken, and sends nothing twice if it was stopped in order") {
  services::PushTimes times = quick();
  times.farewell = std::chrono::seconds(30);  // stopped in order also on a machine that is busy
  RunningProgram program({.demo = true, .push_times = times});
  HttpTaker http;
  SyslogTaker syslog;
  json wish = sink_wish("http", "ndjson", "http://" + http.address());
  wish["token"] = "kept-over-a-restart";
  make_sink(program, wish);
  make_sink(program, sink_wish("syslog", "syslog", "tcp://" + syslog.address()));
  for (int round = 0; round < 3; ++round) {
    const std::uint64_t last = append(program, "demo", "m" + std::to_string(round) + "@demo.test");
    // Taken, and for syslog not yet settled when it stops.
    REQUIRE(
        syslog.wait_until([&] { return !syslog.taken().empty() && position_of(syslog.taken().back().id) == last; }));
    REQUIRE(http.wait_until([&] { return !http.lines().empty() && positions_of(http).back() == last; }));
    program.restart();
    CHECK(sink(program, "http").at("delivered") == last);
    CHECK(sink(program, "syslog").at("delivered") == last);
  }
  const std::uint64_t last = append(program, "demo", "last@demo.test");
  CHECK(delivered(program, "http").at("delivered") == last);
  CHECK(delivered(program, "syslog").at("delivered") == last);
  CHECK(http.lines() == feed_messages(program));
  Texts texts;
  for (const auto& message : syslog.taken()) texts.push_back(message.text);
  CHECK(texts == feed_messages(program, "&format=cef"));
  CHECK(http.taken().back().authorization == "Bearer kept-over-a-restart");
}

TEST_CASE("a sink that is paused is sent nothing until it is resumed, also over a restart, and both are on record") {
  RunningProgram program({.push_times = quick()});
  make_org(program, "acme");
  HttpTaker taker;
  make_sink(program, sink_wish("s", "ndjson", "http://" + taker.address()));
  delivered(program, "s");
  CHECK(program.post("/v1/sinks/s/pause", "").json().at("state") == "paused");
  CHECK(program.post("/v1/sinks/s/pause", "").json().at("state") == "paused");
  const std::uint64_t bob = append(program, "acme", "bob");
  program.restart();
  CHECK(sink(program, "s").at("state") == "paused");
  CHECK(sink(program, "s").at("lag_events").get<int>() > 0);
  CHECK((positions_of(taker).empty() || positions_of(taker).back() < bob));
  CHECK(program.post("/v1/sinks/s/resume", "").json().at("state") == "running");
  CHECK(delivered(program, "s").at("lag_events") == 0);
  CHECK(fault_of(positions_of(taker), newest(program)).empty());
  REQUIRE(program.request("DELETE", "/v1/sinks/s").json() == json{{"sink", "s"}, {"deleted", true}});
  CHECK(program.get("/v1/sinks/s").status == 404);
  CHECK(program.get("/v1/consumers/s").status == 404);
  Texts types;
  for (const auto& text : feed_messages(program, "&org=_tenure")) {
    const auto type = json::parse(text).at("type").get<std::string>();
    if (type.starts_with("sink.")) types.push_back(type);
  }
  CHECK(types == Texts{"sink.created", "sink.paused", "sink.resumed", "sink.deleted"});
}

TEST_CASE("a sink is a named consumer: listed, measured, reset, and nobody else's") {
  RunningProgram program({.push_times = quick()});
  make_org(program, "acme");
  HttpTaker taker;
  make_sink(program, sink_wish("s", "ndjson", "http://" + taker.address()));
  const auto last = delivered(program, "s").at("delivered").get<std::uint64_t>();
  const json consumer = program.get("/v1/consumers/s").json();
  CHECK(consumer.at("acknowledged") == last);
  CHECK(consumer.at("sink") == true);
  const std::string metrics = program.get("/metrics").body;
  CHECK(metrics.find("tenure_consumer_lag_events{consumer=\"s\"} 0") != std::string::npos);
  CHECK(metrics.find("tenure_sink_failing{sink=\"s\"} 0") != std::string::npos);
  CHECK(metrics.find("tenure_sink_events_total{sink=\"s\"} " + std::to_string(last)) != std::string::npos);

  CHECK(program.request("GET", "/v1/feed?consumer=s&wait=0", {}, {"Accept: application/x-ndjson"}).status == 403);
  CHECK(program.request("DELETE", "/v1/consumers/s").status == 403);
  CHECK(program.post("/v1/consumers/s/ack", R"({"position":1})").status == 403);
  // Whoever shares the principal but administers nothing, or not all that it is sent.
  const std::string admin = program.token();
  for (const char* wish :
       {R"({"principal":"admin","scopes":["feed"],"orgs":["acme"]})", R"({"principal":"admin","scopes":["feed"]})",
        R"({"principal":"admin","scopes":["feed","admin"],"orgs":["acme"]})"}) {
    const std::string narrow = token_of(program, wish);
    program.speak_as(narrow);
    CHECK(program.post("/v1/consumers/s/reset", R"({"position":2})").status == 403);
    program.speak_as(admin);
  }
  const auto now = delivered(program, "s").at("delivered").get<std::uint64_t>();
  const std::size_t before = taker.lines().size();
  CHECK(program.post("/v1/consumers/s/reset", R"({"position":2})").status == 200);
  CHECK(delivered(program, "s").at("lag_events") == 0);
  auto again = positions_of(taker);
  again.erase(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(before));
  // The reset is an event itself, and may still have been pushed in its turn before it took hold.
  if (again.front() == now + 1) again.erase(again.begin());
  REQUIRE(!again.empty());
  CHECK(again.front() == 2);
  CHECK(again.back() == now + 1);  // the reset itself
}

TEST_CASE("a sink's token is shown nowhere and lies nowhere in clear, and goes with the sink") {
  const std::string secret = "B5A79AAD-unmistakable-secret";
  RunningProgram program({.push_times = quick()});
  // A receiver that says the token back to whoever it refuses.
  HttpTaker taker([](const Posted& posted) { return refusing(403, "not with " + posted.authorization); });
  json wish = sink_wish("s", "splunk_hec", "http://" + taker.address());
  wish["token"] = secret;
  std::string shown = make_sink(program, wish).dump();
  REQUIRE(taker.wait_until([&] { return taker.posted().size() > 2; }));
  CHECK(taker.posted().front().authorization == "Splunk " + secret);
  const json now = sink(program, "s");
  CHECK(now.at("state") == "refused");
  CHECK(now.at("error").get<std::string>().find("answered 403: not with Splunk (token)") != std::string::npos);
  for (const char* path : {"/v1/sinks", "/v1/consumers", "/metrics", "/v1/orgs/_tenure/events?limit=1000"}) {
    shown += program.get(path).body;
  }
  for (const char* format : {"native", "ocsf", "ecs", "cef", "cloudevents"}) {
    for (const auto& text : feed_messages(program, std::string("&format=") + format)) shown += text;
  }
  CHECK(shown.find("sink.created") != std::string::npos);
  CHECK(shown.find(secret) == std::string::npos);
  CHECK(whole_folder(program.folder()).find(secret) == std::string::npos);
  program.restart();
  CHECK(whole_folder(program.folder()).find(secret) == std::string::npos);
  const std::size_t before = taker.posted().size();
  REQUIRE(taker.wait_until([&] { return taker.posted().size() > before; }));
  CHECK(taker.posted().back().authorization == "Splunk " + secret);
  REQUIRE(program.request("DELETE", "/v1/sinks/s").status == 200);
  wish.erase("token");
  CHECK(make_sink(program, wish).at("token") == false);
  const std::size_t again = taker.posted().size();
  REQUIRE(taker.wait_until([&] { return taker.posted().size() > again; }));
  CHECK(taker.posted().back().authorization.empty());
}
