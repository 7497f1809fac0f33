#include "tools/tenure/http_client.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cctype>
#include <chrono>
#include <string_view>

namespace tenure {

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

// On the same machine a server accepts at once or not at all.
constexpr std::chrono::seconds connect_timeout{5};
// The server takes an import's next piece when the last one is recorded; a slow disk may need a while.
constexpr std::chrono::seconds write_timeout{60};
// The most expensive question, or the last batch of an import, with much to spare.
constexpr std::chrono::seconds answer_timeout{120};

Failure unreachable(const ServerAddress& server, const error_code& error) {
  return fail(FailureCode::io, "no answer from http://" + server.host + ":" + server.port + " (" + error.message() +
                                   "); start it with `tenure serve`, or name another with --url.");
}

// One connection on which every step has a time limit: Beast's own limits hold for asynchronous calls alone, so each
// is begun asynchronously and the loop run until it is over.
class Connection {
 public:
  Connection() : stream_(context_) {}

  error_code connect(const ServerAddress& server) {
    error_code error;
    asio::ip::tcp::resolver resolver(context_);
    // A name that is only looked up in /etc/hosts, or a number: it cannot hang.
    const auto found = resolver.resolve(server.host, server.port, error);
    if (error) return error;
    stream_.expires_after(connect_timeout);
    stream_.async_connect(found, [&](error_code e, const asio::ip::tcp::endpoint&) { error = e; });
    run();
    return error;
  }

  template <class Body>
  error_code write(http::request<Body>& request) {
    http::request_serializer<Body> serializer(request);
    return write_with([&](auto done) { http::async_write(stream_, serializer, std::move(done)); });
  }
  error_code write_head(http::request<http::empty_body>& request) {
    http::request_serializer<http::empty_body> serializer(request);
    return write_with([&](auto done) { http::async_write_header(stream_, serializer, std::move(done)); });
  }
  template <class Buffers>
  error_code write_bytes(const Buffers& buffers) {
    return write_with([&](auto done) { asio::async_write(stream_, buffers, std::move(done)); });
  }

  // Whether the server has said something already.
  bool heard() {
    error_code ignored;
    return stream_.socket().available(ignored) > 0;
  }

  // With a sink, what comes of a body of status 200 goes there as it comes.
  Outcome<HttpAnswer> read(const ServerAddress& server, const std::function<void(std::string_view)>& sink = {}) {
    beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(boost::none);
    error_code error;
    while (!error && !parser.is_done()) {
      stream_.expires_after(answer_timeout);
      const auto read = [&](error_code e, std::size_t) { error = e; };
      if (sink) {
        http::async_read_some(stream_, buffer, parser, read);
      } else {
        http::async_read(stream_, buffer, parser, read);
      }
      run();
      if (!sink || !parser.is_header_done() || parser.get().result() != http::status::ok) continue;
      sink(parser.get().body());
      parser.get().body().clear();
    }
    if (error) return unreachable(server, error);
    auto message = parser.release();
    HttpAnswer answer{message.result_int(), std::move(message.body())};
    for (const auto& field : message) answer.headers.emplace_back(field.name_string(), field.value());
    return answer;
  }

 private:
  template <class Begin>
  error_code write_with(const Begin& begin) {
    error_code error;
    stream_.expires_after(write_timeout);
    begin([&](error_code e, std::size_t) { error = e; });
    run();
    return error;
  }
  void run() {
    context_.restart();
    context_.run();
  }

  asio::io_context context_{1};
  beast::tcp_stream stream_;
};

template <class Body>
http::request<Body> head_of(const ServerAddress& server, const HttpQuestion& question) {
  http::request<Body> request(http::string_to_verb(question.method), question.target, 11);
  request.set(http::field::host, server.host);
  request.set(http::field::connection, "close");
  if (!question.token.empty()) request.set(http::field::authorization, "Bearer " + question.token);
  for (const auto& [name, value] : question.headers) request.set(name, value);
  return request;
}

}  // namespace

std::string HttpAnswer::header(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(),
                                  [&](const auto& field) { return beast::iequals(field.first, name); });
  return found == headers.end() ? std::string() : found->second;
}

Outcome<ServerAddress> server_address(const std::string& url) {
  const Failure wrong = fail(FailureCode::io, "\"" + url + "\" must be http://HOST:PORT, without a path.");
  constexpr std::string_view scheme = "http://";
  if (!url.starts_with(scheme)) return wrong;
  std::string rest = url.substr(scheme.size());
  while (!rest.empty() && rest.back() == '/') rest.pop_back();
  if (rest.empty() || rest.find_first_of("/?#@ ") != std::string::npos) return wrong;
  std::string port = "7400";
  const auto colon = rest.rfind(':');
  // The colons within [::1] are the address's own.
  if (colon != std::string::npos && rest.find(']', colon) == std::string::npos) {
    port = rest.substr(colon + 1);
    rest.resize(colon);
    if (port.empty() || port.size() > 5 || port.find_first_not_of("0123456789") != std::string::npos) return wrong;
  }
  if (rest.size() > 2 && rest.front() == '[' && rest.back() == ']') rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return wrong;
  return ServerAddress{rest, port};
}

Outcome<HttpAnswer> http_request(const ServerAddress& server, const HttpQuestion& question) {
  Connection connection;
  if (const error_code error = connection.connect(server)) return unreachable(server, error);
  auto request = head_of<http::string_body>(server, question);
  request.body() = question.body;
  request.prepare_payload();
  const error_code error = connection.write(request);
  // A server that refuses a large body says so before it has read it all.
  if (error && !connection.heard()) return unreachable(server, error);
  return connection.read(server);
}

Outcome<HttpAnswer> http_upload(const ServerAddress& server, const HttpQuestion& question, const BodySource& source) {
  Connection connection;
  if (const error_code error = connection.connect(server)) return unreachable(server, error);
  auto request = head_of<http::empty_body>(server, question);
  request.chunked(true);
  error_code error = connection.write_head(request);
  while (!error && !connection.heard()) {
    const std::string piece = source();
    error = piece.empty() ? connection.write_bytes(http::make_chunk_last())
                          : connection.write_bytes(http::make_chunk(asio::buffer(piece)));
    if (piece.empty()) break;
  }
  if (error && !connection.heard()) return unreachable(server, error);
  return connection.read(server);
}

Outcome<HttpAnswer> http_download(const ServerAddress& server, const HttpQuestion& question,
                                  const std::function<void(std::string_view)>& sink) {
  Connection connection;
  if (const error_code error = connection.connect(server)) return unreachable(server, error);
  auto request = head_of<http::empty_body>(server, question);
  if (const error_code error = connection.write(request)) return unreachable(server, error);
  return connection.read(server, sink);
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
