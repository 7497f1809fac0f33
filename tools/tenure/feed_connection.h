// A connection to the feed over a WebSocket, for `tenure feed`. One thread; every wait has a limit.
//
// Failure io: the server cannot be reached, the connection broke, or nothing came where heartbeats would. An answer
// that is no upgrade is a refusal with its status and body. Plain ws to loopback only, until TLS comes.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "tools/tenure/http_client.h"

namespace tenure {

class FeedConnection {
 public:
  FeedConnection();
  ~FeedConnection();

  struct Refused {
    unsigned status = 0;
    std::string body;
  };
  using Opened = std::variant<std::monostate, Refused, Failure>;
  Opened open(const ServerAddress& server, const std::string& target, const std::string& token);

  // The next message, or none if `wait` passes without one; it may then be asked again. A Failure: it is over, and says
  // how the server closed it, if it did.
  Outcome<std::optional<std::string>> read(std::chrono::milliseconds wait);
  Outcome<void> send(const std::string& message);
  void close();

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure
