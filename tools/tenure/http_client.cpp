#include "tools/tenure/http_client.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cctype>

namespace tenure {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

Failure unreachable(const ServerAddress& server, const boost::system::error_code& error) {
  return fail(FailureCode::io, "no answer from http://" + server.host + ":" + server.port + " (" + error.message() +
                                   "); start it with `tenure serve`, or name another with --url.");
}

boost::system::error_code connect(beast::tcp_stream& stream, asio::io_context& context, const ServerAddress& server) {
  boost::system::error_code error;
  asio::ip::tcp::resolver resolver(context);
  const auto found = resolver.resolve(server.host, server.port, error);
  if (!error) stream.connect(found, error);
  return error;
}

Outcome<HttpAnswer> read_answer(beast::tcp_stream& stream, const ServerAddress& server) {
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(boost::none);
  boost::system::error_code error;
  http::read(stream, buffer, parser, error);
  if (error) return unreachable(server, error);
  auto message = parser.release();
  return HttpAnswer{message.result_int(), std::move(message.body())};
}

template <class Body>
http::request<Body> head(const ServerAddress& server, const std::string& token, http::verb verb,
                         const std::string& target) {
  http::request<Body> request(verb, target, 11);
  request.set(http::field::host, server.host);
  request.set(http::field::connection, "close");
  if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
  return request;
}

}  // namespace

Outcome<ServerAddress> server_address(const std::string& url) {
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return fail(FailureCode::io, "\"" + url + "\" must be http://HOST:PORT.");
  std::string rest = url.substr(scheme.size());
  while (!rest.empty() && rest.back() == '/') rest.pop_back();
  const auto colon = rest.rfind(':');
  if (colon == std::string::npos) return ServerAddress{rest, "7400"};
  return ServerAddress{rest.substr(0, colon), rest.substr(colon + 1)};
}

Outcome<HttpAnswer> http_request(const ServerAddress& server, const std::string& token, const std::string& method,
                                 const std::string& target, const std::string& body, const std::string& extra_header) {
  asio::io_context context;
  beast::tcp_stream stream(context);
  boost::system::error_code error = connect(stream, context, server);
  if (error) return unreachable(server, error);
  auto request = head<http::string_body>(server, token, http::string_to_verb(method), target);
  if (const auto colon = extra_header.find(": "); colon != std::string::npos) {
    request.set(extra_header.substr(0, colon), extra_header.substr(colon + 2));
  }
  request.body() = body;
  request.prepare_payload();
  http::write(stream, request, error);
  if (error) return unreachable(server, error);
  return read_answer(stream, server);
}

Outcome<HttpAnswer> http_upload(const ServerAddress& server, const std::string& token, const std::string& target,
                                const BodySource& source) {
  asio::io_context context;
  beast::tcp_stream stream(context);
  boost::system::error_code error = connect(stream, context, server);
  if (error) return unreachable(server, error);
  auto request = head<http::empty_body>(server, token, http::verb::post, target);
  request.set(http::field::content_type, "application/x-ndjson");
  request.chunked(true);
  http::request_serializer<http::empty_body> serializer(request);
  http::write_header(stream, serializer, error);
  while (!error) {
    const std::string piece = source();
    if (piece.empty()) break;
    asio::write(stream, http::make_chunk(asio::buffer(piece)), error);
  }
  // A server that refuses early has answered already: read that before giving up.
  boost::system::error_code last;
  if (!error) asio::write(stream, http::make_chunk_last(), last);
  return read_answer(stream, server);
}

std::string percent_encoded(const std::string& text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      out += {'%', digits[c >> 4], digits[c & 15]};
    }
  }
  return out;
}

}  // namespace tenure
