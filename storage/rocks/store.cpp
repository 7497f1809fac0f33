#include "storage/rocks/store.h"

#include <openssl/rand.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/sst_file_reader.h>

#include <algorithm>
#include <atomic>
#include <cassert>
#include <mutex>
#include <shared_mutex>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "storage/rocks/bulk_file.h"
#include "storage/rocks/damage.h"
#include "storage/rocks/failures.h"
#include "storage/rocks/faults.h"
#include "storage/rocks/kept_rows.h"
#include "storage/rocks/open_options.h"
#include "storage/rocks/snapshot.h"
#include "storage/rocks/wal_tail.h"

namespace tenure::storage {

namespace {

constexpr std::size_t record_bytes_max = 65'535;
constexpr std::size_t known_orgs_max = 100'000;         // organizations whose newest version is kept in memory
constexpr std::uint64_t dense_at_end_checked = 50'000;  // positions; more than a write-ahead log of 64 MiB holds
constexpr std::size_t batch_kept_bytes = std::size_t{8} << 20;  // a larger batch's memory is given back
constexpr std::size_t bulk_views_min = 1'000;                   // fewer pass through the write-ahead log in any case

rocksdb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view view_of(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

Failure damaged(std::string because) { return fail(FailureCode::corruption, std::move(because)); }

std::string random_id() {
  static constexpr char digits[] = "0123456789abcdef";
  unsigned char bytes[16];
  if (RAND_bytes(bytes, sizeof bytes) != 1) throw std::runtime_error("OpenSSL has no randomness");
  std::string text;
  for (unsigned char byte : bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 0x0f]);
  }
  return text;
}

}  // namespace

struct RocksStore::Inside {
  std::string path;
  RocksSettings settings;
  std::shared_ptr<rocksdb::Env> own_env;  // null: the machine's
  SharedMemory memory;
  std::unique_ptr<Faults> faults;
  std::unique_ptr<rocksdb::DB> db;
  Handles handles{};
  ViewsHandle views;                                                // owns its part of `handles`
  std::shared_ptr<Damage> log_damage = std::make_shared<Damage>();  // stays though the database is opened anew
  std::shared_ptr<Snapshots> snapshots = std::make_shared<Snapshots>(log_damage);
  std::string store_id;
  std::atomic<std::uint64_t> newest{0};  // the head, as published

  std::shared_mutex alive;          // held shared by long reads of the files; `close` takes it for itself
  std::atomic<bool> closed{false};  // also tells a long read to end early

  std::mutex writing;  // everything below
  std::unordered_map<OrgId, Version> known_orgs;
  rocksdb::WriteBatch batch;
  std::string key, value;
  bool in_bulk = false;

  rocksdb::Env* env() const { return own_env ? own_env.get() : rocksdb::Env::Default(); }
  rocksdb::ColumnFamilyHandle* family(Family f) const { return handles[static_cast<std::size_t>(f)]; }

  Outcome<void> open_database();
  rocksdb::Status close_database();
  std::optional<Failure> ready_to_write();
  Outcome<void> know_format();
  Outcome<void> check_head();
  Outcome<void> check_dense(rocksdb::Iterator& log, Position head_position);
  Outcome<Version> newest_version(const OrgId& org);
  Outcome<void> check_expected(const Commit& commit, std::unordered_map<OrgId, Version>& next);
  void fill_batch(const Commit& commit);
  BulkFile bulk() const { return {*db, env(), path, memory}; }
  void expect_bulk(bool more);
  void publish(Position head);
  void use_views(rocksdb::ColumnFamilyHandle* handle);
  Outcome<void> check_table(const rocksdb::LiveFileMetaData& table) const;
};

Outcome<void> RocksStore::Inside::open_database() {
  // Without paranoid checks RocksDB would pass over damage of the write-ahead log: all of it is checked here then.
  const LogCheck check = settings.for_mending ? LogCheck::everything : LogCheck::what_rocksdb_leaves;
  if (auto sound = check_logs(env(), path, check); !sound) return sound;
  rocksdb::DBOptions options = durable_options(env(), memory);
  options.paranoid_checks = !settings.for_mending;
  options.listeners.push_back(faults->listener());
  auto families = column_families(memory);
  for (auto& one : families) one.options.disable_auto_compactions = settings.for_mending;
  const std::string place = "opening the store in " + path;

  std::vector<std::string> found;
  if (env()->FileExists(path + "/CURRENT").ok()) {
    const auto listed = rocksdb::DB::ListColumnFamilies(options, path, &found);
    if (!listed.ok()) return failure_of(listed, place);
  }
  for (const std::string& name : found) {
    const bool ours = std::any_of(families.begin(), families.end(), [&](const auto& f) { return f.name == name; });
    if (!ours)
      return fail(FailureCode::wrong_format,
                  place + ": it has a part named " + name + " that this version does not know.");
  }
  if (const auto dropped = BulkFile::drop(*env(), path); !dropped.ok()) return failure_of(dropped, place);
  faults->drop_trial();
  std::vector<rocksdb::ColumnFamilyHandle*> opened;
  rocksdb::DB* raw = nullptr;
  const auto status = rocksdb::DB::Open(options, path, families, &opened, &raw);
  if (!status.ok()) {
    if (status.IsCorruption()) {
      if (auto sound = check_logs(env(), path, LogCheck::everything); !sound) return sound;  // names the place
    }
    return failure_of(status, place);
  }
  db.reset(raw);
  std::copy(opened.begin(), opened.end(), handles.begin());
  use_views(family(Family::views));
  return {};
}

void RocksStore::Inside::use_views(rocksdb::ColumnFamilyHandle* handle) {
  handles[static_cast<std::size_t>(Family::views)] = handle;
  in_bulk = false;
  views = ViewsHandle(handle, [database = db.get()](rocksdb::ColumnFamilyHandle* gone) {
    (void)database->DestroyColumnFamilyHandle(gone);
  });
}

rocksdb::Status RocksStore::Inside::close_database() {
  if (!db) return {};
  for (auto* handle : handles) {
    if (handle != views.get()) (void)db->DestroyColumnFamilyHandle(handle);
  }
  views.reset();
  const auto status = db->Close();
  db.reset();
  return status;
}

// As Faults; where only that helps, the database is closed under its readers and opened again: reads under way answer
// closed, and the next ones are answered.
std::optional<Failure> RocksStore::Inside::ready_to_write() {
  if (db) {
    auto no = faults->ready_to_write(*db);
    if (!faults->must_reopen()) return no;
  }
  const std::lock_guard no_reads(alive);
  snapshots->close();
  (void)close_database();
  faults->forget();
  const std::uint64_t head = newest;
  auto opened = open_database();
  if (opened) opened = check_head();
  if (!opened) {
    (void)close_database();
    faults->stay_shut(opened.error());
    return opened.error();
  }
  known_orgs.clear();
  publish(Position(newest));
  if (newest == head) return std::nullopt;
  return fail(FailureCode::closed,
              "The store was opened anew and found a batch that had been answered with a failure, up to position " +
                  std::to_string(newest) + "; send again.");
}

// Reads the format and the id, or writes them into a store that is new.
Outcome<void> RocksStore::Inside::know_format() {
  const std::string place = "opening the store in " + path;
  std::string format;
  const auto read = db->Get(checked_read(), family(Family::meta), slice_of(meta_format), &format);
  if (read.IsNotFound()) {
    rocksdb::WriteBatch first;
    store_id = random_id();
    first.Put(family(Family::meta), slice_of(meta_format), slice_of(store_format));
    first.Put(family(Family::meta), slice_of(meta_id), store_id);
    const auto written = db->Write(synced_write(), &first);
    if (!written.ok()) return failure_of(written, place);
    return {};
  }
  if (!read.ok()) return failure_of(read, place);
  if (format != store_format) {
    return fail(FailureCode::wrong_format, place + ": its format is \"" + format + "\" and this version reads \"" +
                                               std::string(store_format) + "\".");
  }
  const auto id = db->Get(checked_read(), family(Family::meta), slice_of(meta_id), &store_id);
  if (!id.ok()) return failure_of(id, place);
  return {};
}

// That the newest record, the newest version and the head entry, written together, are still together.
Outcome<void> RocksStore::Inside::check_head() {
  const std::string place = "the head of the log";
  std::unique_ptr<rocksdb::Iterator> log(db->NewIterator(checked_read(), family(Family::log)));
  log->SeekToLast();
  if (!log->status().ok()) return failure_of(log->status(), place);
  Position in_log, stated, of_version;
  if (log->Valid() && !read_number(view_of(log->key()), in_log.value)) {
    return damaged("The log has a key that is no position: " + shown_key(view_of(log->key())) + ".");
  }
  OrgId org;
  Version version;
  auto got = db->Get(checked_read(), family(Family::meta), slice_of(meta_head), &value);
  if (!got.ok() && !got.IsNotFound()) return failure_of(got, place);
  if (got.ok() && !read_head_value(value, stated, org, version))
    return damaged("The entry of the head is not readable.");
  if (stated != in_log) {
    return damaged("The log ends at position " + std::to_string(in_log.value) + " but the head entry says " +
                   std::to_string(stated.value) + ".");
  }
  if (in_log) {
    version_key(key, org, version);
    got = db->Get(checked_read(), family(Family::versions), key, &value);
    if (!got.ok() && !got.IsNotFound()) return failure_of(got, place);
    if (!got.ok() || !read_number(value, of_version.value) || of_version != in_log) {
      return damaged("Version " + std::to_string(version.value) + " of " + org.text +
                     " does not lead to the newest record, at position " + std::to_string(in_log.value) + ".");
    }
    if (auto dense = check_dense(*log, in_log); !dense) return dense;
  }
  newest = in_log.value;
  return {};
}

Outcome<void> RocksStore::Inside::check_dense(rocksdb::Iterator& log, Position head_position) {
  const std::uint64_t first =
      head_position.value > dense_at_end_checked ? head_position.value - dense_at_end_checked + 1 : 1;
  log.Seek(number_key(first));
  for (std::uint64_t expected = first; expected <= head_position.value; ++expected, log.Next()) {
    std::uint64_t found = 0;
    if (!log.Valid() || !read_number(view_of(log.key()), found) || found != expected) {
      if (!log.status().ok()) return failure_of(log.status(), "the record at position " + std::to_string(expected));
      return damaged("The record at position " + std::to_string(expected) + " is missing from the log.");
    }
  }
  return {};
}

Outcome<Version> RocksStore::Inside::newest_version(const OrgId& org) {
  if (auto known = known_orgs.find(org); known != known_orgs.end()) return known->second;
  std::unique_ptr<rocksdb::Iterator> versions(db->NewIterator(checked_read(), family(Family::versions)));
  version_key(key, org, Version(UINT64_MAX));
  versions->SeekForPrev(key);
  Version version;
  if (!versions->Valid() || !read_version_key(view_of(versions->key()), org, version)) {
    if (!versions->status().ok()) return failure_of(versions->status(), "the versions of " + org.text);
    version = Version{};
  }
  if (known_orgs.size() >= known_orgs_max) known_orgs.clear();
  known_orgs.emplace(org, version);
  return version;
}

// `next` becomes the newest version of every organization of the commit.
Outcome<void> RocksStore::Inside::check_expected(const Commit& commit, std::unordered_map<OrgId, Version>& next) {
  if (commit.records.empty()) return {};
  if (commit.first.value != newest + 1) {
    return fail(FailureCode::conflict, "The commit starts at position " + std::to_string(commit.first.value) +
                                           " but the next one is " + std::to_string(newest + 1) + ".");
  }
  for (const NewRecord& record : commit.records) {
    assert(!record.bytes.empty() && record.bytes.size() <= record_bytes_max);
    auto entry = next.find(record.org);
    if (entry == next.end()) {
      auto stored = newest_version(record.org);
      if (!stored) return stored.error();
      entry = next.emplace(record.org, *stored).first;
    }
    if (record.version != entry->second.next()) {
      return fail(FailureCode::conflict, "The commit has version " + std::to_string(record.version.value) + " of " +
                                             record.org.text + " but the next one is " +
                                             std::to_string(entry->second.next().value) + ".");
    }
    entry->second = record.version;
  }
  return {};
}

void RocksStore::Inside::fill_batch(const Commit& commit) {
  if (batch.GetDataSize() > batch_kept_bytes) batch = rocksdb::WriteBatch();
  batch.Clear();
  Position position = commit.first;
  for (const NewRecord& record : commit.records) {
    const std::string at = number_key(position.value);
    const rocksdb::Slice key_part(at);
    const Digest leaf = record.leaf_or_made();
    const rocksdb::Slice value_parts[] = {slice_of(digest_key(leaf)), rocksdb::Slice(record.bytes)};
    batch.Put(family(Family::log), rocksdb::SliceParts(&key_part, 1), rocksdb::SliceParts(value_parts, 2));
    version_key(key, record.org, record.version);
    batch.Put(family(Family::versions), key, at);
    position = position.next();
  }
  const auto add = [this](const ViewWrites::Write& view) {
    if (view.appends) {
      batch.Merge(family(Family::views), view.key, *view.value);
    } else if (view.value) {
      batch.Put(family(Family::views), view.key, *view.value);
    } else {
      batch.Delete(family(Family::views), view.key);
    }
  };
  for (const auto view : commit.views) add(view);
  if (commit.in_bulk) commit.in_bulk->each(add);
  for (const NewBlob& blob : commit.blobs)
    batch.Put(family(Family::blobs), slice_of(digest_key(blob.hash)), blob.bytes);
  if (!commit.records.empty()) {
    const NewRecord& last = commit.records.back();
    head_value(value, Position(position.value - 1), last.org, last.version);
    batch.Put(family(Family::meta), slice_of(meta_head), value);
  }
}

// While tables come in bulk twice as many may lie above the others, which are rewritten half as often.
void RocksStore::Inside::expect_bulk(bool more) {
  if (std::exchange(in_bulk, more) == more) return;
  const std::string tables = std::to_string(more ? 2 * tables_above_max : tables_above_max);
  (void)db->SetOptions(family(Family::views), {{"level0_file_num_compaction_trigger", tables}});
}

void RocksStore::Inside::publish(Position head_position) {
  snapshots->publish(std::make_shared<Pin>(db.get(), handles, views, head_position));
  newest = head_position.value;
}

Outcome<void> RocksStore::Inside::check_table(const rocksdb::LiveFileMetaData& table) const {
  rocksdb::Options options(durable_options(env(), SharedMemory{}), point_family(memory));
  rocksdb::SstFileReader reader(options);
  const std::string file = table.db_path + table.name;
  rocksdb::Status status = reader.Open(file);
  rocksdb::ReadOptions once = checked_read();
  once.fill_cache = false;  // a walk through everything must not push out what readers need
  if (status.ok()) status = reader.VerifyChecksum(once);
  if (status.ok()) return {};
  return failure_of(status, "the view table " + file + " (keys " + shown_key(table.smallestkey) + " to " +
                                shown_key(table.largestkey) + ")");
}

RocksStore::RocksStore(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
RocksStore::~RocksStore() { (void)close(); }

Outcome<std::unique_ptr<RocksStore>> open_store(const std::string& path, const RocksSettings& settings,
                                                const std::shared_ptr<rocksdb::Env>& env) {
  auto inside = std::make_unique<RocksStore::Inside>();
  inside->path = path;
  inside->settings = settings;
  inside->own_env = env;
  inside->memory = shared_memory(settings.block_cache_bytes, settings.write_buffers_bytes);
  inside->faults = std::make_unique<Faults>(path, settings.free_floor_bytes, inside->env());
  RocksStore::Inside& in = *inside;
  auto store = std::make_unique<RocksStore>(std::move(inside));  // from here on its destructor closes
  if (auto done = in.open_database(); !done) return done.error();
  if (auto done = in.know_format(); !done) return done.error();
  if (auto done = in.check_head(); !done) return done.error();
  const auto back = put_back(*in.db, in.family(Family::meta), in.family(Family::views));
  if (!back.ok()) return failure_of(back, "opening the store in " + path);
  in.publish(Position(in.newest));
  return store;
}

Outcome<std::unique_ptr<RocksStore>> RocksStore::open(const std::string& path, const RocksSettings& settings) {
  return open_store(path, settings, nullptr);
}

std::unique_ptr<Snapshot> RocksStore::snapshot() { return inside_->snapshots->take(); }
Position RocksStore::head() const { return Position(inside_->newest); }
std::string RocksStore::id() const { return inside_->store_id; }

Outcome<void> RocksStore::commit(Commit&& commit) {
  Inside& in = *inside_;
  const std::lock_guard lock(in.writing);
  if (in.closed) return closed_failure();
  if (auto found = in.log_damage->found(); found && !commit.records.empty()) return not_behind_damage(*found);
  if (auto no = in.ready_to_write()) return *no;
  std::unordered_map<OrgId, Version> next;
  if (auto expected = in.check_expected(commit, next); !expected) return expected;
  assert(!commit.in_bulk || (commit.records.empty() && commit.views.empty() && commit.blobs.empty()));
  rocksdb::Status written;
  const bool as_table = commit.in_bulk && commit.in_bulk->count >= bulk_views_min;
  in.expect_bulk(as_table);
  if (as_table) {
    written = in.bulk().add(in.family(Family::views), *commit.in_bulk);
  } else {
    in.fill_batch(commit);
    written = in.db->Write(synced_write(), &in.batch);
  }
  if (!written.ok()) return in.faults->note(*in.db, written, "writing a commit", !as_table);
  for (auto& [org, version] : next) in.known_orgs[org] = version;
  in.publish(Position(in.newest + commit.records.size()));
  return {};
}

// The whole family is dropped and made anew, which reads nothing: views are cleared because they may be damaged. A
// crash in between leaves no family; the next start makes it, and puts back what was kept.
Outcome<void> RocksStore::clear_views(const std::vector<ViewWrite>& kept) {
  Inside& in = *inside_;
  const std::lock_guard lock(in.writing);
  if (in.closed) return closed_failure();
  if (auto no = in.ready_to_write()) return *no;
  const auto aside = put_aside(*in.db, in.family(Family::meta), kept);
  if (!aside.ok()) return in.faults->note(*in.db, aside, "keeping what is no view");
  const auto dropped = in.db->DropColumnFamily(in.family(Family::views));
  if (!dropped.ok()) return failure_of(dropped, "clearing the views");
  rocksdb::ColumnFamilyHandle* fresh = nullptr;
  const auto made = in.db->CreateColumnFamily(point_family(in.memory), family_name(Family::views), &fresh);
  if (!made.ok()) return failure_of(made, "making the views anew; open the store again");
  in.use_views(fresh);
  const auto back = put_back(*in.db, in.family(Family::meta), in.family(Family::views));
  in.publish(Position(in.newest));
  if (!back.ok()) return in.faults->note(*in.db, back, "putting back what is no view");
  return {};
}

Outcome<void> RocksStore::check_views() {
  Inside& in = *inside_;
  const std::shared_lock lock(in.alive);
  if (in.closed || !in.db) return closed_failure();
  // Files that a compaction replaces stay until the check is over.
  if (auto held = in.db->DisableFileDeletions(); !held.ok()) return failure_of(held, "checking the views");
  std::vector<rocksdb::LiveFileMetaData> tables;
  in.db->GetLiveFilesMetaData(&tables);
  Outcome<void> sound;
  for (const auto& table : tables) {
    if (table.column_family_name != family_name(Family::views)) continue;
    sound = in.closed ? Outcome<void>(closed_failure()) : in.check_table(table);
    if (!sound) break;
  }
  if (auto freed = in.db->EnableFileDeletions(/*force=*/false); !freed.ok() && sound)
    return failure_of(freed, "checking the views");
  return sound;
}

Outcome<void> RocksStore::close() {
  if (!inside_) return {};
  Inside& in = *inside_;
  const std::lock_guard lock(in.writing);
  if (in.closed.exchange(true)) return {};
  const std::lock_guard no_reads(in.alive);
  in.snapshots->close();
  if (!in.db) return {};
  // Flushed, the next start has no log to replay. A disk too full for it loses nothing: the log is synced.
  const std::vector<rocksdb::ColumnFamilyHandle*> all(in.handles.begin(), in.handles.end());
  if (!in.faults->curing()) (void)in.db->Flush(rocksdb::FlushOptions(), all);
  rocksdb::CancelAllBackgroundWork(in.db.get(), /*wait=*/true);
  in.faults->end();
  const auto status = in.close_database();
  if (!status.ok()) return failure_of(status, "closing the store in " + in.path);
  return {};
}

std::optional<Failure> RocksStore::trouble() const {
  if (const auto found = inside_->log_damage->found()) return not_behind_damage(*found);
  return inside_->faults->trouble();
}

std::size_t RocksStore::memory_bytes() const {
  return inside_->memory.blocks->GetUsage() + inside_->memory.write_buffers->memory_usage();
}

}  // namespace tenure::storage
