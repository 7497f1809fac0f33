// A WebSocket client for tests: Beast's own, so that the server's frames are read by code that is not ours. Every wait
// ends. One thread. Beast is in the .cpp only: it costs a compiler seconds.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace tenure::test {

// The server answered the handshake with something else than an upgrade.
struct NoUpgrade : std::runtime_error {
  NoUpgrade(unsigned answered, std::string text)
      : std::runtime_error("no upgrade: " + std::to_string(answered) + " " + text),
        status(answered),
        body(std::move(text)) {}
  unsigned status;
  std::string body;
};

class WsClient {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  // Far above what any step takes: reaching it means that something hangs.
  static constexpr std::chrono::seconds patience{120};

  WsClient(std::uint16_t port, const std::string& target, const Headers& headers);
  ~WsClient();

  // The next message; nothing once the connection has ended, which `close_code` and `reason` are about then.
  std::optional<std::string> read();
  void send(const std::string& message, bool binary = false);
  void ping(const std::string& payload);
  void close();
  // As a client that dies.
  void drop();

  unsigned close_code() const;
  std::string reason() const;
  const std::vector<std::string>& pings() const;
  const std::vector<std::string>& pongs() const;

 private:
  struct Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace tenure::test
