// A folder on a disk of its own that is small enough to be filled; none where mounting is not allowed: a test asks
// first. One thread; the disk goes away with the object.
#pragma once

#include <sys/mount.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace tenure::testing {

inline constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

class SmallDisk {
 public:
  explicit SmallDisk(std::uint64_t mebibytes) {
    std::string pattern = (std::filesystem::temp_directory_path() / "tenure-disk-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
    path_ = pattern;
    const std::string size = "size=" + std::to_string(mebibytes) + "m";
    mounted_ = ::mount("tenure-test", path_.c_str(), "tmpfs", 0, size.c_str()) == 0;
  }
  ~SmallDisk() {
    if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  SmallDisk(const SmallDisk&) = delete;

  explicit operator bool() const { return mounted_; }
  std::string path(const std::string& inside = {}) const { return inside.empty() ? path_ : path_ + "/" + inside; }
  std::uint64_t free_bytes() const {
    struct statvfs disk {};
    if (::statvfs(path_.c_str(), &disk) != 0) throw std::runtime_error("the disk does not say how full it is");
    return disk.f_bavail * disk.f_frsize;
  }

  // Leaves at most so much room.
  void fill(std::uint64_t room) {
    std::ofstream ballast(path("ballast"), std::ios::binary | std::ios::app);
    while (ballast && free_bytes() > room) {
      ballast << std::string(std::min(free_bytes() - room, mebibyte), 'b') << std::flush;
    }
  }
  void empty() const { std::filesystem::remove(path("ballast")); }

 private:
  std::string path_;
  bool mounted_ = false;
};

}  // namespace tenure::testing
