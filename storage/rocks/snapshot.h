// Snapshots of a RocksStore. Internal to storage/rocks/.
//
// After each commit the writer pins the new state (one RocksDB snapshot and the head that belongs to it) and publishes
// it; `snapshot()` shares the newest pin. So a Snapshot never shows half of a commit nor a position whose commit has
// not returned yet, and taking one costs no lock of RocksDB.
//
// Threads: `publish` and `close` by the store; `take` from any thread. Each Snapshot locks itself during a call, so
// that `close` can wait for calls under way and then take the ground from under the rest: those answer Failure closed.
#pragma once

#include <rocksdb/db.h>

#include <array>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "storage/rocks/damage.h"
#include "storage/rocks/format.h"
#include "storage/store.h"

namespace tenure::storage {

using Handles = std::array<rocksdb::ColumnFamilyHandle*, family_count>;

// The family of the views may be replaced while Snapshots show the one before: the last that uses it lets go of it.
using ViewsHandle = std::shared_ptr<rocksdb::ColumnFamilyHandle>;

// One published state. Lives until the last Snapshot that shares it is gone.
struct Pin {
  rocksdb::DB* db;
  Handles handles;
  ViewsHandle views;  // keeps the one among `handles` alive
  Position head;
  const rocksdb::Snapshot* at;

  Pin(rocksdb::DB* database, const Handles& families, ViewsHandle views_family, Position newest);
  ~Pin();
  Pin(const Pin&) = delete;
  Pin& operator=(const Pin&) = delete;
};

// What a Snapshot stands on; null pin once the store has closed.
struct Ground {
  std::mutex busy;
  std::shared_ptr<const Pin> pin;
  std::array<std::unique_ptr<rocksdb::Iterator>, family_count> iterators;  // made at the first seek, then reused
  rocksdb::PinnableSlice value;                                            // of the last lookup; may pin a cached block

  void clear();  // under `busy`
};

class Snapshots : public std::enable_shared_from_this<Snapshots> {
 public:
  // Damage of the log that a reader comes upon is told to `log_damage`.
  explicit Snapshots(std::shared_ptr<Damage> log_damage) : log_damage_(std::move(log_damage)) {}
  void publish(std::shared_ptr<const Pin> pin);
  std::unique_ptr<Snapshot> take();
  void close();

 private:
  friend class RocksSnapshot;
  using Open = std::list<std::shared_ptr<Ground>>;
  void drop(Open::iterator one);

  const std::shared_ptr<Damage> log_damage_;
  std::mutex guard_;
  std::shared_ptr<const Pin> newest_;
  Open open_;
};

}  // namespace tenure::storage
