// Commits on a thread of its own, one at a time, so that the writer decides the next batch while the last one is
// synced.
//
// Owned by the writer, and used by its thread only. `begun` must be followed by `end` before the next `begin`.
#pragma once

#include <functional>
#include <memory>

#include "storage/store.h"

namespace tenure::storage {

class CommitThread {
 public:
  // Called on the thread, once, with how the commit went. It must not use this object; `end` does not wait for it.
  using Done = std::function<void(const Outcome<void>&)>;
  // What is left to do of making a commit.
  using Finish = std::function<void(Commit&)>;

  explicit CommitThread(Store& store);
  ~CommitThread();  // stops

  // `finish` is called on the thread first.
  void begin(Commit commit, Done done, Finish finish = {});
  bool begun() const { return begun_; }
  // Whether `end` would not wait.
  bool over() const;
  // Waits for the commit, and says how it went.
  Outcome<void> end();
  // Waits for all that was begun and its `Done`, and begins no more. Once the writer's thread is over, from any.
  void stop();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
  bool begun_ = false;
};

}  // namespace tenure::storage
