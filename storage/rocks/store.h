// RocksStore: the Store on disk, over RocksDB. The contract is storage/store.h; the files are described in
// storage/FORMAT.md.
//
// Owner: the program's main opens one store a folder and hands out references; a second process, or a second open in
// this one, is refused (Failure locked).
//
// Threads: as storage/store.h says. `commit`, `clear_views` and `close` also keep each other out by a mutex, so that a
// close during a commit is safe. A Snapshot that is alive at `close` answers Failure closed from then on.
//
// Promises beyond the contract:
//   - opening checks that the log is dense at its end and that its newest record, version and head entry agree;
//   - memory is bounded: one block cache (block_cache_bytes) that also holds indexes and filters, and write buffers
//     of 64 MiB for all together;
//   - below free_floor_bytes of free disk `commit` answers disk_full before anything is written; it works again by
//     itself when there is room, also after the disk ran full inside RocksDB.
//
// Failure: `open` answers locked, wrong_format, corruption (a torn tail of the write-ahead log is cut; anything worse
// refuses to open and names the place), disk_full or io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "storage/store.h"

namespace tenure::storage {

struct RocksSettings {
  std::size_t block_cache_bytes = std::size_t{96} << 20;
  std::size_t write_buffers_bytes = std::size_t{64} << 20;
  std::uint64_t free_floor_bytes = std::uint64_t{32} << 20;  // appends stop below this much free disk
  // To mend views that may be damaged: a table that cannot be read is met by its reader and not at the start, and no
  // background work meets it and stops all writes. The write-ahead log is checked as strictly as ever.
  bool for_mending = false;
};

class RocksStore final : public Store {
 public:
  // Opens the store in the folder `path`, or makes one there if the folder is absent or empty.
  static Outcome<std::unique_ptr<RocksStore>> open(const std::string& path, const RocksSettings& settings = {});
  ~RocksStore() override;  // closes

  std::unique_ptr<Snapshot> snapshot() override;
  Outcome<void> commit(Commit&& commit) override;
  Position head() const override;
  std::string id() const override;
  Outcome<void> clear_views(const std::vector<ViewWrite>& kept) override;
  Outcome<void> check_views() override;
  std::optional<Failure> trouble() const override;
  std::size_t memory_bytes() const override;
  Outcome<void> close() override;

  struct Inside;
  explicit RocksStore(std::unique_ptr<Inside> inside);  // by `open` only

 private:
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::storage
