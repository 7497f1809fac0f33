#include "projections/open_timelines.h"

#include <utility>

namespace tenure::projections {

std::size_t OpenTimelines::bytes_of(const Open& open) {
  // A chunk grows until it is sealed, so room for as many entries again is counted.
  const std::size_t entries = 2 * open.head.chunk.entries.size() + 4;
  return sizeof open + entries * sizeof(Entry) + (open.head.chunk.carry.size() + open.now.live.size()) * sizeof(Live);
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
  if (std::exchange(open.changed, true)) return;
  changed_.push_back(key_of(org, entity));
  changed_bytes_ += bytes_of(open);
}

OpenTimelines::Open& OpenTimelines::keep(OrgNumber org, Number entity, Open open) {
  bytes_ += bytes_of(open);
  auto& kept = young_[key_of(org, entity)];
  kept = std::make_unique<Open>(std::move(open));
  return *kept;
}

void OpenTimelines::drop(OrgNumber org, Number entity) {
  young_.erase(key_of(org, entity));
  old_.erase(key_of(org, entity));
}

void OpenTimelines::touch(OrgNumber org, Number entity) { touched_.push_back(key_of(org, entity)); }

void OpenTimelines::roll_back() {
  for (const std::uint64_t key : touched_) {
    young_.erase(key);
    old_.erase(key);
  }
  touched_.clear();
}

void OpenTimelines::forget() {
  young_.clear();
  old_.clear();
  touched_.clear();
  changed_.clear();
  bytes_ = changed_bytes_ = 0;
}

void OpenTimelines::trim() {
  if (bytes_ <= bytes_max_ / 2) return;
  for (auto& [key, open] : old_) {
    if (open->changed) young_.emplace(key, std::move(open));
  }
  old_ = std::move(young_);
  young_.clear();
  bytes_ = 0;
}

}  // namespace tenure::projections
