// Where subjects' keys are kept: outside the log, so that erasing a person is deleting a key.
//
// A vault maps (organization, keyed digest of an identity) to a subject, and (organization, subject)
// to that subject's wrapped key. It sees no identity and no bare key: storage/people.h wraps them.
// Implementations: storage/rocks/key_vault.h (a database of its own, so that it is backed up apart)
// and storage/memory/key_vault.h, under one contract suite.
//
// Threads: `put` and `erase` by one writer at a time, the rest from any thread. `put` and `erase` are durable when
// they return; after `erase` the bytes are gone from the files too (compacted and its old write-ahead log dropped).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "events/ids.h"
#include "events/result.h"

namespace tenure::storage {

struct NewSubject {
  OrgId org;
  Digest lookup;  // HMAC-SHA-256 of the folded identity under the store's lookup key
  SubjectId subject;
  std::string wrapped_key;  // the subject's AES-256 key, sealed under the master key
};

class KeyVault {
 public:
  virtual ~KeyVault() = default;
  virtual Outcome<std::optional<SubjectId>> find(const OrgId& org, const Digest& lookup) = 0;
  virtual Outcome<std::optional<std::string>> wrapped_key(const OrgId& org, SubjectId subject) = 0;
  virtual Outcome<void> put(const std::vector<NewSubject>& subjects) = 0;
  // Deletes key and lookup of the subject; true if it was there.
  virtual Outcome<bool> erase(const OrgId& org, SubjectId subject) = 0;
  virtual Outcome<void> close() = 0;
};

}  // namespace tenure::storage
