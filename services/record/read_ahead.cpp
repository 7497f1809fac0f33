#include "services/record/read_ahead.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "events/digest.h"
#include "events/wire/record_gist.h"
#include "events/wire/record_wire.h"

namespace tenure::services {

namespace {

Failure at_position(const Failure& failure, Position position) {
  return fail(failure.code, failure.because + " (position " + std::to_string(position.value) + ")");
}

}  // namespace

Outcome<Record> decode_record(const storage::LogRecord& stored, storage::Snapshot& blobs) {
  auto record = wire::read_record(stored.bytes, [&](const Digest& hash) { return blobs.blob(hash); });
  if (!record) return at_position(record.error(), stored.position);
  return record;
}

namespace {

// Into the memory of one that was folded and is empty.
Outcome<ReadBatch> read_batch(storage::Snapshot& log, storage::Snapshot& blobs, Position from, std::size_t size,
                              ReadBatch batch) {
  struct Last {
    std::size_t place = 0;
    std::string bytes;
  };
  std::unordered_map<OrgId, Last> last;
  batch.reserve(size);
  std::optional<Failure> failure;
  const wire::PartSource parts = [&](const Digest& hash) { return blobs.blob(hash); };
  const auto done = log.records(from, [&](const storage::LogRecord& stored) {
    ReadRecord& read = batch.emplace_back();
    if (const auto decoded = wire::read_folded(read.record, stored.bytes, parts); !decoded) {
      failure = at_position(decoded.error(), stored.position);
      return false;
    }
    Last& of_org = last[read.record.org];
    of_org.place = batch.size() - 1;
    of_org.bytes = stored.bytes;
    if (read.record.event.id) read.digests.id = sha256(read.record.event.id->text);
    return batch.size() < size;
  });
  if (!done) return done.error();
  if (failure) return *failure;
  if (batch.empty()) return fail(FailureCode::corruption, "the log ends before its head; run `tenure verify`");
  for (const auto& [org, of_org] : last) batch[of_org.place].digests.record = sha256(of_org.bytes);
  return batch;
}

}  // namespace

struct ReadAhead::Inside {
  Inside(storage::Store& store, Position first, Position last, std::size_t records)
      : log(store.snapshot()), blobs(store.snapshot()), from(first), to(last), size(records), reader([this] {
          run();
        }) {}

  void run();

  const std::unique_ptr<storage::Snapshot> log, blobs;
  Position from;  // the reader's
  const Position to;
  const std::size_t size;
  std::mutex guard;
  std::condition_variable wanted, there;
  std::deque<Outcome<ReadBatch>> ahead;
  std::vector<ReadBatch> folded;  // whose records are to be let go of, and their memory to be read into
  bool stopping = false;
  std::thread reader;  // last: it uses all of the above
};

void ReadAhead::Inside::run() {
  for (bool more = from <= to; more;) {
    ReadBatch empty;
    {
      std::unique_lock lock(guard);
      wanted.wait(lock, [this] { return stopping || ahead.size() < batches_ahead; });
      if (stopping) return;
      if (!folded.empty()) {
        empty = std::move(folded.back());
        folded.pop_back();
      }
    }
    empty.clear();
    auto batch = read_batch(*log, *blobs, from, size, std::move(empty));
    if (batch) from = batch->back().record.position.next();
    more = batch && from <= to;
    {
      const std::lock_guard lock(guard);
      ahead.push_back(std::move(batch));
    }
    there.notify_one();
  }
}

ReadAhead::ReadAhead(storage::Store& store, Position from, Position to, std::size_t batch_records)
    : inside_(std::make_unique<Inside>(store, from, to, batch_records)) {}

ReadAhead::~ReadAhead() {
  {
    const std::lock_guard lock(inside_->guard);
    inside_->stopping = true;
  }
  inside_->wanted.notify_one();
  inside_->reader.join();
}

Outcome<ReadBatch> ReadAhead::next(ReadBatch folded) {
  Inside& in = *inside_;
  std::unique_lock lock(in.guard);
  if (!folded.empty()) in.folded.push_back(std::move(folded));
  in.there.wait(lock, [&] { return !in.ahead.empty(); });
  auto batch = std::move(in.ahead.front());
  in.ahead.pop_front();
  lock.unlock();
  in.wanted.notify_one();
  return batch;
}

}  // namespace tenure::services
