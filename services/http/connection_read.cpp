// How a connection reads: heads, bodies kept whole, pieces of streamed bodies.
#include <algorithm>
#include <boost/asio/buffer.hpp>

#include "services/http/connection.h"
#include "services/http/problem.h"

namespace tenure::http {
namespace {

// Bodies up to this size are not counted against what all bodies together may take.
constexpr std::size_t uncounted_body_bytes = 16 * kibibyte;

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

Response no_such_path(const std::string& allow) {
  if (allow.empty()) {
    return problem(404, "not_found", "There is no such thing", "No route has this path; /openapi.json lists them all.");
  }
  Response response =
      problem(405, "method_not_allowed", "The method is not known here", "This path takes " + allow + ".");
  response.headers.emplace_back("Allow", allow);
  return response;
}

Response framing_problem() {
  return problem(431, "head_too_large", "The request's head is larger than its limit",
                 "A chunk's header or the trailer is too long.");
}

}  // namespace

std::string_view Connection::unread() const { return std::string_view(in_).substr(in_from_, in_to_ - in_from_); }

bool Connection::read_head() {
  if (in_from_ == in_to_) {
    want_bytes();
    return false;
  }
  if (!request_begun_) {
    request_begun_ = true;
    request_since_ = Clock::now();
  }
  std::size_t taken = 0;
  const Progress progress = reader_.read_head(unread(), taken);
  in_from_ += taken;
  bytes_in_ += taken;
  if (progress == Progress::more) {
    want_bytes();
    return false;
  }
  if (progress == Progress::refused) {
    method_ = reader_.request().method;
    body_unread_ = true;
    answer(std::move(reader_.refusal()));
    return true;
  }
  return take_request();
}

// The head is there: find the route, ask the hook, and see what is to be done about the body.
bool Connection::take_request() {
  Request& request = reader_.request();
  request.peer = peer_;
  method_ = request.method;
  keep_alive_ = reader_.keep_alive();
  body_unread_ = !reader_.complete();
  const Router& router = loop_.shared().router;
  const Router::Found found = router.find(request);
  endpoint_ = found.endpoint;
  if (!endpoint_) {
    answer(no_such_path(found.allow));
    return true;
  }
  if (stopped_by_hook()) return true;
  if (std::holds_alternative<UploadHandler>(endpoint_->handler)) {
    begin_upload();
  } else if (reader_.complete()) {
    step_ = Step::dispatch;
  } else if (reader_.limit_body() == Progress::refused) {
    answer(std::move(reader_.refusal()));
  } else if (send_continue()) {
    step_ = Step::body;
  }
  return true;
}

// True where the hook, or what went wrong in it, is the answer.
bool Connection::stopped_by_hook() {
  try {
    auto stop = loop_.shared().router.run_before(reader_.request(), endpoint_->route);
    if (stop) answer(std::move(*stop));
    return stop.has_value();
  } catch (const std::exception& e) {
    loop_.shared().crashed(endpoint_->route.path, e.what());
    answer(internal_problem());
    return true;
  }
}

// True when the body can be read. The line goes out whole or the connection is cut: its send buffer is empty.
bool Connection::send_continue() {
  if (!reader_.expects_continue() || !reader_.is_http11() || in_from_ != in_to_) return true;
  boost::system::error_code code;
  const std::size_t sent = socket_.write_some(boost::asio::buffer(continue_line), code);
  if (!code && sent == continue_line.size()) return true;
  cut();
  return false;
}

bool Connection::read_body() {
  if (in_from_ == in_to_) {
    want_bytes();
    return false;
  }
  std::size_t taken = 0;
  const Progress progress = reader_.read_body(unread(), taken, reader_.request().body);
  in_from_ += taken;
  bytes_in_ += taken;
  body_received_ += taken;
  if (progress == Progress::refused) {
    answer(std::move(reader_.refusal()));
  } else if (!count_body()) {
    answer(busy_problem("The server holds as many request bodies as it can; try again in a moment."));
  } else if (progress == Progress::done) {
    body_unread_ = false;
    const bool waited = body_waited_ > Clock::duration{};
    if (!waited || !stopped_by_hook()) step_ = Step::dispatch;
  } else if (framing_too_long()) {
    answer(framing_problem());
  } else {
    want_bytes();
    return false;
  }
  return true;
}

bool Connection::read_upload() {
  if (in_from_ == in_to_) {
    want_bytes();
    return false;
  }
  std::size_t taken = 0;
  const Progress progress = reader_.read_body(unread(), taken, upload_->bytes);
  in_from_ += taken;
  bytes_in_ += taken;
  body_received_ += taken;
  if (progress == Progress::refused) {
    upload_.reset();
    answer(std::move(reader_.refusal()));
    return true;
  }
  if (progress == Progress::done) {
    body_unread_ = false;
    upload_->last = true;
  }
  if (upload_->last || !upload_->bytes.empty()) {
    continue_upload();
    return true;
  }
  if (framing_too_long()) {
    upload_.reset();
    answer(framing_problem());
    return true;
  }
  want_bytes();
  return false;
}

// The parser leaves bytes behind only while a line of the chunked framing is incomplete.
bool Connection::framing_too_long() const { return in_to_ - in_from_ > loop_.limits().head_bytes_max; }

void Connection::want_bytes() {
  if (reading_) return;
  if (in_from_ == in_to_) in_from_ = in_to_ = 0;
  const bool long_body = (step_ == Step::body || step_ == Step::upload) && body_received_ >= idle_buffer_bytes;
  in_.resize(std::max(in_.size(), long_body ? body_buffer_bytes : idle_buffer_bytes));
  if (in_to_ == in_.size() && in_from_ > 0) {
    std::copy(in_.begin() + static_cast<std::ptrdiff_t>(in_from_), in_.begin() + static_cast<std::ptrdiff_t>(in_to_),
              in_.begin());
    in_to_ -= in_from_;
    in_from_ = 0;
  }
  // What is left unread is bounded by the head's limit, so this ends.
  if (in_to_ == in_.size()) in_.resize(in_.size() * 2);
  if (step_ == Step::body || step_ == Step::upload) waiting_since_ = Clock::now();
  reading_ = true;
  ++pending_;
  socket_.async_read_some(boost::asio::buffer(in_.data() + in_to_, in_.size() - in_to_),
                          [this](boost::system::error_code code, std::size_t size) {
                            reading_ = false;
                            --pending_;
                            got_bytes(code, size);
                            loop_.settle(*this);
                          });
}

void Connection::got_bytes(boost::system::error_code code, std::size_t size) {
  if (step_ == Step::body || step_ == Step::upload) body_waited_ += Clock::now() - waiting_since_;
  switch (step_) {
    case Step::head:
    case Step::body:
    case Step::upload:
      if (code) return end_of_bytes(code == boost::asio::error::eof);
      in_to_ += size;
      return run();
    case Step::linger:
      if (code) return cut();
      return run();  // what came is overwritten by what comes next
    case Step::dispatch:
    case Step::wait:
    case Step::write:
    case Step::live:
    case Step::over:
      return;  // a time-out's answer was sent meanwhile; what came is not wanted any more
  }
}

// The client sends no more. It may still read, so half a request is answered.
void Connection::end_of_bytes(bool orderly) {
  upload_.reset();
  if (!orderly || !request_begun_) return cut();
  method_ = reader_.request().method;
  body_unread_ = true;
  answer(problem(400, "incomplete_request", "The request ended early",
                 "The connection was closed for sending before the request was complete."));
  run();
}

// Counts large bodies against what all bodies together may take.
bool Connection::count_body() {
  const std::size_t size = reader_.request().body.capacity();
  if (size <= uncounted_body_bytes || size <= body_counted_) return true;
  const std::size_t more = size - body_counted_;
  body_counted_ = size;
  const std::size_t all = loop_.shared().body_bytes.fetch_add(more, std::memory_order_relaxed) + more;
  return all <= loop_.limits().bodies_bytes_max;
}

void Connection::release_body() {
  if (body_counted_ == 0) return;
  loop_.shared().body_bytes.fetch_sub(body_counted_, std::memory_order_relaxed);
  body_counted_ = 0;
}

}  // namespace tenure::http
