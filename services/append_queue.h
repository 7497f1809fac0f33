// The one way into the log: any thread submits, one thread decides, one commits, one sync serves all that waited.
//
// While a batch is made durable, all that comes is decided on top of it, and is the next batch as soon as that has come
// to its end: deciding costs no time of its own, and each sync serves as many as it can. A request that is alone is
// committed by the thread that decided it, which is quicker than handing it over.
//
// `submit` never blocks; past the queue's bound it answers at once with Failure closed ("busy"). `done` is called once,
// on one of the two threads, and must not block. `stop` finishes what is queued and joins.
#pragma once

#include <atomic>
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

  // `recorder` records into `store`, and both outlive this. `newest`: when the store's newest record was recorded.
  AppendQueue(Recorder& recorder, storage::Store& store, Instant newest = Instant{0},
              std::size_t events_a_commit = events_a_commit_max);
  ~AppendQueue();
  void submit(AppendRequest request, Done done);
  AppendResult submit_and_wait(AppendRequest request);
  // Rows that are no view of the log (services/record/batch.h: kept_rows), in the next commit; `done` hears whether
  // they are durable.
  using RowsDone = std::function<void(const Outcome<void>&)>;
  void submit_rows(std::vector<storage::ViewWrite> rows, RowsDone done);
  // Called after each commit, once its records are durable and to be seen; also after one of rows alone and after one
  // that failed, since the store may have been opened anew for it and show more than before. On the writer's or the
  // committing thread, and must not block. Set before the first submit.
  void on_commit(std::function<void()> told) { told_ = std::move(told); }
  // When the newest record that is durable was recorded, or one of a commit that failed later than that: the least that
  // "now" may be. It never falls. Any thread.
  Instant newest() const { return {newest_us_.load(std::memory_order_acquire)}; }
  void stop();

 private:
  struct Answers;

  void run(std::vector<std::unique_ptr<storage::Job>>& jobs);
  void decide(std::vector<AppendRequest> requests, std::vector<Done> done);
  void take_rows(std::vector<storage::ViewWrite>& rows, Done done);
  void tell(bool done, std::size_t records, Instant newest);
  void commit_decided(bool full);
  Outcome<void> end_commit();
  void give_up(const Failure& because);

  Recorder& recorder_;
  storage::Store& store_;
  const std::size_t events_a_commit_;
  // The writer's: who waits for what is decided and not yet on its way to the store, and how many events that is.
  std::shared_ptr<Answers> decided_;
  std::size_t events_decided_ = 0;
  std::vector<storage::ViewWrite> rows_;  // for the next commit
  std::function<void()> told_;
  std::atomic<std::int64_t> newest_us_;
  storage::CommitThread commit_;
  storage::GroupCommit queue_;
};

}  // namespace tenure::services
