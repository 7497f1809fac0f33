#include "services/http/connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <charconv>
#include <utility>

#include "services/http/problem.h"

namespace tenure::http {
namespace {

constexpr std::size_t idle_buffer_bytes = 8 * kibibyte;   // what a connection keeps between requests
constexpr std::size_t body_buffer_bytes = 64 * kibibyte;  // one piece of a body
constexpr std::size_t kept_text_bytes = 64 * kibibyte;    // bodies above it are freed rather than kept for the next
constexpr std::size_t copied_body_bytes = 16 * kibibyte;  // below it one copy is cheaper than a second buffer
constexpr std::size_t uncounted_body_bytes = 16 * kibibyte;

constexpr std::string_view continue_line = "HTTP/1.1 100 Continue\r\n\r\n";

Response too_slow(std::string_view what) {
  return problem(408, "request_timeout", "The request took too long to arrive", what);
}

Response no_such_path(const std::string& allow) {
  if (allow.empty()) {
    return problem(404, "not_found", "There is no such thing", "No route has this path; /openapi.json lists them all.");
  }
  Response response =
      problem(405, "method_not_allowed", "The method is not known here", "This path takes " + allow + ".");
  response.headers.emplace_back("Allow", allow);
  return response;
}

bool status_has_body(unsigned status) { return status >= 200 && status != 204 && status != 304; }

void run_upload(UploadWork& work, const UploadHandler& start, const Shared& shared) {
  try {
    if (!work.upload) {
      auto begun = start(work.request);
      if (auto* refusal = std::get_if<Response>(&begun)) {
        work.answer = std::move(*refusal);
      } else {
        work.upload = std::move(std::get<0>(begun));
      }
      return;
    }
    if (!work.bytes.empty()) work.answer = work.upload->chunk(work.bytes);
    work.bytes.clear();
    if (!work.answer && work.last) work.answer = work.upload->finish();
  } catch (const std::exception& e) {
    shared.crashed(work.endpoint->route.path, e.what());
    work.answer = internal_problem();
  }
}

void run_stream(StreamWork& work, const Shared& shared) {
  try {
    work.chunk.clear();
    work.last = !work.more(work.chunk);
  } catch (const std::exception& e) {
    shared.crashed(work.route, e.what());
    work.failed = true;
  }
}

}  // namespace

Connection::Connection(Loop& loop, Socket socket, std::uint32_t slot)
    : loop_(loop), socket_(std::move(socket)), reader_(loop.limits()), slot_(slot) {}

Connection::~Connection() { release_body(); }

void Connection::begin() {
  boost::system::error_code code;
  socket_.set_option(boost::asio::ip::tcp::no_delay(true), code);
  socket_.non_blocking(true, code);
  const auto end = socket_.remote_endpoint(code);
  if (code) return cut();
  peer_.port = end.port();
  peer_.is_v6 = end.address().is_v6();
  if (peer_.is_v6) {
    std::ranges::copy(end.address().to_v6().to_bytes(), peer_.address.begin());
  } else {
    std::ranges::copy(end.address().to_v4().to_bytes(), peer_.address.begin());
  }
  request_since_ = Clock::now();
  run();
}

void Connection::refuse() {
  boost::system::error_code code;
  socket_.non_blocking(true, code);
  request_since_ = Clock::now();
  body_unread_ = true;
  answer(busy_problem("The server has as many connections as it takes; try again in a moment."));
  run();
}

void Connection::run() {
  for (;;) {
    switch (step_) {
      case Step::head:
        if (!read_head()) return;
        break;
      case Step::body:
        if (!read_body()) return;
        break;
      case Step::upload:
        if (!read_upload()) return;
        break;
      case Step::dispatch:
        dispatch();
        break;
      case Step::write:
        if (!write_some()) return;
        break;
      case Step::linger:
        want_bytes();
        return;
      case Step::wait:
      case Step::over:
        return;
    }
  }
}

// ---- reading ----

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
  try {
    if (auto stop = router.run_before(request, endpoint_->route)) {
      answer(std::move(*stop));
      return true;
    }
  } catch (const std::exception& e) {
    loop_.shared().crashed(endpoint_->route.path, e.what());
    answer(internal_problem());
    return true;
  }
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
    step_ = Step::dispatch;
  } else if (framing_too_long()) {
    answer(problem(431, "head_too_large", "The request's head is larger than its limit",
                   "A chunk's header or the trailer is too long."));
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
    answer(problem(431, "head_too_large", "The request's head is larger than its limit",
                   "A chunk's header or the trailer is too long."));
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
    case Step::over:
      return;  // a time-out's answer was sent meanwhile; what came is not wanted any more
  }
}

// The client sends no more. It may still read, so half a request is answered.
void Connection::end_of_bytes(bool orderly) {
  upload_.reset();
  if (!orderly || !request_begun_) return cut();
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

// ---- handling ----

Reply Connection::make_reply() { return Reply(loop_.mailbox(), slot_, serial_); }

void Connection::dispatch() {
  serial_ = loop_.next_serial();
  step_ = Step::wait;
  dispatching_ = true;
  switch (endpoint_->handler.index()) {
    case 0:
      call_loop(std::get<0>(endpoint_->handler));
      break;
    case 1:
      call_async(std::get<1>(endpoint_->handler));
      break;
    default:
      call_blocking(std::get<2>(endpoint_->handler));
      break;
  }
  dispatching_ = false;
}

void Connection::call_loop(const LoopHandler& handler) {
  try {
    answer(handler(reader_.request()));
  } catch (const std::exception& e) {
    loop_.shared().crashed(endpoint_->route.path, e.what());
    answer(internal_problem());
  }
}

void Connection::call_async(const AsyncHandler& handler) {
  try {
    handler(std::move(reader_.request()), make_reply());
  } catch (const std::exception& e) {
    loop_.shared().crashed(endpoint_->route.path, e.what());  // the reply, destroyed, has answered 500
  }
}

void Connection::call_blocking(const BlockingHandler& handler) {
  Shared& shared = loop_.shared();
  if (!shared.pool.reserve()) return answer(busy_problem("The server's queue is full; try again in a moment."));
  auto work = [&shared, endpoint = endpoint_, &handler, request = std::move(reader_.request()),
               reply = make_reply()]() mutable {
    try {
      reply(handler(request));
    } catch (const std::exception& e) {
      shared.crashed(endpoint->route.path, e.what());
      reply(internal_problem());
    }
  };
  shared.pool.submit(Task(std::move(work)), true);
}

void Connection::begin_upload() {
  serial_ = loop_.next_serial();
  if (!loop_.shared().pool.reserve()) {
    return answer(busy_problem("The server's queue is full; try again in a moment."));
  }
  upload_ = std::make_unique<UploadWork>();
  upload_->request = std::move(reader_.request());
  upload_->endpoint = endpoint_;
  continue_upload();
}

void Connection::continue_upload() {
  step_ = Step::wait;
  const bool first = !upload_->upload;
  auto work = [&shared = loop_.shared(), mailbox = loop_.mailbox(), slot = slot_, serial = serial_,
               upload = std::move(upload_)]() mutable {
    run_upload(*upload, std::get<UploadHandler>(upload->endpoint->handler), shared);
    mailbox->send(slot, serial, std::move(upload));
  };
  loop_.shared().pool.submit(Task(std::move(work)), first);
}

void Connection::receive(std::uint64_t serial, Arrival& arrival) {
  if (serial != serial_ || step_ != Step::wait) return;
  if (auto* response = std::get_if<Response>(&arrival)) {
    answer(std::move(*response));
  } else if (auto* upload = std::get_if<std::unique_ptr<UploadWork>>(&arrival)) {
    receive_upload(std::move(*upload));
  } else {
    receive_stream(std::move(std::get<std::unique_ptr<StreamWork>>(arrival)));
  }
  // A reply given inside its own handler: the `run` that called the handler goes on with it.
  if (!dispatching_) run();
}

void Connection::receive_upload(std::unique_ptr<UploadWork> work) {
  if (work->answer) return answer(std::move(*work->answer));
  upload_ = std::move(work);
  if (reader_.complete()) {
    upload_->last = true;
    return continue_upload();
  }
  if (body_received_ == 0 && !send_continue()) return;
  step_ = Step::upload;
}

void Connection::pull_stream() {
  step_ = Step::wait;
  auto work = [&shared = loop_.shared(), mailbox = loop_.mailbox(), slot = slot_, serial = serial_,
               stream = std::move(stream_)]() mutable {
    run_stream(*stream, shared);
    mailbox->send(slot, serial, std::move(stream));
  };
  loop_.shared().pool.submit(Task(std::move(work)), false);
}

// The first piece is made before the head is sent, so that what fails at once is a 500 and what is short has a length.
void Connection::receive_stream(std::unique_ptr<StreamWork> work) {
  if (work->failed) {
    if (head_sent_) return cut();
    return answer(internal_problem());
  }
  if (!head_sent_ && work->last) {
    response_.body = std::move(work->chunk);
    return begin_write();
  }
  begin_piece(*work);
  if (!work->last) stream_ = std::move(work);
}

// ---- writing ----

void Connection::answer(Response response) {
  response_ = std::move(response);
  head_sent_ = false;
  if (response_.more && method_ != Method::head && status_has_body(response_.status)) {
    stream_ = std::make_unique<StreamWork>();
    stream_->more = std::exchange(response_.more, nullptr);
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

// ---- ending ----

bool Connection::expired(Clock::time_point since, std::chrono::milliseconds limit, Clock::time_point now) const {
  return now - since > limit;
}

bool Connection::body_too_slow(Clock::time_point now) const {
  const ServerLimits& limits = loop_.limits();
  const auto waited = body_waited_ + (reading_ ? now - waiting_since_ : Clock::duration{});
  if (waited <= limits.body_grace) return false;
  const double seconds = std::chrono::duration<double>(waited - limits.body_grace).count();
  return static_cast<double>(body_received_) < seconds * static_cast<double>(limits.body_bytes_per_second_min);
}

void Connection::check_deadlines(Clock::time_point now) {
  const ServerLimits& limits = loop_.limits();
  switch (step_) {
    case Step::head:
      if (!request_begun_) {
        if (expired(request_since_, limits.idle_timeout, now)) cut();
      } else if (expired(request_since_, limits.head_timeout, now)) {
        body_unread_ = true;
        answer(too_slow("The request line and header fields must arrive within " +
                        std::to_string(limits.head_timeout.count()) + " ms."));
        run();
      }
      return;
    case Step::body:
    case Step::upload:
      if (!body_too_slow(now)) return;
      upload_.reset();
      answer(too_slow("After the first " + std::to_string(limits.body_grace.count()) +
                      " ms the body must have arrived at " + std::to_string(limits.body_bytes_per_second_min) +
                      " bytes a second."));
      return run();
    case Step::write:
      if (expired(waiting_since_, limits.write_timeout, now)) cut();
      return;
    case Step::linger:
      if (expired(waiting_since_, limits.linger_timeout, now)) cut();
      return;
    case Step::dispatch:
    case Step::wait:
    case Step::over:
      return;
  }
}

void Connection::drain() {
  if (step_ != Step::head || request_begun_ || in_from_ != in_to_) return;
  // A request that is on its way already is still answered.
  boost::system::error_code code;
  if (socket_.available(code) == 0) cut();
}

void Connection::cut() {
  step_ = Step::over;
  boost::system::error_code code;
  socket_.close(code);
  upload_.reset();
  stream_.reset();
  release_body();
}

}  // namespace tenure::http
