#include "storage/rocks/open_options.h"

#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

#include "storage/rocks/append_operator.h"
#include "storage/rocks/format.h"
#include "storage/rocks/memtable.h"

namespace tenure::storage {

namespace {

constexpr std::size_t mib = std::size_t{1} << 20;
constexpr std::size_t kib = std::size_t{1} << 10;
constexpr int zstd_level = 1;            // half the work of the usual 3 for a few bytes more
constexpr double bloom_bits_a_key = 10;  // one lookup in a hundred for an absent key reads a block in vain

// Writes nothing anywhere.
class NoLog final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// What every table shares; a block that fails its checksum is never handed out.
rocksdb::BlockBasedTableOptions table_options(const SharedMemory& memory, std::size_t block_bytes) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = memory.blocks;
  table.block_size = block_bytes;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  // Indexes and filters live in the bounded cache as well: otherwise they grow with the store, outside any limit.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(bloom_bits_a_key));
  table.whole_key_filtering = true;
  // A filter that is damaged must be an error, not a key that seems absent.
  table.detect_filter_construct_corruption = true;
  return table;
}

rocksdb::ColumnFamilyOptions family(const rocksdb::BlockBasedTableOptions& table, std::size_t write_buffer_bytes) {
  rocksdb::ColumnFamilyOptions options;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  options.memtable_factory = memtable_factory();
  options.write_buffer_size = write_buffer_bytes;
  options.max_write_buffer_number = 3;
  options.arena_block_size = 256 * kib;  // small, so that the shared limit counts what is used, not what is set aside
  options.level_compaction_dynamic_level_bytes = true;
  options.target_file_size_base = 32 * mib;
  options.compression = rocksdb::kLZ4Compression;  // cheap enough to stand in the way of an import
  options.bottommost_compression = rocksdb::kZSTD;
  options.force_consistency_checks = true;  // overlapping files in a level are damage: stop instead of compacting them
  options.paranoid_file_checks = false;     // reading each new file back doubles the I/O; blocks carry checksums anyway
  return options;
}

}  // namespace

SharedMemory shared_memory(std::size_t block_cache_bytes, std::size_t write_buffers_bytes) {
  rocksdb::LRUCacheOptions cache;
  cache.capacity = block_cache_bytes;
  cache.num_shard_bits = 4;
  // Never strict: a read that finds the cache pinned full must still be answered.
  cache.strict_capacity_limit = false;
  cache.high_pri_pool_ratio = 0.3;
  return {rocksdb::NewLRUCache(cache),
          std::make_shared<rocksdb::WriteBufferManager>(write_buffers_bytes, nullptr, /*allow_stall=*/false)};
}

rocksdb::DBOptions durable_options(rocksdb::Env* env, const SharedMemory& memory) {
  rocksdb::DBOptions options;
  options.env = env;
  options.create_if_missing = true;
  // A crash while a new store is being made may leave some families unmade; format.h's meta key says when it is whole.
  options.create_missing_column_families = true;

  // Honesty about damage.
  options.paranoid_checks = true;  // any damage found in the background stops writes instead of being logged only
  // A record cut short at the end of a log is a write that never ended: cut. A record that is there in full and wrong
  // refuses to open. PointInTime would drop good records behind a bad one; Absolute would refuse every torn tail.
  // storage/rocks/wal_tail.h closes what this mode leaves open.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.best_efforts_recovery = false;
  options.skip_checking_sst_file_sizes_on_db_open = false;
  options.verify_sst_unique_id_in_manifest = true;  // a file of the right name from another store is damage

  // Durability. The sync itself is asked for by every write (synced_write).
  options.manual_wal_flush = false;        // what is written goes to the file at once, so that the sync covers it
  options.enable_pipelined_write = false;  // visible only after the sync of the log, and all of a batch together
  options.unordered_write = false;
  options.two_write_queues = false;
  options.allow_concurrent_memtable_write = false;  // there is one writer, and our memtable knows no other (memtable.h)
  options.allow_2pc = false;
  options.use_fsync = false;         // fdatasync carries the file's length, which is all that a log needs
  options.recycle_log_file_num = 0;  // a fresh file per log: a torn tail never shows an older log's records
  options.wal_compression = rocksdb::kNoCompression;
  options.WAL_ttl_seconds = 0;  // no archive: erased keys must not live on in old logs
  options.WAL_size_limit_MB = 0;
  // Every batch is in the synced log until all its families are flushed, so they need not be flushed together; and
  // flushing them together can wait for ever in Resume() after a flush failed on a full disk (RocksDB 7.8).
  options.atomic_flush = false;
  options.avoid_flush_during_recovery = false;  // after a crash the replayed log is flushed and dropped
  options.avoid_flush_during_shutdown = false;
  options.max_total_wal_size = 64 * mib;  // what a restart has to replay, which keeps it under two seconds

  // Memory and machine.
  options.write_buffer_manager = memory.write_buffers;
  options.max_open_files = 512;
  options.max_background_jobs = 2;
  options.max_subcompactions = 1;
  options.bytes_per_sync = 1 * mib;  // table files trickle out, so that a log's sync does not queue behind them
  options.wal_bytes_per_sync = 0;
  options.max_manifest_file_size = 16 * mib;
  options.skip_stats_update_on_db_open = true;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  // RocksDB's own log file is not kept: it would name erased subjects' keys when it compacts, and on a full disk
  // its writer asserts and takes the program down. What goes wrong
  // comes back as statuses and through the listener (faults.h).
  options.info_log = std::make_shared<NoLog>();

  // A full disk is cured by the next commit (Faults, store.cpp), not by a thread that polls every five seconds and
  // meanwhile answers Busy.
  options.max_bgerror_resume_count = 0;
  return options;
}

rocksdb::WriteOptions synced_write() {
  rocksdb::WriteOptions options;
  options.sync = true;  // acknowledged means durable
  options.disableWAL = false;
  options.ignore_missing_column_families = false;
  options.no_slowdown = false;
  return options;
}

rocksdb::ReadOptions checked_read() {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = true;
  options.total_order_seek = true;
  options.background_purge_on_iterator_cleanup = true;  // deleting files is not the reader's work
  return options;
}

rocksdb::ColumnFamilyOptions log_family(const SharedMemory& memory) {
  auto options = family(table_options(memory, 16 * kib), 16 * mib);
  // Packed well once, when a table leaves level 0. (Tables whose keys only grow could be packed when they are flushed
  // and moved down as they are, but RocksDB 7.8 writes each of those again once a snapshot older than it is gone.)
  options.bottommost_compression_opts.level = zstd_level;
  options.bottommost_compression_opts.enabled = true;
  return options;
}
rocksdb::ColumnFamilyOptions point_family(const SharedMemory& memory) {
  // A small buffer, since its keys are put all over it: a search in one of 24 MiB waits for memory at every step. As
  // many tables more may lie above the others, so that merging them costs no more.
  auto options = family(table_options(memory, 4 * kib), 8 * mib);
  options.level0_file_num_compaction_trigger = tables_above_max;
  options.bottommost_compression = rocksdb::kLZ4Compression;  // read far more often than written: quick to unpack
  options.merge_operator = append_operator();
  return options;
}
rocksdb::ColumnFamilyOptions blob_family(const SharedMemory& memory) {
  auto options = family(table_options(memory, 16 * kib), 8 * mib);
  options.compression = rocksdb::kNoCompression;  // sealed bytes do not compress
  options.bottommost_compression = rocksdb::kNoCompression;
  return options;
}
rocksdb::ColumnFamilyOptions vault_family(const SharedMemory& memory) {
  auto options = family(table_options(memory, 4 * kib), 4 * mib);
  options.target_file_size_base = 4 * mib;  // erasing a person rewrites the files that hold the key: keep them small
  options.compression = rocksdb::kNoCompression;  // random bytes; also lets the erasure test look for them
  options.bottommost_compression = rocksdb::kNoCompression;
  return options;
}

std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const SharedMemory& memory) {
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  families.emplace_back(rocksdb::kDefaultColumnFamilyName, blob_family(memory));  // empty; RocksDB insists on it
  families.emplace_back(family_name(Family::log), log_family(memory));
  families.emplace_back(family_name(Family::versions), point_family(memory));
  families.emplace_back(family_name(Family::views), point_family(memory));
  families.emplace_back(family_name(Family::blobs), blob_family(memory));
  families.emplace_back(family_name(Family::meta), blob_family(memory));
  return families;
}

}  // namespace tenure::storage
