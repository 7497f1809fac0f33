#include "services/http/pool.h"

namespace tenure::http {

Pool::Pool(std::size_t threads, std::size_t queued_max) : queued_max_(queued_max) {
  threads_.reserve(threads);
  for (std::size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { work(); });
}

Pool::~Pool() { stop(); }

bool Pool::reserve() {
  if (places_taken_.fetch_add(1, std::memory_order_relaxed) < queued_max_) return true;
  places_taken_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void Pool::submit(Task task, bool reserved) {
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) {
      if (reserved) places_taken_.fetch_sub(1, std::memory_order_relaxed);
      return;  // the task is destroyed unrun; a Reply in it answers for itself
    }
    queue_.push_back({std::move(task), reserved});
  }
  ready_.notify_one();
}

void Pool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  ready_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void Pool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ready_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    Entry entry = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    if (entry.reserved) places_taken_.fetch_sub(1, std::memory_order_relaxed);
    entry.task();
    { const Task gone = std::move(entry.task); }  // what it holds is destroyed outside the lock
    lock.lock();
  }
}

}  // namespace tenure::http
