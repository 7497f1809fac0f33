// A WebSocket client for tests: Beast's own, so that the server's frames are read by code that is not ours. Every wait
// ends. One thread.
#pragma once

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <cstdint>
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

  WsClient(std::uint16_t port, const std::string& target, const Headers& headers) : stream_(context_) {
    auto& socket = boost::beast::get_lowest_layer(stream_);
    socket.connect({boost::asio::ip::address_v4::loopback(), port});
    socket.set_option(boost::asio::ip::tcp::no_delay(true));
    stream_.set_option(boost::beast::websocket::stream_base::decorator([headers](auto& request) {
      for (const auto& [name, value] : headers) request.set(name, value);
    }));
    stream_.control_callback([this](boost::beast::websocket::frame_type type, boost::beast::string_view payload) {
      if (type == boost::beast::websocket::frame_type::ping) pings_.emplace_back(payload);
      if (type == boost::beast::websocket::frame_type::pong) pongs_.emplace_back(payload);
    });
    boost::beast::websocket::response_type response;
    const auto code = finish([&](auto done) { stream_.async_handshake(response, "localhost", target, done); });
    if (code) throw NoUpgrade(response.result_int(), response.body());
  }

  // The next message; nothing once the connection has ended, which `close_code` and `reason` are about then.
  std::optional<std::string> read() {
    boost::beast::flat_buffer buffer;
    const auto code = finish([&](auto done) {
      stream_.async_read(buffer, [done](boost::system::error_code failed, std::size_t) mutable { done(failed); });
    });
    if (code) return std::nullopt;
    return std::string(static_cast<const char*>(buffer.data().data()), buffer.size());
  }
  // Whether something comes within that time; what it is comes from `read`.
  void send(const std::string& message, bool binary = false) {
    stream_.binary(binary);
    (void)finish([&](auto done) {
      stream_.async_write(boost::asio::buffer(message),
                          [done](boost::system::error_code failed, std::size_t) mutable { done(failed); });
    });
  }
  void ping(const std::string& payload) {
    (void)finish([&](auto done) { stream_.async_ping({payload.data(), payload.size()}, done); });
  }
  void close() {
    (void)finish([&](auto done) { stream_.async_close(boost::beast::websocket::close_code::normal, done); });
  }
  // As a client that dies.
  void drop() {
    boost::system::error_code ignored;
    boost::beast::get_lowest_layer(stream_).close(ignored);
  }

  unsigned close_code() const { return stream_.reason().code; }
  std::string reason() const { return {stream_.reason().reason.data(), stream_.reason().reason.size()}; }
  const std::vector<std::string>& pings() const { return pings_; }
  const std::vector<std::string>& pongs() const { return pongs_; }

 private:
  template <class Start>
  boost::system::error_code finish(const Start& start) {
    std::optional<boost::system::error_code> result;
    start([&result](boost::system::error_code code) { result = code; });
    context_.restart();
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!result && context_.run_one_until(until) > 0) {
    }
    if (!result) throw std::runtime_error("a WebSocket waits for ever");
    return *result;
  }

  boost::asio::io_context context_;
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> stream_;
  std::vector<std::string> pings_, pongs_;
};

}  // namespace tenure::test
