#include "projections/open_timelines.h"

#include <utility>

namespace tenure::projections {

namespace {

constexpr std::size_t added_bytes = 256;  // what a batch adds to a chunk that has a row, with all that holds it

}  // namespace

std::string HeadChunk::encode() const {
  std::string row;
  row.reserve(2 * sizeof(std::uint64_t) + chunk.encoded().size());
  put_time(row, start.us);
  put_u64(row, start.position);
  row += chunk.encoded();
  return row;
}

std::size_t OpenTimelines::bytes_of(const Open& open) {
  // A chunk grows until it is sealed, and so does what is live: room for as much again is counted.
  constexpr std::size_t allocated = 64;
  return sizeof open + allocated + 2 * (open.head.chunk.encoded().size() + open.now.live.size() * sizeof(Live));
}

OpenTimelines::Open* OpenTimelines::find(OrgNumber org, Number entity) {
  const std::uint64_t key = key_of(org, entity);
  if (const auto it = young_.find(key); it != young_.end()) return it->second.get();
  const auto it = old_.find(key);
  if (it == old_.end()) return nullptr;
  bytes_ += bytes_of(*it->second);
  Open* open = it->second.get();
  young_.emplace(key, std::move(it->second));
  old_.erase(it);
  return open;
}

OpenTimelines::Open* OpenTimelines::peek_key(std::uint64_t key) {
  if (const auto it = young_.find(key); it != young_.end()) return it->second.get();
  const auto it = old_.find(key);
  return it == old_.end() ? nullptr : it->second.get();
}

const OpenTimelines::Open* OpenTimelines::peek(OrgNumber org, Number entity) const {
  return const_cast<OpenTimelines*>(this)->peek_key(key_of(org, entity));
}

void OpenTimelines::change(OrgNumber org, Number entity, Open& open) {
  const std::uint64_t key = key_of(org, entity);
  if (!in_bulk_ && std::exchange(open.touched, mark_) != mark_) {
    undo_.push_back({key, open.changed || open.taken ? std::make_unique<Open>(open) : nullptr});
  }
  if (std::exchange(open.changed, true)) return;
  changed_.push_back(key);
  changed_bytes_ += open.in_row > 0 ? added_bytes : bytes_of(open);
}

OpenTimelines::Open& OpenTimelines::keep(OrgNumber org, Number entity, Open open) {
  bytes_ += bytes_of(open);
  auto& kept = young_[key_of(org, entity)];
  kept = std::make_unique<Open>(std::move(open));
  return *kept;
}

std::unique_ptr<OpenTimelines::Open> OpenTimelines::remove(std::uint64_t key) {
  for (Kept* kept : {&young_, &old_}) {
    const auto it = kept->find(key);
    if (it == kept->end()) continue;
    auto open = std::move(it->second);
    kept->erase(it);
    return open;
  }
  return nullptr;
}

void OpenTimelines::drop(OrgNumber org, Number entity) {
  const std::uint64_t key = key_of(org, entity);
  auto open = remove(key);
  if (in_bulk_ || (open && open->touched == mark_)) return;
  // Also of one that was as its row says, or was not kept: whoever reads it from here on reads what may yet be undone.
  const bool as_its_row = !open || (!open->changed && !open->taken);
  undo_.push_back({key, as_its_row ? nullptr : std::move(open)});
}

void OpenTimelines::seen() {
  for (const std::uint64_t key : taken_) {
    if (Open* open = peek_key(key)) open->taken = false;
  }
  taken_.clear();
}

void OpenTimelines::mark() {
  ++mark_;
  undo_.clear();
}

void OpenTimelines::roll_back() {
  // The first of a timeline's is the oldest: it is put back last.
  for (; !undo_.empty(); undo_.pop_back()) {
    Undo& undo = undo_.back();
    (void)remove(undo.key);
    if (!undo.before) continue;
    if (undo.before->changed) changed_.push_back(undo.key);
    young_.emplace(undo.key, std::move(undo.before));
  }
  ++mark_;
}

void OpenTimelines::forget() {
  young_.clear();
  old_.clear();
  undo_.clear();
  changed_.clear();
  taken_.clear();
  bytes_ = changed_bytes_ = 0;
}

void OpenTimelines::trim() {
  if (bytes_ <= bytes_max_ / 2) return;
  for (auto& [key, open] : old_) {
    if (open->changed || open->taken) young_.emplace(key, std::move(open));
  }
  old_ = std::move(young_);
  young_.clear();
  bytes_ = 0;
}

}  // namespace tenure::projections
