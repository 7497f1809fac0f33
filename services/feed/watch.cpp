#include "services/feed/watch.h"

#include <algorithm>
#include <cassert>
#include <set>

namespace tenure::services {

void Watch::add(Watcher watcher, Position edge) {
  assert(watcher.wants && (empty() || edge == edge_));
  remove(watcher.subscriber);
  edge_ = edge;
  const Wants& wants = *watcher.wants;
  // A key of one's own begins with a byte that no other has.
  const auto [group, is_new] = groups_.try_emplace(
      wants.key.empty() ? '\0' + std::to_string(watcher.subscriber) : wants.key, Group{watcher.wants, {}});
  group->second.members.insert_or_assign(watcher.subscriber, std::move(watcher.waker));
  group_of_.insert_or_assign(watcher.subscriber, group);
  if (!is_new) return;
  for (const std::string& org : wants.orgs) by_org_.emplace(org, group);
  if (wants.orgs.empty()) of_any_org_.push_back(group);
}

void Watch::remove(std::uint64_t subscriber) {
  const auto found = group_of_.find(subscriber);
  if (found == group_of_.end()) return;
  const auto group = found->second;
  group_of_.erase(found);
  group->second.members.erase(subscriber);
  if (!group->second.members.empty()) return;
  leave_index(group);
  groups_.erase(group);
}

void Watch::leave_index(Groups::iterator group) {
  std::erase(of_any_org_, group);
  for (const std::string& org : group->second.wants->orgs) {
    auto [at, end] = by_org_.equal_range(org);
    while (at != end) at = at->second == group ? by_org_.erase(at) : std::next(at);
  }
}

// The groups that may want something of the block, from the edge on.
std::vector<Watch::Groups::iterator> Watch::concerned(const Block& block) const {
  std::vector<Groups::iterator> groups;
  std::set<std::string_view> orgs;
  for (Position at = edge_; at <= block.last(); at = at.next()) {
    const std::string_view org = block.text(block.traits(at).org);
    if (!orgs.insert(org).second) continue;
    const auto [from, to] = by_org_.equal_range(org);
    for (auto one = from; one != to; ++one) groups.push_back(one->second);
  }
  // One that wants several organizations is asked once.
  std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) { return a->first < b->first; });
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  groups.insert(groups.end(), of_any_org_.begin(), of_any_org_.end());
  return groups;
}

std::vector<Watch::Watcher> Watch::look(const Block& block) {
  std::vector<Watcher> concern;
  const auto take = [&](Groups::iterator group) {
    for (auto& [subscriber, waker] : group->second.members) {
      concern.push_back({subscriber, std::move(waker), group->second.wants});
      group_of_.erase(subscriber);
    }
    leave_index(group);
    groups_.erase(group);
  };
  if (block.failure()) {
    while (!groups_.empty()) take(groups_.begin());
    return concern;
  }
  for (const auto group : concerned(block)) {
    if (group->second.wants->in(block, edge_)) take(group);
  }
  edge_ = block.last().next();
  return concern;
}

void Watch::wake_all() const {
  for (const auto& [unused, group] : groups_) {
    for (const auto& [subscriber, waker] : group.members) waker();
  }
}

}  // namespace tenure::services
