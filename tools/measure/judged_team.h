// An organization on one access model, in a store on disk, and events that are judged by its state without being
// recorded. Seeded. Its members have the model's roles, some of them custom ones; there are groups with roles,
// resources, assignments, roles granted on resources, and one member in a hundred is disabled.
//
// Owned by the measurement; one thread. Throws std::runtime_error where the store fails or refuses.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "events/model/access_model.h"
#include "events/record.h"

namespace tenure::bench {

struct JudgedTeamSize {
  std::uint64_t seed = 1;
  std::size_t members = 1'000;
  std::size_t events = 1'000;
};

class JudgedTeam {
 public:
  // The store goes to `path`.
  JudgedTeam(const std::string& path, const ShippedModel& shipped, const JudgedTeamSize& size);
  ~JudgedTeam();
  JudgedTeam(const JudgedTeam&) = delete;

  // Looks up what holds at the event's time and judges it, as the recorder does.
  tenure::Verdict judge(std::size_t event) const;
  // What it said the first time.
  const tenure::Verdict& expected(std::size_t event) const;
  // How many of the events are "allowed", "violation" and "unspecified", in words.
  std::string verdicts() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace tenure::bench
