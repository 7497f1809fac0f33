// The log's records, read, checked and decoded by a thread of its own while the ones before are folded.
//
// Some batches are kept ahead (batches_ahead), so that neither side waits where the other one is held up for a while.
// What was folded is let go of by the thread that reads, too: that takes a tenth as long as to read it.
//
// Owned by who folds; one thread calls `next`. The store must outlive it.
#pragma once

#include <memory>
#include <vector>

#include "events/record.h"
#include "projections/access_fold.h"
#include "storage/store.h"

namespace tenure::services {

// A record as it is folded: what a fold asks of it (record_gist.h).
struct ReadRecord {
  Record record;
  // Of its bytes only where it is its organization's last one of the batch: heads are written for those.
  projections::RecordDigests digests;
};
using ReadBatch = std::vector<ReadRecord>;

// A stored record, decoded; what is too large for one is among `blobs`. corruption names the position.
Outcome<Record> decode_record(const storage::LogRecord& stored, storage::Snapshot& blobs);

class ReadAhead {
 public:
  static constexpr std::size_t batches_ahead = 3;

  // Reads from one position to another, both included, so many records at once.
  ReadAhead(storage::Store& store, Position from, Position to, std::size_t batch_records);
  ~ReadAhead();

  // The next batch, which is not empty; in exchange for the one before. corruption names the position; there is nothing
  // behind it, nor behind the last batch: `next` is not called then.
  Outcome<ReadBatch> next(ReadBatch folded);

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::services
