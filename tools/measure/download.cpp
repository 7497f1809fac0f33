#include "tools/measure/download.h"

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/read.hpp>
#include <stdexcept>

namespace tenure::bench {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr std::size_t piece_bytes = 256 * 1024;

}  // namespace

Downloaded download(std::uint16_t port, const std::string& request) try {
  asio::io_context io;
  asio::ip::tcp::socket socket(io);
  socket.connect({asio::ip::address_v4::loopback(), port});
  const auto begin = std::chrono::steady_clock::now();
  asio::write(socket, asio::buffer(request));
  boost::beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(boost::none);
  http::read_header(socket, buffer, parser);
  if (parser.get().result() != http::status::ok) {
    throw std::runtime_error("answered " + std::to_string(parser.get().result_int()));
  }
  Downloaded all;
  std::string piece(piece_bytes, '\0');
  while (!parser.is_done()) {
    auto& body = parser.get().body();
    body.data = piece.data();
    body.size = piece.size();
    boost::system::error_code error;
    http::read(socket, buffer, parser, error);
    if (error && error != http::error::need_buffer) throw boost::system::system_error(error);
    const auto got = static_cast<std::ptrdiff_t>(piece.size() - body.size);
    if (all.bytes == 0 && got > 0) all.first_byte = std::chrono::steady_clock::now() - begin;
    all.bytes += static_cast<std::uint64_t>(got);
    all.lines += static_cast<std::uint64_t>(std::count(piece.begin(), piece.begin() + got, '\n'));
  }
  all.took = std::chrono::steady_clock::now() - begin;
  return all;
} catch (const boost::system::system_error& error) {
  throw std::runtime_error(std::string("a download broke off: ") + error.what());
}

}  // namespace tenure::bench
