// Answers that do not end: what a route gives when it goes on sending for as long as the client stays, over a WebSocket
// (RFC 6455) or as a chunked body (Server-Sent Events, NDJSON).
//
// A LiveStream is made by a route's handler on the pool, and from then on owned by its connection and used on that
// connection's loop only. It is asked for bytes (`fill`) when the client has taken all that it was given, when its
// Waker was used, and about once a second: so it needs no queue, and holds nothing for a client that does not read.
// Nothing that it does may block. What it throws ends the connection, a WebSocket with 1013, and is told to the
// observer.
//
// A Waker may be used from any thread at any time, also when the client has gone; within a Bunch
// (services/http/response.h) a loop is woken once for all of them.
//
// The WebSocket itself (frames, pings, pongs, closing) is the server's: a stream gives whole frames, made by
// services/http/websocket.h, that any number of connections may share. Keep-alive pings are empty and go between two
// frames, ahead of all that is queued, as do pongs. Limits are in services/http/limits.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "services/http/request.h"
#include "services/http/response.h"

namespace tenure::http {

enum class Carrier : std::uint8_t { chunked, websocket };

// Why a stream ends a WebSocket: each is one after which a client may come again.
enum class CloseCode : std::uint16_t { going_away = 1001, service_restart = 1012, try_again_later = 1013 };

// Bytes that several connections may share, whole frames or lines; `owner` keeps them alive.
struct Piece {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
};

// What a stream wants sent next, in order. Of the connection; filled within one call of `fill`.
class Outgoing {
 public:
  void add(Piece piece);
  void add(std::string bytes);
  // Nothing comes after what was added: a WebSocket is closed with the code and the reason (cut to 120 bytes), another
  // body ends.
  void end(CloseCode code, std::string reason);

  std::size_t bytes() const { return bytes_; }
  bool ended() const { return ended_; }
  CloseCode code() const { return code_; }
  const std::string& reason() const { return reason_; }
  std::vector<Piece>& pieces() { return pieces_; }

 private:
  std::vector<Piece> pieces_;
  std::size_t bytes_ = 0;
  bool ended_ = false;
  CloseCode code_ = CloseCode::going_away;
  std::string reason_;
};

// How it came to an end.
enum class Ending : std::uint8_t {
  by_stream,       // the stream said so, and all was sent
  client_closed,   // a close frame, or the end of an orderly connection
  client_lost,     // the connection broke
  protocol_error,  // what the client sent is no WebSocket
  no_progress,     // it took nothing and said nothing for the limit's time
  server_stopped,
  failed  // the stream threw
};

// Where a Waker rings. The server's loops are one; tests may have their own.
class WakeTarget {
 public:
  virtual ~WakeTarget() = default;
  virtual void wake(std::uint32_t slot, std::uint64_t serial) = 0;
};

class Waker {
 public:
  Waker() = default;
  Waker(std::shared_ptr<WakeTarget> target, std::uint32_t slot, std::uint64_t serial)
      : target_(std::move(target)), serial_(serial), slot_(slot) {}
  void operator()() const {
    if (target_) target_->wake(slot_, serial_);
  }

 private:
  std::shared_ptr<WakeTarget> target_;
  std::uint64_t serial_ = 0;
  std::uint32_t slot_ = 0;
};

class LiveStream {
 public:
  virtual ~LiveStream() = default;
  // The first call: the head has been written.
  virtual void begin(Waker waker) = 0;
  // Adds what is to be sent next, about as much as the limit of a connection's buffer at most, or nothing.
  virtual void fill(Outgoing& out) = 0;
  // Asked about once a second where nothing woke it: whether `fill` would have something by the clock alone.
  virtual bool is_due() { return true; }
  // A whole message, text or binary, of at most the limit's bytes. WebSockets only.
  virtual void heard(std::string_view message) = 0;
  virtual void ponged(std::string_view payload) = 0;
  // It has to end: the next `fill` says its farewell and ends with this code.
  virtual void leave(CloseCode code) = 0;
  // The last call.
  virtual void ended(Ending how) = 0;
};

struct LiveOpening {
  std::unique_ptr<LiveStream> stream;
  MediaType content_type{"text/event-stream"};               // of a chunked body
  std::vector<std::pair<std::string, std::string>> headers;  // more fields
};

// Runs on the pool before anything is answered, and may block. The stream is carried by a WebSocket if the request asks
// for one (services/http/websocket.h), else as a chunked body. A Response refuses it.
using LiveHandler = std::function<std::variant<LiveOpening, Response>(Request&)>;

}  // namespace tenure::http
