// Appends to a row of the views: RocksDB keeps what is added beside what was there, and puts both together when it is
// read or when tables are merged. The row is not read to be added to, and what it had is not written again.
#pragma once

#include <rocksdb/merge_operator.h>

#include <memory>

namespace tenure::storage {

std::shared_ptr<rocksdb::MergeOperator> append_operator();

}  // namespace tenure::storage
