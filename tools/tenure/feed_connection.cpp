#include "tools/tenure/feed_connection.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket.hpp>

namespace tenure {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;

// On the same machine a server accepts at once or not at all; a handshake may wait for its queue.
constexpr std::chrono::seconds open_timeout{15};
constexpr std::chrono::seconds write_timeout{30};
constexpr std::size_t message_bytes_max = std::size_t{64} << 20;  // an event with a large raw line or model

}  // namespace

struct FeedConnection::Inside {
  asio::io_context context;
  websocket::stream<beast::tcp_stream> stream{context};
  beast::flat_buffer buffer;
  std::optional<error_code> read_over;  // of the read that was begun
  bool reading = false;

  // Runs until `over` has a value or the time is up.
  bool run(const std::optional<error_code>& over, std::chrono::milliseconds wait) {
    context.restart();
    const auto until = std::chrono::steady_clock::now() + wait;
    while (!over && context.run_one_until(until) > 0) {
    }
    return over.has_value();
  }
  template <class Begin>
  error_code finish(std::chrono::milliseconds wait, const Begin& begin) {
    std::optional<error_code> over;
    begin([&over](error_code code) { over = code; });
    if (run(over, wait)) return *over;
    beast::get_lowest_layer(stream).close();
    while (!over) {
      context.restart();
      context.run_one();
    }
    return asio::error::timed_out;
  }
};

FeedConnection::FeedConnection() : inside_(std::make_unique<Inside>()) {}
FeedConnection::~FeedConnection() = default;

FeedConnection::Opened FeedConnection::open(const ServerAddress& server, const std::string& target,
                                            const std::string& token) {
  Inside& in = *inside_;
  const auto unreachable = [&](const error_code& error) {
    return fail(FailureCode::io, "no answer from http://" + server.host + ":" + server.port + " (" + error.message() +
                                     "); start it with `tenure serve`, or name another with --url.");
  };
  error_code error;
  asio::ip::tcp::resolver resolver(in.context);
  const auto found = resolver.resolve(server.host, server.port, error);
  if (error) return unreachable(error);
  error = in.finish(open_timeout, [&](auto done) {
    beast::get_lowest_layer(in.stream).async_connect(
        found, [done](error_code code, const asio::ip::tcp::endpoint&) mutable { done(code); });
  });
  if (error) return unreachable(error);
  in.stream.set_option(websocket::stream_base::decorator([&token](websocket::request_type& request) {
    if (!token.empty()) request.set("Authorization", "Bearer " + token);
  }));
  in.stream.read_message_max(message_bytes_max);
  websocket::response_type response;
  error = in.finish(open_timeout, [&](auto done) { in.stream.async_handshake(response, server.host, target, done); });
  if (error == websocket::error::upgrade_declined) return Refused{response.result_int(), response.body()};
  if (error) return unreachable(error);
  return std::monostate{};
}

Outcome<std::optional<std::string>> FeedConnection::read(std::chrono::milliseconds wait) {
  Inside& in = *inside_;
  if (!in.reading) {
    in.reading = true;
    in.read_over.reset();
    in.stream.async_read(in.buffer, [&in](error_code code, std::size_t) { in.read_over = code; });
  }
  if (!in.run(in.read_over, wait)) return std::optional<std::string>();
  in.reading = false;
  if (*in.read_over) {
    const auto& reason = in.stream.reason();
    const std::string how = reason.code == websocket::close_code::none ? in.read_over->message()
                                                                       : "close code " + std::to_string(reason.code);
    return fail(FailureCode::io, "the connection has ended (" + how + ")");
  }
  std::string message(static_cast<const char*>(in.buffer.data().data()), in.buffer.size());
  in.buffer.consume(in.buffer.size());
  return std::optional(std::move(message));
}

Outcome<void> FeedConnection::send(const std::string& message) {
  Inside& in = *inside_;
  in.stream.text(true);
  const auto error = in.finish(write_timeout, [&](auto done) {
    in.stream.async_write(asio::buffer(message), [done](error_code code, std::size_t) mutable { done(code); });
  });
  if (error) return fail(FailureCode::io, "the connection has ended (" + error.message() + ")");
  return {};
}

void FeedConnection::close() {
  Inside& in = *inside_;
  (void)in.finish(std::chrono::seconds(2),
                  [&](auto done) { in.stream.async_close(websocket::close_code::normal, done); });
}

}  // namespace tenure
