// The other side of a sink: takes batches, or says why not.
//
// Two kinds: an HTTP server, whose 2xx says that it has a batch, and a syslog collector, which says nothing, so that
// only the connection's fate tells. Used on the sinks' loop, by one coroutine at a time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "services/push/destination.h"
#include "services/push/push_limits.h"

namespace tenure::services {

// What became of a batch.
struct Sent {
  enum class How : std::uint8_t {
    taken,
    failed,  // not there, busy, too slow: it may well be taken later
    refused  // as it is it will not be taken: somebody has to look
  };
  How how = How::taken;
  std::string because;  // a sentence's end, without secrets
  std::optional<std::chrono::milliseconds> retry_after;
};

class Receiver {
 public:
  virtual ~Receiver() = default;
  // All of the batch is with the receiver, as far as its protocol can tell.
  virtual boost::asio::awaitable<Sent> send(const std::string& batch) = 0;
  // Whether what was taken still counts only if the connection lives on for a while (PushTimes::settle).
  virtual bool settles() const = 0;
  // The connection broke, or was ended by the other side, since the last `send`.
  virtual bool lost() const = 0;
  // It was ended by the other side in good order, which a program does that has read all that was taken.
  virtual bool ended_well() const = 0;
  // Ends our side of the connection and waits for the other's end, or for `close`.
  virtual boost::asio::awaitable<void> part() = 0;
  virtual void close() = 0;
};

// `headers` are whole and may hold a secret; what the receiver says of it is not repeated.
struct HttpAddress {
  Destination to;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string secret;
};
std::unique_ptr<Receiver> http_receiver(const boost::asio::any_io_executor& loop, HttpAddress address, PushTimes times);
// `told` is called when the connection has ended by itself.
std::unique_ptr<Receiver> syslog_receiver(const boost::asio::any_io_executor& loop, Destination to, PushTimes times,
                                          std::function<void()> told);

// One line of printable text out of what a receiver said, cut to said_bytes_max, with "(token)" in the secret's place.
// Nothing where it shows the secret otherwise written, escaped say.
std::string said_by(std::string_view text, std::string_view secret);
// A Retry-After: seconds, or an HTTP date counted from `now`. Nothing if it is neither.
std::optional<std::chrono::seconds> retry_after_of(std::string_view value, std::chrono::system_clock::time_point now);

}  // namespace tenure::services
