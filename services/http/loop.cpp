#include "services/http/loop.h"

#include <algorithm>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <ctime>

#include "services/http/connection.h"
#include "services/http/response_head.h"

namespace tenure::http {
namespace {

// Often enough that no time-out is overrun by more than a quarter, never more than once a second by default.
std::chrono::milliseconds tick_of(const ServerLimits& limits) {
  const auto shortest =
      std::min({limits.head_timeout, limits.body_grace, limits.idle_timeout, limits.write_timeout,
                limits.linger_timeout, limits.drain_timeout, limits.live_ping_every, limits.live_progress_timeout});
  return std::clamp(shortest / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(1000));
}

// Looked at for deadlines at a time. Each may have a heartbeat to write, which costs about 20 µs.
constexpr std::size_t connections_a_turn = 16;
// All are looked at once a tick, but not at one time: a share of them in each of so many parts of it.
constexpr std::size_t tick_parts_max = 16;

// The loop that this thread runs, if any.
thread_local const Loop* running_loop = nullptr;

// The loops to be woken when this thread's Bunch goes, and whether there is one.
thread_local std::vector<std::shared_ptr<Mailbox>> to_wake;
thread_local bool in_bunch = false;

}  // namespace

void Shared::count_connections(std::ptrdiff_t change) {
  const std::size_t open = connections.fetch_add(static_cast<std::size_t>(change)) + static_cast<std::size_t>(change);
  if (options.observer) options.observer->connections(open);
}

void Shared::crashed(std::string_view route, std::string_view what) const {
  if (options.observer) options.observer->crashed(route, what);
}

void Shared::abandoned(std::string_view route) const {
  if (options.observer) options.observer->abandoned(route);
}

void Mailbox::send(std::uint32_t slot, std::uint64_t serial, Arrival arrival) {
  // Only the loop's own thread may read loop_ without the lock, and only that thread finds itself here.
  if (running_loop && running_loop->mailbox_.get() == this) {
    if (loop_) loop_->receive(slot, serial, arrival);
    return;
  }
  const std::lock_guard lock(mutex_);
  if (!loop_) return;
  letters_.push_back({slot, serial, std::move(arrival)});
  if (letters_.size() > 1) return;
  if (in_bunch) {
    to_wake.push_back(shared_from_this());
  } else {
    // Holding the lock keeps the loop from going away under the post.
    boost::asio::post(loop_->context_, [loop = loop_] { loop->receive_all(); });
  }
}

void Mailbox::wake_loop() {
  const std::lock_guard lock(mutex_);
  if (loop_) boost::asio::post(loop_->context_, [loop = loop_] { loop->receive_all(); });
}

Bunch::Bunch() : outermost_(!std::exchange(in_bunch, true)) {}

Bunch::~Bunch() {
  if (!outermost_) return;
  in_bunch = false;
  for (const auto& mailbox : to_wake) mailbox->wake_loop();
  to_wake.clear();
}

void Mailbox::close() {
  std::vector<Letter> dropped;
  const std::lock_guard lock(mutex_);
  loop_ = nullptr;
  dropped.swap(letters_);
}

void Mailbox::take(std::vector<Letter>& letters) {
  const std::lock_guard lock(mutex_);
  letters.swap(letters_);
}

Loop::Loop(Shared& shared)
    : shared_(shared),
      stay_(context_.get_executor()),
      timer_(context_.get_executor()),
      mailbox_(std::make_shared<Mailbox>(*this)),
      tick_every_(tick_of(shared.options.limits)),
      date_(date_line(std::time(nullptr))) {}

Loop::~Loop() { mailbox_->close(); }

void Loop::run() {
  running_loop = this;
  wait_for_tick();
  context_.run();
  mailbox_->close();
  running_loop = nullptr;
}

void Loop::adopt(Socket socket, bool refused) {
  boost::asio::dispatch(context_, [this, refused, socket = std::move(socket)]() mutable {
    std::uint32_t slot = static_cast<std::uint32_t>(slots_.size());
    if (free_slots_.empty()) {
      slots_.emplace_back();
    } else {
      slot = free_slots_.back();
      free_slots_.pop_back();
    }
    ++live_;
    slots_[slot] = std::make_unique<Connection>(*this, std::move(socket), slot);
    Connection& connection = *slots_[slot];
    if (refused) {
      connection.refuse();
    } else {
      connection.begin();
    }
    if (draining_) connection.drain();
    settle(connection);
  });
}

void Loop::settle(Connection& connection) {
  if (!connection.over()) return;
  const std::uint32_t slot = connection.slot();
  slots_[slot].reset();
  free_slots_.push_back(slot);
  --live_;
  shared_.count_connections(-1);
  if (draining_) end_if_empty();
}

void Loop::receive_all() {
  mailbox_->take(received_);
  for (Mailbox::Letter& letter : received_) receive(letter.slot, letter.serial, letter.arrival);
  received_.clear();
}

void Loop::receive(std::uint32_t slot, std::uint64_t serial, Arrival& arrival) {
  Connection* connection = slot < slots_.size() ? slots_[slot].get() : nullptr;
  if (!connection) return;
  connection->receive(serial, arrival);
  settle(*connection);
}

void Loop::tick() {
  date_ = date_line(std::time(nullptr));
  part_ = (part_ + 1) % tick_parts();
  look_at_deadlines(part_);
}

std::size_t Loop::tick_parts() const {
  return std::clamp<std::size_t>(static_cast<std::size_t>(tick_every_.count()), 1, tick_parts_max);
}

// A thousand followers' heartbeats, all due in one second, are not written in one go: whatever came meanwhile has its
// turn.
void Loop::look_at_deadlines(std::size_t from) {
  const auto now = Clock::now();
  const bool time_is_up = draining_ && now >= drain_until_;
  for (std::size_t i = from, looked_at = 0; i < slots_.size(); i += tick_parts()) {
    Connection* connection = slots_[i].get();
    if (!connection) continue;
    if (looked_at++ == connections_a_turn) {
      return boost::asio::post(context_, [this, i] { look_at_deadlines(i); });
    }
    if (time_is_up) {
      connection->cut();
    } else {
      connection->check_deadlines(now);
    }
    settle(*connection);
  }
  if (stay_) wait_for_tick();
}

void Loop::wait_for_tick() {
  timer_.expires_after(tick_every_ / tick_parts());
  timer_.async_wait([this](boost::system::error_code code) {
    if (code) return;
    tick();
  });
}

void Loop::drain(bool restart) {
  boost::asio::post(context_, [this, restart] { begin_drain(restart); });
}

void Loop::begin_drain(bool restart) {
  draining_ = true;
  if (restart) farewell_ = CloseCode::service_restart;
  drain_until_ = Clock::now() + limits().drain_timeout;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (Connection* connection = slots_[i].get()) {
      connection->drain();
      settle(*connection);
    }
  }
  end_if_empty();
}

void Loop::end_if_empty() {
  if (live_ > 0) return;
  stay_.reset();
  timer_.cancel();
}

}  // namespace tenure::http
