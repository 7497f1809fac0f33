// The built program as a user has it: a server of its own in a temporary folder, and commands run against it.
//
// One thread. The server is a child process on a free port; it is stopped, and its folder removed, with the object.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace tenure::test {

struct Ran {
  int code = -1;  // the exit code, or -1 when a signal ended it
  std::string out;
  std::string err;
};

// Runs `tenure` with the arguments, `in` as standard input and `environment` ("NAME=value") beside PATH, until it ends.
Ran run_tenure(const std::vector<std::string>& arguments, const std::string& in = {},
               const std::vector<std::string>& environment = {});

class RunningServe {
 public:
  // `options` come behind `serve --listen 127.0.0.1:0 --data FOLDER`.
  explicit RunningServe(const std::vector<std::string>& options = {});
  ~RunningServe();
  RunningServe(const RunningServe&) = delete;

  // A command against this server, with its admin token.
  Ran run(const std::vector<std::string>& arguments, const std::string& in = {}) const;
  // SIGTERM, and what became of it.
  int stop();

  const std::string& url() const { return url_; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  std::string url_;
  pid_t pid_ = -1;
};

}  // namespace tenure::test
