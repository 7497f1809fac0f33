#include "storage/rocks/faults.h"

#include <rocksdb/convenience.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "storage/rocks/failures.h"

namespace tenure::storage {

// Hears of background errors. Damage is kept for good; that anything failed is kept until a cure worked.
class Faults::Listener final : public rocksdb::EventListener {
 public:
  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
    if (status->IsCorruption()) {
      const std::lock_guard lock(guard_);
      if (!damage_) damage_ = failure_of(*status, "background work of the store");
    }
    no_space_ = status->IsNoSpace();
    failed_ = true;
  }
  // RocksDB's own cure polls every five seconds and answers Busy to ours meanwhile.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* automatic) override {
    *automatic = false;
  }

  bool failed() const { return failed_; }
  bool no_space() const { return no_space_; }
  void cured() { failed_ = false; }
  void forget() {
    const std::lock_guard lock(guard_);
    damage_.reset();
    failed_ = false;
  }
  std::optional<Failure> damage() const {
    const std::lock_guard lock(guard_);
    return damage_;
  }

 private:
  std::atomic<bool> failed_{false}, no_space_{false};
  mutable std::mutex guard_;
  std::optional<Failure> damage_;
};

Faults::Faults(std::string folder, std::uint64_t free_floor_bytes, rocksdb::Env* env)
    : folder_(std::move(folder)),
      free_floor_bytes_(free_floor_bytes),
      env_(env),
      listener_(std::make_shared<Listener>()) {}

std::shared_ptr<rocksdb::EventListener> Faults::listener() const { return listener_; }

std::optional<Failure> Faults::room(bool at_once) {
  const auto now = std::chrono::steady_clock::now();
  if (!at_once && now - space_checked_ < space_check_interval) return std::nullopt;
  std::uint64_t free_bytes = 0;
  // A file system that cannot say is written to: its own errors then speak.
  if (!env_->GetFreeSpace(folder_, &free_bytes).ok()) return std::nullopt;
  if (free_bytes < free_floor_bytes_) return disk_full_failure(folder_, free_bytes, free_floor_bytes_);
  space_checked_ = now;  // only good news is kept for a while, so that appends work again at once
  return std::nullopt;
}

namespace {

constexpr const char* trial_file = "/room";

std::uint64_t number_of(rocksdb::DB& db, const std::string& property) {
  std::uint64_t number = 0;
  return db.GetAggregatedIntProperty(property, &number) || db.GetIntProperty(property, &number) ? number : 0;
}

// A flush is waited for and nothing runs.
bool waits_in_vain(rocksdb::DB& db) {
  using Properties = rocksdb::DB::Properties;
  return number_of(db, Properties::kMemTableFlushPending) > 0 && number_of(db, Properties::kNumRunningFlushes) == 0 &&
         number_of(db, Properties::kNumRunningCompactions) == 0;
}

}  // namespace

// Whether nothing has moved in the cure for too long.
bool Faults::stuck(rocksdb::DB& db) {
  const auto now = std::chrono::steady_clock::now();
  if (!waits_in_vain(db)) {
    in_vain_since_.reset();
  } else if (!in_vain_since_) {
    in_vain_since_ = now;
  }
  return in_vain_since_ && now - *in_vain_since_ >= stuck_after;
}

// Resume() flushes what is in memory and starts a fresh log, so that nothing follows a half-written record.
std::optional<Failure> Faults::cure(rocksdb::DB& db) {
  using std::chrono::steady_clock;
  if (log_lost_ && !curing_.valid()) return reopen(db);
  constexpr std::chrono::milliseconds step{20};
  std::uint64_t free_bytes = UINT64_MAX;  // where the file system does not say
  (void)env_->GetFreeSpace(folder_, &free_bytes);
  const bool begun = curing_.valid();
  if (!begun) {
    listener_->cured();
    in_vain_since_.reset();
    curing_ = std::async(std::launch::async, [&db] { return db.Resume(); });
  }
  // A cure that goes on has no better prospects than before unless there is more room.
  const bool hope = !begun || free_bytes >= free_at_refusal_ + hopeful_bytes;
  const auto until = steady_clock::now() + (hope ? cure_wait_max : std::chrono::milliseconds(0));
  while (curing_.wait_for(step) != std::future_status::ready) {
    const bool room = free_bytes >= number_of(db, rocksdb::DB::Properties::kSizeAllMemTables) + reopening_bytes;
    if (stuck(db) && room) {
      rocksdb::CancelAllBackgroundWork(&db, /*wait=*/false);  // wakes the waiting cure, and ends it
      (void)curing_.get();
      log_lost_ = true;
      return reopen(db);
    }
    if (steady_clock::now() < until) continue;
    free_at_refusal_ = free_bytes;
    return fail(listener_->no_space() ? FailureCode::disk_full : FailureCode::io,
                "The store's own upkeep has not come through yet, with " + std::to_string(free_bytes >> 20) +
                    " MiB free on the disk of " + folder_ + ". Free some room; appends then go on by themselves.");
  }
  const rocksdb::Status resumed = curing_.get();
  if (resumed.ok()) {
    write_failed_ = false;
    return std::nullopt;
  }
  write_failed_ = true;
  log_lost_ = resumed.severity() >= rocksdb::Status::Severity::kFatalError && !resumed.IsCorruption();
  if (log_lost_) return reopen(db);
  return failure_of(resumed, "taking up writing again");
}

void Faults::drop_trial() const {
  if (env_->FileExists(folder_ + trial_file).ok()) (void)env_->DeleteFile(folder_ + trial_file);
}

// Whether so many bytes can be written there: not every limit is in what a file system calls its free space.
rocksdb::Status Faults::try_room(std::uint64_t bytes) const {
  const std::string path = folder_ + trial_file, some(std::size_t{1} << 20, '\xff');
  std::unique_ptr<rocksdb::WritableFile> file;
  auto status = env_->NewWritableFile(path, &file, rocksdb::EnvOptions());
  for (std::uint64_t written = 0; status.ok() && written < bytes; written += some.size()) status = file->Append(some);
  if (status.ok()) status = file->Sync();
  if (file) (void)file->Close();
  (void)env_->DeleteFile(path);
  return status;
}

// Nothing else helps; `must_reopen` where there is room for it.
std::optional<Failure> Faults::reopen(rocksdb::DB& db) {
  must_reopen_ = false;
  const std::uint64_t needed =
      std::max(number_of(db, rocksdb::DB::Properties::kSizeAllMemTables) + reopening_bytes, free_floor_bytes_);
  std::uint64_t free_bytes = UINT64_MAX;
  (void)env_->GetFreeSpace(folder_, &free_bytes);
  if (free_bytes < needed) return disk_full_failure(folder_, free_bytes, needed);
  if (const auto tried = try_room(needed); !tried.ok()) return failure_of(tried, "making sure of room for a new start");
  must_reopen_ = true;
  return fail(FailureCode::closed, "The store could not take up writing again and has to be opened anew.");
}

void Faults::forget() {
  listener_->forget();
  write_failed_ = log_lost_ = must_reopen_ = false;
  const std::lock_guard lock(guard_);
  standing_.reset();
  cure_goes_on_ = false;
}

void Faults::stay_shut(const Failure& because) {
  const std::lock_guard lock(guard_);
  standing_ = because;
}

std::optional<Failure> Faults::ready_to_write(rocksdb::DB& db) {
  const bool failed = write_failed_ || listener_->failed();
  std::optional<Failure> no = listener_->damage();
  if (!no) no = room(failed);
  if (!no && (failed || curing_.valid())) no = cure(db);
  const std::lock_guard lock(guard_);
  if (no || standing_) standing_ = no;
  cure_goes_on_ = curing_.valid() || log_lost_;
  return no;
}

Failure Faults::note(rocksdb::DB& db, const rocksdb::Status& status, const char* place, bool to_log) {
  write_failed_ = true;
  log_lost_ |= to_log && number_of(db, rocksdb::DB::Properties::kNumEntriesActiveMemTable) == 0;
  Failure failure = failure_of(status, place);
  const std::lock_guard lock(guard_);
  standing_ = failure;
  return failure;
}

std::optional<Failure> Faults::trouble() const {
  if (auto damage = listener_->damage()) return damage;
  const std::lock_guard lock(guard_);
  // A full disk that has room again is no trouble any more, even before the next commit has tried.
  std::uint64_t free_bytes = 0;
  if (!cure_goes_on_ && standing_ && standing_->code == FailureCode::disk_full &&
      env_->GetFreeSpace(folder_, &free_bytes).ok() && free_bytes >= free_floor_bytes_) {
    return std::nullopt;
  }
  return standing_;
}

}  // namespace tenure::storage
