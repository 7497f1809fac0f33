// RocksDB's statuses as Failures. Internal to storage/rocks/. Pure; any thread.
//
// A Corruption stays a corruption whatever else is said, with RocksDB's own text (which names file and offset) and the
// place that the caller was reading; no space is disk_full with the folder; a held lock file is locked.
#pragma once

#include <rocksdb/status.h>

#include <string>
#include <string_view>

#include "events/result.h"

namespace tenure::storage {

// `place` is what was being done or read: "the record at position 7", "opening the store in /srv/tenure".
Failure failure_of(const rocksdb::Status& status, std::string_view place);
Failure closed_failure();
// Of an append, once damage was found in the log.
Failure not_behind_damage(const Failure& damage);
// The sentence for a disk that has no room for appends.
Failure disk_full_failure(const std::string& folder, std::uint64_t free_bytes, std::uint64_t floor_bytes);

}  // namespace tenure::storage
