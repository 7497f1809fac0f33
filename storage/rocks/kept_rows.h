// Rows of the views that outlive a clearing of the views, whatever breaks it off (FORMAT.md, "Meta"): put aside before,
// put back after it, and at the next start where there was no after.
//
// Internal to storage/rocks/. The writer's, or of whoever opens the store; one thread. Both are durable when they
// return, and either all or nothing.
#pragma once

#include <rocksdb/db.h>

#include <vector>

#include "storage/store.h"

namespace tenure::storage {

rocksdb::Status put_aside(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta, const std::vector<ViewWrite>& kept);
rocksdb::Status put_back(rocksdb::DB& db, rocksdb::ColumnFamilyHandle* meta, rocksdb::ColumnFamilyHandle* views);

}  // namespace tenure::storage
