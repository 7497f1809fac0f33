#include "tools/measure/scratch.h"

#include <linux/magic.h>
#include <signal.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "tools/measure/child.h"

namespace tenure::bench {
namespace {

long kind_of(const std::string& folder) {
  struct statfs found {};
  return ::statfs(folder.c_str(), &found) == 0 ? static_cast<long>(found.f_type) : 0;
}

std::atomic<int> ended_by{0};

// Without its servers the measurement in hand fails, and everything is taken down and removed on the way out. A second
// signal does not wait for that.
void end_tidily(const sigset_t& signals) {
  for (;;) {
    siginfo_t by{};
    const int signal = ::sigwaitinfo(&signals, &by);
    if (signal < 0) continue;
    if (ended_by.exchange(signal) != 0) ::_exit(128 + signal);
    std::cerr << "tenure_bench: signal " << signal << " of process " << by.si_pid << ": stopping\n";
    kill_children();
  }
}

}  // namespace

Scratch::Scratch(const std::string& parent) {
  std::error_code error;
  std::filesystem::create_directories(parent, error);
  std::string pattern = parent + "/tenure-bench-XXXXXX";
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a folder in " + parent);
  folder_ = pattern;
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals] { end_tidily(signals); }).detach();
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

int Scratch::ended_by_signal() { return ended_by; }

std::string Scratch::fresh(const std::string& name) { return folder_ + "/" + name + "-" + std::to_string(++made_); }

std::string Scratch::file_system() const {
  switch (kind_of(folder_)) {
    case EXT4_SUPER_MAGIC:
      return "ext4";
    case XFS_SUPER_MAGIC:
      return "xfs";
    case BTRFS_SUPER_MAGIC:
      return "btrfs";
    case OVERLAYFS_SUPER_MAGIC:
      return "overlayfs";
    case TMPFS_MAGIC:
      return "tmpfs";
    default:
      return "file system " + std::to_string(kind_of(folder_));
  }
}

bool Scratch::on_disk() const { return kind_of(folder_) != TMPFS_MAGIC; }

}  // namespace tenure::bench
