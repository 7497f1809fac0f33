#include "storage/rocks/key_vault.h"

#include <rocksdb/convenience.h>
#include <rocksdb/db.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <thread>
#include <utility>

#include "events/digest.h"
#include "storage/rocks/failures.h"
#include "storage/rocks/faults.h"
#include "storage/rocks/format.h"
#include "storage/rocks/open_options.h"
#include "storage/rocks/wal_tail.h"

namespace tenure::storage {

namespace {

constexpr std::size_t block_cache_bytes = std::size_t{8} << 20;
constexpr std::size_t write_buffers_bytes = std::size_t{8} << 20;
// The store's own floor stops appends long before; a key is a few bytes, and erasing must go on on a full disk.
constexpr std::uint64_t no_free_floor = 0;
constexpr std::chrono::seconds old_files_wait_max{10};  // for RocksDB's own thread to delete what a compaction replaced
constexpr std::chrono::milliseconds old_files_wait_step{2};

// FORMAT.md, "Key vault".
constexpr char lookup_prefix = 'l';
constexpr char subject_prefix = 's';
constexpr std::string_view format_key = "mformat";
constexpr std::string_view erasing_key = "merasing";  // there while an erasure has not reached every file

std::string_view bytes_of(const SubjectId& subject) {
  return {reinterpret_cast<const char*>(subject.bytes.data()), subject.bytes.size()};
}
std::string vault_key(char prefix, const OrgId& org, std::string_view tail) {
  std::string key(1, prefix);
  key += org.text;
  key.push_back('\0');
  key += tail;
  return key;
}

class RocksKeyVault final : public KeyVault {
 public:
  RocksKeyVault(std::string path, std::shared_ptr<rocksdb::Env> env)
      : path_(std::move(path)), own_env_(std::move(env)), faults_(path_, no_free_floor, this->env()) {}
  ~RocksKeyVault() override { (void)close(); }

  Outcome<void> open();
  Outcome<std::optional<SubjectId>> find(const OrgId& org, const Digest& lookup) override;
  Outcome<std::optional<std::string>> wrapped_key(const OrgId& org, SubjectId subject) override;
  Outcome<void> put(const std::vector<NewSubject>& subjects) override;
  Outcome<bool> erase(const OrgId& org, SubjectId subject) override;
  Outcome<void> close() override;

 private:
  rocksdb::Env* env() const { return own_env_ ? own_env_.get() : rocksdb::Env::Default(); }
  Outcome<void> open_database();
  Outcome<void> know_format();
  Outcome<std::optional<std::string>> get(const std::string& key, const char* place);
  std::optional<Failure> ready_to_write();
  Outcome<void> write(rocksdb::WriteBatch& batch, const char* place);
  Outcome<void> finish_erasures();
  Outcome<void> rewrite(const rocksdb::Slice* from, const rocksdb::Slice* to);
  Outcome<void> forget_old_files();
  Outcome<std::string> old_files();

  const std::string path_;
  const std::shared_ptr<rocksdb::Env> own_env_;
  std::mutex writing_;
  std::shared_mutex alive_;  // shared by calls that use db_, exclusive for the moment of closing
  std::unique_ptr<rocksdb::DB> db_;
  bool closed_ = false;  // for good; `db_` alone is also absent where opening it anew failed
  Faults faults_;
};

Outcome<void> RocksKeyVault::open() {
  if (auto opened = open_database(); !opened) return opened;
  return finish_erasures();
}

Outcome<void> RocksKeyVault::open_database() {
  faults_.drop_trial();
  if (auto sound = check_logs(env(), path_, LogCheck::what_rocksdb_leaves); !sound) return sound;
  const SharedMemory memory = shared_memory(block_cache_bytes, write_buffers_bytes);
  rocksdb::DBOptions options = durable_options(env(), memory);
  options.listeners.push_back(faults_.listener());
  // The list of tables names the first and last key of each. A tiny limit starts a fresh list at every change, so that
  // an erased subject's keys do not stay in an old one.
  options.max_manifest_file_size = 1;
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, vault_family(memory)}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::Open(options, path_, families, &handles, &raw);
  if (!status.ok()) return failure_of(status, "opening the key vault in " + path_);
  db_.reset(raw);
  (void)db_->DestroyColumnFamilyHandle(handles.front());  // the default family needs no handle
  return know_format();
}

Outcome<void> RocksKeyVault::know_format() {
  auto format = get(std::string(format_key), "the format of the key vault");
  if (!format) return format.error();
  if (!*format) {
    rocksdb::WriteBatch first;
    first.Put(std::string(format_key), std::string(vault_format));
    return write(first, "writing the format of the key vault");
  }
  if (**format != vault_format) {
    return fail(FailureCode::wrong_format, "The key vault in " + path_ + " has the format \"" + **format +
                                               "\" and this version reads \"" + std::string(vault_format) + "\".");
  }
  return {};
}

Outcome<std::optional<std::string>> RocksKeyVault::get(const std::string& key, const char* place) {
  std::string value;
  const auto status = db_->Get(checked_read(), key, &value);
  if (status.ok()) return std::optional(std::move(value));
  if (status.IsNotFound()) return std::optional<std::string>();
  return failure_of(status, std::string(place) + " in the key vault " + path_);
}

// As Faults; where only that helps, the database is closed and opened again. Under `writing_`.
std::optional<Failure> RocksKeyVault::ready_to_write() {
  if (closed_) return closed_failure();
  if (db_) {
    auto no = faults_.ready_to_write(*db_);
    if (!faults_.must_reopen()) return no;
  }
  const std::lock_guard no_reads(alive_);
  if (db_) (void)db_->Close();
  db_.reset();
  faults_.forget();
  // An erasure that has not reached every file may need more room than there is: its mark stays for the next one.
  if (auto opened = open_database(); !opened) {
    db_.reset();
    faults_.stay_shut(opened.error());
    return opened.error();
  }
  return std::nullopt;
}

Outcome<void> RocksKeyVault::write(rocksdb::WriteBatch& batch, const char* place) {
  if (auto no = faults_.ready_to_write(*db_)) return *no;
  const auto status = db_->Write(synced_write(), &batch);
  if (status.ok()) return {};
  return faults_.note(*db_, status, place);
}

Outcome<std::optional<SubjectId>> RocksKeyVault::find(const OrgId& org, const Digest& lookup) {
  const std::shared_lock lock(alive_);
  if (!db_) return closed_failure();
  auto value = get(vault_key(lookup_prefix, org, digest_key(lookup)), "a lookup");
  if (!value) return value.error();
  if (!*value) return std::optional<SubjectId>();
  SubjectId subject;
  if ((*value)->size() != subject.bytes.size()) {
    return fail(FailureCode::corruption, "The lookup " + to_hex(lookup) + " of " + org.text + " holds no subject.");
  }
  std::memcpy(subject.bytes.data(), (*value)->data(), subject.bytes.size());
  return std::optional(subject);
}

Outcome<std::optional<std::string>> RocksKeyVault::wrapped_key(const OrgId& org, SubjectId subject) {
  const std::shared_lock lock(alive_);
  if (!db_) return closed_failure();
  auto value = get(vault_key(subject_prefix, org, bytes_of(subject)), "a wrapped key");
  if (!value || !*value) return value;
  if ((*value)->size() < leaf_bytes) {
    return fail(FailureCode::corruption, "The key of " + to_text(subject) + " of " + org.text + " is cut short.");
  }
  return std::optional((*value)->substr(leaf_bytes));
}

Outcome<void> RocksKeyVault::put(const std::vector<NewSubject>& subjects) {
  const std::lock_guard one(writing_);
  if (auto no = ready_to_write()) return *no;
  const std::shared_lock lock(alive_);
  rocksdb::WriteBatch batch;
  for (const NewSubject& s : subjects) {
    const std::string lookup(digest_key(s.lookup));
    batch.Put(vault_key(lookup_prefix, s.org, lookup), std::string(bytes_of(s.subject)));
    batch.Put(vault_key(subject_prefix, s.org, bytes_of(s.subject)), lookup + s.wrapped_key);
  }
  return write(batch, "writing keys");
}

Outcome<bool> RocksKeyVault::erase(const OrgId& org, SubjectId subject) {
  const std::lock_guard one(writing_);
  if (auto no = ready_to_write()) return *no;
  const std::shared_lock lock(alive_);
  const std::string subject_key = vault_key(subject_prefix, org, bytes_of(subject));
  auto value = get(subject_key, "a wrapped key");
  if (!value) return value.error();
  if (!*value) {
    if (auto done = finish_erasures(); !done) return done.error();
    return false;
  }
  const auto unfinished = get(std::string(erasing_key), "the mark of an erasure");
  if (!unfinished) return unfinished.error();
  const std::string lookup_key = vault_key(lookup_prefix, org, std::string_view(**value).substr(0, leaf_bytes));
  rocksdb::WriteBatch batch;
  batch.Delete(subject_key);
  batch.Delete(lookup_key);
  batch.Put(std::string(erasing_key), "");
  if (auto done = write(batch, "erasing a key"); !done) return done.error();
  // One that failed before this one was about keys that nobody knows any more: then all is rewritten.
  const rocksdb::Slice subject_at(subject_key), lookup_at(lookup_key);
  auto rewritten = *unfinished ? rewrite(nullptr, nullptr) : rewrite(&subject_at, &subject_at);
  if (rewritten && !*unfinished) rewritten = rewrite(&lookup_at, &lookup_at);
  if (!rewritten) return rewritten.error();
  if (auto done = forget_old_files(); !done) return done.error();
  return true;
}

// After a crash in the middle of an erasure nobody knows which keys it was about: the whole vault is rewritten.
Outcome<void> RocksKeyVault::finish_erasures() {
  auto erasing = get(std::string(erasing_key), "the mark of an erasure");
  if (!erasing) return erasing.error();
  if (!*erasing) return {};
  if (auto done = rewrite(nullptr, nullptr); !done) return done;
  return forget_old_files();
}

// Moves what is in memory to a table (which ends the log that held the key) and rewrites every table around the keys,
// the lowest too, so that neither a value nor the mark of its deletion is left.
Outcome<void> RocksKeyVault::rewrite(const rocksdb::Slice* from, const rocksdb::Slice* to) {
  rocksdb::CompactRangeOptions all;
  all.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  all.exclusive_manual_compaction = true;
  auto status = db_->Flush(rocksdb::FlushOptions());
  if (status.ok()) status = db_->CompactRange(all, from, to);
  if (status.ok()) return {};
  return failure_of(status, "rewriting the key vault " + path_ + " after an erasure");
}

// Takes the mark away. That is a further change of the tables, so it also starts a list of tables that no longer knows
// the replaced ones.
Outcome<void> RocksKeyVault::forget_old_files() {
  rocksdb::WriteBatch batch;
  batch.Delete(std::string(erasing_key));
  if (auto done = write(batch, "ending an erasure"); !done) return done;
  if (const auto status = db_->Flush(rocksdb::FlushOptions()); !status.ok()) {
    return failure_of(status, "rewriting the key vault " + path_ + " after an erasure");
  }
  const auto end = std::chrono::steady_clock::now() + old_files_wait_max;
  for (;;) {
    // Allowing deletions again is what makes RocksDB look through its folder at once and delete what it left lying.
    auto status = db_->DisableFileDeletions();
    if (status.ok()) status = db_->EnableFileDeletions(/*force=*/false);
    if (!status.ok()) return failure_of(status, "deleting the old files of the key vault " + path_);
    auto old = old_files();
    if (!old) return old.error();
    if (old->empty()) return {};
    if (std::chrono::steady_clock::now() > end) {
      return fail(FailureCode::io, "The key is deleted, but the key vault " + path_ +
                                       " could not delete files that may still hold its bytes:" + *old +
                                       ". The next start tries again.");
    }
    std::this_thread::sleep_for(old_files_wait_step);
  }
}

// Files that may hold keys and that the vault does not stand on any more: right after a flush that is every log with
// anything in it, and every table or list of tables that is not in use.
Outcome<std::string> RocksKeyVault::old_files() {
  std::vector<std::string> live, there;
  std::uint64_t manifest_bytes = 0;
  auto status = db_->GetLiveFiles(live, &manifest_bytes, /*flush_memtable=*/false);
  if (status.ok()) status = env()->GetChildren(path_, &there);
  if (!status.ok()) return failure_of(status, "listing the files of the key vault " + path_);
  const std::set<std::string> in_use(live.begin(), live.end());  // names with a leading '/'
  std::string old;
  for (const std::string& name : there) {
    std::uint64_t bytes = 0;
    const bool is_log = name.ends_with(".log");
    if (!is_log && !name.ends_with(".sst") && !name.starts_with("MANIFEST")) continue;
    if (in_use.contains("/" + name) || !env()->GetFileSize(path_ + "/" + name, &bytes).ok()) continue;
    if (!is_log || bytes > 0) old += " " + name;
  }
  return old;
}

Outcome<void> RocksKeyVault::close() {
  const std::lock_guard one(writing_);
  const std::lock_guard lock(alive_);
  closed_ = true;
  if (!db_) return {};
  // Without the flush the next open replays the log: nothing is lost.
  if (!faults_.curing()) (void)db_->Flush(rocksdb::FlushOptions());
  rocksdb::CancelAllBackgroundWork(db_.get(), /*wait=*/true);
  faults_.end();
  const auto status = db_->Close();
  db_.reset();
  if (!status.ok()) return failure_of(status, "closing the key vault in " + path_);
  return {};
}

}  // namespace

Outcome<std::unique_ptr<KeyVault>> open_vault(const std::string& path, const std::shared_ptr<rocksdb::Env>& env) {
  auto vault = std::make_unique<RocksKeyVault>(path, env);
  if (auto done = vault->open(); !done) return done.error();
  return std::unique_ptr<KeyVault>(std::move(vault));
}

Outcome<std::unique_ptr<KeyVault>> open_key_vault(const std::string& path) { return open_vault(path, nullptr); }

}  // namespace tenure::storage
