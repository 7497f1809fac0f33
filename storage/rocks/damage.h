// The first damage that was found in the log of a store that is open. Internal to storage/rocks/. Any thread.
//
// A damaged record with sound ones behind it is not to get more behind it: what was found is kept until the store is
// opened again, and appends are refused meanwhile.
#pragma once

#include <atomic>
#include <mutex>
#include <optional>

#include "events/result.h"

namespace tenure::storage {

class Damage {
 public:
  // Keeps the first one that is a corruption.
  void note(const Failure& failure) {
    if (failure.code != FailureCode::corruption) return;
    const std::lock_guard lock(guard_);
    if (!first_) first_ = failure;
    any_ = true;
  }
  std::optional<Failure> found() const {
    if (!any_) return std::nullopt;
    const std::lock_guard lock(guard_);
    return first_;
  }

 private:
  std::atomic<bool> any_{false};
  mutable std::mutex guard_;
  std::optional<Failure> first_;
};

}  // namespace tenure::storage
