// Many views at once as a sorted file that RocksDB takes in whole, beside the write-ahead log. Internal to
// storage/rocks/. By the one writer.
#pragma once

#include <rocksdb/db.h>

#include <string>

#include "storage/rocks/open_options.h"
#include "storage/store.h"

namespace tenure::storage {

class BulkFile {
 public:
  BulkFile(rocksdb::DB& db, rocksdb::Env* env, const std::string& folder, const SharedMemory& memory)
      : db_(db), env_(env), folder_(folder), memory_(memory) {}

  // One that a crash left behind in `folder`. It is never written over: it may be another name of a file that is part
  // of the views.
  static rocksdb::Status drop(rocksdb::Env& env, const std::string& folder);

  // All or nothing, and durable: the file is synced before the manifest, which is synced too, says that it is there.
  rocksdb::Status add(rocksdb::ColumnFamilyHandle* views_family, const BulkViews& views) const;

 private:
  rocksdb::Status write(rocksdb::ColumnFamilyHandle* views_family, const BulkViews& views) const;

  rocksdb::DB& db_;
  rocksdb::Env* env_;
  const std::string& folder_;
  const SharedMemory& memory_;
};

}  // namespace tenure::storage
