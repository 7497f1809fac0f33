// What keeps a store from writing, and how it gets over it. Internal to storage/rocks/.
//
// RocksDB stops all writes after a failed one and after any error of its background work. Errors that pass (a full
// disk, a write that failed) are cured here by the next commit; damage found in the background is not: it is kept and
// answered to every commit until the store is opened again.
//
// RocksDB 7.8's own cure, Resume(), may not help. It begins a fresh log only where something is in memory to be
// flushed; where nothing is, the log whose write failed stays, and the next write to it ends the program by an
// assertion. It refuses after a failed sync and other errors that RocksDB calls fatal. In both cases `must_reopen` says
// that only closing and opening the database again helps, which is tried where there is room for it: nobody is served
// by one that is shut.
//
// And it may not come to an end. It waits for background work, and a compaction that finds
// no room is begun again and again: then it goes on beside the commits, which are refused meanwhile. And it waits for
// ever for a flush that was scheduled before an error and taken up after it, because that request is thrown away: then
// nothing moves, the wait is broken off, and the database is opened again too.
//
// Threads: the listener's calls come from RocksDB's threads; `ready_to_write` and `note` from the one writer; `trouble`
// from any.
#pragma once

#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "events/result.h"

namespace tenure::storage {

class Faults {
 public:
  // How often free space is asked for at most; between two questions a writer can use a few MiB, far below the floor.
  static constexpr std::chrono::milliseconds space_check_interval{5};

  Faults(std::string folder, std::uint64_t free_floor_bytes, rocksdb::Env* env);

  std::shared_ptr<rocksdb::EventListener> listener() const;
  // Before the database is opened: a file by which room was tried for, that a kill left behind.
  void drop_trial() const;

  // How long a commit waits for a cure; one that takes longer goes on beside it.
  static constexpr std::chrono::milliseconds cure_wait_max{5'000};
  // How long nothing may move in a cure before it is broken off. A cure that was only slow costs a reopening.
  static constexpr std::chrono::milliseconds stuck_after{2'000};
  // So much more room, and a commit waits once more for a cure that goes on.
  static constexpr std::uint64_t hopeful_bytes = std::uint64_t{1} << 20;
  // Room that opening a database takes beside what was in its memory.
  static constexpr std::uint64_t reopening_bytes = std::uint64_t{16} << 20;

  // Nothing if `db` can be written to, after a cure if one was due; otherwise why not.
  std::optional<Failure> ready_to_write(rocksdb::DB& db);
  bool must_reopen() const { return must_reopen_; }
  // The owner has closed the database and is about to open it again: nothing is left of what was wrong with it.
  void forget();
  // Whether a cure goes on: a flush would wait behind it.
  bool curing() const { return curing_.valid(); }
  // After the database's work was told to stop: waits for a cure that goes on.
  void end() {
    if (curing_.valid()) curing_.wait();
  }
  // It could not be opened: what `trouble` says until it is.
  void stay_shut(const Failure& because);
  // A write through `db` that failed: the next `ready_to_write` cures before anything else. `to_log`: it went through
  // the write-ahead log.
  Failure note(rocksdb::DB& db, const rocksdb::Status& status, const char* place, bool to_log = true);
  std::optional<Failure> trouble() const;

 private:
  class Listener;

  std::optional<Failure> room(bool at_once);
  std::optional<Failure> cure(rocksdb::DB& db);
  std::optional<Failure> reopen(rocksdb::DB& db);
  rocksdb::Status try_room(std::uint64_t bytes) const;
  bool stuck(rocksdb::DB& db);

  const std::string folder_;
  const std::uint64_t free_floor_bytes_;
  rocksdb::Env* const env_;
  std::shared_ptr<Listener> listener_;
  std::chrono::steady_clock::time_point space_checked_;
  bool write_failed_ = false;
  bool log_lost_ = false;  // no cure but a reopening
  bool must_reopen_ = false;
  std::future<rocksdb::Status> curing_;  // waits for its end when it goes
  std::optional<std::chrono::steady_clock::time_point> in_vain_since_;
  std::uint64_t free_at_refusal_ = 0;
  mutable std::mutex guard_;
  bool cure_goes_on_ = false;        // or waits for more room than appends need
  std::optional<Failure> standing_;  // what the last `ready_to_write` or `note` said
};

}  // namespace tenure::storage
