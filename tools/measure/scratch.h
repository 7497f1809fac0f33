// A folder for the servers' stores, new for each run and removed with it, also when SIGINT or SIGTERM ends the run.
//
// One in a program, made first: threads started before it would take the signals themselves.
#pragma once

#include <string>

namespace tenure::bench {

class Scratch {
 public:
  // Within `parent`, which is made if it does not exist. Throws std::runtime_error when that fails.
  explicit Scratch(const std::string& parent);
  ~Scratch();
  Scratch(const Scratch&) = delete;

  // The signal that asked for the end, or 0.
  static int ended_by_signal();

  // A path within that nothing has used yet.
  std::string fresh(const std::string& name);

  const std::string& folder() const { return folder_; }
  // "ext4", or the kernel's number for what it is on. On a tmpfs a sync costs nothing: `on_disk` is false there.
  std::string file_system() const;
  bool on_disk() const;

 private:
  std::string folder_;
  unsigned made_ = 0;
};

}  // namespace tenure::bench
