// A real rsyslog takes what a syslog sink sends, and has exactly the log.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/services/push_told.h"

namespace {

using namespace tenure;
using namespace tenure::test;
using nlohmann::json;

// An instance of its own: own configuration, pid file, folder and port; ended with the object.
class Rsyslog {
 public:
  Rsyslog() : port_(port_to_give()) {
    const std::string conf = folder_.path() + "/rsyslog.conf";
    // Each message as JSON texts: what rsyslog understood of it, unchanged.
    std::ofstream(conf)
        << "global(workDirectory=\"" << folder_.path() << "\" maxMessageSize=\"128k\")\n"
        << "global(parser.escapeControlCharactersOnReceive=\"off\")\n"
        << "module(load=\"imptcp\")\n"
        << "input(type=\"imptcp\" address=\"127.0.0.1\" port=\"" << port_ << "\" ruleset=\"take\")\n"
        << "template(name=\"taken\" type=\"list\" option.jsonf=\"on\") {\n"
        << " property(outname=\"pri\" name=\"pri\" format=\"jsonf\")\n"
        << " property(outname=\"timestamp\" name=\"timereported\" dateFormat=\"rfc3339\" format=\"jsonf\")\n"
        << " property(outname=\"app\" name=\"app-name\" format=\"jsonf\")\n"
        << " property(outname=\"type\" name=\"msgid\" format=\"jsonf\")\n"
        << " property(outname=\"element\" name=\"structured-data\" format=\"jsonf\")\n"
        << " property(outname=\"msg\" name=\"msg\" format=\"jsonf\")\n}\n"
        << "ruleset(name=\"take\") { action(type=\"omfile\" file=\"" << file()
        << "\" template=\"taken\" asyncWriting=\"off\" flushOnTXEnd=\"on\") }\n";
    const std::string pid_file = folder_.path() + "/rsyslogd.pid";
    pid_ = ::fork();
    if (pid_ == 0) {
      const int nothing = ::open("/dev/null", O_RDWR);
      ::dup2(nothing, 0);
      ::dup2(nothing, 1);
      ::execl("/usr/sbin/rsyslogd", "rsyslogd", "-n", "-f", conf.c_str(), "-i", pid_file.c_str(), nullptr);
      ::_exit(127);
    }
  }
  ~Rsyslog() {
    ::kill(pid_, SIGTERM);
    ::waitpid(pid_, nullptr, 0);
  }

  std::string url() const { return "tcp://127.0.0.1:" + std::to_string(port_); }
  bool runs() const { return ::waitpid(pid_, nullptr, WNOHANG) == 0; }
  std::vector<json> taken() const {
    std::vector<json> all;
    std::ifstream in(file());
    for (std::string line; std::getline(in, line) && !in.eof();) all.push_back(json::parse(line));
    return all;
  }

 private:
  std::string file() const { return folder_.path() + "/taken.ndjson"; }

  TemporaryFolder folder_;
  std::uint16_t port_;
  pid_t pid_ = -1;
};

}  // namespace

TEST_CASE("rsyslog takes a syslog sink's messages, and what it writes is exactly the log") {
  RunningProgram program({.demo = true, .push_times = quick()});
  append(program, "demo", "Їжак.Trần@demo.test");
  const auto store = program.get("/readyz").json().at("store").get<std::string>();
  for (const char* format : {"cef", "native"}) {
    Rsyslog rsyslog;
    json wish = sink_wish(format, "syslog", rsyslog.url());
    wish["format"] = format;
    make_sink(program, wish);
    REQUIRE(delivered(program, format).at("lag_events") == 0);
    const auto expected = feed_messages(program, std::string("&format=") + format);
    const auto native = feed_messages(program);
    // Delivered is what rsyslog's machine has; its file follows.
    const auto until = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (rsyslog.taken().size() < expected.size() && std::chrono::steady_clock::now() < until) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    REQUIRE(rsyslog.runs());
    const auto taken = rsyslog.taken();
    REQUIRE(taken.size() == expected.size());
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const json event = json::parse(native[i]);
      INFO(taken[i].dump());
      CHECK(taken[i].at("msg") == "\xEF\xBB\xBF" + expected[i]);
      CHECK(taken[i].at("app") == "tenure");
      CHECK(taken[i].at("type") == event.at("type"));
      CHECK(taken[i].at("element") == "[tenure@32473 id=\"" + store + ":" + event.at("position").dump() + "\" org=\"" +
                                          event.at("org").get<std::string>() + "\"]");
    }
  }
}
