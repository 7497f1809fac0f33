// The organization at an event's time, as the access model's judge sees it (events/judge.h).
//
// Threads and failures as Facts: ask `failure` after the verdict; a verdict on failed reads is void.
#pragma once

#include "events/judge.h"
#include "projections/access.h"

namespace tenure::projections {

class FactsTeamState : public TeamState {
 public:
  // `people` are resolved: their subjects are set (an unknown person's subject has no number yet).
  FactsTeamState(Facts facts, Models::Model model) : access_(std::move(facts), std::move(model)) {}

  Status status(const Person& person) const override;
  RoleId direct_role(const Person& person) const override;
  std::size_t holders(const RoleId& role, std::size_t enough) const override;
  bool holds(const Person& person, PermissionIndex permission, LevelIndex level) const override;
  bool holds_on(const Person& person, PermissionIndex permission, LevelIndex level,
                const ResourceId& resource) const override;
  bool disabled_in(const Person& person, const AreaRule& area) const override;
  std::optional<LevelIndex> granted(const RoleId& role, PermissionIndex permission) const override;
  bool role_exists(const RoleId& role) const override;
  bool role_was_deleted(const RoleId& role) const override;
  bool group_exists(const GroupId& group) const override;
  bool resource_exists(const ResourceId& resource) const override;

  Access& access() const { return access_; }
  Number member(const Person& person) const;
  const std::optional<Failure>& failure() const { return access_.facts().failure(); }

 private:
  // Asking fills caches; the facts themselves do not change.
  mutable Access access_;
};

}  // namespace tenure::projections
