#include "tools/measure/swap_history.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "tools/measure/can_questions.h"

namespace tenure::bench {
namespace {

constexpr std::size_t owners = 300, holders_of_one = SwapHistory::answers - owners;
constexpr std::size_t all_repositories = 1'000, holders_of_others = 5;
constexpr std::int64_t joined_ms = 1'448'928'000'000;  // 1 December 2015
constexpr std::int64_t first_ms = 1'451'606'400'000;   // 1 January 2016
constexpr std::int64_t between_ms = 50'000;

}  // namespace

SwapHistory::SwapHistory(std::uint64_t seed, std::size_t members)
    : random_(seed),
      members_(std::max(members, members_least)),
      at_ms_(joined_ms),
      owners_(owners),
      repositories_(all_repositories) {
  std::iota(owners_.begin(), owners_.end(), 0);
  repositories_[0].resize(holders_of_one);
  std::iota(repositories_[0].begin(), repositories_[0].end(), members_ / 2);
}

std::string SwapHistory::member(std::size_t number) { return fmt::format("member-{:06}@acme.test", number); }

std::int64_t SwapHistory::step_ms(std::size_t step) { return first_ms + static_cast<std::int64_t>(step) * between_ms; }

std::size_t SwapHistory::beginning_lines() const { return members_ + holders_of_one; }

std::vector<std::pair<std::size_t, bool>> SwapHistory::holders() const {
  std::vector<std::pair<std::size_t, bool>> all;
  for (const std::size_t owner : owners_) all.emplace_back(owner, true);
  for (const std::size_t holder : repositories_[0]) all.emplace_back(holder, false);
  std::sort(all.begin(), all.end());
  return all;
}

void SwapHistory::event(std::string& out, std::string_view type, const std::string& values) const {
  out.append(R"({"type":")").append(type).append(R"(","occurred_at":")").append(instant_text(at_ms_));
  out.append(R"(","actor":{"kind":"integration","id":"sync"},"data":{)").append(values).append("}}\n");
}

std::string SwapHistory::granted(std::size_t holder, std::size_t repository) const {
  return fmt::format(R"("principal":"member:{}","role":"write","on":"repo:acme/repo-{}")", member(holder), repository);
}

std::pair<std::size_t, std::size_t> SwapHistory::swap(Members& held, std::size_t from, std::size_t count) {
  const auto has = [&](std::size_t who) { return std::find(held.begin(), held.end(), who) != held.end(); };
  std::size_t comes = from + pick(count);
  while (has(comes)) comes = from + pick(count);
  std::size_t& place = held[pick(held.size())];
  return {std::exchange(place, comes), comes};
}

void SwapHistory::plan_step() {
  at_ms_ = step_ms(step_);
  const std::size_t half = members_ / 2, kind = pick(10);
  first_.clear();
  second_.clear();
  if (kind < 4) {
    const auto [goes, comes] = swap(owners_, 0, half);
    event(first_, "member.role_changed", fmt::format(R"("member":"{}","role":"member")", member(goes)));
    event(second_, "member.role_changed", fmt::format(R"("member":"{}","role":"owner")", member(comes)));
    return;
  }
  const std::size_t repository = kind < 7 ? 0 : 1 + pick(all_repositories - 1);
  Members& held = repositories_[repository];
  if (repository > 0 && held.size() < holders_of_others) {
    // Not as many there yet: two begin and nobody's ends.
    for (std::string* line : {&first_, &second_}) {
      const std::size_t comes = pick(members_);
      if (std::find(held.begin(), held.end(), comes) == held.end()) held.push_back(comes);
      event(*line, "role.granted", granted(comes, repository));
    }
    return;
  }
  const auto [goes, comes] = repository == 0 ? swap(held, half, members_ - half) : swap(held, 0, members_);
  event(first_, "role.revoked", granted(goes, repository));
  event(second_, "role.granted", granted(comes, repository));
}

void SwapHistory::next(std::string& out) {
  if (said_ < members_) {
    event(out, "member.added",
          fmt::format(R"("member":"{}","role":"{}")", member(said_), said_ < owners ? "owner" : "member"));
  } else if (said_ < beginning_lines()) {
    event(out, "role.granted", granted(members_ / 2 + said_ - members_, 0));
  } else if ((said_ - beginning_lines()) % 2 == 0) {
    plan_step();
    out += first_;
  } else {
    out += second_;
    ++step_;
  }
  ++said_;
}

}  // namespace tenure::bench
