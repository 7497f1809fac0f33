// One server with a log and an organization that lives, and what its followers get: the rounds of every measurement of
// the feed.
//
// One thread, beside those that it starts and ends itself. Throws std::runtime_error where a follower misses an event.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/measure/bench.h"
#include "tools/measure/servers.h"
#include "tools/measure/team.h"

namespace tenure::bench {

// The newest position.
std::uint64_t newest(const TenureServer& server);

// Requests that append so many events each to the organization "live".
class Batches {
 public:
  Batches(const TenureServer& server, Team& team, std::size_t events, std::size_t connections);
  std::string_view next(std::size_t connection);

 private:
  std::string head_;
  Team& team_;
  std::size_t events_;
  std::string body_;
  std::vector<std::string> texts_;
};

class FeedRun {
 public:
  // `lines` of a GitHub log are there when it begins, in the form's scale.
  FeedRun(Bench& bench, const std::string& name, std::size_t lines);

  // One client from position 1 to the newest.
  void catch_up(Row& row);
  // Appends while clients follow; the rate is what was delivered to all of them together. Closed loop, or so many
  // events a second.
  void follow(Row& row, Row& appended, std::size_t clients, std::size_t events, std::optional<double> per_second);
  // 50 clients and single events that fall due; the round's p99 from recorded to received, in ms.
  double follow_steadily(Row& row, Row& appended, double per_second);

  TenureServer& server() { return server_; }

 private:
  Bench& bench_;
  TenureServer server_;
  Team team_;
};

}  // namespace tenure::bench
