#include "storage/commit_thread.h"

#include <cassert>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace tenure::storage {

struct CommitThread::Inside {
  explicit Inside(Store& s) : store(s), thread([this] { run(); }) {}

  void run();

  Store& store;
  std::mutex guard;
  std::condition_variable work, ended;
  struct Begun {
    Commit commit;
    Done done;
    Finish finish;
  };
  std::optional<Begun> next;             // begun, and not yet taken by the thread
  std::optional<Outcome<void>> outcome;  // of what was begun last
  bool stopping = false;
  std::thread thread;  // last: it uses all of the above
};

void CommitThread::Inside::run() {
  std::unique_lock lock(guard);
  for (;;) {
    work.wait(lock, [this] { return stopping || next; });
    if (!next) return;
    auto [commit, done, finish] = std::move(*next);
    next.reset();
    lock.unlock();
    if (finish) finish(commit);
    const auto how = store.commit(std::move(commit));
    lock.lock();
    outcome = how;
    lock.unlock();
    ended.notify_one();
    done(how);
    lock.lock();
  }
}

CommitThread::CommitThread(Store& store) : inside_(std::make_unique<Inside>(store)) {}

CommitThread::~CommitThread() { stop(); }

void CommitThread::stop() {
  {
    const std::lock_guard lock(inside_->guard);
    inside_->stopping = true;
  }
  inside_->work.notify_one();
  if (inside_->thread.joinable()) inside_->thread.join();
}

void CommitThread::begin(Commit commit, Done done, Finish finish) {
  assert(!begun_);
  begun_ = true;
  {
    const std::lock_guard lock(inside_->guard);
    inside_->outcome.reset();
    inside_->next.emplace(Inside::Begun{std::move(commit), std::move(done), std::move(finish)});
  }
  inside_->work.notify_one();
}

bool CommitThread::over() const {
  const std::lock_guard lock(inside_->guard);
  return inside_->outcome.has_value();
}

Outcome<void> CommitThread::end() {
  assert(begun_);
  std::unique_lock lock(inside_->guard);
  inside_->ended.wait(lock, [this] { return inside_->outcome.has_value(); });
  begun_ = false;
  return *std::exchange(inside_->outcome, std::nullopt);
}

}  // namespace tenure::storage
