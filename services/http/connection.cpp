// A connection's course: from step to step, to the handlers and back, and its end.
#include "services/http/connection.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <utility>

#include "services/http/problem.h"

namespace tenure::http {
namespace {

Response too_slow(std::string_view what) {
  return problem(408, "request_timeout", "The request took too long to arrive", what);
}

// What the pool gives back where nothing is to be answered: the connection is cut.
Response no_answer() {
  Response none;
  none.status = 0;
  return none;
}

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
  } catch (const ClientGone&) {
    shared.abandoned(work.route);
    work.abandoned = true;
  } catch (const CutShort&) {
    work.failed = true;
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
      case Step::live:
      case Step::over:
        return;
    }
  }
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
    case 4:
      begin_live();
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
  if (!gone_) gone_ = std::make_shared<std::atomic<bool>>(false);
  reader_.request().gone = gone_;
  auto work = [&shared, endpoint = endpoint_, &handler, request = std::move(reader_.request()),
               reply = make_reply()]() mutable {
    try {
      reply(handler(request));
    } catch (const ClientGone&) {
      shared.abandoned(endpoint->route.path);
      reply(no_answer());
    } catch (const std::exception& e) {
      shared.crashed(endpoint->route.path, e.what());
      reply(internal_problem());
    }
  };
  shared.pool.submit(Task(std::move(work)), true);
}

void Connection::begin_upload() {
  serial_ = loop_.next_serial();
  auto upload = std::make_unique<UploadWork>();
  upload->place = loop_.shared().uploads.take(reader_.request().identity.get());
  if (!upload->place) {
    const ServerLimits& limits = loop_.limits();
    return answer(busy_problem("The server takes " + std::to_string(limits.uploads_max) + " uploads at once, and " +
                               std::to_string(limits.uploads_of_one_max) +
                               " of one sender; try again when one of them has ended."));
  }
  if (!loop_.shared().pool.reserve()) {
    return answer(busy_problem("The server's queue is full; try again in a moment."));
  }
  upload_ = std::move(upload);
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
  if (serial != serial_) return;
  if (std::holds_alternative<Wake>(arrival)) {
    if (step_ == Step::live) live_->pump();
    return;
  }
  if (std::holds_alternative<AheadDone>(arrival)) {
    ahead_under_way_ = false;
    if (stream_ && step_ == Step::wait) pull_stream();
    return;
  }
  if (step_ != Step::wait) return;
  if (auto* response = std::get_if<Response>(&arrival)) {
    if (response->status == 0) return cut();
    answer(std::move(*response));
  } else if (auto* upload = std::get_if<std::unique_ptr<UploadWork>>(&arrival)) {
    receive_upload(std::move(*upload));
  } else if (auto* live = std::get_if<std::unique_ptr<LiveWork>>(&arrival)) {
    receive_live(std::move(*live));
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
  if (work->abandoned) return cut();
  if (work->failed) {
    stream_ = std::move(work);  // what `cut` ends
    if (head_sent_) return cut();
    stream_.reset();
    return answer(internal_problem());
  }
  if (!head_sent_ && work->last) {
    response_.body = std::move(work->chunk);
    return begin_write();
  }
  if (work->chunk.empty() && !work->last) {
    stream_ = std::move(work);
    return ahead_under_way_ ? void() : pull_stream();
  }
  begin_piece(*work);
  if (work->last) return;
  if (work->ahead && !ahead_under_way_) get_ahead(*work);
  stream_ = std::move(work);
}

void Connection::get_ahead(const StreamWork& work) {
  ahead_under_way_ = true;
  auto make = [mailbox = loop_.mailbox(), slot = slot_, serial = serial_, ahead = work.ahead] {
    ahead();
    mailbox->send(slot, serial, AheadDone{});
  };
  loop_.shared().pool.submit(Task(std::move(make)), false);
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
        method_ = reader_.request().method;
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
    case Step::live:
      return live_->tick(now);
    case Step::wait:
      return look_for_client();
    case Step::dispatch:
    case Step::over:
      return;
  }
}

// A client that says it sends no more while it waits has gone: one that only shut its sending side is not told apart.
void Connection::look_for_client() {
  if (!gone_ || gone_->load(std::memory_order_relaxed)) return;
  pollfd end{socket_.native_handle(), POLLRDHUP, 0};
  if (::poll(&end, 1, 0) > 0) gone_->store(true, std::memory_order_relaxed);
}

void Connection::drain() {
  if (step_ == Step::live) return live_->drain(loop_.farewell());
  if (step_ != Step::head || request_begun_ || in_from_ != in_to_) return;
  // A request that is on its way already is still answered.
  boost::system::error_code code;
  if (socket_.available(code) == 0) cut();
}

void Connection::cut() {
  if (gone_) gone_->store(true, std::memory_order_relaxed);
  const bool was_live = step_ == Step::live;
  if (was_live) live_->reset_if_unsaid();
  step_ = Step::over;
  boost::system::error_code code;
  // Where the end of the connection is the end of the body, half of it must not end like all of it.
  if (stream_ && head_sent_ && !body_by_chunks_) socket_.set_option(boost::asio::socket_base::linger(true, 0), code);
  socket_.close(code);
  if (was_live) live_->stopped();
  upload_.reset();
  stream_.reset();
  release_body();
}

}  // namespace tenure::http
