// Start here: what Tenure keeps. A Store holds three things under one atomic write:
//
//   the event log   immutable records in one global order of positions, dense from 1, each also the
//                   next version of its organization
//   the views       an ordered map of bytes to bytes, rebuilt from the log at will
//   the blobs       what is too large for a record, under the SHA-256 of its stored bytes
//
// Two implementations keep the same contract (tests/storage/store_contract.h): storage/rocks/ on
// disk, storage/memory/ as the model that the disk is tested against.
//
// Threads: one writer at a time calls `commit` and `clear_views`; `snapshot` and the const calls may come from any
// thread. A Snapshot belongs to one thread at a time; any number may be open, each shows one
// instant of the store and nothing later.
//
// Promises: when `commit` returns a value, its records, view changes and blobs are durable (the
// write-ahead log is synced) and only then visible to a new Snapshot; when it returns a Failure,
// nothing of it is visible, now or after a restart, except that after `io` or `disk_full` a restart, or the store
// that opens its files anew, may find a batch that was never acknowledged (never half of one).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/digest.h"
#include "events/ids.h"
#include "events/result.h"
#include "storage/view_writes.h"

namespace tenure::storage {

struct NewRecord {
  OrgId org;
  Version version;             // must be the organization's current version + 1, counting this same commit
  std::optional<Digest> leaf;  // RFC 6962 leaf hash of `bytes`; the store works out what is not given
  std::string bytes;           // canonical JSON, 1 to 65,535 bytes

  Digest leaf_or_made() const { return leaf ? *leaf : leaf_hash(bytes); }
};

struct LogRecord {
  Position position;
  Digest leaf;
  std::string bytes;
};

struct NewBlob {
  Digest hash;  // SHA-256 of `bytes`
  std::string bytes;
};

// Many views, told where they stand by whoever changed them, so that none is copied: in the order of their keys, each
// once. What it tells must stand until the commit is over.
struct BulkViews {
  using Visit = std::function<void(const ViewWrites::Write&)>;
  std::size_t count = 0;
  std::function<void(const Visit&)> each;
};

// One atomic write. `first` is the position of records[0] and must be head + 1; a commit without
// records may change views and blobs alone.
struct Commit {
  Position first;
  std::vector<NewRecord> records;
  ViewWrites views;  // in order: a later put of the same key wins, an append goes behind what is there by then
  std::vector<NewBlob> blobs;
  // Instead of all of the above: views that may become a sorted file of their own and not pass through the write-ahead
  // log. As durable and as whole as any other commit.
  std::optional<BulkViews> in_bulk = std::nullopt;

  bool empty() const { return records.empty() && views.empty() && blobs.empty() && !in_bulk; }
};

// Reads of the views. Keys compare as unsigned bytes.
class ViewReader {
 public:
  virtual ~ViewReader() = default;
  // Whether `key` is there; if so `value` becomes its bytes. One lookup.
  virtual Outcome<bool> get(std::string_view key, std::string& value) = 0;
  // The greatest key in [lower, at_most] and its value, or false. One seek.
  virtual Outcome<bool> last_at_most(std::string_view lower, std::string_view at_most, std::string& key,
                                     std::string& value) = 0;
  // Calls `row` for each key in [from, to) in rising order until it returns false. The views of a
  // row are valid during its call only; `row` must not use this reader.
  virtual Outcome<void> scan(std::string_view from, std::string_view to,
                             const std::function<bool(std::string_view key, std::string_view value)>& row) = 0;
};

// One instant of the store.
class Snapshot : public ViewReader {
 public:
  // The newest position that this snapshot shows; 0 when the log is empty.
  virtual Position head() const = 0;
  // The record at `position`; Failure not_found past the head, corruption if the stored leaf hash is
  // not the bytes' own. The leaf is checked on every read.
  virtual Outcome<LogRecord> record(Position position) = 0;
  // Records from `from` on in order, until `row` returns false or the head is reached. `row` must not use this
  // snapshot but may use another one.
  virtual Outcome<void> records(Position from, const std::function<bool(const LogRecord&)>& row) = 0;
  // Those of one organization from a version on, in the same way; the work is that of its own records.
  virtual Outcome<void> records_of(const OrgId& org, Version from,
                                   const std::function<bool(Version, const LogRecord&)>& row) = 0;
  // The organization's newest version; 0 when it has no record.
  virtual Outcome<Version> version_of(const OrgId& org) = 0;
  // The position of a version of an organization; not_found if there is none.
  virtual Outcome<Position> position_of(const OrgId& org, Version version) = 0;
  // The organization's newest version at or below `position`; 0 if it had none then. O(log n) lookups.
  virtual Outcome<Version> version_at(const OrgId& org, Position position) = 0;
  virtual Outcome<std::string> blob(const Digest& hash) = 0;
};

class Store {
 public:
  virtual ~Store() = default;
  virtual std::unique_ptr<Snapshot> snapshot() = 0;
  // conflict if `first` or a version is not the next one (names both numbers).
  virtual Outcome<void> commit(Commit&& commit) = 0;
  virtual Position head() const = 0;
  // Random 16 bytes as hex, made when the store was created; a restored copy gets a new one.
  virtual std::string id() const = 0;
  // Deletes every view, readable or not, for a rebuild, but for the rows in `kept`, which stand there after it,
  // whatever breaks it off. Durable when it returns.
  virtual Outcome<void> clear_views(const std::vector<ViewWrite>& kept) = 0;
  // Reads every view block and checks its checksum; corruption names the file and key range.
  virtual Outcome<void> check_views() = 0;
  // Why the store takes no commits at the moment (background corruption, a full disk), if that is so.
  virtual std::optional<Failure> trouble() const = 0;
  // Bytes held by the block cache and the write buffers now; 0 where nothing is counted.
  virtual std::size_t memory_bytes() const = 0;
  // Finishes background work and closes. Later calls answer Failure closed. Idempotent.
  virtual Outcome<void> close() = 0;
};

}  // namespace tenure::storage
