// One connection to a receiver, plain or over TLS: opened, written to, read from, each within a time.
//
// Used on the sinks' loop only, by one coroutine at a time; what is under way when it is closed or when the object goes
// ends with an error. Names are looked up on a thread of their own, one at a time, which nobody waits for at the end:
// a name server that does not answer holds nobody up. TLS checks the certificate against the system's authorities
// (SSL_CERT_FILE and SSL_CERT_DIR name others) and the host's name or address, from TLS 1.2 on.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "services/push/destination.h"
#include "services/push/push_limits.h"

namespace tenure::services {

// A connection's no: why, in a sentence's end. Empty: it went well.
using Trouble = std::string;

class Wire {
 public:
  Wire(boost::asio::any_io_executor loop, Destination to, PushTimes times);
  ~Wire();
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  boost::asio::awaitable<Trouble> open();
  bool is_open() const;
  // All of it is with the kernel.
  boost::asio::awaitable<Trouble> write(std::string_view bytes);
  // What comes next, appended to `into`. Nothing was appended and no trouble: the other side has ended.
  boost::asio::awaitable<Trouble> read(std::string& into);
  // Reads and forgets until the other side ends or the connection breaks, and tells it: for receivers that say nothing.
  void watch(std::function<void()> told);
  // What `watch` has seen: the other side ended in good order, or in any way.
  bool ended_well() const;
  bool lost() const;
  // What was written and the other side's TCP has not acknowledged; 0 once it is lost.
  std::size_t unacknowledged() const;
  // Nothing more is written: the other side reads what it has and then an end.
  void end_writing();
  void close();

 private:
  struct Inside;
  std::shared_ptr<Inside> inside_;
};

}  // namespace tenure::services
