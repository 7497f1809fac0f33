// The access model's judgement of an event: who may do what to whom.
//
// Pure: state comes in through TeamState, the verdict goes out. No allocation when the verdict is
// `allowed` beyond its rule's id. Complexity: O(rules of the action).
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "events/model/access_model.h"
#include "events/record.h"

namespace tenure {

// The organization as it stood at the event's time, before the event, as known when it is judged.
class TeamState {
 public:
  enum class Status : std::uint8_t { unknown, invited, active, disabled, removed };

  virtual ~TeamState() = default;
  virtual Status status(const Person& person) const = 0;
  // Whether the person is disabled, altogether or in some area.
  virtual bool disabled_anywhere(const Person& person) const { return status(person) == Status::disabled; }
  // Whether somebody who was removed has been given anything since (a role, groups, grants, assignments) that another
  // removal would end.
  virtual bool has_links(const Person& person) const {
    (void)person;
    return false;
  }
  // The person's direct role: its id, system or custom; empty if none.
  virtual RoleId direct_role(const Person& person) const = 0;
  // How many members hold the role directly, disabled ones too; counting stops at `enough`.
  virtual std::size_t holders(const RoleId& role, std::size_t enough) const = 0;
  // How many of them are not disabled.
  virtual std::size_t active_holders(const RoleId& role, std::size_t enough) const = 0;
  // Whether the person holds the permission at that level on anything.
  virtual bool holds(const Person& person, PermissionIndex permission, LevelIndex level) const = 0;
  // Whether the person holds it on that resource; with the id "*", on every resource of the kind. Asked for events that
  // name a resource. A state that cannot tell resources apart answers for anything.
  virtual bool holds_on(const Person& person, PermissionIndex permission, LevelIndex level,
                        const ResourceId& resource) const {
    (void)resource;
    return holds(person, permission, level);
  }
  // Whether the person is a member who is disabled in that area of the model.
  virtual bool disabled_in(const Person& person, const AreaRule& area) const {
    (void)person, (void)area;
    return false;
  }
  // What a custom role grants of the permission; nothing for a state that cannot tell.
  virtual std::optional<LevelIndex> granted(const RoleId& role, PermissionIndex permission) const {
    (void)role, (void)permission;
    return std::nullopt;
  }
  // What a custom role's own definition says of that very permission, by its creation or an edit; nothing where that
  // follows from its base or from another permission.
  virtual std::optional<LevelIndex> stated(const RoleId& role, PermissionIndex permission) const {
    (void)role, (void)permission;
    return std::nullopt;
  }
  virtual bool role_exists(const RoleId& role) const = 0;  // custom roles; system roles are the model's
  virtual bool role_was_deleted(const RoleId& role) const = 0;
  virtual bool group_exists(const GroupId& group) const = 0;
  // Whether the person is in the group, or in one below it that inherits what it has.
  virtual bool in_group(const Person& person, const GroupId& group) const {
    (void)person, (void)group;
    return false;
  }
  // The roles that being in the group gives on the whole organization, each once, in any order. None for a state that
  // cannot tell.
  virtual std::vector<RoleId> group_roles(const GroupId& group) const {
    (void)group;
    return {};
  }
  virtual bool resource_exists(const ResourceId& resource) const = 0;
  // Whether the organization was deleted before: nobody has anything in it.
  virtual bool org_deleted() const { return false; }
};

// allowed, violation (rule and sentence) or unspecified, in this order:
//   what changes nothing, `source.recorded`, `org.created` and what Tenure writes itself is allowed;
//   what no model permits (events/lifecycle.h) is a violation;
//   found so (basis baseline) while nobody holds the owner's role yet is allowed: a history has to begin;
//   then the model's rules: a prohibition that matches, then an allowance that matches; rules that allow the action to
//   others make it a violation "<action>.not_allowed"; an action of which no rule says who may is unspecified, and so
//   is one for which the actor would need a permission that the text of their role leaves blank.
// An event that is allowed and grants a custom role what has no effect says so in `because`.
// Sentences name roles, permissions and rules and never a person, since they are kept in the log.
Verdict judge(const AccessModel& model, const Event& event, const TeamState& before);

// What mode `enforce` asks beyond the verdict: that every member, role, group, resource, permission, level, feature and
// setting in the event's `data` is known. The refusal names the field ("/data/role"). An actor who is unknown is not
// refused here: the judgement denies the attempt, so that it is recorded.
Decided<void> check_names(const AccessModel& model, const Event& event, const TeamState& before);

// The same person: by subject where both have one, else by identity.
bool same_person(const Person& a, const Person& b);

}  // namespace tenure
