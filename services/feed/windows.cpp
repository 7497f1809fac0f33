#include "services/feed/windows.h"

#include <algorithm>

#include "services/http/response.h"

namespace tenure::services {

namespace {

// Of one client that catches up: enough for two readers.
constexpr std::size_t blocks_ahead = 8;

// The last position before the next border of blocks.
std::uint64_t border_behind(Position position) {
  return ((position.value - 1) / block_positions_max + 1) * block_positions_max;
}

}  // namespace

// The block that holds the position, if there is one.
std::map<Position, Windows::Held>::iterator Windows::holder(Window& window, Position position) {
  auto at = window.blocks.upper_bound(position);
  if (at == window.blocks.begin()) return window.blocks.end();
  --at;
  return at->second.block->last() >= position ? at : window.blocks.end();
}

bool Windows::want(const Kind& kind, Position position) {
  if (position > head_ || !wanted_once_.emplace(kind, position).second) return false;
  wanted_.emplace_back(kind, position);
  return true;
}

std::shared_ptr<const Block> Windows::use(std::map<Position, Held>::iterator found) {
  used_.splice(used_.begin(), used_, found->second.used);
  auto block = found->second.block;
  if (block->failure()) drop(found->second.used);  // the next one to ask has it tried again
  return block;
}

std::shared_ptr<const Block> Windows::find(Ask& ask, bool& wake_reader) {
  const std::lock_guard lock(guard_);
  const Kind& kind = ask.kind;
  Window& window = windows_[kind];
  if (ask.wants) {
    const auto before = window.waiting.find(ask.subscriber);
    if (before != window.waiting.end()) ask.position = std::max(ask.position, before->second.position);
    if (window.watch.holds(ask.subscriber)) ask.position = std::max(ask.position, window.watch.edge());
  }
  const auto found = holder(window, ask.position);
  if (found == window.blocks.end()) {
    window.watch.remove(ask.subscriber);
    if (ask.wants && may_watch(window, ask.position)) {
      window.waiting.erase(ask.subscriber);
      window.watch.add({ask.subscriber, ask.waker, ask.wants}, ask.position);
    } else {
      window.waiting.insert_or_assign(ask.subscriber, Waiting{ask.position, ask.waker, ask.wants});
    }
    wake_reader = want(kind, ask.position);
    return nullptr;
  }
  window.waiting.erase(ask.subscriber);
  window.watch.remove(ask.subscriber);
  auto block = use(found);
  if (block->failure() || kind.part == Part::single) return block;
  look_ahead(window, kind, block->last().next(), wake_reader);
  return block;
}

// What is behind a block is encoded while that one is on its way; and further on, so that no reader stands idle, unless
// others wait for something else.
void Windows::look_ahead(Window& window, const Kind& kind, Position from, bool& wake_reader) {
  const std::size_t ahead = wanted_.empty() ? blocks_ahead : 1;
  for (std::size_t blocks = 0; blocks < ahead && from <= head_; ++blocks) {
    const auto found = holder(window, from);
    if (found != window.blocks.end()) {
      from = found->second.block->last().next();
    } else if (const auto at = encoder_of(window, from); at != window.encoding.end()) {
      from = at->second.next();
    } else {
      wake_reader = want(kind, from) || wake_reader;
      from = Position(border_behind(from) + 1);
    }
  }
}

// The work under way that holds the position.
std::map<Position, Position>::const_iterator Windows::encoder_of(const Window& window, Position position) const {
  auto at = window.encoding.upper_bound(position);
  if (at == window.encoding.begin()) return window.encoding.end();
  --at;
  return at->second >= position ? at : window.encoding.end();
}

std::shared_ptr<const Block> Windows::held(const Kind& kind, Position position) {
  const std::lock_guard lock(guard_);
  Window& window = windows_[kind];
  const auto found = holder(window, position);
  return found == window.blocks.end() ? nullptr : use(found);
}

bool Windows::ask(const Kind& kind, Position position) {
  const std::lock_guard lock(guard_);
  Window& window = windows_[kind];
  return holder(window, position) == window.blocks.end() && want(kind, position);
}

void Windows::forget(const Kind& kind, std::uint64_t subscriber) {
  const std::lock_guard lock(guard_);
  const auto window = windows_.find(kind);
  if (window == windows_.end()) return;
  window->second.waiting.erase(subscriber);
  window->second.watch.remove(subscriber);
}

// Together with those who watch already, or as the first one at the end of the log.
bool Windows::may_watch(const Window& window, Position position) const {
  return window.watch.empty() ? position > head_ : position == window.watch.edge();
}

// As far as the next border of blocks, so that those who come by at other places meet the same ones; and not into what
// is there already.
Windows::Work Windows::work_for(const Kind& kind, Position first, Position head) {
  if (kind.part == Part::single) return {kind, first, first};
  std::uint64_t last = std::min(border_behind(first), head.value);
  const Window& window = windows_[kind];
  const auto behind = window.blocks.upper_bound(first);
  if (behind != window.blocks.end()) last = std::min(last, behind->first.value - 1);
  const auto at_work = window.encoding.upper_bound(first);
  if (at_work != window.encoding.end()) last = std::min(last, at_work->first.value - 1);
  return {kind, first, Position(last)};
}

std::optional<Windows::Work> Windows::next(Position head, bool& more) {
  const std::lock_guard lock(guard_);
  more = false;
  if (head < head_) return std::nullopt;
  const Position known = std::exchange(head_, head);
  if (known < head) {
    // In the end all of these are wanted; those at the end of the log first, since they are the ones that wait.
    for (auto& [kind, window] : windows_) {
      std::set<Position> positions;
      for (const auto& [unused, waiting] : window.waiting) {
        if (!waiting.woken && waiting.position > known && waiting.position <= head) positions.insert(waiting.position);
      }
      const Position edge = window.watch.edge();
      if (!window.watch.empty() && edge > known && edge <= head) positions.insert(edge);
      for (const Position position : positions) {
        if (wanted_once_.emplace(kind, position).second) wanted_.emplace_front(kind, position);
      }
    }
  }
  while (!wanted_.empty()) {
    const auto [kind, position] = wanted_.front();
    wanted_.pop_front();
    wanted_once_.erase({kind, position});
    Window& window = windows_[kind];
    if (holder(window, position) != window.blocks.end()) continue;
    if (encoder_of(window, position) != window.encoding.end()) {
      window.deferred.insert(position);
      continue;
    }
    const Work work = work_for(kind, position, head);
    window.encoding.emplace(work.first, work.last);
    more = !wanted_.empty();
    return work;
  }
  return std::nullopt;
}

void Windows::drop(std::list<Place>::iterator place) {
  Window& window = windows_[place->kind];
  const auto held = window.blocks.find(place->first);
  bytes_ -= held->second.block->memory();
  window.blocks.erase(held);
  used_.erase(place);
}

// The block holds what somebody waits for: that one is woken, or waits on behind it if nothing in it is wanted.
void Windows::tell(Window& window, const Kind& kind, Waiting& waiting, std::shared_ptr<const Block> block) {
  while (waiting.wants && !block->failure() && !waiting.wants->in(*block, waiting.position)) {
    waiting.position = block->last().next();
    const auto behind = holder(window, waiting.position);
    if (behind == window.blocks.end()) {
      want(kind, waiting.position);
      return;
    }
    block = behind->second.block;
  }
  waiting.woken = true;
  waiting.waker();
}

// Those who want something of the block go back to who waits by itself, woken, and the others' edge moves behind it.
void Windows::tell_watch(Window& window, const Kind& kind, std::shared_ptr<const Block> block) {
  while (!window.watch.empty()) {
    const Position edge = window.watch.edge();
    if (edge < block->first() || edge > block->last()) return;
    for (Watch::Watcher& one : window.watch.look(*block)) {
      one.waker();
      window.waiting.insert_or_assign(one.subscriber, Waiting{edge, std::move(one.waker), std::move(one.wants), true});
    }
    if (window.watch.empty()) return;
    const auto behind = holder(window, window.watch.edge());
    if (behind == window.blocks.end()) {
      want(kind, window.watch.edge());
      return;
    }
    block = behind->second.block;
  }
}

bool Windows::put(const Kind& kind, std::shared_ptr<const Block> block) {
  const http::Bunch together;
  const std::lock_guard lock(guard_);
  Window& window = windows_[kind];
  const Position first = block->first();
  window.encoding.erase(first);
  if (const auto before = window.blocks.find(first); before != window.blocks.end()) drop(before->second.used);
  bytes_ += block->memory();
  used_.push_front({kind, first});
  tell_watch(window, kind, block);
  for (auto at = window.waiting.begin(); at != window.waiting.end();) {
    Waiting& waiting = at->second;
    const bool here = !waiting.woken && waiting.position >= block->first() && waiting.position <= block->last();
    if (here) tell(window, kind, waiting, block);
    const bool watches = here && !waiting.woken && may_watch(window, waiting.position);
    if (watches) window.watch.add({at->first, waiting.waker, waiting.wants}, waiting.position);
    at = watches || (here && waiting.woken && !waiting.wants) ? window.waiting.erase(at) : std::next(at);
  }
  window.blocks.insert_or_assign(first, Held{std::move(block), used_.begin()});
  for (const Position position : std::exchange(window.deferred, {})) {
    if (holder(window, position) == window.blocks.end()) want(kind, position);
  }
  while (bytes_ > blocks_bytes_max && used_.size() > 1) drop(std::prev(used_.end()));
  return !wanted_.empty();
}

void Windows::wake_all() {
  const http::Bunch together;
  const std::lock_guard lock(guard_);
  for (auto& [kind, window] : windows_) {
    for (const auto& [unused, waiting] : window.waiting) waiting.waker();
    window.watch.wake_all();
  }
}

std::size_t Windows::bytes() const {
  const std::lock_guard lock(guard_);
  return bytes_;
}

}  // namespace tenure::services
