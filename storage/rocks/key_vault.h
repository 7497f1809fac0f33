// RocksKeyVault: the KeyVault on disk, a small RocksDB of its own in a folder of its own, so that it is backed up apart
// from the log. The contract is storage/key_vault.h; its keys are described in storage/FORMAT.md.
//
// Owner: People. Threads: as storage/key_vault.h says; `put`, `erase` and `close` also keep each other out by a mutex.
//
// Promises beyond the contract: when `erase` returns true, no file of the folder holds the subject's wrapped key, its
// lookup digest or its subject id any more: not the logs, the tables, nor the list of tables. It costs a rewrite of a
// few MiB, so it is for erasing people, not for bulk work.
//
// Failure: `open_key_vault` answers locked, wrong_format, corruption, disk_full or io.
#pragma once

#include <memory>
#include <string>

#include "storage/key_vault.h"

namespace tenure::storage {

// Opens the vault in the folder `path`, or makes one there if the folder is absent or empty.
Outcome<std::unique_ptr<KeyVault>> open_key_vault(const std::string& path);

}  // namespace tenure::storage
