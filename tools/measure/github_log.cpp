#include "tools/measure/github_log.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace tenure::bench {
namespace {

// 1 January 2016 to the end of 2023.
constexpr std::int64_t begin_ms = 1'451'606'400'000, span_ms = 252'460'800'000;
constexpr std::size_t owners_least = 5, owners_most = 20, team_depth_most = 4;
// Every so many lines the organization changes what all members may do.
constexpr std::size_t lines_a_base_change = 20'000;
constexpr std::array<std::string_view, 6> level_names{"none", "read", "triage", "write", "maintain", "admin"};
constexpr std::array<std::string_view, 5> other_actions{"git.clone", "repo.create", "protected_branch.update",
                                                        "workflows.completed_workflow_run", "pull_request.merge"};

template <class T>
void drop(std::vector<T>& from, const T& what) {
  const auto at = std::find(from.begin(), from.end(), what);
  if (at == from.end()) return;
  *at = from.back();
  from.pop_back();
}

unsigned held(const std::vector<std::pair<std::size_t, unsigned>>& grants, std::size_t repository) {
  for (const auto& [which, level] : grants) {
    if (which == repository) return level;
  }
  return 0;
}

}  // namespace

GithubLog::GithubLog(std::string org, std::uint64_t seed, std::size_t lines)
    : org_(std::move(org)),
      random_(seed),
      lines_(std::max<std::size_t>(lines, owners_least + 2)),
      repositories_(std::clamp<std::size_t>(lines / 500, 20, 2'000)) {}

std::int64_t GithubLog::first_ms() const { return begin_ms; }
std::int64_t GithubLog::last_ms() const { return begin_ms + span_ms; }

std::string GithubLog::login(std::size_t person) { return fmt::format("dev-{:06}", person); }
std::string GithubLog::repository(std::size_t number) const { return fmt::format("{}/repo-{}", org_, number); }
std::string_view GithubLog::level_name(unsigned level) { return level_names.at(level); }

// ---- what is so now -------------------------------------------------------------------------------

unsigned GithubLog::team_level(std::size_t team, std::size_t repository) const {
  unsigned best = 0;
  for (std::size_t t = team; t != nobody; t = teams_[t].parent)
    best = std::max(best, held(teams_[t].grants, repository));
  return best;
}

unsigned GithubLog::level(std::size_t person, std::size_t repository) const {
  const PersonState& who = people_[person];
  if (who.place == nobody) return 0;
  if (who.owner) return 5;
  unsigned best = std::max(base_, held(who.grants, repository));
  for (const std::size_t team : who.teams) best = std::max(best, team_level(team, repository));
  return best;
}

std::size_t GithubLog::likely_repository(std::size_t person, std::mt19937_64& random) const {
  const PersonState& who = people_[person];
  const Grants* grants = &who.grants;
  if (!who.teams.empty() && (grants->empty() || random() % 2 == 0)) {
    grants = &teams_[who.teams[random() % who.teams.size()]].grants;
  }
  return grants->empty() ? random() % repositories_ : (*grants)[random() % grants->size()].first;
}

void GithubLog::join(std::size_t person) {
  people_[person].place = members_.size();
  members_.push_back(person);
}

void GithubLog::leave_team(std::size_t team, std::size_t person) {
  drop(teams_[team].members, person);
  drop(people_[person].teams, team);
}

void GithubLog::leave(std::size_t person) {
  PersonState& who = people_[person];
  while (!who.teams.empty()) leave_team(who.teams.back(), person);
  who.grants.clear();
  people_[members_.back()].place = who.place;
  members_[who.place] = members_.back();
  members_.pop_back();
  who.place = nobody;
  gone_.push_back(person);
}

// ---- lines ----------------------------------------------------------------------------------------

void GithubLog::begin_line(std::string_view action) {
  // Several in a row may fall on the same millisecond, as in a real log.
  at_ms_ = begin_ms + static_cast<std::int64_t>(static_cast<double>(span_ms) / static_cast<double>(lines_) *
                                                static_cast<double>(line_ - line_ % 3));
  json_.clear();
  const auto out = std::back_inserter(json_);
  fmt::format_to(out, R"({{"_document_id":"{:016x}{:06x}","@timestamp":{},"created_at":{},"action":"{}",)", random_(),
                 line_ & 0xffffff, at_ms_, at_ms_, action);
  if (owners_.empty() || pick(10) < 7) {
    json_ += R"("actor":"sync-bot","actor_is_bot":true,)";
  } else {
    fmt::format_to(out, R"("actor":"{}",)", login(owners_[pick(owners_.size())]));
  }
  fmt::format_to(out, R"("org":"{}")", org_);
}

void GithubLog::text(std::string_view name, std::string_view value) {
  json_.append(",\"").append(name).append("\":\"").append(value).append("\"");
}
void GithubLog::team_text(std::string_view name, std::size_t team) {
  text(name, fmt::format("{}/team-{}", org_, team));
}

void GithubLog::end_line(std::string& out) { out.append(json_).append("}\n"); }

bool GithubLog::add_someone(bool owner) {
  const std::size_t person = people_.size();
  people_.emplace_back().owner = owner;
  join(person);
  begin_line("org.add_member");
  if (owner) owners_.push_back(person);
  text("user", login(person));
  text("permission", owner ? "admin" : "read");
  return true;
}

bool GithubLog::take_back() {
  if (gone_.empty()) return false;
  const std::size_t person = gone_[pick(gone_.size())];
  drop(gone_, person);
  join(person);
  begin_line("org.add_member");
  text("user", login(person));
  text("permission", "read");
  return true;
}

bool GithubLog::remove_someone() {
  const std::size_t person = pick_member();
  if (people_[person].owner) return false;
  leave(person);
  begin_line("org.remove_member");
  text("user", login(person));
  return true;
}

bool GithubLog::change_owner() {
  const bool down = owners_.size() >= owners_most || (owners_.size() > owners_least && pick(2) == 0);
  const std::size_t person = down ? owners_[pick(owners_.size())] : pick_member();
  if (people_[person].owner != down) return false;
  // Whoever acts must still have the power to.
  if (down) drop(owners_, person);
  begin_line("org.update_member");
  if (!down) owners_.push_back(person);
  people_[person].owner = !down;
  text("user", login(person));
  text("old_permission", down ? "admin" : "read");
  text("permission", down ? "read" : "admin");
  return true;
}

bool GithubLog::add_to_team() {
  if (teams_alive_.empty()) return false;
  const std::size_t team = pick_team(), person = pick_member();
  auto& teams = people_[person].teams;
  if (std::find(teams.begin(), teams.end(), team) != teams.end()) return false;
  teams.push_back(team);
  teams_[team].members.push_back(person);
  begin_line("team.add_member");
  team_text("team", team);
  text("user", login(person));
  return true;
}

bool GithubLog::remove_from_team() {
  if (teams_alive_.empty()) return false;
  const std::size_t team = pick_team();
  if (teams_[team].members.empty()) return false;
  const std::size_t person = teams_[team].members[pick(teams_[team].members.size())];
  leave_team(team, person);
  begin_line("team.remove_member");
  team_text("team", team);
  text("user", login(person));
  return true;
}

bool GithubLog::create_team() {
  const std::size_t team = teams_.size();
  TeamState made;
  if (!teams_alive_.empty() && pick(4) == 0) {
    made.parent = pick_team();
    std::size_t depth = 1;
    for (std::size_t t = made.parent; t != nobody; t = teams_[t].parent) ++depth;
    if (depth > team_depth_most) return false;
    ++teams_[made.parent].children;
  }
  made.place = teams_alive_.size();
  teams_alive_.push_back(team);
  begin_line("team.create");
  team_text("team", team);
  if (made.parent != nobody) team_text("parent_team", made.parent);
  teams_.push_back(std::move(made));
  return true;
}

bool GithubLog::destroy_team() {
  if (teams_alive_.empty()) return false;
  const std::size_t team = pick_team();
  TeamState& gone = teams_[team];
  if (gone.children > 0) return false;
  while (!gone.members.empty()) leave_team(team, gone.members.back());
  gone.grants.clear();
  if (gone.parent != nobody) --teams_[gone.parent].children;
  teams_[teams_alive_.back()].place = gone.place;
  teams_alive_[gone.place] = teams_alive_.back();
  teams_alive_.pop_back();
  begin_line("team.destroy");
  team_text("team", team);
  return true;
}

// A team without children moves under one that is a root, or becomes a root itself: no cycles, no deep nesting.
bool GithubLog::move_team() {
  if (teams_alive_.empty()) return false;
  const std::size_t team = pick_team(), target = pick_team();
  TeamState& moved = teams_[team];
  if (moved.children > 0 || team == target || teams_[target].parent != nobody) return false;
  if (moved.parent != nobody) --teams_[moved.parent].children;
  moved.parent = moved.parent == nobody ? target : nobody;
  begin_line("team.change_parent_team");
  team_text("team", team);
  if (moved.parent != nobody) {
    ++teams_[moved.parent].children;
    team_text("parent_team", moved.parent);
  }
  return true;
}

bool GithubLog::grant(bool to_team) {
  if (to_team && teams_alive_.empty()) return false;
  const std::size_t whose = to_team ? pick_team() : pick_member(), where = pick(repositories_);
  Grants& grants = to_team ? teams_[whose].grants : people_[whose].grants;
  if (held(grants, where) > 0) return false;
  const auto level = static_cast<unsigned>(1 + pick(5));
  grants.emplace_back(where, level);
  begin_line(to_team ? "team.add_repository" : "repo.add_member");
  to_team ? team_text("team", whose) : text("user", login(whose));
  text("repo", repository(where));
  text(to_team ? "new_repo_permission" : "permission", level_names[level]);
  return true;
}

bool GithubLog::change_grant(bool of_team) {
  if (of_team && teams_alive_.empty()) return false;
  const std::size_t whose = of_team ? pick_team() : pick_member();
  Grants& grants = of_team ? teams_[whose].grants : people_[whose].grants;
  if (grants.empty()) return false;
  auto& [where, level] = grants[pick(grants.size())];
  const unsigned before = level;
  level = 1 + (level + static_cast<unsigned>(pick(4))) % 5;
  begin_line(of_team ? "team.update_repository_permission" : "repo.update_member");
  of_team ? team_text("team", whose) : text("user", login(whose));
  text("repo", repository(where));
  text(of_team ? "old_repo_permission" : "old_permission", level_names[before]);
  text(of_team ? "new_repo_permission" : "permission", level_names[level]);
  ++events_;  // the old level ends, the new one begins
  return true;
}

bool GithubLog::revoke(bool from_team) {
  if (from_team && teams_alive_.empty()) return false;
  const std::size_t whose = from_team ? pick_team() : pick_member();
  Grants& grants = from_team ? teams_[whose].grants : people_[whose].grants;
  if (grants.empty()) return false;
  const auto ended = grants[pick(grants.size())];
  drop(grants, ended);
  begin_line(from_team ? "team.remove_repository" : "repo.remove_member");
  from_team ? team_text("team", whose) : text("user", login(whose));
  text("repo", repository(ended.first));
  text(from_team ? "old_repo_permission" : "old_permission", level_names[ended.second]);
  return true;
}

bool GithubLog::change_base() {
  begin_line("org.update_default_repository_permission");
  text("old_permission", level_names[base_]);
  base_ = base_ == 0 ? 1 : 0;
  text("permission", level_names[base_]);
  return true;
}

bool GithubLog::something_else() {
  begin_line(other_actions[pick(other_actions.size())]);
  text("repo", repository(pick(repositories_)));
  text("user_agent", "git/2.39.2");
  fmt::format_to(std::back_inserter(json_),
                 R"(,"request_id":"{:016x}","programmatic_access_type":"OAuth access token")", random_());
  ++recorded_only_;
  return true;
}

bool GithubLog::one_of_many() {
  const std::size_t n = pick(1'000);
  if (n < 330) return add_to_team();
  if (n < 510) return remove_from_team();
  if (n < 560) return add_someone(false);
  if (n < 580) return take_back();
  if (n < 625) return remove_someone();
  if (n < 645) return change_owner();
  if (n < 660) return create_team();
  if (n < 668) return destroy_team();
  if (n < 675) return move_team();
  if (n < 755) return grant(true);
  if (n < 815) return change_grant(true);
  if (n < 865) return revoke(true);
  if (n < 915) return grant(false);
  if (n < 940) return change_grant(false);
  if (n < 965) return revoke(false);
  return something_else();
}

// The organization begins, its first owners join, and everyone may read.
void GithubLog::opening() {
  if (line_ == 0) {
    begin_line("org.create");
  } else if (line_ <= owners_least) {
    add_someone(true);
  } else {
    change_base();
  }
}

bool GithubLog::next(std::string& out) {
  if (line_ >= lines_) return false;
  if (line_ <= owners_least + 1) {
    opening();
  } else if (line_ % lines_a_base_change == 0) {
    change_base();
  } else {
    while (!one_of_many()) {
    }
  }
  end_line(out);
  ++line_;
  ++events_;
  return true;
}

}  // namespace tenure::bench
