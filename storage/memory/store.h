// MemoryStore: the Store in memory, the plain model that the one on disk is tested against. Contract: storage/store.h.
//
// Owner: a test or a simulation; Snapshots may outlive it. Threads: as storage/store.h says, by one lock that readers
// share. Nothing outlives the object, so "durable" means "until it is destroyed". Failures are those of the contract
// that need no disk: conflict, not_found, closed, and corruption for a record whose leaf hash was given wrong.
//
// A snapshot is a number: every view key keeps the values that open snapshots can still see, so that taking one copies
// nothing, and a value goes when the last snapshot that sees it has gone and its key is written again.
#pragma once

#include <memory>
#include <string>

#include "storage/store.h"

namespace tenure::storage {

class MemoryStore : public Store {
 public:
  MemoryStore();
  ~MemoryStore() override;

  std::unique_ptr<Snapshot> snapshot() override;
  Outcome<void> commit(Commit&& commit) override;
  Position head() const override;
  std::string id() const override;
  Outcome<void> clear_views(const std::vector<ViewWrite>& kept) override;
  Outcome<void> check_views() override;
  std::optional<Failure> trouble() const override;
  std::size_t memory_bytes() const override;
  Outcome<void> close() override;

  struct Kept;  // internal: what the snapshots share

 private:
  std::shared_ptr<Kept> kept_;
};

}  // namespace tenure::storage
