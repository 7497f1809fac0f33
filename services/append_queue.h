// The one way into the log: any thread submits, one thread decides, one commits, one sync serves all that waited.
//
// While a batch is made durable the next one is decided on top of it. Where nothing else waits, a batch is committed by
// the thread that decided it, which is quicker than handing it over.
//
// `submit` never blocks; past the queue's bound it answers at once with Failure closed ("busy"). `done` is called once,
// on one of the two threads, and must not block. `stop` finishes what is queued and joins.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "services/record/recorder.h"
#include "storage/commit_thread.h"
#include "storage/group_commit.h"

namespace tenure::services {

class AppendQueue {
 public:
  using Done = std::function<void(AppendResult)>;

  // Events of one commit: what waited is cut into several, so that a write buffer holds each.
  static constexpr std::size_t events_a_commit_max = 20'000;

  // `recorder` records into `store`, and both outlive this.
  AppendQueue(Recorder& recorder, storage::Store& store, std::size_t events_a_commit = events_a_commit_max);
  ~AppendQueue();
  void submit(AppendRequest request, Done done);
  AppendResult submit_and_wait(AppendRequest request);
  void stop();

 private:
  struct Answers;

  void run(std::vector<std::unique_ptr<storage::Job>>& jobs);
  void record(std::vector<AppendRequest> requests, std::shared_ptr<Answers> answers, bool last);
  Outcome<void> end_commit();

  Recorder& recorder_;
  storage::Store& store_;
  const std::size_t events_a_commit_;
  storage::CommitThread commit_;
  storage::GroupCommit queue_;
};

}  // namespace tenure::services
