// The organization at an event's time, as the access model's judge sees it (events/judge.h).
//
// Threads and failures as Facts: ask `failure` after the verdict; a verdict on failed reads is void.
#pragma once

#include <map>

#include "events/judge.h"
#include "projections/access.h"

namespace tenure::projections {

// Members that were seen to hold a role, where a rule asks whether the role has a holder left. Each is asked again, so
// that hints may be stale and the count is exact; they only spare the list. Owned by the writer; one thread.
class HolderHints {
 public:
  static constexpr std::size_t members_max = 16;    // of one role
  static constexpr std::size_t roles_max = 20'000;  // of all organizations; emptied when full

  struct Role {
    OrgNumber org = 0;
    Number role = 0;
    bool disabled_too = false;
    auto operator<=>(const Role&) const = default;
  };
  const std::vector<Number>& of(const Role& role) const;
  void keep(const Role& role, std::vector<Number> members);
  // After changes that were undone: a number may come to name something else.
  void forget() { members_.clear(); }

 private:
  std::map<Role, std::vector<Number>> members_;
};

class FactsTeamState : public TeamState {
 public:
  // `people` are resolved: their subjects are set (an unknown person's subject has no number yet).
  FactsTeamState(Facts facts, Models::Model model, HolderHints* hints = nullptr)
      : access_(std::move(facts), std::move(model)), hints_(hints) {}

  Status status(const Person& person) const override;
  bool disabled_anywhere(const Person& person) const override;
  bool has_links(const Person& person) const override;
  RoleId direct_role(const Person& person) const override;
  std::size_t holders(const RoleId& role, std::size_t enough) const override;
  std::size_t active_holders(const RoleId& role, std::size_t enough) const override;
  bool holds(const Person& person, PermissionIndex permission, LevelIndex level) const override;
  bool holds_on(const Person& person, PermissionIndex permission, LevelIndex level,
                const ResourceId& resource) const override;
  bool disabled_in(const Person& person, const AreaRule& area) const override;
  std::optional<LevelIndex> granted(const RoleId& role, PermissionIndex permission) const override;
  std::optional<LevelIndex> stated(const RoleId& role, PermissionIndex permission) const override;
  bool role_exists(const RoleId& role) const override;
  bool role_was_deleted(const RoleId& role) const override;
  bool group_exists(const GroupId& group) const override;
  bool in_group(const Person& person, const GroupId& group) const override;
  bool org_deleted() const override;
  std::vector<RoleId> group_roles(const GroupId& group) const override;
  bool resource_exists(const ResourceId& resource) const override;

  Access& access() const { return access_; }
  Number member(const Person& person) const;
  const std::optional<Failure>& failure() const { return access_.facts().failure(); }

 private:
  std::size_t count_holders(const RoleId& role, std::size_t enough, bool disabled_too) const;

  // Asking fills caches; the facts themselves do not change.
  mutable Access access_;
  HolderHints* hints_;
};

}  // namespace tenure::projections
