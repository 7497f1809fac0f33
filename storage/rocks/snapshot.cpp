#include "storage/rocks/snapshot.h"

#include <type_traits>
#include <utility>

#include "events/digest.h"
#include "storage/rocks/failures.h"
#include "storage/rocks/open_options.h"

namespace tenure::storage {

namespace {

std::string_view view_of(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }
rocksdb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// A version below the newest one that is not there is damage, whatever the lookup called it.
Failure damaged_chain(const OrgId& org, const Failure& failure) {
  if (failure.code != FailureCode::not_found) return failure;
  return fail(FailureCode::corruption, "The versions of " + org.text + " have a gap: " + failure.because);
}

std::string record_place(Position position) { return "the record at position " + std::to_string(position.value); }

// A log entry as a record; its leaf hash is computed again, so that damaged bytes are never served.
Outcome<void> read_checked(Position position, std::string_view value, LogRecord& record) {
  if (value.size() <= leaf_bytes) {
    return fail(FailureCode::corruption,
                record_place(position) + " is cut short (" + std::to_string(value.size()) + " bytes).");
  }
  std::string_view bytes;
  split_log_value(value, record.leaf, bytes);
  if (leaf_hash(bytes) != record.leaf) {
    return fail(FailureCode::corruption, record_place(position) + " does not have the leaf hash " +
                                             to_hex(record.leaf) + " that was stored with it.");
  }
  record.position = position;
  record.bytes.assign(bytes);
  return {};
}

}  // namespace

// One instant of a RocksStore: see snapshot.h for its locking, storage/store.h for what each call promises.
class RocksSnapshot final : public Snapshot {
 public:
  RocksSnapshot(std::shared_ptr<Snapshots> home, Snapshots::Open::iterator entry)
      : home_(std::move(home)), entry_(entry), ground_(*entry), head_(ground_->pin ? ground_->pin->head : Position{}) {}
  ~RocksSnapshot() override {
    {
      const std::lock_guard lock(ground_->busy);
      ground_->clear();
    }
    home_->drop(entry_);  // only now, so that a close never goes on while this still holds the database
  }

  bool find(Family family, std::string_view key, rocksdb::PinnableSlice& value, rocksdb::Status& status) {
    value.Reset();
    rocksdb::ReadOptions options = checked_read();
    options.snapshot = ground_->pin->at;
    status =
        ground_->pin->db->Get(options, ground_->pin->handles[static_cast<std::size_t>(family)], slice_of(key), &value);
    return status.ok();
  }
  rocksdb::Iterator& iterator(Family family) {
    auto& one = ground_->iterators[static_cast<std::size_t>(family)];
    if (!one) {
      rocksdb::ReadOptions options = checked_read();
      options.snapshot = ground_->pin->at;
      one.reset(ground_->pin->db->NewIterator(options, ground_->pin->handles[static_cast<std::size_t>(family)]));
    }
    return *one;
  }

  Outcome<bool> get(std::string_view key, std::string& value) override {
    const std::lock_guard lock(ground_->busy);
    if (!ground_->pin) return closed_failure();
    rocksdb::Status status;
    if (find(Family::views, key, ground_->value, status)) {
      value.assign(ground_->value.data(), ground_->value.size());
      return true;
    }
    if (status.IsNotFound()) return false;
    return failure_of(status, "the view key " + shown_key(key));
  }

  Outcome<bool> last_at_most(std::string_view lower, std::string_view at_most, std::string& key,
                             std::string& value) override {
    const std::lock_guard lock(ground_->busy);
    if (!ground_->pin) return closed_failure();
    if (at_most < lower) return false;
    rocksdb::Iterator& it = iterator(Family::views);
    it.SeekForPrev(slice_of(at_most));
    if (!it.Valid()) {
      if (!it.status().ok()) return failure_of(it.status(), "the view keys up to " + shown_key(at_most));
      return false;
    }
    if (view_of(it.key()) < lower) return false;
    key.assign(it.key().data(), it.key().size());
    value.assign(it.value().data(), it.value().size());
    return true;
  }

  Outcome<void> scan(std::string_view from, std::string_view to,
                     const std::function<bool(std::string_view, std::string_view)>& row) override {
    const std::lock_guard lock(ground_->busy);
    if (!ground_->pin) return closed_failure();
    rocksdb::Iterator& it = iterator(Family::views);
    for (it.Seek(slice_of(from)); it.Valid() && view_of(it.key()) < to; it.Next()) {
      if (!row(view_of(it.key()), view_of(it.value()))) return {};
    }
    if (!it.status().ok()) return failure_of(it.status(), "the view keys from " + shown_key(from));
    return {};
  }

  Position head() const override { return head_; }

  Outcome<LogRecord> record(Position position) override {
    return of_log([&]() -> Outcome<LogRecord> {
      if (!position || position > head_) {
        return fail(FailureCode::not_found, "There is no record at position " + std::to_string(position.value) +
                                                "; the newest is " + std::to_string(head_.value) + ".");
      }
      rocksdb::Status status;
      if (find(Family::log, number_key(position.value), ground_->value, status)) {
        LogRecord record;
        if (const auto read = read_checked(position, view_of(ground_->value), record); !read) return read.error();
        return record;
      }
      if (status.IsNotFound())
        return fail(FailureCode::corruption, record_place(position) + " is missing from the log.");
      return failure_of(status, record_place(position));
    });
  }

  Outcome<void> records(Position from, const std::function<bool(const LogRecord&)>& row) override {
    return of_log([&]() -> Outcome<void> {
      Position next = from ? from : Position(1);
      if (next > head_) return {};
      rocksdb::Iterator& it = iterator(Family::log);
      LogRecord record;
      for (it.Seek(number_key(next.value)); it.Valid() && next <= head_; it.Next(), next = next.next()) {
        if (view_of(it.key()) != number_key(next.value)) break;
        if (const auto read = read_checked(next, view_of(it.value()), record); !read) return read;
        if (!row(record)) return {};
      }
      if (!it.status().ok()) return failure_of(it.status(), record_place(next));
      if (next <= head_) return fail(FailureCode::corruption, record_place(next) + " is missing from the log.");
      return {};
    });
  }

  Outcome<void> records_of(const OrgId& org, Version from,
                           const std::function<bool(Version, const LogRecord&)>& row) override {
    return of_log([&]() -> Outcome<void> {
      auto newest = newest_version(org);
      if (!newest) return newest.error();
      Version next = from ? from : Version(1);
      version_key(key_, org, next);
      rocksdb::Iterator& versions = iterator(Family::versions);
      LogRecord record;
      Position last;
      for (versions.Seek(key_); next <= *newest; versions.Next(), next = next.next()) {
        Version version;
        Position position;
        const bool there = versions.Valid() && read_version_key(view_of(versions.key()), org, version) &&
                           version == next && read_number(view_of(versions.value()), position.value);
        if (!there) return no_version(versions.status(), org, next);
        if (const auto moved = move_to(last, position); !moved) return moved;
        if (const auto read = read_checked(position, view_of(iterator(Family::log).value()), record); !read)
          return read;
        if (!row(next, record)) return {};
        last = position;
      }
      return {};
    });
  }

  Outcome<Version> version_of(const OrgId& org) override {
    return of_log([&] { return newest_version(org); });
  }

  Outcome<Position> position_of(const OrgId& org, Version version) override {
    return of_log([&] { return position_of_version(org, version); });
  }

  Outcome<Version> version_at(const OrgId& org, Position position) override {
    return of_log([&]() -> Outcome<Version> {
      auto newest = newest_version(org);
      if (!newest || !*newest) return newest;
      // Halving: `low` is at or below `position` (0 always is), `high` is above.
      std::uint64_t low = 0, high = newest->value + 1;
      for (std::uint64_t middle = newest->value; low + 1 < high; middle = low + (high - low) / 2) {
        auto at = position_of_version(org, Version(middle));
        if (!at) return damaged_chain(org, at.error());
        (*at <= position ? low : high) = middle;
      }
      return Version(low);
    });
  }

  Outcome<std::string> blob(const Digest& hash) override {
    return of_log([&]() -> Outcome<std::string> {
      const std::string place = "the blob " + to_hex(hash);
      rocksdb::Status status;
      if (!find(Family::blobs, digest_key(hash), ground_->value, status)) {
        if (status.IsNotFound()) return fail(FailureCode::not_found, "There is no blob " + to_hex(hash) + ".");
        return failure_of(status, place);
      }
      if (sha256(view_of(ground_->value)) != hash)
        return fail(FailureCode::corruption, place + " has other bytes than its hash says.");
      return std::string(view_of(ground_->value));
    });
  }

 private:
  // A read of the log, or of what is kept beside it.
  template <typename Read>
  std::invoke_result_t<Read> of_log(Read&& read) {
    const std::lock_guard lock(ground_->busy);
    if (!ground_->pin) return closed_failure();
    auto outcome = read();
    if (!outcome) home_->log_damage_->note(outcome.error());
    return outcome;
  }
  // Moves the log's iterator from one position (0: from anywhere) to a later one, whose record must be there.
  Outcome<void> move_to(Position from, Position to) {
    rocksdb::Iterator& log = iterator(Family::log);
    const std::string key = number_key(to.value);
    if (from && from.next() == to) {
      log.Next();
    } else {
      log.Seek(key);
    }
    if (log.Valid() && view_of(log.key()) == key) return {};
    if (!log.status().ok()) return failure_of(log.status(), record_place(to));
    return fail(FailureCode::corruption, record_place(to) + " is missing from the log.");
  }
  static Failure no_version(const rocksdb::Status& status, const OrgId& org, Version version) {
    const std::string place = "version " + std::to_string(version.value) + " of " + org.text;
    if (!status.ok()) return failure_of(status, place);
    return damaged_chain(org, fail(FailureCode::not_found, "There is no " + place + "."));
  }
  Outcome<Version> newest_version(const OrgId& org) {
    version_key(key_, org, Version(UINT64_MAX));
    rocksdb::Iterator& it = iterator(Family::versions);
    it.SeekForPrev(key_);
    Version version;
    if (it.Valid() && read_version_key(view_of(it.key()), org, version)) return version;
    if (!it.status().ok()) return failure_of(it.status(), "the versions of " + org.text);
    return Version{};
  }
  Outcome<Position> position_of_version(const OrgId& org, Version version) {
    version_key(key_, org, version);
    const std::string place = "version " + std::to_string(version.value) + " of " + org.text;
    rocksdb::Status status;
    Position position;
    if (find(Family::versions, key_, ground_->value, status)) {
      if (read_number(view_of(ground_->value), position.value)) return position;
      return fail(FailureCode::corruption, place + " does not hold a position.");
    }
    if (status.IsNotFound()) return fail(FailureCode::not_found, "There is no " + place + ".");
    return failure_of(status, place);
  }

  std::shared_ptr<Snapshots> home_;
  Snapshots::Open::iterator entry_;
  std::shared_ptr<Ground> ground_;
  Position head_;
  std::string key_;
};

Pin::Pin(rocksdb::DB* database, const Handles& families, ViewsHandle views_family, Position newest)
    : db(database), handles(families), views(std::move(views_family)), head(newest), at(database->GetSnapshot()) {}
Pin::~Pin() { db->ReleaseSnapshot(at); }

void Ground::clear() {
  value.Reset();
  for (auto& iterator : iterators) iterator.reset();
  pin.reset();
}

void Snapshots::publish(std::shared_ptr<const Pin> pin) {
  {
    const std::lock_guard lock(guard_);
    newest_.swap(pin);
  }
  // The state before goes here, outside the lock, if no Snapshot shares it.
}

std::unique_ptr<Snapshot> Snapshots::take() {
  auto ground = std::make_shared<Ground>();
  const std::lock_guard lock(guard_);
  ground->pin = newest_;
  open_.push_front(std::move(ground));
  return std::make_unique<RocksSnapshot>(shared_from_this(), open_.begin());
}

void Snapshots::drop(Open::iterator one) {
  const std::lock_guard lock(guard_);
  open_.erase(one);
}

void Snapshots::close() {
  std::shared_ptr<const Pin> newest;
  std::vector<std::shared_ptr<Ground>> open;
  {
    const std::lock_guard lock(guard_);
    newest.swap(newest_);
    open.assign(open_.begin(), open_.end());
  }
  for (const auto& ground : open) {
    const std::lock_guard lock(ground->busy);
    ground->clear();
  }
}

}  // namespace tenure::storage
