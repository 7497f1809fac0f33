// The mapping: what each event type is to the SIEM formats. One table, one row a type; README.md says it in words.
//
// Constants; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tenure::formats {

// What happened, in the terms that OCSF has activities for. ocsf_classes.cpp gives each its class and activity.
enum class Deed : std::uint8_t {
  create_user,
  enable_user,
  disable_user,
  delete_user,
  other_user,
  assign_role,
  remove_role,
  assign_privilege,
  remove_privilege,
  create_group,
  delete_group,
  add_to_group,
  remove_from_group,
  add_subgroup,
  remove_subgroup,
  assign_to_group,
  revoke_from_group,
  other_group,
  create_role,
  update_role,
  delete_role,
  create_entity,
  update_entity,
  delete_entity,
  enable_entity,
  disable_entity,
  other_entity,
};

// What an event is about, and so which of its fields name it.
enum class About : std::uint8_t {
  organization,
  setting,
  feature,
  member,
  ownership,
  role,
  group,
  membership,
  grant,
  resource,
  assignment,
  event,
  line,     // a line of another log
  refused,  // what was refused is told as what it would have been
  model,
  token,
  consumer,
  sink,
  sod_rule,
  finding,
  review_definition,
  review,  // its person is whose hold was decided, or who is asked
  access_report,
  nothing_known,
};

// What a record makes beside its first OCSF message; steps.cpp makes them.
enum class Also : std::uint8_t {
  nothing,
  founding,     // the owner's power
  arrival,      // the role that came with it
  acceptance,   // the role and groups of the invitation
  departure,    // role, grants, assignments and groups that ended
  role_change,  // the role that ended
  ownership,    // both people
  group_birth,  // its place and role
  group_edit,   // places and roles, old and new
  group_end,    // members, children, place, role and grants that ended
  grant,        // to a person, a group or everyone
  area,         // of a member, a part or all
};

// In the order of how much they matter; OCSF's severity_id is the value itself.
enum class Severity : std::uint8_t { informational = 1, low = 2, medium = 3, high = 4 };

struct Row {
  std::string_view type;  // "member.added"
  std::string_view name;  // in words: "Member added"
  About about = About::nothing_known;
  Deed deed = Deed::other_entity;
  std::string_view activity;  // OCSF's activity_name where the deed is one that OCSF has no activity for
  Also also = Also::nothing;
  std::string_view ecs_kind;    // ECS event.type: user, group, admin or info
  std::string_view ecs_change;  // ECS event.type: creation, deletion, change or info
  bool configuration = false;   // ECS event.category has configuration beside iam
  Severity severity = Severity::informational;
};

std::span<const Row> rows();
// The type's row; for a type without one the row of what is not known, whose `type` is empty.
const Row& row_of(std::string_view type);

}  // namespace tenure::formats
