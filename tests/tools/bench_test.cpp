// The benchmark: that it measures, that what it says of its figures is so, and that it does not pass over a fault.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "tests/catch.h"
#include "tools/measure/github_log.h"
#include "tools/measure/load_client.h"
#include "tools/measure/report.h"
#include "tools/measure/swap_history.h"

namespace {

using namespace tenure::bench;
using namespace std::chrono_literals;
using nlohmann::json;

// A folder of the test's own.
class Folder {
 public:
  Folder() : path_((std::filesystem::temp_directory_path() / "tenure-bench-test-XXXXXX").string()) {
    if (!::mkdtemp(path_.data())) throw std::runtime_error("no temporary folder");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string whole(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// The program with stores in that folder; its exit code, or -1 when a signal ended it.
int run_bench(const Folder& folder, const std::string& arguments) {
  const std::string command = std::string("exec ") + TENURE_BINARY + "_bench " + arguments + " --folder " +
                              (folder / "stores") + " >" + (folder / "out") + " 2>" + (folder / "err");
  const int status = std::system(command.c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// One connection, and every answer takes 20 ms.
class SlowServer {
 public:
  SlowServer() : thread_([this] { serve(); }) {}
  ~SlowServer() { thread_.join(); }
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void serve() {
    boost::system::error_code error;
    boost::asio::ip::tcp::socket socket = acceptor_.accept();
    std::string in;
    for (;;) {
      in.erase(0, boost::asio::read_until(socket, boost::asio::dynamic_buffer(in), "\r\n\r\n", error));
      if (error) return;
      std::this_thread::sleep_for(20ms);
      boost::asio::write(socket, boost::asio::buffer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 40), error);
    }
  }

  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_{context_, {boost::asio::ip::address_v4::loopback(), 0}};
  std::thread thread_;
};

}  // namespace

TEST_CASE("the benchmark measures everything it says, and every figure is there in its JSON") {
  const Folder folder;
  const int code = run_bench(
      folder, "all --rounds 1 --seconds 0.05 --scale 0.0005 --history-times 2 --json " + (folder / "figures.json"));
  INFO(whole(folder / "err"));
  REQUIRE(code == 0);
  const json figures = json::parse(whole(folder / "figures.json"));
  CHECK(figures.at("schema") == 1);
  CHECK(figures.at("ran_on").contains("cores"));
  std::set<std::string> names;
  for (const json& section : figures.at("sections")) {
    names.insert(section.at("name").get<std::string>());
    CHECK(section.at("rows").size() >= 2);
    CHECK(section.at("verdicts").size() >= 3);
    for (const json& row : section.at("rows")) {
      INFO(row.dump());
      CHECK(row.at("median").get<double>() > 0);
      if (!row.contains("latency_us")) continue;
      const json& latency = row.at("latency_us");
      CHECK(latency.at("p50").get<double>() > 0);
      CHECK(latency.at("p50") <= latency.at("p99"));
      CHECK(latency.at("p99") <= latency.at("p99.9"));
      CHECK(latency.at("p99.9") <= latency.at("max"));
    }
    for (const json& verdict : section.at("verdicts")) {
      INFO(verdict.dump());
      // Memory that a list needed may have been there already.
      const bool may_be_none = verdict.at("what").get<std::string>().find("memory grown") != std::string::npos;
      CHECK(verdict.at("median").get<double>() >= (may_be_none ? 0.0 : 1e-9));
    }
  }
  CHECK(names == std::set<std::string>{"append", "import", "rebuild", "can", "who-can", "past", "organizations",
                                       "judge", "memory", "feed", "feed-filters", "feed-hostile", "reports", "review"});
  const std::string table = whole(folder / "out");
  CHECK(table.find("tenure / rocksdb alone") != std::string::npos);
  // Nothing is left behind.
  CHECK(std::filesystem::is_empty(folder / "stores"));
}

TEST_CASE("the benchmark compares the feed with another program where that is installed, and says so where it is not") {
  const Folder folder;
  const int code =
      run_bench(folder, "feed --peers --rounds 1 --seconds 0.05 --scale 0.0005 --json " + (folder / "figures.json"));
  if (!std::filesystem::exists("/usr/sbin/nats-server")) {
    CHECK(code == 1);
    CHECK(whole(folder / "err").find("nats-server: it is not installed") != std::string::npos);
    return;
  }
  INFO(whole(folder / "err"));
  REQUIRE(code == 0);
  const json sections = json::parse(whole(folder / "figures.json")).at("sections");
  REQUIRE(sections.back().at("name") == "feed-peers");
  for (const json& row : sections.back().at("rows")) CHECK(row.at("median").get<double>() > 0);
  CHECK(sections.back().at("verdicts").at(0).at("median").get<double>() > 0);
}

TEST_CASE("a server that does not start ends the benchmark with a reason and without a figure") {
  const Folder folder;
  CHECK(run_bench(folder, "can --seconds 0.05 --tenure /bin/false --json " + (folder / "figures.json")) == 1);
  CHECK(whole(folder / "err").find("/bin/false ended") != std::string::npos);
  CHECK_FALSE(std::filesystem::exists(folder / "figures.json"));
}

TEST_CASE("an open loop counts the time that a request waits for a connection") {
  const SlowServer server;
  Load load;
  load.port = server.port();
  load.connections = 1;
  load.warm_up = 0ms;
  load.duration = 600ms;
  load.per_second = 100;
  load.next = [](std::size_t) { return std::string_view("GET / HTTP/1.1\r\n\r\n"); };
  const LoadResult result = run_load(load);
  REQUIRE(result.answers > 0);
  // Sixty fall due and at most thirty can be answered; each answer is 10 ms later against its time than the last.
  CHECK(result.behind >= 29);
  CHECK(result.latency.max() >= result.answers * 10ms);
  // Those without an answer are not left out.
  CHECK(result.latency.count() == result.answers + result.behind);
}

TEST_CASE("a share of latencies is at most one part in 64 above the latency it stands for") {
  Histogram histogram, other;
  for (int us = 1; us <= 500; ++us) histogram.add(std::chrono::microseconds(us));
  for (int us = 501; us <= 1'000; ++us) other.add(std::chrono::microseconds(us));
  histogram.add(other);
  CHECK(histogram.count() == 1'000);
  CHECK(histogram.max() == 1'000us);
  for (const auto& [share, exact] : {std::pair(0.5, 500us), std::pair(0.99, 990us), std::pair(0.999, 999us)}) {
    CHECK(histogram.at(share) >= exact);
    CHECK(histogram.at(share) <= exact + exact / 64);
  }
}

TEST_CASE("a verdict takes the median of its rounds and holds it against its bound") {
  const Verdict ratio{"a", "x", ratios({3, 9, 4}, {10, 10, 10}), Bound::at_least, 0.4};
  CHECK(ratio.value() == Approx(0.4));
  CHECK(ratio.reached());
  CHECK_FALSE(Verdict{"b", "ms", {12, 8, 11}, Bound::below, 10}.reached());
  CHECK(Verdict{"c", "ms", {12}, Bound::below, {}}.reached());
}

TEST_CASE("a made-up history is the same each time and the beginning of every longer one") {
  GithubLog log("acme", 7, 500), again("acme", 7, 500);
  std::string lines, same;
  while (log.next(lines)) again.next(same);
  CHECK(lines == same);
  CHECK(log.lines() == 500);

  SwapHistory history(7, SwapHistory::members_least);
  std::string events;
  for (std::size_t i = 0; i < history.beginning_lines() + 600; ++i) {
    history.next(events);
    if (i >= history.beginning_lines()) CHECK(history.holders().size() == SwapHistory::answers);
  }
  CHECK(history.steps() == 300);
}
