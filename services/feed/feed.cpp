#include "services/feed/feed.h"

#include <algorithm>
#include <utility>

#include "services/feed/subscription.h"

namespace tenure::services {

Feed::Feed(storage::Store& store, Identities identities, projections::DirectoryCache& names, Consumers& consumers,
           Clock clock, FeedTimes times, FeedSource source)
    : store_(store), consumers_(consumers), clock_(std::move(clock)), times_(times) {
  const formats::Source from{store.id(), std::move(source.version), std::move(source.host)};
  for (Reader& reader : readers_) reader.encoder = std::make_unique<FeedEncoder>(identities, names, from);
  consumers_.on_acknowledged([this] {
    const std::lock_guard lock(guard_);
    if (!std::exchange(acknowledged_, true)) readers_.front().bell.notify_one();
  });
}

Feed::~Feed() { stop(); }

void Feed::start() {
  for (Reader& reader : readers_) {
    reader.thread = std::thread([this, &reader] { read(reader); });
  }
  committed();
}

void Feed::wake_reader() {
  const std::lock_guard lock(guard_);
  if (std::exchange(ringing_, true)) return;
  const auto idle = std::find_if(readers_.begin(), readers_.end(), [](const Reader& reader) { return reader.idle; });
  if (idle == readers_.end()) return;  // whoever is done first takes it
  idle->idle = false;
  idle->bell.notify_one();
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

bool Feed::encode_one(Reader& reader) {
  const auto [snapshot, work, more] = look();
  if (more) wake_reader();
  if (!work) return false;
  auto block = reader.encoder->encode(*snapshot, work->kind, work->first, work->last);
  if (const auto& failure = block->failure()) log_.say("feed: cannot read on: " + failure->because);
  blocks_encoded_.fetch_add(1, std::memory_order_relaxed);
  auto& events = work->kind.part == Part::traits ? events_looked_at_ : events_encoded_;
  events.fetch_add(block->last().value - block->first().value + 1, std::memory_order_relaxed);
  return windows_.put(work->kind, std::move(block));
}

// Until there is something to do for this reader; the first one sees to acknowledgements as well.
void Feed::wait(Reader& reader, std::unique_lock<std::mutex>& lock) {
  while (!ringing_ && !stopping_) {
    auto until = std::chrono::steady_clock::time_point::max();
    if (is_first(reader) && acknowledged_) until = write_at_;
    if (until <= std::chrono::steady_clock::now()) break;
    reader.idle = true;
    if (until == std::chrono::steady_clock::time_point::max()) {
      reader.bell.wait(lock);
    } else {
      reader.bell.wait_until(lock, until);
    }
  }
  reader.idle = false;
}

void Feed::read(Reader& reader) {
  std::unique_lock lock(guard_);
  while (!stopping_) {
    wait(reader, lock);
    const auto now = std::chrono::steady_clock::now();
    const bool look = std::exchange(ringing_, false);
    const bool write = is_first(reader) && acknowledged_ && now >= write_at_;
    if (write) {
      acknowledged_ = false;
      write_at_ = now + ack_write_every;
    }
    lock.unlock();
    if (write) consumers_.write_acknowledged();
    const bool more = look && encode_one(reader);
    lock.lock();
    ringing_ = ringing_ || more;
  }
}

void Feed::stop() {
  {
    const std::lock_guard lock(guard_);
    stopping_ = true;
    for (Reader& reader : readers_) reader.bell.notify_one();
  }
  if (!readers_.front().thread.joinable()) return;
  for (Reader& reader : readers_) reader.thread.join();
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
