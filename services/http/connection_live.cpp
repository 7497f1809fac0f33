// How a connection comes to carry a live answer, and what it does when that has ended.
#include <utility>

#include "services/http/connection.h"
#include "services/http/problem.h"

namespace tenure::http {
namespace {

void run_opening(LiveWork& work, const Shared& shared) {
  try {
    work.made = std::get<LiveHandler>(work.endpoint->handler)(work.request);
  } catch (const std::exception& e) {
    shared.crashed(work.endpoint->route.path, e.what());
    work.made = internal_problem();
  }
}

}  // namespace

void Connection::begin_live() {
  Request& request = reader_.request();
  if (method_ == Method::head) {
    Response response = problem(405, "method_not_allowed", "The method is not known here", "This path takes GET.");
    response.headers.emplace_back("Allow", "GET");
    return answer(std::move(response));
  }
  websocket_accept_.clear();
  if (wants_websocket(request)) {
    if (auto fault = websocket_fault(request, reader_.is_http11())) return answer(std::move(*fault));
    websocket_accept_ = websocket_accept(*request.header("Sec-WebSocket-Key"));
  }
  if (!loop_.shared().pool.reserve()) {
    return answer(busy_problem("The server's queue is full; try again in a moment."));
  }
  auto live = std::make_unique<LiveWork>();
  live->request = std::move(request);
  live->endpoint = endpoint_;
  auto work = [&shared = loop_.shared(), mailbox = loop_.mailbox(), slot = slot_, serial = serial_,
               live = std::move(live)]() mutable {
    run_opening(*live, shared);
    mailbox->send(slot, serial, std::move(live));
  };
  loop_.shared().pool.submit(Task(std::move(work)), true);
}

void Connection::receive_live(std::unique_ptr<LiveWork> work) {
  if (auto* refusal = std::get_if<Response>(&work->made)) return answer(std::move(*refusal));
  auto& opening = std::get<LiveOpening>(work->made);
  const bool websocket = !websocket_accept_.empty();
  const bool chunks = !websocket && reader_.is_http11();
  Response head;
  head.status = websocket ? 101 : 200;
  head.content_type = opening.content_type;
  if (websocket) {
    head.headers = {{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Accept", websocket_accept_}};
  }
  for (auto& field : opening.headers) head.headers.push_back(std::move(field));
  keep_alive_ = keep_alive_ && !websocket && chunks && !loop_.draining();
  HeadForm form{websocket ? BodyEnd::has_none
                : chunks  ? BodyEnd::by_chunks
                          : BodyEnd::by_close,
                0, websocket || keep_alive_, reader_.is_http11(), loop_.date()};
  std::string bytes;
  append_head(bytes, head, form);
  response_.status = head.status;
  observe();
  LiveOwner& owner = *this;
  live_ = std::make_unique<LivePump>(owner, loop_, socket_, std::move(opening.stream),
                                     websocket ? Carrier::websocket : Carrier::chunked, chunks);
  step_ = Step::live;
  // What came behind a WebSocket's request is its frames; behind another, the next request.
  const std::string_view behind = unread();
  if (websocket) in_from_ = in_to_;
  live_->begin(std::move(bytes), behind, Waker(loop_.mailbox(), slot_, serial_));
  if (step_ == Step::live && loop_.draining()) live_->drain(loop_.farewell());
}

void Connection::operation_ended() {
  --pending_;
  loop_.settle(*this);
}

// The body is at its end: as after any other answer.
void Connection::live_done() {
  if (keep_alive_ && !loop_.draining()) {
    finish_request();
    return run();
  }
  boost::system::error_code code;
  socket_.shutdown(Socket::shutdown_both, code);
  cut();
}

void Connection::live_crashed(std::string_view what) {
  loop_.shared().crashed(endpoint_ ? std::string_view(endpoint_->route.path) : std::string_view(), what);
}

}  // namespace tenure::http
