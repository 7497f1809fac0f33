#include "projections/formats/ocsf_classes.h"

#include <array>
#include <cstddef>

namespace tenure::formats {

namespace {

using enum OcsfClass;

struct Both {
  Deed deed;
  OcsfActivity now, coming;
};

constexpr OcsfActivity entity(int id, std::string_view name) { return {entity_management, id, name}; }
constexpr OcsfActivity group(int id, std::string_view name) { return {group_management, id, name}; }
constexpr OcsfActivity user(int id, std::string_view name) { return {user_management, id, name}; }
constexpr OcsfActivity role(int id, std::string_view name) { return {role_management, id, name}; }

constexpr OcsfActivity assign{user_access, 1, "Assign Privileges"}, revoke{user_access, 2, "Revoke Privileges"};

// In the order of Deed.
constexpr std::array deeds{
    Both{Deed::create_user, {account_change, 1, "Create"}, user(1, "Create")},
    Both{Deed::enable_user, {account_change, 2, "Enable"}, user(4, "Enable")},
    Both{Deed::disable_user, {account_change, 5, "Disable"}, user(5, "Disable")},
    Both{Deed::delete_user, {account_change, 6, "Delete"}, user(3, "Delete")},
    Both{Deed::other_user, {account_change, ocsf_other, "Other"}, user(ocsf_other, "Other")},
    Both{Deed::assign_role, assign, user(16, "Assign Roles")},
    Both{Deed::remove_role, revoke, user(17, "Remove Roles")},
    Both{Deed::assign_privilege, assign, user(14, "Assign Privileges")},
    Both{Deed::remove_privilege, revoke, user(15, "Remove Privileges")},
    Both{Deed::create_group, group(6, "Create"), group(6, "Create")},
    Both{Deed::delete_group, group(5, "Delete"), group(5, "Delete")},
    Both{Deed::add_to_group, group(3, "Add User"), group(3, "Add User")},
    Both{Deed::remove_from_group, group(4, "Remove User"), group(4, "Remove User")},
    Both{Deed::add_subgroup, group(7, "Add Subgroup"), group(7, "Add Subgroup")},
    Both{Deed::remove_subgroup, group(8, "Remove Subgroup"), group(8, "Remove Subgroup")},
    Both{Deed::assign_to_group, group(1, "Assign Privileges"), group(1, "Assign Privileges")},
    Both{Deed::revoke_from_group, group(2, "Revoke Privileges"), group(2, "Revoke Privileges")},
    Both{Deed::other_group, group(ocsf_other, "Other"), group(ocsf_other, "Other")},
    Both{Deed::create_role, entity(1, "Create"), role(1, "Create")},
    Both{Deed::update_role, entity(3, "Update"), role(2, "Update")},
    Both{Deed::delete_role, entity(4, "Delete"), role(3, "Delete")},
    Both{Deed::create_entity, entity(1, "Create"), entity(1, "Create")},
    Both{Deed::update_entity, entity(3, "Update"), entity(3, "Update")},
    Both{Deed::delete_entity, entity(4, "Delete"), entity(4, "Delete")},
    Both{Deed::enable_entity, entity(8, "Enable"), entity(8, "Enable")},
    Both{Deed::disable_entity, entity(9, "Disable"), entity(9, "Disable")},
    Both{Deed::other_entity, entity(ocsf_other, "Other"), entity(ocsf_other, "Other")},
};

constexpr bool in_order() {
  for (std::size_t i = 0; i < deeds.size(); ++i) {
    if (static_cast<std::size_t>(deeds[i].deed) != i) return false;
  }
  return deeds.size() == static_cast<std::size_t>(Deed::other_entity) + 1;
}
static_assert(in_order(), "one row a deed, in the order of Deed");

}  // namespace

const OcsfActivity& ocsf_activity(Deed deed, bool coming) {
  const Both& both = deeds[static_cast<std::size_t>(deed)];
  return coming ? both.coming : both.now;
}

std::string_view caption(OcsfClass of) {
  switch (of) {
    case account_change:
      return "Account Change";
    case entity_management:
      return "Entity Management";
    case user_access:
      return "User Access Management";
    case group_management:
      return "Group Management";
    case user_management:
      return "User Management";
    case role_management:
      return "Role Management";
  }
  return {};
}

bool came_with_1_9(OcsfClass of) { return of == user_management || of == role_management; }

}  // namespace tenure::formats
