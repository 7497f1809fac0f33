// The feed as real clients read it: the examples with Python's websockets, Node's ws and curl, `tenure feed` itself,
// and the examples' configurations for collectors.
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "tests/catch.h"
#include "tests/feed_socket.h"
#include "tests/push_receivers.h"
#include "tests/tools/running_serve.h"
#include "tools/tenure/exit_codes.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

constexpr int events = 30;

// What a shell command writes to its standard output; it is given two minutes.
std::string said_by(const std::string& command) {
  FILE* pipe = ::popen(("timeout 120 " + command + " 2>/dev/null").c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("no pipe");
  std::string all;
  std::array<char, 4096> room{};
  for (std::size_t n = 0; (n = std::fread(room.data(), 1, room.size(), pipe)) > 0;) all.append(room.data(), n);
  ::pclose(pipe);
  return all;
}

// The positions of the lines that are events.
std::vector<std::uint64_t> positions_in(const std::string& text, const std::string& before = {}) {
  std::vector<std::uint64_t> positions;
  for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1) {
    const std::string line = text.substr(at, end - at);
    if (!line.starts_with(before + "{")) continue;
    const json message = json::parse(line.substr(before.size()));
    if (message.contains("version")) positions.push_back(message.at("position").get<std::uint64_t>());
  }
  return positions;
}

std::vector<std::uint64_t> from_to(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> all;
  for (; first <= last; ++first) all.push_back(first);
  return all;
}

std::uint64_t newest(const RunningServe& serve) {
  return json::parse(http_request(serve.address(), {"GET", "/readyz", {}, {}, {}})->body)
      .at("position")
      .get<std::uint64_t>();
}

struct Followed {
  RunningServe serve;
  explicit Followed(const std::string& listen = "127.0.0.1:0") : serve({}, listen) {
    post("/v1/orgs", json{{"id", "acme"}, {"model", "github"}, {"mode", "observe"}});
    append(events);
  }
  void post(const std::string& target, const json& body) const {
    REQUIRE(http_request(serve.address(), {"POST", target, serve.token(), body.dump(), {}})->status == 201);
  }
  void append(int count) const {
    json batch = json::array();
    for (int i = 0; i < count; ++i) {
      batch.push_back({{"type", "group.created"},
                       {"actor", {{"kind", "system"}, {"id", "test"}}},
                       {"data", {{"group", "g" + std::to_string(newest(serve)) + "-" + std::to_string(i)}}}});
    }
    post("/v1/orgs/acme/events", batch);
  }
  std::string authorization() const { return "-H 'Authorization: Bearer " + serve.token() + "' "; }
};

// Each of tools/examples that is a program, with what it is given before the number of events to end after.
struct Example {
  std::string name, command;
};
std::vector<Example> examples(const Followed& feed, const std::string& folder) {
  const std::string here = std::string(TENURE_SOURCE_DIR) + "/tools/examples/", http = feed.serve.url();
  const std::string ws = "ws" + http.substr(4), token = "env TENURE_TOKEN=" + feed.serve.token() + " ";
  // A Node that is not Debian's does not look where Debian's packages are.
  const std::string node = token + "NODE_PATH=/usr/share/nodejs node " + here + "follow.js " + ws + " ";
  const std::string python = token + TENURE_PYTHON + " " + here + "follow.py " + ws + " ";
  const std::string shell = token + "bash " + here + "follow.sh ";
  return {{"Python by a cursor", python + "--cursor-file " + folder + "/python --count "},
          {"Python as a consumer", python + "--consumer python --count "},
          {"Node", node + folder + "/node "},
          {"curl, server-sent events", shell + "sse " + http + " " + folder + "/sse "},
          {"curl, long polls", shell + "ndjson " + http + " " + folder + "/ndjson "}};
}

// A folder of the test's own.
struct Folder {
  std::string path = (std::filesystem::temp_directory_path() / "tenure-examples-XXXXXX").string();
  Folder() {
    if (!::mkdtemp(path.data())) throw std::runtime_error("no temporary folder");
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

std::string example_text(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(std::string(TENURE_SOURCE_DIR) + "/tools/examples/" + name).rdbuf();
  return text.str();
}

int exit_code_of(const std::string& command) {
  const int status = std::system(("timeout 120 " + command + " >/dev/null 2>&1 </dev/null").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE("each example goes on where it was, after it was ended itself and while the server is killed under it") {
  Followed feed("127.0.0.1:" + std::to_string(port_to_give()));  // it comes again there
  const Folder folder;
  const auto all = examples(feed, folder.path);
  for (const Example& example : all) {
    INFO(example.name);
    CHECK(positions_in(said_by(example.command + "10")) == from_to(1, 10));
    CHECK(positions_in(said_by(example.command + "7")) == from_to(11, 17));
  }
  // None can end before the server was killed, since it waits for events that come only then.
  const std::uint64_t last = newest(feed.serve) + events;
  std::vector<std::thread> threads;
  std::vector<std::vector<std::uint64_t>> seen(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    threads.emplace_back([&, i] { seen[i] = positions_in(said_by(all[i].command + std::to_string(last - 17))); });
  }
  const std::string sent = "tenure_feed_subscribers{carrier=\"websocket\"} 3";
  while (http_request(feed.serve.address(), {"GET", "/metrics", feed.serve.token(), {}, {}})->body.find(sent) ==
         std::string::npos) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  feed.serve.kill();
  feed.serve.start();
  feed.append(events);
  for (std::thread& thread : threads) thread.join();
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO(all[i].name);
    // A consumer is sent again what its acknowledgement was lost of.
    const std::set<std::uint64_t> once(seen[i].begin(), seen[i].end());
    REQUIRE_FALSE(once.empty());
    // It ends after as many lines as the others, of which some come twice.
    const bool consumer = all[i].name == "Python as a consumer";
    const auto expected = from_to(18, consumer ? *once.rbegin() : last);
    CHECK(std::vector<std::uint64_t>(once.begin(), once.end()) == expected);
    if (!consumer) CHECK(seen[i] == expected);
  }
}

TEST_CASE("an example that is not sent a position says so and ends, and one that is refused ends") {
  Followed feed;
  feed.post("/v1/orgs", json{{"id", "other"}, {"model", "github"}, {"mode", "observe"}});
  feed.append(3);
  const Folder folder;
  const auto all = examples(feed, folder.path);
  CHECK(exit_code_of(all[0].command + "0 --query org=acme") == 1);
  CHECK(exit_code_of(all[0].command + "3 --query org=acme --gaps") == 0);
  // The others' filters mean that positions may be left out; without them a cursor's position must come.
  for (const std::size_t i : {2U, 3U, 4U}) {
    INFO(all[i].name);
    CHECK(exit_code_of(all[i].command + "3 org=acme") == 0);
  }
  for (const Example& example : all) {
    INFO(example.name);
    std::string wrong = example.command;
    wrong.replace(wrong.find(feed.serve.token()), feed.serve.token().size(), "tnr_wrong");
    CHECK(exit_code_of(wrong + "1") == 1);
  }
}

TEST_CASE("the proof by positions finds what is missing and what came twice, in each format") {
  const Folder folder;
  const std::string file = folder.path + "/events";
  const std::string program =
      std::string(TENURE_PYTHON) + " " + TENURE_SOURCE_DIR + "/tools/examples/positions.py " + file;
  write(file,
        "{\"position\":1}\n{\"metadata\":{\"sequence\":2}}\n{\"metadata\":{\"sequence\":2}}\n"
        "{\"event\":{\"sequence\":3}}\n{\"specversion\":\"1.0\",\"id\":\"4\"}\n"
        "{\"message\":\"{\\\"position\\\":5}\"}\nno json\n");
  CHECK(said_by(program) == "5 positions from 1 to 5; 0 missing; 1 came more than once\n");
  CHECK(exit_code_of(program) == 0);
  CHECK(exit_code_of(program + " --to 6") == 1);
  write(file, "{\"position\":1}\n{\"position\":3}\n");
  CHECK(said_by(program) == "2 positions from 1 to 3; 1 missing (2); 0 came more than once\n");
  CHECK(exit_code_of(program) == 1);
  write(file, "nothing\n");
  CHECK(exit_code_of(program) == 2);
}

TEST_CASE("the examples for Vector and Filebeat say only what their references name, and ask for what the feed has") {
  Followed feed;
  const Folder folder;
  const std::string program =
      std::string(TENURE_PYTHON) + " " + TENURE_SOURCE_DIR + "/tests/tools/collector_options.py ";
  const std::vector<std::pair<std::string, std::string>> rows{{"vector.toml", "ping_interval"},
                                                              {"filebeat.yml", "blanket_retries"}};
  for (const auto& [name, option] : rows) {
    INFO(name);
    const std::string said = said_by(program + TENURE_SOURCE_DIR + "/tools/examples/" + name);
    REQUIRE(said.starts_with("address /v1/feed?"));
    const std::string target = said.substr(8, said.size() - 9);
    FrameSocket socket(static_cast<std::uint16_t>(std::stoul(feed.serve.address().port)), target, feed.serve.token());
    CHECK(json::parse(socket.read().value().payload).at("cursor") == 1);
    // And the check finds an option that there is not.
    std::string text = example_text(name);
    text.replace(text.rfind(option), option.size(), option + "s");  // comments come before
    write(folder.path + "/" + name, text);
    CHECK(exit_code_of(program + folder.path + "/" + name) == 1);
  }
}

TEST_CASE("rsyslog takes the example of a receiver, and would refuse it with a parameter that there is not") {
  const Folder folder;
  const std::string program = "/usr/sbin/rsyslogd -N1 -f ";
  CHECK(exit_code_of(program + TENURE_SOURCE_DIR + "/tools/examples/rsyslog.conf") == 0);
  std::string text = example_text("rsyslog.conf");
  const std::string parameter = "supportOctetCountedFraming";
  text.replace(text.find(parameter), parameter.size(), "countsOctets");
  write(folder.path + "/rsyslog.conf", text);
  CHECK(exit_code_of(program + folder.path + "/rsyslog.conf") != 0);
}

TEST_CASE("curl reads a long poll to its end, and server-sent events until it is stopped") {
  Followed feed;
  const std::uint64_t last = newest(feed.serve);
  const std::string curl = "curl -sN " + feed.authorization();
  CHECK(positions_in(said_by(curl + "-H 'Accept: application/x-ndjson' '" + feed.serve.url() +
                             "/v1/feed?cursor=1&wait=0'")) == from_to(1, last));
  // It never ends by itself: grep leaves with the last event, and curl at the heartbeat that nobody reads any more.
  const std::string until_last = " | grep -m " + std::to_string(last) + " '\"version\"'";
  CHECK(positions_in(said_by(curl + "-m 60 -H 'Accept: text/event-stream' '" + feed.serve.url() + "/v1/feed?cursor=1'" +
                             until_last),
                     "data: ") == from_to(1, last));
}

TEST_CASE("tenure feed prints what it is asked for, goes on as a consumer, and consumers are managed by command") {
  Followed feed;
  const std::uint64_t last = newest(feed.serve);
  const Ran all = feed.serve.run({"--json", "feed", "--cursor", "1", "--count", std::to_string(last)});
  CHECK(all.code == exit_ok);
  CHECK(positions_in(all.out) == from_to(1, last));
  const Ran some =
      feed.serve.run({"feed", "--cursor", "1", "--org", "acme", "--type", "group.created", "--count", "3"});
  CHECK(some.code == exit_ok);
  CHECK(std::count(some.out.begin(), some.out.end(), '\n') == 3);
  CHECK(some.out.find("group.created group=g") != std::string::npos);
  CHECK(some.out.find('\x1b') == std::string::npos);
  CHECK(feed.serve.run({"feed", "--cursor", "1", "--count", "1", "--color", "always"}).out.find('\x1b') !=
        std::string::npos);
  CHECK(feed.serve.run({"feed", "--cursor", "99999", "--count", "1"}).code == exit_refused);
  CHECK(feed.serve.run({"feed", "--token", "tnr_wrong", "--count", "1"}).code == exit_forbidden);

  CHECK(positions_in(feed.serve.run({"--json", "feed", "--consumer", "cli", "--count", "5"}).out) == from_to(1, 5));
  CHECK(positions_in(feed.serve.run({"--json", "feed", "--consumer", "cli", "--count", "5"}).out) == from_to(6, 10));
  const Ran list = feed.serve.run({"consumers", "list"});
  CHECK(list.out.find("cli") != std::string::npos);
  CHECK(feed.serve.run({"consumers", "reset", "cli", "--position", "3"}).code == exit_ok);
  CHECK(positions_in(feed.serve.run({"--json", "feed", "--consumer", "cli", "--count", "1"}).out) == from_to(3, 3));
  CHECK(feed.serve.run({"consumers", "reset", "cli"}).code == exit_usage);
  CHECK(feed.serve.run({"consumers", "delete", "cli"}).code == exit_ok);
  CHECK(feed.serve.run({"consumers", "delete", "cli"}).code == exit_refused);
}
