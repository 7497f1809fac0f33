// A bar on a terminal that tells how much of a long piece of work is done; nothing where standard error is no terminal.
//
// One thread. Its line ends when all is done, or with the object.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <iostream>
#include <string>

namespace tenure {

class ProgressBar {
 public:
  explicit ProgressBar(std::uint64_t total) : total_(total), shown_(total > 0 && ::isatty(STDERR_FILENO)) {}
  ~ProgressBar() {
    if (percent_ >= 0 && percent_ < 100) std::cerr << "\n";
  }
  ProgressBar(const ProgressBar&) = delete;

  void at(std::uint64_t done) {
    if (!shown_) return;
    const int percent = static_cast<int>(done * 100 / total_);
    if (percent == percent_) return;
    percent_ = percent;
    std::cerr << "\r[" << std::string(percent / 4, '#') << std::string(25 - percent / 4, ' ') << "] " << percent << " %"
              << std::flush;
    if (percent == 100) std::cerr << "\n";
  }

 private:
  std::uint64_t total_;
  bool shown_;
  int percent_ = -1;  // shown last
};

}  // namespace tenure
