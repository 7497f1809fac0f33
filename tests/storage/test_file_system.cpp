#include "tests/storage/test_file_system.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace tenure::storage::testing {

namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

std::string tidy(const std::string& path) { return std::filesystem::path(path).lexically_normal().string(); }

std::string read_prefix(const std::string& path, std::uint64_t most) {
  std::ifstream in(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  bytes.resize(std::min<std::uint64_t>(bytes.size(), most));
  return bytes;
}

class TrackedFile final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  TrackedFile(std::unique_ptr<rocksdb::FSWritableFile>&& target, TestFileSystem& home,
              std::shared_ptr<TestFileSystem::Tracked> tracked, bool is_log)
      : FSWritableFileOwnerWrapper(std::move(target)), home_(home), tracked_(std::move(tracked)), is_log_(is_log) {}

  IOStatus Append(const Slice& bytes, const IOOptions& options, IODebugContext* debug) override {
    const std::lock_guard lock(home_.guard);
    const std::uint64_t fits = home_.take_room(bytes.size());
    const IOStatus done = FSWritableFileOwnerWrapper::Append(Slice(bytes.data(), fits), options, debug);
    if (done.ok()) tracked_->written += fits;
    return fits < bytes.size() ? IOStatus::NoSpace("the test's disk is full") : done;
  }
  IOStatus Append(const Slice& bytes, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(bytes, options, debug);
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    const auto& before = is_log_ ? home_.before_log_sync : home_.before_file_sync;
    if (before) before();
    if (is_log_ && home_.failing_log_syncs > 0) {
      --home_.failing_log_syncs;
      return IOStatus::IOError("the test's disk did not sync");
    }
    const std::lock_guard lock(home_.guard);
    const IOStatus done = FSWritableFileOwnerWrapper::Sync(options, debug);
    if (done.ok()) tracked_->synced = tracked_->written;
    return done;
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override { return Sync(options, debug); }
  // A hint to the machine, never a promise: nothing counts as synced.
  IOStatus RangeSync(std::uint64_t, std::uint64_t, const IOOptions&, IODebugContext*) override {
    return IOStatus::OK();
  }

 private:
  TestFileSystem& home_;
  const std::shared_ptr<TestFileSystem::Tracked> tracked_;
  const bool is_log_;
};

class TrackedDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  TrackedDirectory(std::unique_ptr<rocksdb::FSDirectory>&& target, TestFileSystem& home, std::string path)
      : FSDirectoryWrapper(std::move(target)), home_(home), path_(std::move(path)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    const IOStatus done = FSDirectoryWrapper::Fsync(options, debug);
    if (done.ok()) home_.synced_entries(path_);
    return done;
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& why) override {
    const IOStatus done = FSDirectoryWrapper::FsyncWithDirOptions(options, debug, why);
    if (done.ok()) home_.synced_entries(path_);
    return done;
  }

 private:
  TestFileSystem& home_;
  const std::string path_;
};

}  // namespace

std::uint64_t TestFileSystem::take_room(std::uint64_t wanted) {
  if (!room_) return wanted;
  const std::uint64_t fits = std::min(wanted, *room_);
  *room_ -= fits;
  return fits;
}

void TestFileSystem::set_room(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(guard);
  room_ = bytes;
}
void TestFileSystem::set_reported_free(std::optional<std::uint64_t> bytes) {
  const std::lock_guard lock(guard);
  reported_free_ = bytes;
}

void TestFileSystem::synced_entries(const std::string& folder) {
  const std::lock_guard lock(guard);
  for (auto& [path, file] : files_) {
    if (std::filesystem::path(path).parent_path() != std::filesystem::path(folder)) continue;
    file->entry_synced = true;
    file->before_rename.reset();
  }
}

IOStatus TestFileSystem::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                         std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  const IOStatus done = FileSystemWrapper::NewWritableFile(name, options, file, debug);
  if (!done.ok()) return done;
  auto tracked = std::make_shared<Tracked>();
  const std::lock_guard lock(guard);
  files_[tidy(name)] = tracked;
  *file = std::make_unique<TrackedFile>(std::move(*file), *this, std::move(tracked), name.ends_with(".log"));
  return done;
}

IOStatus TestFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                      std::unique_ptr<rocksdb::FSDirectory>* directory, IODebugContext* debug) {
  const IOStatus done = FileSystemWrapper::NewDirectory(name, options, directory, debug);
  if (done.ok()) *directory = std::make_unique<TrackedDirectory>(std::move(*directory), *this, tidy(name));
  return done;
}

IOStatus TestFileSystem::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  const std::lock_guard lock(guard);
  files_.erase(tidy(name));
  return FileSystemWrapper::DeleteFile(name, options, debug);
}

IOStatus TestFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                    IODebugContext* debug) {
  const std::lock_guard lock(guard);
  const auto moved = files_.find(tidy(from));
  const auto target = files_.find(tidy(to));
  std::optional<std::string> before;
  if (target != files_.end() && target->second->entry_synced) before = read_prefix(to, target->second->synced);
  const IOStatus done = FileSystemWrapper::RenameFile(from, to, options, debug);
  if (!done.ok() || moved == files_.end()) return done;
  auto tracked = moved->second;
  tracked->entry_synced = false;
  tracked->before_rename = before;
  files_.erase(moved);
  files_[tidy(to)] = tracked;
  return done;
}

// The other name has the same bytes and an entry of its own.
IOStatus TestFileSystem::LinkFile(const std::string& from, const std::string& to, const IOOptions& options,
                                  IODebugContext* debug) {
  const std::lock_guard lock(guard);
  const IOStatus done = FileSystemWrapper::LinkFile(from, to, options, debug);
  const auto linked = files_.find(tidy(from));
  if (!done.ok() || linked == files_.end()) return done;
  auto tracked = std::make_shared<Tracked>(*linked->second);
  tracked->entry_synced = false;
  tracked->before_rename.reset();
  files_[tidy(to)] = std::move(tracked);
  return done;
}

IOStatus TestFileSystem::GetFreeSpace(const std::string& path, const IOOptions& options, std::uint64_t* free,
                                      IODebugContext* debug) {
  const std::lock_guard lock(guard);
  if (!reported_free_ && !room_) return FileSystemWrapper::GetFreeSpace(path, options, free, debug);
  *free = reported_free_ ? *reported_free_ : *room_;
  return IOStatus::OK();
}

void TestFileSystem::cut_power(const std::string& folder, const std::string& copy,
                               const std::function<std::uint64_t(std::uint64_t)>& keep_unsynced) {
  const std::lock_guard lock(guard);
  std::filesystem::create_directories(copy);
  for (const auto& [path, file] : files_) {
    const std::filesystem::path name = path;
    if (name.parent_path() != std::filesystem::path(tidy(folder))) continue;
    const std::string to = copy + "/" + name.filename().string();
    if (!file->entry_synced) {
      if (file->before_rename) std::ofstream(to, std::ios::binary) << *file->before_rename;
      continue;
    }
    std::uint64_t keep = file->synced;
    if (keep_unsynced && path.ends_with(".log")) keep += keep_unsynced(file->written - file->synced);
    std::ofstream(to, std::ios::binary) << read_prefix(path, keep);
  }
}

std::shared_ptr<rocksdb::Env> env_over(const std::shared_ptr<TestFileSystem>& files) {
  return std::shared_ptr<rocksdb::Env>(rocksdb::NewCompositeEnv(files).release());
}

}  // namespace tenure::storage::testing
