#include "projections/open_lists.h"

namespace tenure::projections {

const Stretch* OpenLists::find(OrgNumber org, List list) const {
  const auto it = lists_.find(Key{org, list});
  return it == lists_.end() ? nullptr : &it->second.newest;
}

void OpenLists::change(OrgNumber org, List list, const Stretch& newest) {
  const Key key{org, list};
  Head& head = lists_[key];
  head.newest = newest;
  if (!head.changed) changed_.push_back(key);
  head.changed = true;
}

void OpenLists::trim() {
  if (lists_.size() <= lists_max) return;
  boost::unordered::erase_if(lists_, [](const auto& list) { return !list.second.changed; });
}

void OpenLists::forget() {
  lists_.clear();
  changed_.clear();
}

}  // namespace tenure::projections
