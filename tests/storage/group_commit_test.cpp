#include "storage/group_commit.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/catch.h"

using namespace tenure;
using namespace tenure::storage;

namespace {

struct Numbered : Job {
  Numbered(int s, int n) : submitter(s), number(n) {}
  int submitter, number;
};

// A writer that stands still until it is let go, so that a test decides what queues up.
class Gate {
 public:
  void pass() {
    std::unique_lock lock(guard_);
    ++arrived_;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void wait_for_arrival() {
    std::unique_lock lock(guard_);
    changed_.wait(lock, [this] { return arrived_ > 0; });
  }
  void open() {
    const std::lock_guard lock(guard_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex guard_;
  std::condition_variable changed_;
  int arrived_ = 0;
  bool open_ = false;
};

std::unique_ptr<Job> job(int number, int submitter = 0) { return std::make_unique<Numbered>(submitter, number); }

}  // namespace

TEST_CASE("what queues up while the writer is busy comes as one batch, in order") {
  Gate gate;
  std::vector<std::vector<int>> batches;
  GroupCommit commits([&](std::vector<std::unique_ptr<Job>>& jobs) {
    gate.pass();
    auto& batch = batches.emplace_back();
    for (const auto& one : jobs) batch.push_back(static_cast<Numbered&>(*one).number);
  });
  auto first = job(0);
  REQUIRE(commits.submit(first));
  CHECK(first == nullptr);
  gate.wait_for_arrival();
  for (int n = 1; n <= 2'000; ++n) {
    auto one = job(n);
    REQUIRE(commits.submit(one));
  }
  gate.open();
  commits.stop();
  REQUIRE(batches.size() == 3);
  CHECK(batches[0] == std::vector{0});
  CHECK(batches[1].size() == GroupCommit::batch_jobs_max);
  int expected = 0;
  for (const auto& batch : batches) {
    for (int n : batch) REQUIRE(n == expected++);
  }
  CHECK(expected == 2'001);
}

TEST_CASE("a full queue says no at once and leaves the job with its owner") {
  Gate gate;
  std::size_t done = 0;
  GroupCommit commits([&](std::vector<std::unique_ptr<Job>>& jobs) {
    gate.pass();
    done += jobs.size();
  });
  auto first = job(0);
  REQUIRE(commits.submit(first));
  gate.wait_for_arrival();
  std::size_t taken = 1;
  auto one = job(1);
  while (commits.submit(one)) {
    ++taken;
    one = job(1);
    REQUIRE(taken <= GroupCommit::queue_jobs_max + 1);
  }
  CHECK(taken == GroupCommit::queue_jobs_max + 1);
  CHECK(one != nullptr);
  gate.open();
  commits.stop();
  CHECK(done == taken);
}

TEST_CASE("every job of every thread runs once, each thread's in its order, and none after stop") {
  constexpr int threads_count = 8, jobs_each = 2'000;
  std::vector<int> next(threads_count, 0);
  bool in_order = true;
  std::atomic<int> refused{0};
  GroupCommit commits([&](std::vector<std::unique_ptr<Job>>& jobs) {
    for (const auto& one : jobs) {
      const auto& numbered = static_cast<Numbered&>(*one);
      in_order = in_order && numbered.number == next[static_cast<std::size_t>(numbered.submitter)]++;
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < threads_count; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; n < jobs_each; ++n) {
        auto one = job(n, t);
        while (!commits.submit(one)) std::this_thread::yield();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  commits.stop();
  CHECK(in_order);
  CHECK(next == std::vector<int>(threads_count, jobs_each));
  auto late = job(0);
  CHECK_FALSE(commits.submit(late));
  CHECK(late != nullptr);
  commits.stop();
}
