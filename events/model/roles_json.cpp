// Reads a model's roles and merges what they inherit.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/limits.h"
#include "events/model/model_reader.h"

namespace tenure {
namespace {

using Need = Members::Need;

std::optional<Visibility> visibility_from(std::string_view text) {
  if (text == "all") return Visibility::all;
  if (text == "assigned") return Visibility::assigned;
  if (text == "all_unless_assigned") return Visibility::all_unless_assigned;
  return std::nullopt;
}

std::optional<Cardinality> cardinality_from(std::string_view text) {
  if (text == "exactly_one") return Cardinality::exactly_one;
  if (text == "at_least_one") return Cardinality::at_least_one;
  return std::nullopt;
}

// How much a grant shows of what it is about; more is better.
int width(Visibility visibility) {
  switch (visibility) {
    case Visibility::all:
      return 2;
    case Visibility::all_unless_assigned:
      return 1;
    case Visibility::assigned:
      break;
  }
  return 0;
}

// The better of two grants. Between two that give nothing, a stated "no access" is known and a blank is not.
Cell better(const Cell& own, const Cell& inherited) {
  if (own.level != inherited.level) return own.level > inherited.level ? own : inherited;
  if (own.level == 0) return own;
  return width(own.visibility) >= width(inherited.visibility) ? own : inherited;
}

using Cells = std::map<PermissionIndex, Cell>;

// Adds `more` to `cells`; what `cells` states already stands first in `better`.
void merge(Cells& cells, const Cells& more) {
  for (const auto& [permission, cell] : more) {
    const auto [at, added] = cells.emplace(permission, cell);
    if (!added) at->second = better(at->second, cell);
  }
}

}  // namespace

void ModelReader::read_role(const nlohmann::json& json, const std::string& pointer) {
  Members members(faults, json, pointer,
                  {"id", "name", "kind", "description", "rank", "inherits", "cardinality", "available", "member_role",
                   "grants", "unspecified"});
  RoleRule rule;
  rule.id = RoleId(members.identifier("id", Need::required).value_or(""));
  rule.name = members.text("name", Need::required).value_or("");
  rule.description = members.text("description").value_or("");
  read_role_parts(rule, members);
  const auto role = static_cast<RoleIndex>(model->roles_.size());
  model->roles_.push_back(std::move(rule));
  own_cells.emplace_back();
  read_grants(role, members);
}

void ModelReader::read_role_parts(RoleRule& rule, Members& members) {
  if (members.text("kind").value_or("system") != "system") {
    members.fault("kind", "A model defines roles of kind \"system\"; custom roles are made by events.");
  }
  constexpr std::int64_t rank_max = 1'000'000;
  rule.rank = static_cast<int>(members.whole_number("rank", 0, rank_max).value_or(0));
  rule.inherits = roles_named(members, "inherits");
  if (const auto text = members.text("cardinality")) {
    const auto cardinality = cardinality_from(*text);
    if (!cardinality) members.fault("cardinality", "\"exactly_one\" or \"at_least_one\" should stand here.");
    rule.cardinality = cardinality.value_or(Cardinality::any);
  }
  rule.available = members.flag("available").value_or(true);
  rule.member_role = members.flag("member_role").value_or(true);
  if (rule.cardinality != Cardinality::any && !(rule.available && rule.member_role)) {
    members.fault("cardinality", "A role that no member can have directly cannot need a holder.");
  }
}

void ModelReader::read_grants(RoleIndex role, Members& members) {
  if (model->scales_.empty()) return;
  members.each_named("grants", Need::optional, limits::model_permissions_max,
                     [&](const std::string& id, const nlohmann::json& json, const std::string& pointer) {
                       const auto permission = permission_named(id, pointer);
                       if (permission && *permission < model->permissions_.size())
                         read_cell(role, *permission, json, pointer);
                     });
  members.each_text("unspecified", limits::model_permissions_max, [&](const std::string& id, const std::string& at) {
    const auto permission = permission_named(id, at);
    if (!permission) return;
    if (!own_cells[role].emplace(*permission, Cell{0, Visibility::all, true}).second) {
      faults.add(at, "\"" + id + "\" is granted, or stands here for the second time.");
    }
  });
}

void ModelReader::read_cell(RoleIndex role, PermissionIndex permission, const nlohmann::json& json,
                            const std::string& pointer) {
  Cell cell;
  if (json.is_string()) {
    cell.level = level_named(permission, json.get<std::string>(), pointer).value_or(0);
  } else if (json.is_object()) {
    Members members(faults, json, pointer, {"level", "visibility"});
    if (const auto level = members.text("level", Need::required)) {
      cell.level = level_named(permission, *level, members.at("level")).value_or(0);
    }
    if (const auto text = members.text("visibility")) {
      const auto visibility = visibility_from(*text);
      if (!visibility)
        members.fault("visibility", "\"all\", \"assigned\" or \"all_unless_assigned\" should stand here.");
      cell.visibility = visibility.value_or(Visibility::all);
    }
  } else {
    faults.add(pointer, "A level, or an object with level and visibility, should stand here.");
  }
  own_cells[role].emplace(permission, cell);
}

void ModelReader::read_owner_roles(Members& top) {
  const auto& roles = model->roles_;
  const auto highest = std::max_element(roles.begin(), roles.end(), [](const RoleRule& a, const RoleRule& b) {
    return a.available != b.available ? b.available : a.rank < b.rank;
  });
  model->owner_role_ = static_cast<RoleIndex>(highest - roles.begin());
  const auto direct = [&](std::string_view name) {
    const auto role = role_named(top.text(name), top.at(name));
    if (role && !(roles[*role].available && roles[*role].member_role)) {
      top.fault(name, "No member can have this role directly.");
    }
    return role;
  };
  if (const auto owner = direct("owner_role")) {
    model->owner_role_ = *owner;
    model->has_owner_role_ = true;
  }
  model->former_owner_role_ = direct("former_owner_role");
  for (std::size_t role = 0; role < roles.size(); ++role) {
    if (model->has_owner_role_ && role == model->owner_role_) continue;
    for (const auto& [permission, cell] : model->cells_[role]) {
      if (!model->permissions_[permission].owner_only || cell.level == 0) continue;
      faults.add(pointer_to(pointer_to(top.at("roles"), role), "grants"),
                 "\"" + model->permissions_[permission].id.text + "\" belongs to the owner's role alone.");
    }
  }
}

// Roles may stand in any order, so a role is merged when all that it inherits are; a round that merges none of
// those left has found a circle.
void ModelReader::merge_inherited(Members& top) {
  const std::size_t count = model->roles_.size();
  std::vector<Cells> merged = own_cells;
  std::vector<bool> done(count, false);
  for (bool moved = true; moved;) {
    moved = false;
    for (std::size_t role = 0; role < count; ++role) {
      const auto& inherits = model->roles_[role].inherits;
      const auto waits = [&](RoleIndex other) { return other >= count || !done[other]; };
      if (done[role] || std::any_of(inherits.begin(), inherits.end(), waits)) continue;
      Cells inherited;
      for (const RoleIndex other : inherits) merge(inherited, merged[other]);
      merge(merged[role], inherited);
      done[role] = moved = true;
    }
  }
  model->cells_.resize(count);
  for (std::size_t role = 0; role < count; ++role) {
    if (!done[role]) {
      faults.add(pointer_to(pointer_to(top.at("roles"), role), "inherits"), "Inheritance runs in a circle here.");
    }
    for (const auto& [permission, cell] : merged[role]) {
      if (cell.level > 0 || cell.unspecified) model->cells_[role].emplace_back(permission, cell);
    }
  }
}

}  // namespace tenure
