// The file of the master key: storage/people.h says what load_or_make_master_key promises.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "events/digest.h"
#include "storage/people.h"
#include "storage/seal.h"

namespace tenure::storage {

namespace {

constexpr std::size_t file_bytes = 65;  // 64 hex digits and a newline

Failure io_failure(const std::string& what, const std::string& path) {
  return fail(FailureCode::io, "Cannot " + what + " the master key " + path + ": " + std::strerror(errno) + ".");
}

// A file descriptor that closes itself.
class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int get() const { return descriptor_; }
  explicit operator bool() const { return descriptor_ >= 0; }

 private:
  int descriptor_;
};

Outcome<MasterKey> read_key(const File& file, const std::string& path) {
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return io_failure("read", path);
  if ((about.st_mode & 077) != 0) {
    return fail(FailureCode::io, "The master key " + path +
                                     " can be read by others, who then could read every name: run "
                                     "`chmod 600 " +
                                     path + "` and ask yourself who has read it.");
  }
  char text[file_bytes + 1];
  const ssize_t count = ::read(file.get(), text, sizeof text);
  if (count < 0) return io_failure("read", path);
  const std::string_view line(text, static_cast<std::size_t>(count));
  const auto digest =
      line.size() == file_bytes && line.back() == '\n' ? digest_from_hex(line.substr(0, file_bytes - 1)) : std::nullopt;
  OPENSSL_cleanse(text, sizeof text);
  if (!digest) {
    return fail(FailureCode::wrong_format, "The master key " + path + " is not 64 hex digits and a newline.");
  }
  MasterKey key;
  key.bytes = *digest;
  return key;
}

bool write_synced(int descriptor, const std::string& text) {
  return ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(descriptor) == 0;
}

// Written whole under another name and then linked into place: a crash never leaves half a key, and a key that somebody
// else made meanwhile is never replaced.
Outcome<void> make_key(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).has_parent_path()
                                           ? std::filesystem::path(path).parent_path()
                                           : std::filesystem::path(".");
  Digest bytes;
  random_bytes(bytes.data(), bytes.size());
  std::string text = to_hex(bytes) + "\n";
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());  // what a crash left
  const File file(::open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file) return io_failure("make", path);
  const bool written = write_synced(file.get(), text);
  OPENSSL_cleanse(text.data(), text.size());
  OPENSSL_cleanse(bytes.data(), bytes.size());
  const bool placed = written && (::link(fresh.c_str(), path.c_str()) == 0 || errno == EEXIST);
  const int why = errno;
  ::unlink(fresh.c_str());
  errno = why;
  if (!placed) return io_failure("make", path);
  const File directory(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return io_failure("make", path);
  return {};
}

}  // namespace

Outcome<MasterKey> load_or_make_master_key(const std::string& path) {
  if (const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC)); file) return read_key(file, path);
  if (errno != ENOENT) return io_failure("open", path);
  if (auto made = make_key(path); !made) return made.error();
  const File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return io_failure("open", path);
  return read_key(file, path);
}

}  // namespace tenure::storage
