// The access model's judgement of an event: who may do what to whom.
//
// Pure: state comes in through TeamState, the verdict goes out. No allocation when the verdict is
// `allowed` beyond its rule's id. Complexity: O(rules of the action).
#pragma once

#include <optional>
#include <string_view>

#include "events/model/access_model.h"
#include "events/record.h"

namespace tenure {

// The organization as it stood at the event's time, before the event, as known when it is judged.
class TeamState {
 public:
  enum class Status : std::uint8_t { unknown, invited, active, disabled, removed };

  virtual ~TeamState() = default;
  virtual Status status(const Person& person) const = 0;
  // The person's direct role: its id, system or custom; empty if none.
  virtual RoleId direct_role(const Person& person) const = 0;
  // How many active members hold the role directly; counting stops at `enough`.
  virtual std::size_t holders(const RoleId& role, std::size_t enough) const = 0;
  // Whether the person holds the permission at that level on anything.
  virtual bool holds(const Person& person, PermissionIndex permission, LevelIndex level) const = 0;
  virtual bool role_exists(const RoleId& role) const = 0;   // custom roles; system roles are the model's
  virtual bool role_was_deleted(const RoleId& role) const = 0;
  virtual bool group_exists(const GroupId& group) const = 0;
  virtual bool resource_exists(const ResourceId& resource) const = 0;
};

// allowed, violation (rule and sentence) or unspecified. Events of kind `system` or basis `baseline` are judged
// like any other by the model's rules; `source.recorded` and Tenure's own events are always allowed.
Verdict judge(const AccessModel& model, const Event& event, const TeamState& before);

// What mode `enforce` asks beyond the verdict: that every member, role, group, resource, permission, feature and setting
// which the event names is known. The refusal names the field.
Decided<void> check_names(const AccessModel& model, const Event& event, const TeamState& before);

}  // namespace tenure
