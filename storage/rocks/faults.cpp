#include "storage/rocks/faults.h"

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
    failed_ = true;
  }
  // RocksDB's own cure polls every five seconds and answers Busy to ours meanwhile.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* automatic) override {
    *automatic = false;
  }

  bool failed() const { return failed_; }
  void cured() { failed_ = false; }
  std::optional<Failure> damage() const {
    const std::lock_guard lock(guard_);
    return damage_;
  }

 private:
  std::atomic<bool> failed_{false};
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

// Flushes what is in memory and starts a fresh log, so that nothing follows a half-written record. RocksDB 7.8's
// Resume() may wait for ever for a flush that failed meanwhile; then appends are refused, and only opening the store
// again cures.
std::optional<Failure> Faults::cure(rocksdb::DB& db) {
  const bool begun = curing_.valid();
  if (!begun) {
    listener_->cured();
    curing_ = std::async(std::launch::async, [&db] { return db.Resume(); });
  }
  if (curing_.wait_for(begun ? std::chrono::milliseconds(1) : cure_wait_max) != std::future_status::ready) {
    return fail(FailureCode::io,
                "the store could not be written to and has not taken up writing again; it can be read. "
                "Restart the server: nothing that was acknowledged is lost.");
  }
  const rocksdb::Status resumed = curing_.get();
  if (!resumed.ok()) return note(resumed, "taking up writing again");
  write_failed_ = false;
  return std::nullopt;
}

std::optional<Failure> Faults::ready_to_write(rocksdb::DB& db) {
  const bool failed = write_failed_ || listener_->failed();
  std::optional<Failure> no = listener_->damage();
  if (!no) no = room(failed);
  if (!no && failed) no = cure(db);
  const std::lock_guard lock(guard_);
  if (no || standing_) standing_ = no;
  return no;
}

Failure Faults::note(const rocksdb::Status& status, const char* place) {
  write_failed_ = true;
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
  if (standing_ && standing_->code == FailureCode::disk_full && env_->GetFreeSpace(folder_, &free_bytes).ok() &&
      free_bytes >= free_floor_bytes_) {
    return std::nullopt;
  }
  return standing_;
}

}  // namespace tenure::storage
