// A file system below RocksDB that remembers what was synced, so that a test can cut the power, and that can be full.
//
// It writes through to the real one; `cut_power` makes a copy of the folder as it may stand after a power loss: every
// file holds its synced bytes and no others, a file whose folder entry was not synced is not there, and a rename that
// was not synced did not happen. Any thread.
#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace tenure::storage::testing {

class TestFileSystem : public rocksdb::FileSystemWrapper {
 public:
  TestFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
  const char* Name() const override { return "TestFileSystem"; }

  // `keep_unsynced(bytes)` says how many unsynced bytes of a write-ahead log survive; none by default.
  void cut_power(const std::string& folder, const std::string& copy,
                 const std::function<std::uint64_t(std::uint64_t)>& keep_unsynced = {});
  // Called before each sync of a write-ahead log, with nothing locked.
  std::function<void()> before_log_sync;
  // The same of every other file.
  std::function<void()> before_file_sync;

  // So many syncs of a write-ahead log fail, and then no more do.
  std::atomic<int> failing_log_syncs{0};

  // Bytes that may still be written, or no limit. What does not fit is written in part and answers NoSpace. Deleting
  // gives nothing back, so that a full disk stays full until the test says otherwise.
  void set_room(std::optional<std::uint64_t> bytes);
  // What GetFreeSpace answers; by default `room`.
  void set_reported_free(std::optional<std::uint64_t> bytes);

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* directory,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFreeSpace(const std::string& path, const rocksdb::IOOptions& options, std::uint64_t* free,
                                 rocksdb::IODebugContext* debug) override;

  struct Tracked {
    std::uint64_t written = 0;
    std::uint64_t synced = 0;
    bool entry_synced = false;
    std::optional<std::string> before_rename;  // what a lost rename would bring back
  };
  // How many of `wanted` bytes there is room for; takes them.
  std::uint64_t take_room(std::uint64_t wanted);
  void synced_entries(const std::string& folder);
  std::mutex guard;  // held during every change of a file and during a power cut

 private:
  std::map<std::string, std::shared_ptr<Tracked>> files_;
  std::optional<std::uint64_t> room_, reported_free_;
};

// An Env over `files`; keep it as long as the store.
std::shared_ptr<rocksdb::Env> env_over(const std::shared_ptr<TestFileSystem>& files);

}  // namespace tenure::storage::testing
