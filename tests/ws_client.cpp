#include "tests/ws_client.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>

namespace tenure::test {

namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;

struct WsClient::Connection {
  // Until what `start` began is done, or for as long as patience lasts.
  template <class Start>
  boost::system::error_code finish(const Start& start) {
    std::optional<boost::system::error_code> result;
    start([&result](boost::system::error_code code) { result = code; });
    context.restart();
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!result && context.run_one_until(until) > 0) {
    }
    if (!result) throw std::runtime_error("a WebSocket waits for ever");
    return *result;
  }

  asio::io_context context;
  websocket::stream<asio::ip::tcp::socket> stream{context};
  std::vector<std::string> pings, pongs;
};

WsClient::WsClient(std::uint16_t port, const std::string& target, const Headers& headers)
    : connection_(std::make_unique<Connection>()) {
  auto& stream = connection_->stream;
  auto& socket = boost::beast::get_lowest_layer(stream);
  socket.connect({asio::ip::address_v4::loopback(), port});
  socket.set_option(asio::ip::tcp::no_delay(true));
  stream.set_option(websocket::stream_base::decorator([headers](auto& request) {
    for (const auto& [name, value] : headers) request.set(name, value);
  }));
  stream.control_callback([to = connection_.get()](websocket::frame_type type, boost::beast::string_view payload) {
    if (type == websocket::frame_type::ping) to->pings.emplace_back(payload);
    if (type == websocket::frame_type::pong) to->pongs.emplace_back(payload);
  });
  websocket::response_type response;
  const auto code =
      connection_->finish([&](auto done) { stream.async_handshake(response, "localhost", target, done); });
  if (code) throw NoUpgrade(response.result_int(), response.body());
}

WsClient::~WsClient() = default;

std::optional<std::string> WsClient::read() {
  boost::beast::flat_buffer buffer;
  const auto code = connection_->finish([&](auto done) {
    connection_->stream.async_read(buffer,
                                   [done](boost::system::error_code failed, std::size_t) mutable { done(failed); });
  });
  if (code) return std::nullopt;
  return std::string(static_cast<const char*>(buffer.data().data()), buffer.size());
}

void WsClient::send(const std::string& message, bool binary) {
  connection_->stream.binary(binary);
  (void)connection_->finish([&](auto done) {
    connection_->stream.async_write(asio::buffer(message),
                                    [done](boost::system::error_code failed, std::size_t) mutable { done(failed); });
  });
}

void WsClient::ping(const std::string& payload) {
  (void)connection_->finish([&](auto done) { connection_->stream.async_ping({payload.data(), payload.size()}, done); });
}

void WsClient::close() {
  (void)connection_->finish([&](auto done) { connection_->stream.async_close(websocket::close_code::normal, done); });
}

void WsClient::drop() {
  boost::system::error_code ignored;
  boost::beast::get_lowest_layer(connection_->stream).close(ignored);
}

unsigned WsClient::close_code() const { return connection_->stream.reason().code; }

std::string WsClient::reason() const {
  const auto& said = connection_->stream.reason().reason;
  return {said.data(), said.size()};
}

const std::vector<std::string>& WsClient::pings() const { return connection_->pings; }
const std::vector<std::string>& WsClient::pongs() const { return connection_->pongs; }

}  // namespace tenure::test
