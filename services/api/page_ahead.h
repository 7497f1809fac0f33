// The next page of a stream, made while the client takes the one before: by the pool if it gets to it in time, else by
// who needs it. Internal to services/api/.
//
// `want` and `take` by whoever cuts the stream, one thread at a time; `make` beside them from any. Only one page is
// made at a time, and nobody waits for it. Memory: one page's answer.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "services/http/response.h"

namespace tenure::services {

class PageAhead {
 public:
  // Answers the page of a cursor; may throw.
  using Ask = std::function<http::Response(const std::string& cursor)>;
  explicit PageAhead(Ask ask) : ask_(std::move(ask)) {}

  // Whoever makes pages ahead may make this one now. Nothing was wanted, or it was taken.
  void want(std::string cursor) {
    const std::lock_guard lock(guard_);
    cursor_ = std::move(cursor);
    state_ = State::wanted;
  }

  // Makes what is wanted, if something is and nobody else makes it. Never throws: what it meets, `take` throws.
  void make() {
    {
      const std::lock_guard lock(guard_);
      if (state_ != State::wanted) return;
      state_ = State::making;
    }
    try {
      page_ = ask_(cursor_);
    } catch (...) {
      thrown_ = std::current_exception();
    }
    const std::lock_guard lock(guard_);
    state_ = State::made;
  }

  // The page of a cursor, be it the one that was wanted or another; nothing while somebody else makes one.
  std::optional<http::Response> take(const std::string& cursor) {
    make();
    std::unique_lock lock(guard_);
    if (state_ == State::making) return std::nullopt;
    const bool is_it = std::exchange(state_, State::none) == State::made && cursor == cursor_;
    auto page = std::exchange(page_, std::nullopt);
    const auto thrown = std::exchange(thrown_, nullptr);
    lock.unlock();
    if (!is_it) return ask_(cursor);
    if (thrown) std::rethrow_exception(thrown);
    return page;
  }

 private:
  enum class State : std::uint8_t { none, wanted, making, made };

  const Ask ask_;
  std::mutex guard_;
  State state_ = State::none;
  std::string cursor_;                  // changes only while nothing is wanted or made
  std::optional<http::Response> page_;  // with thrown_: of whoever makes it, until it is made
  std::exception_ptr thrown_;
};

}  // namespace tenure::services
