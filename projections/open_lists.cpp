#include "projections/open_lists.h"

#include <utility>

namespace tenure::projections {

const Stretch* OpenLists::find(OrgNumber org, List list) const {
  const auto it = lists_.find(Key{org, list});
  return it == lists_.end() ? nullptr : &it->second.newest;
}

void OpenLists::change(OrgNumber org, List list, const Stretch& newest) {
  const Key key{org, list};
  const auto [it, is_new] = lists_.try_emplace(key);
  Head& head = it->second;
  if (!in_bulk_) undo_.push_back({key, is_new ? std::nullopt : std::optional(head)});
  head.newest = newest;
  if (!std::exchange(head.changed, true)) changed_.push_back(key);
}

void OpenLists::seen() {
  for (const Key& key : taken_) {
    if (const auto it = lists_.find(key); it != lists_.end()) it->second.taken = false;
  }
  taken_.clear();
  if (lists_.size() <= lists_max) return;
  boost::unordered::erase_if(lists_, [](const auto& list) { return !list.second.changed; });
}

void OpenLists::roll_back() {
  for (; !undo_.empty(); undo_.pop_back()) {
    Undo& undo = undo_.back();
    if (undo.before) {
      lists_.insert_or_assign(undo.key, *undo.before);
    } else {
      lists_.erase(undo.key);
    }
  }
}

void OpenLists::forget() {
  lists_.clear();
  changed_.clear();
  taken_.clear();
  undo_.clear();
}

}  // namespace tenure::projections
