#include "services/http/request_reader.h"

#include <boost/beast/http/error.hpp>

#include "services/http/problem.h"
#include "services/http/target.h"

namespace tenure::http {
namespace {

namespace beast_http = boost::beast::http;

Method method_of(beast_http::verb verb) {
  switch (verb) {
    case beast_http::verb::get:
      return Method::get;
    case beast_http::verb::head:
      return Method::head;
    case beast_http::verb::post:
      return Method::post;
    case beast_http::verb::put:
      return Method::put;
    case beast_http::verb::patch:
      return Method::patch;
    case beast_http::verb::delete_:
      return Method::delete_;
    default:
      return Method::other;
  }
}

std::string_view plain(boost::beast::string_view text) { return {text.data(), text.size()}; }

Response bad_request(std::string_view detail) {
  return problem(400, "malformed_request", "The request is not well-formed HTTP/1.1", detail);
}

Response body_too_large(const ServerLimits& limits, bool asked_for) {
  const std::size_t most = asked_for ? limits.body_bytes_max : limits.unasked_body_bytes_max;
  return problem(413, "too_large", "Something is larger than its limit",
                 "The body is larger than " + std::to_string(most) + " bytes; " +
                     (asked_for ? "split it into several requests." : "a body means nothing here, leave it out."));
}

}  // namespace

void RequestReader::Parser::on_request_impl(beast_http::verb verb, Text, Text target, int version, Code&) {
  reader_.request_.method = method_of(verb);
  reader_.target_.assign(target.data(), target.size());
  reader_.http11_ = version >= 11;
}

void RequestReader::Parser::on_field_impl(beast_http::field field, Text name, Text value, Code& code) {
  if (reader_.head_done_) return;  // a trailer must not change what was already checked
  if (++reader_.fields_ > reader_.limits_.head_fields_max) {
    code = beast_http::error::header_limit;
    return;
  }
  if (field == beast_http::field::expect) reader_.expects_continue_ = same_name(plain(value), "100-continue");
  reader_.request_.add_header(plain(name), plain(value));
}

std::size_t RequestReader::Parser::on_body_impl(Text bytes, Code&) {
  reader_.sink_->append(bytes.data(), bytes.size());
  return bytes.size();
}

void RequestReader::restart() {
  parser_.emplace(*this);
  parser_->header_limit(static_cast<std::uint32_t>(limits_.head_bytes_max));
  parser_->body_limit(boost::none);
  request_.clear();
  fields_ = 0;
  chunk_left_ = 0;
  head_done_ = false;
  http11_ = true;
  expects_continue_ = false;
}

Progress RequestReader::read_head(std::string_view bytes, std::size_t& taken) {
  taken = 0;
  if (bytes.empty()) return Progress::more;
  boost::beast::error_code code;
  taken = parser_->put({bytes.data(), bytes.size()}, code);
  if (code == beast_http::error::need_more) return Progress::more;
  if (code) return refuse_for(code);
  return head_done_ ? check_head() : Progress::more;
}

Progress RequestReader::read_body(std::string_view bytes, std::size_t& taken, std::string& sink) {
  taken = 0;
  if (!can_read_framing(bytes.size())) return Progress::more;
  sink_ = &sink;
  parser_->eager(true);
  while (!parser_->is_done() && taken < bytes.size()) {
    boost::beast::error_code code;
    const std::size_t n = parser_->put({bytes.data() + taken, bytes.size() - taken}, code);
    taken += n;
    if (code == beast_http::error::need_more) break;
    if (code) return refuse_for(code);
    if (n == 0) break;
  }
  return parser_->is_done() ? Progress::done : Progress::more;
}

// Beast 1.81 asserts, and so ends the program, when a body begins with its last chunk ("0\r\n") and the parser is
// called again before five bytes of it are there. No chunked body has fewer than five bytes left between two chunks, so
// waiting for them delays nothing.
bool RequestReader::can_read_framing(std::size_t size) const {
  constexpr std::size_t shortest_end = std::string_view("0\r\n\r\n").size();
  return !parser_->chunked() || chunk_left_ > 0 || size >= shortest_end;
}

bool RequestReader::asks_for_body() const { return request_.method != Method::get && request_.method != Method::head; }

Progress RequestReader::limit_body() {
  const std::size_t most = asks_for_body() ? limits_.body_bytes_max : limits_.unasked_body_bytes_max;
  if (parser_->content_length().value_or(0) > most) return refuse_with(body_too_large(limits_, asks_for_body()));
  parser_->body_limit(most);
  return Progress::done;
}

Progress RequestReader::check_head() {
  if (http11_ && request_.header_times("host") != 1) {
    return refuse_with(bad_request("An HTTP/1.1 request has exactly one Host field."));
  }
  if (request_.header_times("content-length") > 1) {
    return refuse_with(bad_request("A request has at most one Content-Length field."));
  }
  const auto encoding = request_.header("transfer-encoding");
  const bool is_chunked =
      encoding && same_name(*encoding, "chunked") && request_.header_times("transfer-encoding") == 1;
  if (encoding && (!is_chunked || !http11_)) {
    return refuse_with(problem(501, "unknown_transfer_encoding", "The transfer encoding is not known",
                               "Send the body with Content-Length or with Transfer-Encoding: chunked."));
  }
  const auto content = request_.header("content-encoding");
  if (content && has_body() && (!same_name(*content, "identity") || request_.header_times("content-encoding") > 1)) {
    Response response = problem(415, "unknown_content_encoding", "The body's encoding is not known",
                                "Send the body as it is, without Content-Encoding.", "Content-Encoding");
    response.headers.emplace_back("Accept-Encoding", "identity");
    return refuse_with(std::move(response));
  }
  const auto expect = request_.header("expect");
  if (expect && !expects_continue_) {
    return refuse_with(problem(417, "unknown_expectation", "The expectation is not known",
                               "Only \"Expect: 100-continue\" is understood."));
  }
  if (auto ok = read_target(target_, request_); !ok) return refuse_with(problem(ok.error()));
  return Progress::done;
}

Progress RequestReader::refuse_with(Response response) {
  refusal_ = std::move(response);
  return Progress::refused;
}

Progress RequestReader::refuse_for(const boost::beast::error_code& code) {
  if (code == beast_http::error::header_limit) {
    return refuse_with(problem(431, "head_too_large", "The request's head is larger than its limit",
                               "The request line and header fields may have " + std::to_string(limits_.head_bytes_max) +
                                   " bytes and " + std::to_string(limits_.head_fields_max) + " fields."));
  }
  if (code == beast_http::error::body_limit) return refuse_with(body_too_large(limits_, asks_for_body()));
  return refuse_with(bad_request("The parser says: " + code.message() + "."));
}

}  // namespace tenure::http
