// Powers given and taken again within a time, found by folding the holders' own events. Internal to the naive fold;
// pure.
#pragma once

#include <string>
#include <vector>

#include "tests/oracle/naive_state.h"

namespace tenure::oracle {

struct ShortLived {
  std::int64_t position = 0;  // of the event that took it
  std::int64_t taken_us = 0;
  std::string holder;  // "member:ann", "group:g" or "everyone"
  std::string what;    // "role r", "role r on s", "group g", "parent g", "assigned r"
  std::int64_t given_us = 0;
};

// Given and taken by no link: "role:r" with "p at full", what its definition granted while somebody had it;
// "member:ann" with "enabled" or "enabled in a"; "feature:f" with "on". `facts` as below; `state` is that before the
// first of them.
std::vector<ShortLived> turned(const std::vector<const Fact*>& facts, const std::vector<nlohmann::json>& models,
                               State state, std::int64_t at_us, std::int64_t within_us);

// `facts` in order of instant and position.
std::vector<ShortLived> short_lived(const std::vector<const Fact*>& facts, const std::vector<nlohmann::json>& models,
                                    std::int64_t at_us, std::int64_t within_us);

}  // namespace tenure::oracle
