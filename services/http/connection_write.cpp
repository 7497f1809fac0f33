// How a connection writes: answers, streamed answers, and getting ready for the next request.
#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <charconv>
#include <utility>

#include "services/http/connection.h"

namespace tenure::http {
namespace {

constexpr std::size_t kept_text_bytes = 64 * kibibyte;    // bodies above it are freed rather than kept for the next
constexpr std::size_t copied_body_bytes = 16 * kibibyte;  // below it one copy is cheaper than a second buffer

bool status_has_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

}  // namespace

void Connection::answer(Response response) {
  response_ = std::move(response);
  head_sent_ = false;
  ahead_under_way_ = false;
  if (response_.more && method_ != Method::head && status_has_body(response_.status)) {
    stream_ = std::make_unique<StreamWork>();
    stream_->more = std::exchange(response_.more, nullptr);
    stream_->ahead = std::exchange(response_.ahead, nullptr);
    if (endpoint_) stream_->route = endpoint_->route.path;
    return pull_stream();
  }
  begin_write();
}

void Connection::begin_write() {
  keep_alive_ = keep_alive_ && !body_unread_ && !loop_.draining();
  HeadForm form{BodyEnd::by_length, response_.body.size(), keep_alive_, reader_.is_http11(), loop_.date()};
  if (!status_has_body(response_.status) || response_.more) form.end = BodyEnd::has_none;
  out_.clear();
  out_sent_ = 0;
  out_body_ = {};
  append_head(out_, response_, form);
  if (form.end == BodyEnd::by_length && method_ != Method::head) {
    if (response_.body.size() <= copied_body_bytes) {
      out_ += response_.body;
    } else {
      out_body_ = response_.body;
    }
  }
  step_ = Step::write;
}

void Connection::begin_piece(const StreamWork& work) {
  out_.clear();
  out_sent_ = 0;
  out_body_ = {};
  if (!head_sent_) {
    head_sent_ = true;
    body_by_chunks_ = reader_.is_http11();
    keep_alive_ = keep_alive_ && !body_unread_ && !loop_.draining() && body_by_chunks_;
    append_head(
        out_, response_,
        {body_by_chunks_ ? BodyEnd::by_chunks : BodyEnd::by_close, 0, keep_alive_, body_by_chunks_, loop_.date()});
  }
  if (!body_by_chunks_) {
    out_ += work.chunk;
  } else {
    if (!work.chunk.empty()) {
      char size[16];
      const auto end = std::to_chars(size, size + sizeof size, work.chunk.size(), 16).ptr;
      out_.append(size, static_cast<std::size_t>(end - size));
      out_ += "\r\n";
      out_ += work.chunk;
      out_ += "\r\n";
    }
    if (work.last) out_ += "0\r\n\r\n";
  }
  step_ = Step::write;
}

// Writes straight away: a socket that takes it all, as most do, costs one system call and no trip through the loop.
bool Connection::write_some() {
  const std::size_t size = out_.size() + out_body_.size();
  while (out_sent_ < size) {
    const std::size_t head_sent = std::min(out_sent_, out_.size());
    const std::array<boost::asio::const_buffer, 2> rest{
        boost::asio::buffer(out_.data() + head_sent, out_.size() - head_sent),
        boost::asio::buffer(out_body_.data() + (out_sent_ - head_sent), out_body_.size() - (out_sent_ - head_sent))};
    boost::system::error_code code;
    const std::size_t sent = out_body_.empty() ? socket_.write_some(rest[0], code) : socket_.write_some(rest, code);
    if (code == boost::asio::error::would_block) {
      waiting_since_ = Clock::now();
      ++pending_;
      socket_.async_wait(Socket::wait_write, [this](boost::system::error_code failed) {
        --pending_;
        if (failed) cut();
        if (step_ == Step::write) run();
        loop_.settle(*this);
      });
      return false;
    }
    if (code) {
      cut();
      return true;
    }
    out_sent_ += sent;
    bytes_out_ += sent;
  }
  finish_write();
  return true;
}

void Connection::finish_write() {
  if (stream_) return pull_stream();
  observe();
  if (keep_alive_) {
    finish_request();
  } else if (body_unread_) {
    begin_linger();
  } else {
    boost::system::error_code code;
    socket_.shutdown(Socket::shutdown_both, code);
    cut();
  }
}

void Connection::observe() {
  if (Observer* observer = loop_.shared().options.observer) {
    observer->served({endpoint_ ? std::string_view(endpoint_->route.path) : std::string_view(), method_,
                      response_.status, Clock::now() - request_since_, bytes_in_, bytes_out_});
  }
}

// Ready for the next request, which may be in the buffer already.
void Connection::finish_request() {
  release_body();
  Request& request = reader_.request();
  if (request.body.capacity() > kept_text_bytes) std::string().swap(request.body);
  if (out_.capacity() > kept_text_bytes) std::string().swap(out_);
  if (in_.size() > idle_buffer_bytes && in_from_ == in_to_) {
    in_from_ = in_to_ = 0;
    std::string(idle_buffer_bytes, '\0').swap(in_);
  }
  response_ = Response();
  out_body_ = {};
  reader_.restart();
  endpoint_ = nullptr;
  method_ = Method::other;
  request_begun_ = false;
  if (in_from_ == in_to_) request_since_ = Clock::now();
  body_waited_ = {};
  body_received_ = 0;
  bytes_in_ = 0;
  bytes_out_ = 0;
  step_ = Step::head;
  if (loop_.draining() && in_from_ == in_to_) cut();
}

void Connection::begin_linger() {
  boost::system::error_code code;
  socket_.shutdown(Socket::shutdown_send, code);
  release_body();
  if (!reading_) in_from_ = in_to_ = 0;
  waiting_since_ = Clock::now();
  step_ = Step::linger;
}

}  // namespace tenure::http
