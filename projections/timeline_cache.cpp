#include "projections/timeline_cache.h"

namespace tenure::projections {

namespace {

constexpr std::size_t entry_bytes = 128;  // a node of the map with its key, roughly

std::size_t shard_of(std::uint64_t key) { return (key * 0x9E3779B97F4A7C15ULL) >> 60; }

}  // namespace

std::shared_ptr<const StoredTimeline> TimelineCache::find(std::uint64_t key, Position head, bool& again) {
  Shard& shard = shards_[shard_of(key)];
  const std::lock_guard lock(shard.guard);
  auto found = shard.young.find(key);
  if (found == shard.young.end()) {
    if (const auto older = shard.old.find(key); older != shard.old.end()) {
      found = shard.young.emplace(key, std::move(older->second)).first;
      shard.bytes += entry_bytes + (found->second.timeline ? found->second.timeline->bytes : 0);
      shard.old.erase(older);
    }
  }
  if (found == shard.young.end() || found->second.head != head) return nullptr;
  again = true;
  return found->second.timeline;
}

void TimelineCache::keep(std::uint64_t key, Position head, std::shared_ptr<const StoredTimeline> timeline) {
  Shard& shard = shards_[shard_of(key)];
  const std::lock_guard lock(shard.guard);
  if (shard.bytes > bytes_max / shards / 2) {
    shard.old = std::move(shard.young);
    shard.young.clear();
    shard.bytes = 0;
  }
  shard.bytes += entry_bytes + (timeline ? timeline->bytes : 0);
  shard.young.insert_or_assign(key, Kept{head, std::move(timeline)});
}

Outcome<EntityState> TimelineCache::state_at(storage::ViewReader& views, OrgNumber org, Position head, Number entity,
                                             Point at, Use use) {
  const std::uint64_t key = std::uint64_t{org} << 32 | entity;
  bool again = false;
  if (const auto kept = find(key, head, again)) return kept->state_at(org, entity, at);
  if (!again && use == Use::one_instant) {
    keep(key, head, nullptr);
    return projections::state_at(views, org, entity, at);
  }
  auto read = stored_timeline(views, org, entity, timeline_bytes_max);
  if (!read) return read.error();
  if (!*read) return projections::state_at(views, org, entity, at);
  const auto timeline = std::make_shared<const StoredTimeline>(std::move(**read));
  keep(key, head, timeline);
  return timeline->state_at(org, entity, at);
}

Outcome<std::vector<Entry>> TimelineCache::entries_from(storage::ViewReader& views, OrgNumber org, Position head,
                                                        Number entity, Point from) {
  bool again = false;
  const auto kept = find(std::uint64_t{org} << 32 | entity, head, again);
  return kept ? kept->entries_from(org, entity, from) : entries_of(views, org, entity);
}

Outcome<std::optional<OrgHead>> TimelineCache::head(storage::Snapshot& snapshot, OrgNumber org) {
  {
    const std::lock_guard lock(heads_guard_);
    const auto found = heads_.find(org);
    if (found != heads_.end() && found->second.snapshot == snapshot.head()) return std::optional(found->second.head);
  }
  auto head = read_head(snapshot, org);
  if (!head || !*head) return head;
  const std::lock_guard lock(heads_guard_);
  if (heads_.size() >= heads_max) heads_.clear();
  heads_.insert_or_assign(org, KeptHead{snapshot.head(), **head});
  return head;
}

}  // namespace tenure::projections
