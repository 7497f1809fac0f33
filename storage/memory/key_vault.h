// MemoryKeyVault: the KeyVault in memory, the model that the one on disk is tested against. Contract:
// storage/key_vault.h.
//
// Owner: a test or a simulation. Threads: every call from any thread (one lock). Nothing outlives the object. After
// `close` every call answers Failure closed; there is no other failure.
#pragma once

#include <map>
#include <mutex>
#include <utility>

#include "storage/key_vault.h"

namespace tenure::storage {

class MemoryKeyVault final : public KeyVault {
 public:
  Outcome<std::optional<SubjectId>> find(const OrgId& org, const Digest& lookup) override;
  Outcome<std::optional<std::string>> wrapped_key(const OrgId& org, SubjectId subject) override;
  Outcome<void> put(const std::vector<NewSubject>& subjects) override;
  Outcome<bool> erase(const OrgId& org, SubjectId subject) override;
  Outcome<void> close() override;

 private:
  struct Kept {
    Digest lookup;
    std::string wrapped_key;
  };
  std::mutex guard_;
  bool closed_ = false;
  std::map<std::pair<OrgId, Digest>, SubjectId> by_lookup_;
  std::map<std::pair<OrgId, SubjectId>, Kept> by_subject_;
};

}  // namespace tenure::storage
