// An organization in which a power changes hands all the time and is always held by exactly 1,000 members: 300 owners
// and 700 who were given one repository. Each step, 50 s after the last, is two changes at the same instant: somebody's
// power ends and somebody else's begins. Seeded; any history is the beginning of every longer one.
//
// Of ten steps four swap an owner, three a holder of that repository, and three are noise: a grant on one of 999 other
// repositories ends and another begins. Owners come from the first half of the members, holders from the second.
// One thread.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace tenure::bench {

class SwapHistory {
 public:
  static constexpr std::size_t answers = 1'000;
  static constexpr std::size_t members_least = 4 * answers;

  SwapHistory(std::uint64_t seed, std::size_t members);

  // Adds the next event to `out`, as a line. First everyone joins and the first holders are given their power.
  void next(std::string& out);
  std::size_t beginning_lines() const;

  // When the organization is made, and the instant of a step.
  static std::string created_at() { return "2015-12-01T00:00:00Z"; }
  static std::int64_t step_ms(std::size_t step);
  std::size_t steps() const { return step_; }  // that were said whole

  static std::string member(std::size_t number);
  // Who can write to the repository now, in order of their number, and whether as an owner.
  std::vector<std::pair<std::size_t, bool>> holders() const;

 private:
  using Members = std::vector<std::size_t>;

  std::size_t pick(std::size_t below) { return random_() % below; }
  void event(std::string& out, std::string_view type, const std::string& values) const;
  std::string granted(std::size_t member, std::size_t repository) const;
  void plan_step();
  // Somebody of `held` leaves, somebody in [from, from + count) who is not in it comes.
  std::pair<std::size_t, std::size_t> swap(Members& held, std::size_t from, std::size_t count);

  std::mt19937_64 random_;
  std::size_t members_;
  std::size_t said_ = 0, step_ = 0;
  std::int64_t at_ms_;
  std::string second_;  // of a step's two changes
  Members owners_;
  std::vector<Members> repositories_;  // the first is the one asked about
  std::string first_;
};

}  // namespace tenure::bench
