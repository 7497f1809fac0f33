// From bytes to a Request: Beast's incremental HTTP/1 parser with Tenure's own limits and checks on top. No sockets, so
// that a fuzzer feeds it exactly what a connection does. Inside services/http only (it includes Beast).
//
// Owned by a connection, used on its loop's thread. `restart`, then `read_head` with the bytes at hand until it says
// something else than `more`, then `read_body` while `has_body()` and not `complete()`. Each answers how many bytes it
// took; give the rest again, with more behind it. After `refused`, `refusal()` is the answer to send; nothing more can
// be read from that client.
#pragma once

#include <boost/beast/http/basic_parser.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "services/http/limits.h"
#include "services/http/request.h"
#include "services/http/response.h"

namespace tenure::http {

enum class Progress { more, done, refused };

class RequestReader {
 public:
  explicit RequestReader(const ServerLimits& limits) : limits_(limits) { restart(); }

  void restart();
  Progress read_head(std::string_view bytes, std::size_t& taken);
  // Appends to `sink`. `more` when it needs bytes, `done` at the end of the body.
  Progress read_body(std::string_view bytes, std::size_t& taken, std::string& sink);

  // Before the body of a request that is kept whole: its limit, which goes by the method. Refuses at once if its
  // Content-Length is past it.
  Progress limit_body();

  Request& request() { return request_; }
  Response& refusal() { return refusal_; }
  bool has_body() const { return parser_->has_body(); }
  bool complete() const { return parser_->is_done(); }
  bool keep_alive() const { return parser_->keep_alive(); }
  bool is_http11() const { return http11_; }
  bool expects_continue() const { return expects_continue_; }

 private:
  // Beast's parser cannot be used twice, so one is made for each request; that allocates nothing.
  class Parser final : public boost::beast::http::basic_parser<true> {
   public:
    explicit Parser(RequestReader& reader) : reader_(reader) {}
    bool has_body() const { return chunked() || content_length().value_or(0) > 0; }

   private:
    using Text = boost::beast::string_view;
    using Code = boost::beast::error_code;
    void on_request_impl(boost::beast::http::verb, Text method, Text target, int version, Code&) override;
    void on_response_impl(int, Text, int, Code&) override {}
    void on_field_impl(boost::beast::http::field, Text name, Text value, Code&) override;
    void on_header_impl(Code&) override { reader_.head_done_ = true; }
    void on_body_init_impl(const boost::optional<std::uint64_t>&, Code&) override {}
    std::size_t on_body_impl(Text bytes, Code&) override;
    void on_chunk_header_impl(std::uint64_t size, Text, Code&) override { reader_.chunk_left_ = size; }
    std::size_t on_chunk_body_impl(std::uint64_t, Text bytes, Code& code) override {
      reader_.chunk_left_ -= bytes.size();
      return on_body_impl(bytes, code);
    }
    void on_finish_impl(Code&) override {}

    RequestReader& reader_;
  };

  Progress refuse_with(Response response);
  Progress refuse_for(const boost::beast::error_code& code);
  Progress check_head();
  bool can_read_framing(std::size_t size) const;
  bool asks_for_body() const;

  const ServerLimits& limits_;
  std::optional<Parser> parser_;
  Request request_;
  Response refusal_;
  std::string target_;
  std::string* sink_ = nullptr;
  std::size_t fields_ = 0;
  std::uint64_t chunk_left_ = 0;  // of the current chunk's content
  bool head_done_ = false;
  bool http11_ = true;
  bool expects_continue_ = false;
};

}  // namespace tenure::http
