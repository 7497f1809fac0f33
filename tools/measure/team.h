// A team at work, for appends as they come from a platform: role changes, group membership, powers over repositories,
// each with an id, an actor, sometimes a ticket, an approver or a reason. Seeded: the same seed, the same events.
//
// One thread. No more people than the team begins with, except by `joining`.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tenure::bench {

class Team {
 public:
  Team(std::uint64_t seed, std::size_t members, std::size_t groups, std::size_t repositories);

  // Events that make it, one a line: everyone joins, every group begins, and a first few are in it.
  std::string beginning() const;
  std::size_t beginning_events() const { return members_ + groups_; }

  // One event as JSON. The reference is good until the next call.
  const std::string& next();
  // The same, but a person who was never there before joins.
  const std::string& joining();

 private:
  std::uint64_t pick(std::uint64_t below) { return random_() % below; }
  std::string member(std::uint64_t number) const;
  void open(std::string_view type);
  void close();

  std::mt19937_64 random_;
  std::size_t members_, groups_, repositories_;
  std::uint64_t said_ = 0, joined_ = 0;
  // What turns to its opposite each time: owner or not, in the group or not, holding the repository or not.
  std::vector<bool> is_owner_, in_group_, holds_;
  std::string event_;
};

}  // namespace tenure::bench
