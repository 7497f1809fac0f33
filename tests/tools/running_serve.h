// The built program as a user has it: a server of its own in a temporary folder, and commands run against it.
//
// One thread. The server is a child process, on a free port unless it is told which; it is stopped, and its folder
// removed, with the object. A server that does not start throws with what it said.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <vector>

#include "tools/tenure/http_client.h"

namespace tenure::test {

struct Ran {
  int code = -1;  // the exit code, or -1 when a signal ended it
  std::string out;
  std::string err;
};

// Runs `tenure` with the arguments, `in` as standard input and `environment` ("NAME=value") beside PATH, until it ends.
Ran run_tenure(const std::vector<std::string>& arguments, const std::string& in = {},
               const std::vector<std::string>& environment = {});

struct DidNotStart : std::runtime_error {
  DidNotStart(int exit_code, const std::string& said) : std::runtime_error("serve said: " + said), code(exit_code) {}
  int code;
};

class RunningServe {
 public:
  // `options` come behind `serve --listen LISTEN --data FOLDER`. With a port in `listen` it is there again after
  // each start, for clients that go on by themselves.
  explicit RunningServe(const std::vector<std::string>& options = {}, const std::string& listen = "127.0.0.1:0");
  ~RunningServe();
  RunningServe(const RunningServe&) = delete;

  // A command against this server, with its admin token.
  Ran run(const std::vector<std::string>& arguments, const std::string& in = {}) const;
  // Runs a command with this server's folder, for when it is stopped.
  Ran run_stopped(std::vector<std::string> arguments) const;
  // SIGTERM, and what became of it.
  int stop();
  // The signal alone; `wait` tells what became of it.
  void signal(int number) const;
  int wait();
  // SIGKILL, and no word of farewell.
  void kill();
  // Starts it again with the same folder and options; how long it took until it was ready.
  std::chrono::milliseconds start();
  // What /readyz and every other read would need: host and port.
  ServerAddress address() const;
  std::string token() const;

  pid_t pid() const { return pid_; }
  const std::string& url() const { return url_; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  std::vector<std::string> options_;
  std::string listen_, url_;
  pid_t pid_ = -1;
};

}  // namespace tenure::test
