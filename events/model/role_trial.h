// Tries out, on made-up members, how one role could be given by another: with the judgement that events get.
//
// Part of the search for escalations (analysis.h). Roles are given by their place: the model's in its order, then the
// most powerful custom role where the model has custom roles. Not thread-safe: each question is judged once and
// remembered.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "events/model/analysis.h"
#include "events/model/role_power.h"

namespace tenure {

// A way to a role: what is done, and by which rule.
struct Way {
  std::vector<std::string_view> actions;
  std::string rule;
  bool direct = true;  // it becomes the account's own role: what it lets do counts from here on
};

class RoleTrial {
 public:
  explicit RoleTrial(const AccessModel& model);

  std::size_t count() const { return roles_.size(); }
  AnalysedRole analysed(std::size_t role) const { return roles_[role]; }
  const RolePower& power(std::size_t role) const { return powers_[role]; }
  // What of the role counts, in order of permission.
  const std::vector<std::pair<PermissionIndex, LevelIndex>>& held(std::size_t role) const { return held_[role]; }

  // How an account in the role `actor` gives `gives` to itself.
  std::optional<Way> to_self(std::size_t actor, std::size_t gives);
  // To an account in the role `from`; nothing: to somebody who is no member yet.
  std::optional<Way> to_other(std::size_t actor, std::optional<std::size_t> from, std::size_t gives);
  // How an account in the role makes the custom role, or changes one into it.
  std::optional<Way> makes_custom(std::size_t actor);
  // Whether an account in the role may take a member of some role out of the team.
  bool removes(std::size_t actor);

 private:
  void add(AnalysedRole role);

  const AccessModel& model_;
  std::vector<AnalysedRole> roles_;
  std::vector<RolePower> powers_;
  std::vector<std::vector<std::pair<PermissionIndex, LevelIndex>>> held_;
  std::map<std::array<std::size_t, 3>, std::optional<Way>> answers_;
};

// The model's roles, but for the owner's, in which a member may remove members, then those in which they may give
// members another role; each in order of rank, the highest first.
std::vector<RoleIndex> roles_that_manage_members(const AccessModel& model);

}  // namespace tenure
