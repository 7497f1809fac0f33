// Which events certainly cannot turn a permission: nobody's access to it is another one by them, whoever holds what. So
// nobody has to be compared.
//
// What anybody has of a permission rests on the permission itself, those above it and those that hang below it, on what
// roles say of these or of what they take their levels from, and on what they are about. An event that touches nothing
// of that is told by its own words, a role's by what the role said before. Whatever is not sure may turn it.
//
// One thread; errors stick in the facts. Complexity: the permissions that it rests on.
#pragma once

#include <map>
#include <span>

#include "projections/access.h"

namespace tenure::projections {

class Turning {
 public:
  Turning(Facts& facts, PermissionId permission) : facts_(facts), permission_(std::move(permission)) {}

  // The points of an entity's events that may turn it, in order.
  std::vector<Point> of(EntityKind kind, Number entity);

 private:
  // What it rests on under one model.
  struct Ground {
    Models::Model model;
    std::vector<PermissionIndex> permissions;  // none: the model has no such permission
    bool on_resources = false;                 // one of them is about resources
  };
  using Event = std::span<const Entry>;

  const Ground& ground_at(Point at);
  const Ground& ground_of(Models::Model model);
  bool may_turn(const Ground& ground, EntityKind kind, Event event);
  bool role_may_turn(const Ground& ground, const EntityState& before, Event event);
  bool org_entry_may_turn(const Ground& ground, const Entry& entry);
  bool gives(const Ground& ground, Number role);
  // Whether a role's word on a permission is one on what it rests on, and gives something.
  bool speaks(const Ground& ground, Number permission);
  bool gives(const Ground& ground, Number permission, Number level);
  bool says_something(const Ground& ground, const EntityState& role);
  bool org_ended();

  Facts& facts_;
  PermissionId permission_;
  std::map<const AccessModel*, Ground> grounds_;
  std::vector<std::pair<Point, const Ground*>> in_force_;  // from when on, in order; made when first asked for
  std::optional<bool> org_ended_;
};

}  // namespace tenure::projections
