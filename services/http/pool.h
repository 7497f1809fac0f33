// Moves blocking work off the event loop: a fixed number of threads and a queue with an end.
//
// Owned by the server. Every call from any thread; none blocks but `stop`.
// `reserve` takes a place in the queue or says no; who has a place must `submit` exactly once with `reserved`. Work
// that belongs to a request already admitted (the next piece of an upload or a stream, and what that will need) is
// submitted without a place: there are at most two per connection, so it is bounded anyway. `stop` finishes all that
// was submitted, then joins. What is submitted later is dropped.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenure::http {

// A callable run once that need not be copyable, unlike std::function's.
class Task {
 public:
  template <class F>
  requires(!std::is_same_v<F, Task>) explicit Task(F f) : held_(std::make_unique<Held<F>>(std::move(f))) {}
  void operator()() { held_->run(); }

 private:
  struct Any {
    virtual ~Any() = default;
    virtual void run() = 0;
  };
  template <class F>
  struct Held final : Any {
    explicit Held(F f) : f_(std::move(f)) {}
    void run() override { f_(); }
    F f_;
  };
  std::unique_ptr<Any> held_;
};

class Pool {
 public:
  Pool(std::size_t threads, std::size_t queued_max);
  ~Pool();  // stops

  bool reserve();
  void submit(Task task, bool reserved);
  void stop();

 private:
  struct Entry {
    Task task;
    bool reserved;
  };
  void work();

  const std::size_t queued_max_;
  std::atomic<std::size_t> places_taken_{0};
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<Entry> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace tenure::http
