#include "services/push/delivery.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

namespace tenure::services {

namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// Positions that are looked at for one batch, where a filter lets few through: then it is noted how far that got.
constexpr std::uint64_t batch_positions_max = 20'000;

// The feed's way to ring a delivery; many rings before it looks are one.
class Bell final : public http::WakeTarget, public std::enable_shared_from_this<Bell> {
 public:
  Bell(std::shared_ptr<Door> door, std::weak_ptr<Delivery> whose) : door_(std::move(door)), whose_(std::move(whose)) {}

  void wake(std::uint32_t, std::uint64_t) override {
    if (rung_.exchange(true)) return;
    door_->post([self = shared_from_this()] {
      self->rung_ = false;
      if (const auto delivery = self->whose_.lock()) delivery->ring();
    });
  }

 private:
  const std::shared_ptr<Door> door_;
  const std::weak_ptr<Delivery> whose_;
  std::atomic<bool> rung_{false};
};

}  // namespace

std::string_view name_of(SinkPhase phase) {
  static constexpr std::array<std::string_view, 4> names{"running", "backing_off", "refused", "paused"};
  return names[static_cast<std::size_t>(phase)];
}

Kind kind_of(const Sink& sink) {
  const Framing framing = sink.kind == SinkKind::syslog       ? Framing::syslog
                          : sink.kind == SinkKind::splunk_hec ? Framing::hec
                                                              : Framing::lines;
  return {sink.format, framing, false};
}

FeedFilter filter_of(const Sink& sink) {
  FeedFilter filter;
  filter.orgs = sink.orgs;
  filter.types = sink.types;
  filter.verdicts = sink.verdicts;
  return filter;
}

void Door::post(std::function<void()> what) {
  const std::lock_guard lock(guard_);
  if (loop_) asio::post(*loop_, std::move(what));
}

void Door::shut() {
  const std::lock_guard lock(guard_);
  loop_ = nullptr;
}

Delivery::Delivery(PushWorld& world, std::shared_ptr<Door> door, const Sink& sink, std::optional<std::string> secret)
    : world_(world),
      door_(std::move(door)),
      sink_(sink),
      kind_(kind_of(sink)),
      filter_(filter_of(sink)),
      number_(world.feed.number_for_subscriber()),
      secret_(std::move(secret)),
      bell_(world.loop),
      dice_(std::random_device{}()),
      paused_(sink.paused) {
  state_.since = world_.clock();
  if (paused_) state_.phase = SinkPhase::paused;
}

std::unique_ptr<Receiver> Delivery::make_receiver() {
  const auto loop = world_.loop.get_executor();
  if (sink_.kind == SinkKind::syslog) {
    return syslog_receiver(loop, sink_.to, world_.times, [waker = waker_] { waker(); });
  }
  HttpAddress address{sink_.to, {{"User-Agent", "Tenure/" + world_.version}}, secret_.value_or("")};
  const bool splunk = sink_.kind == SinkKind::splunk_hec;
  address.headers.emplace_back("Content-Type", splunk ? "application/json" : "application/x-ndjson");
  address.headers.emplace_back("Tenure-Store", world_.feed.store().id());
  if (secret_) address.headers.emplace_back("Authorization", (splunk ? "Splunk " : "Bearer ") + *secret_);
  return http_receiver(loop, std::move(address), world_.times);
}

// ---- told ----

void Delivery::ring() {
  rung_ = true;
  bell_.cancel();
}

void Delivery::pause(bool yes) {
  paused_ = yes;
  enter(yes ? SinkPhase::paused : SinkPhase::running);
  door_->post([self = shared_from_this()] { self->ring(); });
}

void Delivery::end(bool at_once) {
  ending_ = true;
  if (at_once) {
    at_once_ = true;
    if (receiver_) receiver_->close();
  }
  ring();
}

SinkState Delivery::state() const {
  const std::lock_guard lock(guard_);
  return state_;
}

// ---- at work ----

asio::awaitable<void> Delivery::run(std::shared_ptr<Delivery> self) {
  self->waker_ = http::Waker(std::make_shared<Bell>(self->door_, self->weak_from_this()), 0, 0);
  self->receiver_ = self->make_receiver();
  while (!self->ending_) {
    std::string thrown;
    try {
      co_await self->turn();
    } catch (const std::exception& error) {
      thrown = error.what();
    }
    if (thrown.empty()) continue;
    const Sent fault{Sent::How::failed, "an error of Tenure's own: " + thrown, {}};
    co_await self->failed(fault);
  }
  if (!self->at_once_) co_await self->part();
  self->world_.feed.forget(self->kind_, self->number_);
  if (self->attachment_) self->world_.feed.consumers().detach(self->attachment_);
}

asio::awaitable<void> Delivery::turn() {
  if (paused_) {
    co_await part();
    while (paused_ && !ending_) co_await wait_until(Steady::time_point::max());
    co_return;
  }
  if ((!attachment_ || attachment_->lost) && !attach()) {
    ending_ = true;  // its consumer is no more
    co_return;
  }
  if (receiver_->lost()) {
    hang_up();
    if (std::exchange(went_back_, false)) {
      const Sent lost{
          Sent::How::failed, sink_.to.authority + " broke the connection: what it was sent last is sent again", {}};
      co_await failed(lost);
      co_return;
    }
  }
  settle();
  if (sink_.secret_id && !secret_) {
    const Sent lost{Sent::How::refused, "its token cannot be read any more: delete the sink and make it again", {}};
    co_await failed(lost);
    co_return;
  }
  const Batch batch = co_await gather();
  if (ending_ || paused_ || receiver_->lost()) co_return;
  Sent sent;
  if (batch.unreadable) {
    sent = {Sent::How::failed, "the log cannot be read: " + batch.unreadable->because, {}};
  } else if (batch.next == next_) {
    co_await rest();
    co_return;
  } else if (!batch.bytes.empty()) {
    sent = co_await receiver_->send(batch.bytes);
  }
  if (sent.how == Sent::How::taken) {
    took(batch);
  } else {
    co_await failed(sent);
  }
}

asio::awaitable<Delivery::Batch> Delivery::gather() {
  Batch batch;
  batch.next = next_;
  const auto until = Steady::now() + world_.times.gather;
  while (batch.events < batch_events_max && batch.next.value - next_.value < batch_positions_max) {
    if (const auto block = world_.feed.find(kind_, batch.next, number_, waker_)) {
      if (block->failure()) {
        if (batch.next == next_) batch.unreadable = block->failure();
        break;
      }
      if (!add(batch, *block)) break;
      continue;
    }
    if (batch.next > world_.feed.head() || Steady::now() >= until || ending_ || paused_) break;
    co_await wait_until(until);
  }
  co_return batch;
}

// False when it did not all fit.
bool Delivery::add(Batch& batch, const Block& block) const {
  for (; batch.next <= block.last(); batch.next = batch.next.next()) {
    if (!filter_.passes(block, batch.next)) continue;
    const std::size_t from = block.begin_of(batch.next), to = block.begin_of(batch.next.next());
    const bool full = batch.events >= batch_events_max || batch.bytes.size() + (to - from) > batch_bytes_max;
    if (full && !batch.bytes.empty()) return false;
    batch.bytes += block.bytes().substr(from, to - from);
    ++batch.events;
  }
  return true;
}

// Until something comes, or what was taken has settled.
asio::awaitable<void> Delivery::rest() {
  co_await wait_until(settling_.empty() ? Steady::time_point::max() : settling_.front().until);
}

asio::awaitable<void> Delivery::wait_until(Steady::time_point until) {
  if (!std::exchange(rung_, false)) {
    boost::system::error_code ignored;
    bell_.expires_at(until);
    co_await bell_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  rung_ = false;
}

asio::awaitable<void> Delivery::failed(const Sent& sent) {
  hang_up();
  went_back_ = false;
  if (ending_ || paused_) co_return;
  const auto pause = pause_after(sent);
  const auto until = Steady::now() + pause;
  const auto phase = sent.how == Sent::How::refused ? SinkPhase::refused : SinkPhase::backing_off;
  const Instant now = world_.clock();
  bool news = false;
  {
    const std::lock_guard lock(guard_);
    ++state_.attempts;
    ++state_.failures;
    news = state_.phase != phase || state_.error != sent.because;
    state_.error = sent.because;
    state_.error_at = now;
    state_.next_try = Instant{now.us + pause.count() * 1'000};
    enter_locked(phase);
  }
  if (news) {
    world_.log.say("sink " + sink_.name + ": " + sent.because + "; position " + std::to_string(next_.value) +
                   " is next, tried again until it is taken");
  }
  while (Steady::now() < until && !ending_ && !paused_ && !(attachment_ && attachment_->lost)) {
    co_await wait_until(until);
  }
}

milliseconds Delivery::pause_after(const Sent& sent) {
  const PushTimes& times = world_.times;
  std::uint64_t attempts = 0;
  {
    const std::lock_guard lock(guard_);
    attempts = state_.attempts;
  }
  milliseconds most = times.pause_first;
  while (attempts-- > 0 && most < times.pause_most) most *= 2;
  if (sent.how == Sent::How::refused || most > times.pause_most) most = times.pause_most;
  const milliseconds pause(most.count() / 2 + static_cast<std::int64_t>(dice_() % (most.count() / 2 + 1)));
  if (!sent.retry_after) return pause;
  return std::max(pause, std::min(*sent.retry_after, times.retry_after_most));
}

// ---- how far it is ----

bool Delivery::attach() {
  settling_.clear();
  do {
    attachment_ = world_.feed.consumers().attach_sink(sink_.name);
    if (!attachment_) return false;
    const std::lock_guard lock(attachment_->guard);
    attachment_->waker = waker_;
    next_ = attachment_->next;
  } while (attachment_->lost);  // reset before there was anything to wake it by
  return true;
}

void Delivery::took(const Batch& batch) {
  const Position through(batch.next.value - 1);
  next_ = batch.next;
  const bool sent = !batch.bytes.empty();
  // Before the position: whoever sees that all is delivered sees the sink as it is after that.
  if (sent) note_taken(batch, through);
  if (receiver_->settles() && (sent || !settling_.empty())) {
    settling_.push_back({Steady::now() + world_.times.settle, through});
  } else {
    acknowledge(through);
  }
}

void Delivery::note_taken(const Batch& batch, Position through) {
  std::uint64_t attempts = 0;
  {
    const std::lock_guard lock(guard_);
    attempts = std::exchange(state_.attempts, 0);
    state_.taken_at = world_.clock();
    state_.events += batch.events;
    ++state_.batches;
    state_.error.clear();
    state_.error_at.reset();
    enter_locked(SinkPhase::running);
  }
  if (attempts > 0) {
    world_.log.say("sink " + sink_.name + ": taken again after " + std::to_string(attempts) +
                   " attempts, up to position " + std::to_string(through.value));
  }
}

void Delivery::settle() {
  const auto now = Steady::now();
  std::optional<Position> through;
  for (; !settling_.empty() && settling_.front().until <= now; settling_.pop_front())
    through = settling_.front().through;
  if (through) acknowledge(*through);
}

void Delivery::acknowledge(Position through) {
  if (!world_.feed.consumers().acknowledge(*attachment_, through)) attachment_->lost = true;
}

// What is not known to have been read is sent again.
void Delivery::hang_up() {
  if (!settling_.empty() && receiver_->ended_well()) {
    acknowledge(settling_.back().through);
    settling_.clear();
  }
  receiver_->close();
  if (settling_.empty()) return;
  settling_.clear();
  went_back_ = true;
  if (const auto consumer = world_.feed.consumers().find(sink_.name)) next_ = consumer->acknowledged.next();
}

asio::awaitable<void> Delivery::part() {
  if (!settling_.empty() && !receiver_->lost()) {
    asio::steady_timer limit(world_.loop, world_.times.farewell);
    limit.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (!error && self) self->receiver_->close();
    });
    co_await receiver_->part();
  }
  hang_up();
  went_back_ = false;
}

void Delivery::enter(SinkPhase phase) {
  const std::lock_guard lock(guard_);
  enter_locked(phase);
}

void Delivery::enter_locked(SinkPhase phase) {
  if (paused_) phase = SinkPhase::paused;
  if (state_.phase != phase) state_.since = world_.clock();
  state_.phase = phase;
  if (phase == SinkPhase::running || phase == SinkPhase::paused) state_.next_try.reset();
}

}  // namespace tenure::services
