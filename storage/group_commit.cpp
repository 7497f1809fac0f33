#include "storage/group_commit.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <thread>
#include <utility>

namespace tenure::storage {

struct GroupCommit::Inside {
  explicit Inside(Run r) : run(std::move(r)), writer([this] { write(); }) {}

  void write();

  const Run run;
  std::mutex guard;
  std::condition_variable work;
  std::deque<std::unique_ptr<Job>> queue;
  bool writer_waits = false;  // a submit wakes the writer only then: waking costs more than queueing
  bool stopping = false, poked = false;
  std::mutex joining;
  std::thread writer;  // last: it uses all of the above
};

void GroupCommit::Inside::write() {
  std::vector<std::unique_ptr<Job>> batch;
  for (;;) {
    {
      std::unique_lock lock(guard);
      writer_waits = true;
      work.wait(lock, [this] { return stopping || poked || !queue.empty(); });
      writer_waits = false;
      if (queue.empty() && !poked) return;
      poked = false;
      const auto count = static_cast<std::ptrdiff_t>(std::min(queue.size(), batch_jobs_max));
      batch.assign(std::make_move_iterator(queue.begin()), std::make_move_iterator(queue.begin() + count));
      queue.erase(queue.begin(), queue.begin() + count);
    }
    run(batch);
    batch.clear();
  }
}

GroupCommit::GroupCommit(Run run) : inside_(std::make_unique<Inside>(std::move(run))) {}
GroupCommit::~GroupCommit() { stop(); }

bool GroupCommit::submit(std::unique_ptr<Job>& job) {
  bool wake = false;
  {
    const std::lock_guard lock(inside_->guard);
    if (inside_->stopping || inside_->queue.size() >= queue_jobs_max) return false;
    inside_->queue.push_back(std::move(job));
    wake = std::exchange(inside_->writer_waits, false);
  }
  if (wake) inside_->work.notify_one();
  return true;
}

void GroupCommit::poke() {
  bool wake = false;
  {
    const std::lock_guard lock(inside_->guard);
    inside_->poked = true;
    wake = std::exchange(inside_->writer_waits, false);
  }
  if (wake) inside_->work.notify_one();
}

bool GroupCommit::waiting() const {
  const std::lock_guard lock(inside_->guard);
  return !inside_->queue.empty();
}

void GroupCommit::stop() {
  {
    const std::lock_guard lock(inside_->guard);
    inside_->stopping = true;
  }
  inside_->work.notify_one();
  const std::lock_guard lock(inside_->joining);
  if (inside_->writer.joinable()) inside_->writer.join();
}

}  // namespace tenure::storage
