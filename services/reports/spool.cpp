#include "services/reports/spool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace tenure::reports {

namespace {

constexpr std::size_t piece_bytes = 64 * 1024;

Failure failed(const std::string& what) {
  const int number = errno;
  const bool full = number == ENOSPC || number == EDQUOT;
  return fail(full ? FailureCode::disk_full : FailureCode::io,
              what + ": " + std::generic_category().message(number) + "." +
                  (full ? " Free some room on that disk and ask for the report again." : ""));
}

}  // namespace

Outcome<Spool> Spool::open(const std::filesystem::path& folder) {
  std::string name = (folder / "report.XXXXXX").string();
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor < 0) return failed("No file for a report can be made in " + folder.string());
  ::unlink(name.c_str());
  return Spool(descriptor);
}

Spool::Spool(Spool&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), read_(std::exchange(other.read_, 0)) {}

Spool& Spool::operator=(Spool&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(read_, other.read_);
  return *this;
}

Spool::~Spool() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Outcome<void> Spool::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("A report cannot be written");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

std::uint64_t Spool::size() const {
  struct ::stat found {};
  return ::fstat(descriptor_, &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
}

std::string Spool::path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

Outcome<bool> Spool::read(std::string& chunk) {
  const std::size_t had = chunk.size();
  chunk.resize(had + piece_bytes);
  ssize_t got = 0;
  do {
    got = ::pread(descriptor_, chunk.data() + had, piece_bytes, static_cast<off_t>(read_));
  } while (got < 0 && errno == EINTR);
  chunk.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
  if (got < 0) return failed("A report cannot be read back");
  read_ += static_cast<std::uint64_t>(got);
  return got > 0;
}

}  // namespace tenure::reports
