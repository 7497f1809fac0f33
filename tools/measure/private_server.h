// Another program beside Tenure, as a private instance of its own: without root's powers, on a free port of 127.0.0.1,
// with a folder of its own, and stopped by its own process id.
//
// One thread. What goes wrong throws std::runtime_error that quotes the end of the program's log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tools/measure/bench.h"
#include "tools/measure/child.h"

namespace tenure::bench {

class PrivateServer {
 public:
  // `name` for messages and the folder; `user` whom it runs as where this program runs as root, which such programs
  // refuse. Its group has the same name.
  PrivateServer(Bench& bench, std::string name, std::string user);
  ~PrivateServer();
  PrivateServer(const PrivateServer&) = delete;

  // A program that must be there: throws, and says what to do, where it is not.
  void need(const std::string& program) const;
  // Runs a program to its end, which must be good.
  void finish(const std::vector<std::string>& command);
  void start(const std::vector<std::string>& command);
  // SIGTERM, and the folder goes.
  void stop();

  // A file in the folder that only the program's user may read.
  std::string write(const std::string& name, const std::string& text) const;
  // Gives what this program has made in the folder to the program's user.
  void hand_over(const std::string& path) const;

  const std::string& name() const { return name_; }
  const std::string& folder() const { return folder_; }
  std::uint16_t port() const { return port_; }  // that was free
  const std::string& secret() const { return secret_; }
  std::string log_end() const;
  pid_t pid() const { return child_->pid(); }
  // Of all its processes, those that have ended among them.
  double cpu_seconds() const;
  [[noreturn]] void give_up(const std::string& because) const;

 private:
  std::vector<std::string> as_user(const std::vector<std::string>& command) const;

  std::string name_, user_, folder_, log_, secret_;
  std::uint16_t port_ = 0;
  std::optional<Child> child_;
};

}  // namespace tenure::bench
