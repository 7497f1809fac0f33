#include "tools/measure/echo_server.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace tenure::bench {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using Socket = asio::basic_stream_socket<asio::ip::tcp, asio::io_context::executor_type>;
using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, asio::io_context::executor_type>;

// Callbacks, a typed executor and reused buffers: every way of making Beast quick that needs no code of one's own
// in place of Beast's. It owns itself until its client goes.
class Session {
 public:
  explicit Session(Socket socket) : socket_(std::move(socket)) {
    boost::system::error_code code;
    socket_.set_option(asio::ip::tcp::no_delay(true), code);
    response_.result(beast::http::status::ok);
    response_.set(beast::http::field::content_type, "application/json");
    response_.body() = echo_body;
    response_.prepare_payload();
  }

  void read() {
    parser_.emplace();
    beast::http::async_read(socket_, buffer_, *parser_, [this](beast::error_code code, std::size_t) {
      if (code) {
        delete this;
      } else {
        write();
      }
    });
  }

 private:
  void write() {
    serializer_.emplace(response_);
    beast::http::async_write(socket_, *serializer_, [this](beast::error_code code, std::size_t) {
      if (code) {
        delete this;
      } else {
        read();
      }
    });
  }

  Socket socket_;
  beast::flat_buffer buffer_;
  std::optional<beast::http::request_parser<beast::http::string_body>> parser_;
  beast::http::response<beast::http::string_body> response_;
  std::optional<beast::http::response_serializer<beast::http::string_body>> serializer_;
};

void accept(Acceptor& acceptor, const std::vector<std::unique_ptr<asio::io_context>>& loops, std::size_t next) {
  asio::io_context& loop = *loops[next % loops.size()];
  acceptor.async_accept(loop, [&acceptor, &loops, &loop, next](beast::error_code code, Socket socket) {
    if (!code) {
      auto* session = new Session(std::move(socket));
      asio::post(loop, [session] { session->read(); });
    }
    accept(acceptor, loops, next + 1);
  });
}

}  // namespace

void serve_echo(std::size_t io_threads, const std::function<void(std::uint16_t port)>& listening) {
  std::vector<std::unique_ptr<asio::io_context>> loops;
  for (std::size_t i = 0; i < io_threads; ++i) loops.push_back(std::make_unique<asio::io_context>(1));
  Acceptor acceptor(*loops.front(), {asio::ip::address_v4::loopback(), 0});
  listening(acceptor.local_endpoint().port());
  accept(acceptor, loops, 0);
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < io_threads; ++i) {
    threads.emplace_back([&loop = *loops[i]] {
      const auto stay = asio::make_work_guard(loop);
      loop.run();
    });
  }
  loops.front()->run();
}

}  // namespace tenure::bench
