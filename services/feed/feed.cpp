#include "services/feed/feed.h"

#include <utility>

#include "services/feed/subscription.h"

namespace tenure::services {

namespace {

// What a client that catches up takes longest for is the encoding; two cores do it in half the time. More would take
// from those who append.
constexpr std::size_t readers_max = 2;

}  // namespace

Feed::Feed(storage::Store& store, Identities identities, projections::DirectoryCache& names, Consumers& consumers,
           Clock clock, FeedTimes times, FeedSource source)
    : store_(store), consumers_(consumers), clock_(std::move(clock)), times_(times) {
  const formats::Source from{store.id(), std::move(source.version), std::move(source.host)};
  for (std::size_t i = 0; i < readers_max; ++i) {
    encoders_.push_back(std::make_unique<FeedEncoder>(identities, names, from));
  }
  consumers_.on_acknowledged([this] {
    {
      const std::lock_guard lock(guard_);
      acknowledged_ = true;
    }
    work_.notify_all();  // only one of the readers writes it down
  });
}

Feed::~Feed() { stop(); }

void Feed::start() {
  for (const auto& encoder : encoders_) {
    readers_.emplace_back([this, &encoder] { read(*encoder, encoder == encoders_.front()); });
  }
  wake_reader();
}

void Feed::wake_reader() {
  {
    const std::lock_guard lock(guard_);
    if (std::exchange(ringing_, true)) return;
  }
  work_.notify_one();
}

void Feed::committed() { wake_reader(); }

std::unique_ptr<http::LiveStream> Feed::open(FeedWish wish) {
  return std::make_unique<Subscription>(*this, std::move(wish), next_subscriber_++);
}

std::shared_ptr<const Block> Feed::find(const Kind& kind, Position position, std::uint64_t subscriber,
                                        const http::Waker& waker) {
  Windows::Ask ask{kind, position, subscriber, waker, nullptr};
  bool wake = false;
  auto block = windows_.find(ask, wake);
  if (wake) wake_reader();
  return block;
}

std::shared_ptr<const Block> Feed::find_traits(Position& position, std::uint64_t subscriber, const http::Waker& waker,
                                               std::shared_ptr<const Wants> wants) {
  Windows::Ask ask{traits_kind, position, subscriber, waker, std::move(wants)};
  bool wake = false;
  auto block = windows_.find(ask, wake);
  if (wake) wake_reader();
  position = ask.position;
  return block;
}

Feed::Look Feed::look() {
  const std::lock_guard lock(looking_);
  // A snapshot for each piece of work: what was committed meanwhile comes first the next time round.
  Look found{store_.snapshot(), {}, false};
  found.work = windows_.next(found.snapshot->head(), found.more);
  return found;
}

void Feed::read(FeedEncoder& encoder, bool writes_acknowledged) {
  auto write_at = std::chrono::steady_clock::now();
  std::unique_lock lock(guard_);
  while (!stopping_) {
    if (!writes_acknowledged) {
      work_.wait(lock, [this] { return ringing_ || stopping_; });
    } else if (acknowledged_) {
      work_.wait_until(lock, write_at, [this] { return ringing_ || stopping_; });
    } else {
      work_.wait(lock, [this] { return ringing_ || stopping_ || acknowledged_; });
    }
    const bool look = std::exchange(ringing_, false);
    const bool write = writes_acknowledged && acknowledged_ && std::chrono::steady_clock::now() >= write_at;
    if (write) acknowledged_ = false;
    lock.unlock();
    if (write) {
      consumers_.write_acknowledged();
      write_at = std::chrono::steady_clock::now() + ack_write_every;
    }
    if (look) {
      const auto [snapshot, work, more] = this->look();
      if (more) wake_reader();
      if (work) {
        auto block = encoder.encode(*snapshot, work->kind, work->first, work->last);
        if (const auto& failure = block->failure()) log_.say("feed: cannot read on: " + failure->because);
        blocks_encoded_.fetch_add(1, std::memory_order_relaxed);
        auto& events = work->kind.part == Part::traits ? events_looked_at_ : events_encoded_;
        events.fetch_add(block->last().value - block->first().value + 1, std::memory_order_relaxed);
        windows_.put(work->kind, std::move(block));
        lock.lock();
        ringing_ = true;  // there may be more
        continue;
      }
    }
    lock.lock();
  }
}

void Feed::stop() {
  {
    const std::lock_guard lock(guard_);
    stopping_ = true;
  }
  work_.notify_all();
  if (readers_.empty()) return;
  for (std::thread& reader : readers_) reader.join();
  readers_.clear();
  consumers_.flush();
}

void Feed::joined(Framing framing) {
  const std::lock_guard lock(counting_);
  ++subscribers_[std::string(to_text(framing))];
}

void Feed::left(const FeedWish& wish, std::string_view reason, Position next) {
  {
    const std::lock_guard lock(counting_);
    --subscribers_[std::string(to_text(wish.kind.framing))];
    ++disconnects_[std::string(reason)];
  }
  log_.say("feed: " + wish.client + " over " + std::string(to_text(wish.kind.framing)) + " left at position " +
           std::to_string(next.value) + ": " + std::string(reason) +
           (wish.consumer ? ", consumer " + wish.consumer->consumer : std::string()));
}

FeedFigures Feed::figures() const {
  FeedFigures figures;
  {
    const std::lock_guard lock(counting_);
    figures.subscribers = subscribers_;
    figures.disconnects = disconnects_;
  }
  figures.events_sent = events_sent_.load();
  figures.bytes_sent = bytes_sent_.load();
  figures.blocks_encoded = blocks_encoded_.load();
  figures.events_encoded = events_encoded_.load();
  figures.events_looked_at = events_looked_at_.load();
  figures.window_bytes = windows_.bytes();
  return figures;
}

}  // namespace tenure::services
