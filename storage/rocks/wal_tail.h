// A second look at the write-ahead logs before RocksDB replays them. Internal to storage/rocks/.
//
// RocksDB takes a record that runs past the end of its log for a write that never ended, and cuts it there. That is
// right after a crash, but a damaged length field looks the same, and then acknowledged records are cut with it; and a
// header of zeros makes it skip the rest of a block in silence. This check tells the two apart: what would be cut must
// hold no further whole record and must not be a whole record itself.
//
// Called by the thread that opens the store, before RocksDB does. Reads only. Failure corruption names file and offset.
#pragma once

#include <rocksdb/env.h>

#include <string>
#include <string_view>

#include "events/result.h"

namespace tenure::storage {

// What to look at: what RocksDB leaves unchecked, before it opens; or everything, to name the place after it refused to
// open without naming one.
enum class LogCheck { what_rocksdb_leaves, everything };

// Every *.log in `folder`; a folder that is not there has none.
Outcome<void> check_logs(rocksdb::Env* env, const std::string& folder, LogCheck what);
// One log's bytes; `file` is for the sentence.
Outcome<void> check_log(std::string_view log, const std::string& file, LogCheck what);

}  // namespace tenure::storage
