// A program started beside this one: its first lines read, its cost watched, stopped by its own pid.
//
// Use it from one thread, the one that made it: the child is killed when that thread ends, whatever becomes of this
// program. What goes wrong throws std::runtime_error.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace tenure::bench {

// What a program has cost so far, as the kernel counts it.
struct Cost {
  double cpu_seconds = 0;        // user and system, all threads
  std::uint64_t peak_bytes = 0;  // resident, the most so far
  std::uint64_t bytes = 0;       // resident now
};
Cost cost_of(pid_t pid);

class Child {
 public:
  // arguments[0] is the program's path. `kill_signal` ends it at once, also when a signal ends this program; another
  // than SIGKILL for a program that would leave something behind.
  explicit Child(std::vector<std::string> arguments, int kill_signal = SIGKILL);
  ~Child();
  Child(const Child&) = delete;

  // The next line of its standard output; throws when it ends, or none comes in that time.
  std::string line(std::chrono::seconds most);
  // SIGTERM, and SIGKILL to one that has not ended after `most`. Throws when it did not end with exit code 0.
  void stop(std::chrono::seconds most);
  // Waits for one that ends by itself, and says what it has cost. Throws when it did not end with exit code 0.
  Cost finish(std::chrono::seconds most);
  // Its kill signal, for a child that has nothing to close.
  void kill();

  pid_t pid() const { return pid_; }

 private:
  // Whether it ended within `most`, and how.
  bool ended(std::chrono::seconds most, int& status, Cost& cost);

  std::string program_;
  int kill_signal_;
  pid_t pid_ = -1;
  int out_ = -1;
};

// The kill signals to all that live, and waits until they are gone; from any thread, when a signal ends this program.
void kill_children();

}  // namespace tenure::bench
