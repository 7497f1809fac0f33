// The heads of the lists that the writer met lately, decoded: each event that changes a list changes its head too, and
// it becomes a row once for all events of a batch, when the changes are taken.
//
// Owned by the ViewWriter; one thread. Memory: some fifty bytes a list; those that are as their rows say go when they
// are more than lists_max.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <optional>
#include <vector>

#include "projections/list_rows.h"

namespace tenure::projections {

class OpenLists {
 public:
  static constexpr std::size_t lists_max = 200'000;

  // In bulk nothing is rolled back.
  explicit OpenLists(bool in_bulk = false) : in_bulk_(in_bulk) {}

  // The newest stretch; null if it is not kept. Good until the next call that is not const.
  const Stretch* find(OrgNumber org, List list) const;
  // Kept, and a row to be written.
  void change(OrgNumber org, List list, const Stretch& newest);

  // Calls `row(org, list, newest)` for each that changed since the last time.
  template <class Row>
  void take_changed(const Row& row) {
    for (const Key& key : changed_) {
      const auto it = lists_.find(key);
      if (it == lists_.end() || !it->second.changed) continue;  // undone
      row(key.org, key.list, it->second.newest);
      it->second.changed = false;
      it->second.taken = true;
      taken_.push_back(key);
    }
    changed_.clear();
  }
  // The store shows what was taken.
  void seen();

  // What changed since the last mark is undone by `roll_back`.
  void mark() { undo_.clear(); }
  void roll_back();
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
    bool changed = false;  // since it was taken last
    bool taken = false;    // and the store does not show it yet
  };
  struct Undo {
    Key key;
    std::optional<Head> before;  // none: it was not kept
  };

  const bool in_bulk_;
  boost::unordered_flat_map<Key, Head, KeyHash> lists_;
  std::vector<Key> changed_, taken_;
  std::vector<Undo> undo_;
};

}  // namespace tenure::projections
