// Writes lines to the log on a thread of its own, so that whoever has something to say never waits for whoever reads
// it: a pipe that nobody empties must not hold up an event loop.
//
// `say` from any thread; never blocks. At most lines_max wait; what comes beyond them is counted and said so. The
// destructor gives the thread a second for what is left, and then leaves it to end with the program.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace tenure::services {

class LineWriter {
 public:
  static constexpr std::size_t lines_max = 1'000;

  LineWriter();
  ~LineWriter();
  LineWriter(const LineWriter&) = delete;

  void say(std::string line);

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;  // the thread's too
};

}  // namespace tenure::services
