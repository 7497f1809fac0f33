// Who waits at the end of the log for few of the events: subscribers for whom everything before one position, the edge,
// has been looked at.
//
// What is new costs by whom it may concern, not by how many wait: those who want the same are one group that is asked
// once, and groups that want events of some organizations only are asked about no others.
//
// Used by Windows under its lock. Memory: an entry a subscriber.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/feed/block.h"
#include "services/http/live.h"

namespace tenure::services {

// What a subscriber wants of the events, as far as it can be asked of a block.
struct Wants {
  // Whether anything from that position on, within a block that holds it, is wanted.
  std::function<bool(const Block&, Position)> in;
  // Of other organizations nothing is wanted; empty: of any something may be.
  std::vector<std::string> orgs;
  // The same for all who want the same; empty: of this one alone.
  std::string key;
};

class Watch {
 public:
  struct Watcher {
    std::uint64_t subscriber = 0;
    http::Waker waker;
    std::shared_ptr<const Wants> wants;
  };

  bool empty() const { return group_of_.empty(); }
  bool holds(std::uint64_t subscriber) const { return group_of_.contains(subscriber); }
  // The first position that was not looked at; of no meaning while nobody waits.
  Position edge() const { return edge_; }

  // All are at the same edge: that of the first.
  void add(Watcher watcher, Position edge);
  void remove(std::uint64_t subscriber);
  // The block holds the edge: those who want something of it are taken out, for the others the edge moves behind it.
  std::vector<Watcher> look(const Block& block);
  void wake_all() const;

 private:
  struct Group {
    std::shared_ptr<const Wants> wants;
    std::unordered_map<std::uint64_t, http::Waker> members;
  };
  using Groups = std::map<std::string, Group>;  // by key

  std::vector<Groups::iterator> concerned(const Block& block) const;
  void leave_index(Groups::iterator group);

  Position edge_;
  Groups groups_;
  std::unordered_map<std::uint64_t, Groups::iterator> group_of_;
  std::multimap<std::string, Groups::iterator, std::less<>> by_org_;
  std::vector<Groups::iterator> of_any_org_;
};

}  // namespace tenure::services
