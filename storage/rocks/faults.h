// What keeps a store from writing, and how it gets over it. Internal to storage/rocks/.
//
// RocksDB stops all writes after a failed one and after any error of its background work. Errors that pass (a full
// disk, a write that failed) are cured here by the next commit; damage found in the background is not: it is kept and
// answered to every commit until the store is opened again.
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

  // How long a commit waits for a cure; one that takes longer goes on beside it.
  static constexpr std::chrono::milliseconds cure_wait_max{5'000};

  Faults(std::string folder, std::uint64_t free_floor_bytes, rocksdb::Env* env);

  std::shared_ptr<rocksdb::EventListener> listener() const;

  // Nothing if `db` can be written to, after a cure if one was due; otherwise why not.
  std::optional<Failure> ready_to_write(rocksdb::DB& db);
  // A write that failed: the next `ready_to_write` cures before anything else.
  Failure note(const rocksdb::Status& status, const char* place);
  std::optional<Failure> trouble() const;
  // Whether a cure is under way: then a flush would wait behind it. It ends when the store is told to stop its work.
  bool curing() const { return curing_.valid(); }
  // After the store's work was told to stop: waits for a cure under way.
  void end() {
    if (curing_.valid()) curing_.wait();
  }

 private:
  class Listener;

  std::optional<Failure> room(bool at_once);
  std::optional<Failure> cure(rocksdb::DB& db);

  const std::string folder_;
  const std::uint64_t free_floor_bytes_;
  rocksdb::Env* const env_;
  std::shared_ptr<Listener> listener_;
  std::chrono::steady_clock::time_point space_checked_;
  bool write_failed_ = false;
  std::future<rocksdb::Status> curing_;  // waits for its end when it goes
  mutable std::mutex guard_;
  std::optional<Failure> standing_;  // what the last `ready_to_write` or `note` said
};

}  // namespace tenure::storage
