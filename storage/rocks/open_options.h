// How RocksDB is opened: every option on which durability, honesty about damage or memory rests, in one place with its
// reason. Internal to storage/rocks/ and its tests; the only header beside the ones of rocksdb itself that names
// RocksDB types to both.
//
// Everything here is called while a store opens, on the opening thread. `open_store` and `open_vault` take an Env, so
// that a test can put its own file system below; null means the machine's.
#pragma once

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/options.h>
#include <rocksdb/write_buffer_manager.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "storage/rocks/key_vault.h"
#include "storage/rocks/store.h"

namespace tenure::storage {

Outcome<std::unique_ptr<RocksStore>> open_store(const std::string& path, const RocksSettings& settings,
                                                const std::shared_ptr<rocksdb::Env>& env);
Outcome<std::unique_ptr<KeyVault>> open_vault(const std::string& path, const std::shared_ptr<rocksdb::Env>& env);

// The memory that all column families of one store share.
struct SharedMemory {
  std::shared_ptr<rocksdb::Cache> blocks;
  std::shared_ptr<rocksdb::WriteBufferManager> write_buffers;
};
SharedMemory shared_memory(std::size_t block_cache_bytes, std::size_t write_buffers_bytes);

// What holds for every database of ours, store and vault.
rocksdb::DBOptions durable_options(rocksdb::Env* env, const SharedMemory& memory);
rocksdb::WriteOptions synced_write();
rocksdb::ReadOptions checked_read();

// Tables of a points' family that may lie above the others before they are merged into them.
inline constexpr int tables_above_max = 8;
// One kind of content each; the order of `column_families` is the order of the handles.
rocksdb::ColumnFamilyOptions log_family(const SharedMemory& memory);
rocksdb::ColumnFamilyOptions point_family(const SharedMemory& memory);
rocksdb::ColumnFamilyOptions blob_family(const SharedMemory& memory);
rocksdb::ColumnFamilyOptions vault_family(const SharedMemory& memory);
std::vector<rocksdb::ColumnFamilyDescriptor> column_families(const SharedMemory& memory);

}  // namespace tenure::storage
