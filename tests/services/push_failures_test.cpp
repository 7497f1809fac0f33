// Sinks whose receivers fail: nothing is lost, nothing is skipped, everybody can see it, and nobody else is held up.
#include <random>

#include "tests/services/push_told.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;
using std::chrono::milliseconds;

std::vector<std::uint64_t> positions_of(const HttpTaker& taker) {
  std::vector<std::uint64_t> all;
  for (const std::string& line : taker.lines()) all.push_back(json::parse(line).at("position").get<std::uint64_t>());
  return all;
}

std::vector<std::uint64_t> positions_of(const SyslogTaker& taker) {
  std::vector<std::uint64_t> all;
  for (const auto& message : taker.taken()) all.push_back(position_of(message.id));
  return all;
}

// Waits until the sink has failed at least so often; what it then is. Without pauses, so as to see what is told by
// half.
json failing(RunningProgram& program, const std::string& name, std::uint64_t attempts) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  while (std::chrono::steady_clock::now() < until) {
    const json now = sink(program, name);
    if (now.at("attempts") >= attempts) return now;
  }
  return sink(program, name);
}

}  // namespace

TEST_CASE("a sink whose receiver is not there says so, with its lag and its next try") {
  RunningProgram program({.push_times = quick()});
  make_org(program, "acme");
  const NobodysPort nobody;
  const std::string address = nobody.address();
  make_sink(program, sink_wish("http", "ndjson", "http://" + address));
  make_sink(program, sink_wish("syslog", "syslog", "tcp://" + address));
  make_sink(program, sink_wish("name", "ndjson", "http://no-such-host.invalid/"));
  for (const char* name : {"http", "syslog", "name"}) {
    const json now = failing(program, name, 3);
    INFO(now.dump());
    CHECK(now.at("state") == "backing_off");
    CHECK(now.at("delivered") == 0);
    CHECK(now.at("lag_events") == newest(program));
    CHECK(now.contains("next_try"));
    CHECK(now.contains("error_at"));
    const auto error = now.at("error").get<std::string>();
    CHECK(error.find(std::string(name) == "name" ? "no-such-host.invalid" : address) != std::string::npos);
    CHECK(program.get("/metrics").body.find(std::string("tenure_sink_failing{sink=\"") + name + "\"} 1") !=
          std::string::npos);
  }
}

TEST_CASE("what a receiver is too busy for is sent again until it is taken, no sooner than it asked for") {
  RunningProgram program({.push_times = quick()});
  make_org(program, "acme");
  for (const unsigned status : {503U, 500U, 429U, 408U}) {
    std::atomic<bool> free{false};
    HttpTaker taker([&](const Posted&) {
      if (free) return Reaction{};
      Reaction busy = refusing(status, "try later");
      busy.retry_after = "1";
      return busy;
    });
    make_sink(program, sink_wish("s", "ndjson", "http://" + taker.address()));
    const json now = failing(program, "s", 1);
    INFO(now.dump());
    CHECK(now.at("state") == "backing_off");
    CHECK(now.at("error").get<std::string>().ends_with("answered " + std::to_string(status) + ": try later"));
    free = true;
    const json after = delivered(program, "s");
    CHECK(after.at("state") == "running");
    CHECK(after.at("attempts") == 0);
    CHECK(after.at("failures") >= 1);
    CHECK_FALSE(after.contains("error"));
    CHECK(fault_of(positions_of(taker), newest(program)).empty());
    const auto posted = taker.posted();
    REQUIRE(posted.size() >= 2);
    CHECK(posted[1].body.starts_with(posted[0].body.substr(0, posted[0].body.find('\n'))));
    CHECK(posted[1].at - posted[0].at >= std::chrono::seconds(1));
    REQUIRE(program.request("DELETE", "/v1/sinks/s").status == 200);
  }
}

TEST_CASE("what a receiver refuses is never skipped: it stays refused until somebody has mended it") {
  RunningProgram program({.push_times = quick()});
  make_org(program, "acme");
  for (const unsigned status : {400U, 401U, 403U, 404U, 413U, 301U}) {
    HttpTaker taker([&](const Posted&) { return refusing(status, R"({"text":"Invalid token","code":4})"); });
    make_sink(program, sink_wish("s", "splunk_hec", "http://" + taker.address()));
    const json now = failing(program, "s", 4);
    INFO(now.dump());
    CHECK(now.at("state") == "refused");
    CHECK(now.at("delivered") == 0);
    CHECK(now.at("error").get<std::string>().find("answered " + std::to_string(status) +
                                                  ": {\"text\":\"Invalid token\"") != std::string::npos);
    CHECK(taker.taken().empty());
    taker.decide({});
    CHECK(delivered(program, "s").at("state") == "running");
    REQUIRE_FALSE(taker.lines().empty());
    CHECK(json::parse(taker.lines().front()).at("fields").at("tenure_id").get<std::string>().ends_with(":1"));
    REQUIRE(program.request("DELETE", "/v1/sinks/s").status == 200);
  }
}

TEST_CASE("a receiver that hangs is given up after its time, and holds up no other sink and not the end") {
  services::PushTimes times = quick();
  times.answer = milliseconds(300);
  RunningProgram program({.push_times = times});
  make_org(program, "acme");
  const Reaction hanging{200, false, false, std::chrono::minutes(5), {}, {}};
  HttpTaker hangs([&](const Posted&) { return hanging; });
  SyslogTaker deaf([] { return SyslogTaker::Life{0, std::chrono::minutes(5)}; });
  HttpTaker takes;
  make_sink(program, sink_wish("hangs", "ndjson", "http://" + hangs.address()));
  make_sink(program, sink_wish("deaf", "syslog", "tcp://" + deaf.address()));
  make_sink(program, sink_wish("takes", "ndjson", "http://" + takes.address()));
  REQUIRE(hangs.wait_until([&] { return !hangs.posted().empty(); }));
  const std::uint64_t bob = append(program, "acme", "bob");
  CHECK(delivered(program, "takes").at("delivered") >= bob);
  const json now = failing(program, "hangs", 2);
  CHECK(now.at("error").get<std::string>().find("no answer within 1 s") != std::string::npos);
  CHECK(now.at("delivered") == 0);
  const auto before = std::chrono::steady_clock::now();
  program.stop();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds(30));
}

TEST_CASE(
    "receivers that fail, hang and close at random, over restarts, are sent every position in order but for repeats") {
  const std::uint64_t seed = std::random_device{}();
  INFO("seed " << seed);
  services::PushTimes times = quick();
  times.settle = std::chrono::seconds(10);
  RunningProgram program({.demo = true, .push_times = times});
  std::mt19937_64 http_dice(seed), syslog_dice(seed + 1), dice(seed + 2);
  HttpTaker http([&](const Posted&) {
    Reaction reaction;
    switch (http_dice() % 8) {
      case 0:
        return refusing(503);
      case 1:
        return refusing(401);
      case 2:  // it has the batch, and dies before it says so
        reaction.answers = false;
        return reaction;
      case 3:  // it dies before
        return Reaction{200, false, false, milliseconds(http_dice() % 30), {}, {}};
      case 4:
        reaction.stands_still = milliseconds(http_dice() % 30);
        return reaction;
      default:
        return reaction;
    }
  });
  // The first four take too few to have it all between them, so that at least five are needed whatever the dice say.
  std::atomic<int> lives{0};
  SyslogTaker syslog([&] {
    const bool short_one = lives++ < 4;
    const bool stays = !short_one && syslog_dice() % 8 == 0;
    const std::size_t messages = stays ? 1'000 : syslog_dice() % (short_one ? 60 : 120);
    return SyslogTaker::Life{messages, milliseconds(syslog_dice() % 30)};
  });
  make_sink(program, sink_wish("http", "ndjson", "http://" + http.address()));
  make_sink(program, sink_wish("syslog", "syslog", "tcp://" + syslog.address()));
  std::uint64_t last = 0;
  for (int i = 0; i < 240; ++i) {
    last = append(program, "demo", "m" + std::to_string(i) + "@demo.test");
    if (dice() % 60 == 0) program.restart();
  }
  const auto has_all = [&](const auto& taker) {
    const auto positions = positions_of(taker);
    return !positions.empty() && *std::max_element(positions.begin(), positions.end()) >= last;
  };
  CHECK(http.wait_until([&] { return has_all(http); }));
  CHECK(syslog.wait_until([&] { return has_all(syslog); }));
  CHECK(fault_of(positions_of(http), last) == "");
  CHECK(fault_of(positions_of(syslog), last) == "");
  CHECK(syslog.faults() == std::vector<std::string>());
  CHECK(syslog.connections() > 4);
}
