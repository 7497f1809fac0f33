// The heads of the lists that a writer in bulk met lately, decoded: each event that changes a list changes its head
// too, and it becomes a row once for all of them, when the changes are taken.
//
// Owned by the ViewWriter; one thread. Memory: some ten bytes a list; those that did not change go when they are more
// than lists_max.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <vector>

#include "projections/list_rows.h"

namespace tenure::projections {

class OpenLists {
 public:
  static constexpr std::size_t lists_max = 200'000;

  // The newest stretch; null if it is not kept. Good until the next call that is not const.
  const Stretch* find(OrgNumber org, List list) const;
  // Kept, and a row to be written.
  void change(OrgNumber org, List list, const Stretch& newest);

  // Calls `row(org, list, newest)` for each that changed since the last time.
  template <class Row>
  void take_changed(const Row& row) {
    for (const Key& key : changed_) {
      Head& head = lists_.at(key);
      row(key.org, key.list, head.newest);
      head.changed = false;
    }
    changed_.clear();
  }
  // Once the store shows what was taken.
  void trim();
  void forget();

 private:
  struct Key {
    OrgNumber org = 0;
    List list;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return (std::uint64_t{key.org} << 32 | key.list.of) * 31 + static_cast<unsigned char>(key.list.kind);
    }
  };
  struct Head {
    Stretch newest;
    bool changed = false;
  };

  boost::unordered_flat_map<Key, Head, KeyHash> lists_;
  std::vector<Key> changed_;
};

}  // namespace tenure::projections
