// A map of bounded size that any thread may use: what was not asked for lately is forgotten.
//
// Owner: the part whose lookups it saves (People). Internal to storage/.
//
// How it forgets: entries live in two generations. What is put or found goes into the young one; when that holds half
// of the limit it becomes the old one and the former old one is dropped. So nothing is tracked per entry, and the
// memory is bounded by entries_max. The map is split into shards, each with its own lock.
//
// `put` takes the epoch that was read before the value was looked up elsewhere, and does nothing when `forget` has run
// since: a value that was read just before its subject was erased is never put back afterwards.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <unordered_map>
#include <utility>

namespace tenure::storage {

template <class Key, class Value, class Hash, class Equal>
class BoundedCache {
 public:
  explicit BoundedCache(std::size_t entries_max) : young_max_(std::max<std::size_t>(1, entries_max / (2 * shards))) {}

  std::uint64_t epoch() const { return epoch_.load(); }

  // `key` is a Key or what Hash and Equal take for one.
  template <class Like>
  std::optional<Value> find(const Like& key) const {
    const Shard& shard = shards_[shard_of(key)];
    const std::shared_lock lock(shard.guard);
    if (const auto found = shard.young.find(key); found != shard.young.end()) return found->second;
    if (const auto found = shard.old.find(key); found != shard.old.end()) return found->second;
    return std::nullopt;
  }

  void put(Key key, Value value, std::uint64_t read_at_epoch) {
    Shard& shard = shards_[shard_of(key)];
    const std::lock_guard lock(shard.guard);
    if (epoch_.load() != read_at_epoch) return;
    if (shard.young.size() >= young_max_) {
      shard.old = std::move(shard.young);
      shard.young.clear();
    }
    shard.old.erase(key);
    shard.young.insert_or_assign(std::move(key), std::move(value));
  }

  // Drops every entry that `which(key, value)` says yes to. Walks everything: for rare use.
  template <class Which>
  void forget(const Which& which) {
    ++epoch_;
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.guard);
      const auto chosen = [&](const auto& entry) { return which(entry.first, entry.second); };
      std::erase_if(shard.young, chosen);
      std::erase_if(shard.old, chosen);
    }
  }

 private:
  static constexpr std::size_t shards = 16;
  using Map = std::unordered_map<Key, Value, Hash, Equal>;
  struct Shard {
    mutable std::shared_mutex guard;
    Map young, old;
  };

  template <class Like>
  std::size_t shard_of(const Like& key) const {
    return Hash{}(key) >> 59 & (shards - 1);  // not the low bits: those choose the bucket
  }

  const std::size_t young_max_;
  std::atomic<std::uint64_t> epoch_{0};
  std::array<Shard, shards> shards_;
};

}  // namespace tenure::storage
