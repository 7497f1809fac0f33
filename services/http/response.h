// What a route answers: status, body, fields, or a body that is pulled piece by piece; and Reply, by which an answer
// is given later from any thread.
//
// A Response is a plain value. A Reply is owned by whoever must answer and is called once, from any thread; it never
// blocks and is safe to call after the client has gone or the server has stopped (the answer is then dropped).
// A Reply that is destroyed uncalled answers 500, so that no client waits for ever on a forgotten path.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tenure::http {

// The value of Content-Type. Only from a literal, so that an answer does not copy it.
struct MediaType {
  std::string_view text;
  consteval MediaType(const char* literal) : text(literal) {}  // NOLINT: meant to convert
};

inline constexpr MediaType json_type{"application/json"};
inline constexpr MediaType problem_type{"application/problem+json"};

// Thrown by a Response's `more` that is to end what was begun, though nothing went wrong: the connection is cut.
struct CutShort : std::exception {
  const char* what() const noexcept override { return "the answer was cut short"; }
};

struct Response {
  unsigned status = 200;
  MediaType content_type = json_type;
  std::string body;
  // More fields. Content-Type, Content-Length, Transfer-Encoding, Connection and Date are the server's. Control
  // characters in a value are replaced by spaces.
  std::vector<std::pair<std::string, std::string>> headers;
  // If set, `body` is not used: it is called again and again on the pool, appends the next piece to `chunk` (about 64
  // KiB is right) and answers whether there may be more. The next call comes only when the client has taken the last
  // piece; after an empty one, when the `ahead` under way has ended, or at once. Throwing cuts the connection, so that
  // a client cannot take half an answer for a whole one.
  std::function<bool(std::string& chunk)> more;
  // If set beside `more`: called on the pool when the client begins to take a piece, one at a time, to get ready what
  // the next pieces need; perhaps beside the next `more`, which does not wait for it but answers an empty piece, or
  // when there is none any more. Must not throw.
  std::function<void()> ahead;
};

// Where a Reply puts its answer. The server's loops are one; tests may have their own.
class ReplyTarget {
 public:
  virtual ~ReplyTarget() = default;
  // Any thread. `slot` and `serial` name the request.
  virtual void deliver(std::uint32_t slot, std::uint64_t serial, Response&& response) = 0;
};

class Reply {
 public:
  Reply(std::shared_ptr<ReplyTarget> target, std::uint32_t slot, std::uint64_t serial)
      : target_(std::move(target)), serial_(serial), slot_(slot) {}
  Reply(Reply&&) noexcept = default;
  Reply& operator=(Reply&& other) noexcept;
  ~Reply();

  void operator()(Response response);

 private:
  std::shared_ptr<ReplyTarget> target_;  // null once called
  std::uint64_t serial_;
  std::uint32_t slot_;
};

// While one stands, what its thread answers is held back, and reaches each loop of the server at once when it goes: a
// loop is woken once for all of them. Short-lived, on the stack; within another one it does nothing.
class Bunch {
 public:
  Bunch();
  ~Bunch();
  Bunch(const Bunch&) = delete;
  Bunch& operator=(const Bunch&) = delete;

 private:
  bool outermost_;
};

}  // namespace tenure::http
