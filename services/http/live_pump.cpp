#include "services/http/live_pump.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <charconv>

namespace tenure::http {
namespace {

constexpr std::size_t pieces_a_write = 64;            // what one system call takes
constexpr std::size_t bytes_a_turn = 512 * kibibyte;  // then the loop's other connections have theirs
constexpr std::size_t reason_bytes_max = 120;
constexpr std::size_t trickle_bytes = 16 * kibibyte;
// What the kernel may hold that is not on its way yet. A pong has to wait for it, and by default it is megabytes.
constexpr int unsent_bytes_max = 128 * kibibyte;

}  // namespace

void Outgoing::add(Piece piece) {
  bytes_ += piece.bytes.size();
  pieces_.push_back(std::move(piece));
}

void Outgoing::add(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view view(*owner);
  add(Piece{std::move(owner), view});
}

void Outgoing::end(CloseCode code, std::string reason) {
  ended_ = true;
  code_ = code;
  reason_ = std::move(reason);
  if (reason_.size() > reason_bytes_max) reason_.resize(reason_bytes_max);
}

LivePump::LivePump(LiveOwner& owner, Loop& loop, Socket& socket, std::unique_ptr<LiveStream> stream, Carrier carrier,
                   bool by_chunks)
    : owner_(owner),
      loop_(loop),
      socket_(socket),
      stream_(std::move(stream)),
      carrier_(carrier),
      by_chunks_(by_chunks),
      reader_(loop.limits().live_message_bytes_max) {}

LivePump::~LivePump() { tell(Ending::server_stopped); }

void LivePump::begin(std::string head, std::string_view unread, Waker waker) {
  heard_at_ = pinged_at_ = progress_at_ = Clock::now();
  (void)::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes_max,
                     sizeof unsent_bytes_max);
  head_bytes_ = head.size();
  push(std::move(head));
  stream_->begin(std::move(waker));
  if (websocket()) {
    if (!unread.empty()) got(unread);
    read_more();
  } else if (unread.empty()) {
    watch_for_end();
  }
  pump();
}

// ---- writing ----

void LivePump::push(Piece piece) {
  if (piece.bytes.empty()) return;
  queued_ += piece.bytes.size();
  queue_.push_back(std::move(piece));
}

void LivePump::push(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view view(*owner);
  push(Piece{std::move(owner), view});
}

void LivePump::enqueue_chunk(std::vector<Piece>& pieces, std::size_t bytes, bool last) {
  if (bytes > 0 && by_chunks_) {
    char size[20];
    auto* end = std::to_chars(size, size + 16, bytes, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    push(std::string(size, static_cast<std::size_t>(end - size)));
  }
  for (Piece& piece : pieces) push(std::move(piece));
  if (!by_chunks_) return;
  push(bytes > 0 ? (last ? "\r\n0\r\n\r\n" : "\r\n") : std::string(last ? "0\r\n\r\n" : ""));
}

void LivePump::take_from_stream() {
  out_ = Outgoing();
  try {
    stream_->fill(out_);
  } catch (const std::exception& e) {
    owner_.live_crashed(e.what());
    return fail();
  }
  if (websocket()) {
    for (Piece& piece : out_.pieces()) push(std::move(piece));
    if (out_.ended()) close_with(static_cast<std::uint16_t>(out_.code()), out_.reason(), planned_);
  } else {
    enqueue_chunk(out_.pieces(), out_.bytes(), out_.ended());
    if (!out_.ended()) return;
    state_ = State::closing;
    left_at_ = Clock::now();
  }
}

// Where a frame may go in between: before the first piece, or behind the frame of it that has begun.
std::vector<Piece>::iterator LivePump::next_border() {
  auto at = queue_.begin() + static_cast<std::ptrdiff_t>(queue_from_);
  if (at == queue_.end()) return at;
  if (sent_in_all_ < head_bytes_) return at + 1;  // the response's head
  if (front_sent_ == 0) return at;
  std::size_t border = 0;
  while (border < front_sent_) border += first_frame_bytes(at->bytes.substr(border));
  const Piece rest{at->owner, at->bytes.substr(border)};
  at->bytes = at->bytes.substr(0, border);
  return rest.bytes.empty() ? at + 1 : queue_.insert(at + 1, rest);
}

void LivePump::place_control() {
  std::string control;
  if (pong_due_) append_frame(control, Opcode::pong, *pong_due_);
  if (ping_due_) append_frame(control, Opcode::ping, {});
  pong_due_.reset();
  ping_due_ = false;
  if (control.empty() || state_ != State::open) return;
  queued_ += control.size();
  auto owner = std::make_shared<const std::string>(std::move(control));
  const std::string_view view(*owner);
  queue_.insert(next_border(), Piece{std::move(owner), view});
}

void LivePump::pump() {
  if (pumping_ || waiting_to_write_) return;
  pumping_ = true;
  std::size_t wrote = 0;
  while (writes()) {
    if (queue_from_ == queue_.size()) {
      if (state_ == State::closing) {
        all_sent();
        break;
      }
      place_control();
      if (state_ == State::open) take_from_stream();
      if (state_ == State::open && queue_from_ == queue_.size()) break;
      continue;
    }
    place_control();
    const std::uint64_t before = sent_in_all_;
    if (!write_some()) break;
    wrote += static_cast<std::size_t>(sent_in_all_ - before);
    if (wrote >= bytes_a_turn) {
      yield();
      break;
    }
  }
  pumping_ = false;
}

std::size_t LivePump::gather() {
  buffers_.clear();
  std::size_t bytes = 0, skip = front_sent_;
  for (std::size_t i = queue_from_; i < queue_.size() && buffers_.size() < pieces_a_write; ++i) {
    const std::string_view rest = queue_[i].bytes.substr(skip);
    skip = 0;
    buffers_.emplace_back(rest.data(), rest.size());
    bytes += rest.size();
  }
  return bytes;
}

// False when it has to wait, or is over.
bool LivePump::write_some() {
  gather();
  boost::system::error_code code;
  const std::size_t size = socket_.write_some(buffers_, code);
  if (code == boost::asio::error::would_block) {
    wait_to_write();
    return false;
  }
  if (code) {
    cut(state_ == State::open ? Ending::client_lost : planned_);
    return false;
  }
  sent(size);
  return true;
}

void LivePump::sent(std::size_t bytes) {
  sent_in_all_ += bytes;
  queued_ -= bytes;
  while (bytes > 0) {
    Piece& front = queue_[queue_from_];
    const std::size_t here = std::min(bytes, front.bytes.size() - front_sent_);
    front_sent_ += here;
    bytes -= here;
    if (front_sent_ < front.bytes.size()) break;
    front = Piece();
    front_sent_ = 0;
    ++queue_from_;
  }
  if (queue_from_ < queue_.size()) return;
  queue_.clear();
  queue_from_ = 0;
}

void LivePump::wait_to_write() {
  waiting_to_write_ = true;
  owner_.operation_begun();
  socket_.async_wait(Socket::wait_write, [this](boost::system::error_code code) {
    waiting_to_write_ = false;
    if (state_ != State::over) {
      if (code) {
        cut(state_ == State::open ? Ending::client_lost : planned_);
      } else {
        pump();
      }
    }
    owner_.operation_ended();
  });
}

// Lets the loop's other connections have their turn.
void LivePump::yield() {
  waiting_to_write_ = true;
  owner_.operation_begun();
  boost::asio::post(loop_.context(), [this] {
    waiting_to_write_ = false;
    if (state_ != State::over) pump();
    owner_.operation_ended();
  });
}

// ---- ending ----

// What was said for the client's own fault goes at once, a stream's farewell behind all that it gave before.
void LivePump::close_with(std::uint16_t code, std::string_view reason, Ending how) {
  if (state_ != State::open) return;
  state_ = State::closing;
  left_at_ = Clock::now();
  planned_ = how;
  if (how != Ending::by_stream && how != Ending::no_progress && how != Ending::server_stopped) {
    const auto from = next_border();
    for (auto at = from; at != queue_.end(); ++at) queued_ -= at->bytes.size();
    queue_.erase(from, queue_.end());
  }
  std::string frame;
  append_close_frame(frame, code, reason);
  push(std::move(frame));
}

// A chunked body can only be broken off: its client sees that the end is missing.
void LivePump::fail() {
  if (!websocket()) return cut(Ending::failed);
  close_with(static_cast<std::uint16_t>(CloseCode::try_again_later), "the server failed", Ending::failed);
}

void LivePump::all_sent() {
  if (websocket()) return linger();
  const Ending how = planned_;
  state_ = State::over;
  tell(how);
  if (how != Ending::by_stream) return owner_.live_cut();
  if (!reading_) return owner_.live_done();
  done_ = true;  // once nothing waits on the socket any more
  boost::system::error_code code;
  socket_.cancel(code);
}

// A closed socket that has something unread resets the connection, and takes the close frame with it.
void LivePump::linger() {
  state_ = State::lingering;
  lingers_since_ = Clock::now();
  tell(planned_);
  boost::system::error_code code;
  socket_.shutdown(Socket::shutdown_send, code);
}

// A WebSocket that ends without its close frame is reset. Whoever reads what had arrived then sees a connection that
// broke, which collectors mend by connecting again, and not an end; and the kernel keeps nothing for a client that
// takes nothing.
void LivePump::reset_if_unsaid() {
  if (!websocket() || !writes()) return;
  boost::system::error_code code;
  socket_.set_option(boost::asio::socket_base::linger(true, 0), code);
}

void LivePump::cut(Ending how) {
  if (state_ == State::over) return;
  if (how != Ending::client_closed && how != Ending::client_lost) reset_if_unsaid();
  state_ = State::over;
  tell(how);
  owner_.live_cut();
}

void LivePump::stopped() {
  if (state_ == State::over) return;
  state_ = State::over;
  tell(Ending::server_stopped);
}

void LivePump::tell(Ending how) {
  if (!told_) stream_->ended(*(told_ = how));
}

void LivePump::leave(CloseCode code, Ending how) {
  if (state_ != State::open || leaving_) return;
  leaving_ = true;
  planned_ = how;
  left_at_ = Clock::now();
  stream_->leave(code);
  pump();
}

void LivePump::drain(CloseCode code) { leave(code, Ending::server_stopped); }

// Bytes that were given to the kernel and that the client's side has not acknowledged.
std::uint64_t LivePump::unacknowledged() {
  int bytes = 0;
  return ::ioctl(socket_.native_handle(), SIOCOUTQ, &bytes) == 0 && bytes > 0 ? static_cast<std::uint64_t>(bytes) : 0;
}

void LivePump::look_for_progress(Clock::time_point now) {
  const bool all_taken = taken_in_all_ == sent_in_all_;
  const std::uint64_t taken = all_taken ? sent_in_all_ : sent_in_all_ - std::min(sent_in_all_, unacknowledged());
  if (waited_ && taken > taken_in_all_) progress_at_ = now;
  taken_in_all_ = taken;
  // A ping or a heartbeat under way is not yet a client that is behind.
  const bool waits = sent_in_all_ - taken > trickle_bytes || queued_ > 0;
  // Over a chunked body nothing is ever heard: a client that has taken all is where it should be.
  if (!waits && !websocket()) progress_at_ = now;
  waited_ = waits;
}

void LivePump::tick(Clock::time_point now) {
  const ServerLimits& limits = loop_.limits();
  if (state_ == State::lingering) {
    if (now - lingers_since_ > limits.linger_timeout) cut(planned_);
    return;
  }
  if (state_ == State::over) return;
  look_for_progress(now);
  if (state_ == State::closing || leaving_) {
    if (now - std::max(left_at_, progress_at_) > limits.linger_timeout) return cut(planned_);
  } else if (now - progress_at_ > limits.live_progress_timeout) {
    return leave(CloseCode::try_again_later, Ending::no_progress);
  } else if (websocket() && now - std::max(heard_at_, pinged_at_) > limits.live_ping_every) {
    pinged_at_ = now;
    ping_due_ = true;
  }
  const bool at_rest = state_ == State::open && queued_ == 0 && !ping_due_ && !pong_due_ && !leaving_;
  if (!at_rest || stream_->is_due()) pump();
}

}  // namespace tenure::http
