#include "storage/memory/key_vault.h"

namespace tenure::storage {

namespace {
Failure closed() { return fail(FailureCode::closed, "The key vault is closed and takes no more calls."); }
}  // namespace

Outcome<std::optional<SubjectId>> MemoryKeyVault::find(const OrgId& org, const Digest& lookup) {
  const std::lock_guard lock(guard_);
  if (closed_) return closed();
  const auto found = by_lookup_.find({org, lookup});
  return found == by_lookup_.end() ? std::optional<SubjectId>() : std::optional(found->second);
}

Outcome<std::optional<std::string>> MemoryKeyVault::wrapped_key(const OrgId& org, SubjectId subject) {
  const std::lock_guard lock(guard_);
  if (closed_) return closed();
  const auto found = by_subject_.find({org, subject});
  return found == by_subject_.end() ? std::optional<std::string>() : std::optional(found->second.wrapped_key);
}

Outcome<void> MemoryKeyVault::put(const std::vector<NewSubject>& subjects) {
  const std::lock_guard lock(guard_);
  if (closed_) return closed();
  for (const NewSubject& s : subjects) {
    by_lookup_[{s.org, s.lookup}] = s.subject;
    by_subject_[{s.org, s.subject}] = {s.lookup, s.wrapped_key};
  }
  return {};
}

Outcome<bool> MemoryKeyVault::erase(const OrgId& org, SubjectId subject) {
  const std::lock_guard lock(guard_);
  if (closed_) return closed();
  const auto found = by_subject_.find({org, subject});
  if (found == by_subject_.end()) return false;
  by_lookup_.erase({org, found->second.lookup});
  by_subject_.erase(found);
  return true;
}

Outcome<void> MemoryKeyVault::close() {
  const std::lock_guard lock(guard_);
  closed_ = true;
  return {};
}

}  // namespace tenure::storage
