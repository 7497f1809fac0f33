// The one way into the log: any thread submits, one thread records, one sync serves all that waited.
//
// `submit` never blocks; past the queue's bound it answers at once with Failure closed ("busy"). `done` is called once,
// on the writer's thread, and must not block. `stop` finishes what is queued and joins.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "services/record/recorder.h"
#include "storage/group_commit.h"

namespace tenure::services {

class AppendQueue {
 public:
  using Done = std::function<void(AppendResult)>;

  explicit AppendQueue(Recorder& recorder);
  void submit(AppendRequest request, Done done);
  AppendResult submit_and_wait(AppendRequest request);
  void stop();

 private:
  void run(std::vector<std::unique_ptr<storage::Job>>& jobs);

  Recorder& recorder_;
  storage::GroupCommit commits_;
};

}  // namespace tenure::services
