// Group commit: many threads submit, one thread writes, one sync serves all that waited meanwhile.
//
// The writer thread takes what has queued up (at most batch_jobs_max), hands it to `run`, and goes
// on; `run` decides, and sees to it that each job is committed and answered: itself, or by a CommitThread while it
// decides more. `poke` has it called again, when a commit has come to its end. While a batch syncs, the next one
// gathers.
//
// Threads: `submit` from any thread, never blocking; `run` on the one writer thread only.
// The queue is bounded: past queue_jobs_max `submit` answers false at once, so
// that memory is bounded and the caller can say 503. `stop` takes no new work, finishes what is queued, joins.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "events/result.h"

namespace tenure::storage {

// Work for the writer. Owned by the queue until `run` has answered it.
class Job {
 public:
  virtual ~Job() = default;
};

class GroupCommit {
 public:
  static constexpr std::size_t batch_jobs_max = 1024;
  static constexpr std::size_t queue_jobs_max = 16'384;

  using Run = std::function<void(std::vector<std::unique_ptr<Job>>& jobs)>;

  explicit GroupCommit(Run run);
  ~GroupCommit();  // stops

  // False when the queue is full or stopping; `job` is then still the caller's.
  bool submit(std::unique_ptr<Job>& job);
  // Whether jobs wait that no `run` has been given yet.
  bool waiting() const;
  // Calls `run` soon, with no jobs if there are none. From any thread.
  void poke();
  void stop();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::storage
