// Reads a model's roles and merges what they inherit.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "events/limits.h"
#include "events/model/model_reader.h"

namespace tenure {
namespace {

using Need = Members::Need;

std::optional<Cardinality> cardinality_from(std::string_view text) {
  if (text == "exactly_one") return Cardinality::exactly_one;
  if (text == "at_least_one") return Cardinality::at_least_one;
  return std::nullopt;
}

// How much a grant shows of what it is about; more is better.
int width(Visibility visibility) {
  switch (visibility) {
    case Visibility::all:
      return 3;
    case Visibility::all_unless_assigned:
      return 2;
    case Visibility::where_assigned:
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

using Cells = ModelReader::Cells;

// `cells` with `more`; what `cells` states already stands first in `better`.
Cells merged(const Cells& cells, const Cells& more) {
  Cells both;
  both.reserve(cells.size() + more.size());
  auto a = cells.begin();
  auto b = more.begin();
  while (a != cells.end() || b != more.end()) {
    if (b == more.end() || (a != cells.end() && a->first < b->first)) {
      both.push_back(*a++);
    } else if (a == cells.end() || b->first < a->first) {
      both.push_back(*b++);
    } else {
      both.emplace_back(a->first, better(a->second, b->second));
      ++a, ++b;
    }
  }
  return both;
}

bool before(const Cells::value_type& entry, PermissionIndex permission) { return entry.first < permission; }

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
  Cells& cells = own_cells[role];
  members.each_named("grants", Need::optional, limits::model_permissions_max,
                     [&](const std::string& id, const nlohmann::json& json, const std::string& pointer) {
                       const auto permission = permission_named(id, pointer);
                       if (!permission || *permission >= model->permissions_.size()) return;
                       cells.emplace_back(*permission, read_cell(*permission, json, pointer));
                     });
  std::unordered_set<PermissionIndex> stated;
  for (const auto& [permission, cell] : cells) stated.insert(permission);
  members.each_text("unspecified", limits::model_permissions_max, [&](const std::string& id, const std::string& at) {
    const auto permission = permission_named(id, at);
    if (!permission) return;
    if (!stated.insert(*permission).second) {
      return faults.add(at, "\"" + id + "\" is granted, or stands here for the second time.");
    }
    cells.emplace_back(*permission, Cell{0, Visibility::all, true});
  });
  std::sort(cells.begin(), cells.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  take_levels(cells);
}

// Adds what `cells` is silent of and takes from another permission.
void ModelReader::take_levels(Cells& cells) {
  Cells taken;
  for (std::size_t i = 0; i < model->permissions_.size(); ++i) {
    const PermissionRule& rule = model->permissions_[i];
    if (!rule.level_from) continue;
    const auto here = std::lower_bound(cells.begin(), cells.end(), static_cast<PermissionIndex>(i), before);
    if (here != cells.end() && here->first == i) continue;
    const auto source = std::lower_bound(cells.begin(), cells.end(), *rule.level_from, before);
    if (source == cells.end() || source->first != *rule.level_from || source->second.unspecified) continue;
    const LevelIndex level = source->second.level;
    taken.emplace_back(static_cast<PermissionIndex>(i), Cell{level, rule.visibility_at(level), false});
  }
  if (!taken.empty()) cells = merged(cells, taken);
}

Cell ModelReader::read_cell(PermissionIndex permission, const nlohmann::json& json, const std::string& pointer) {
  Cell cell;
  const PermissionRule& rule = model->permissions_[permission];
  if (json.is_string()) {
    cell.level = level_named(permission, json.get<std::string>(), pointer).value_or(0);
    cell.visibility = rule.visibility_at(cell.level);
  } else if (json.is_object()) {
    Members members(faults, json, pointer, {"level", "visibility"});
    if (const auto level = members.text("level", Need::required)) {
      cell.level = level_named(permission, *level, members.at("level")).value_or(0);
    }
    cell.visibility = rule.visibility_at(cell.level);
    if (const auto* visibility = members.find("visibility")) {
      cell.visibility = visibility_named(*visibility, members.at("visibility")).value_or(Visibility::all);
    }
  } else {
    faults.add(pointer, "A level, or an object with level and visibility, should stand here.");
  }
  return cell;
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

// Roles may stand in any order: each is merged when all that it inherits are. Those that are left when nothing more can
// be merged inherit in a circle, or from one that does.
void ModelReader::merge_inherited(Members& top) {
  const std::size_t count = model->roles_.size();
  std::vector<std::size_t> waits(count, 0);
  std::vector<std::vector<RoleIndex>> heirs(count);
  std::vector<RoleIndex> ready;
  for (std::size_t role = 0; role < count; ++role) {
    for (const RoleIndex other : model->roles_[role].inherits) {
      ++waits[role];
      if (other < count) heirs[other].push_back(static_cast<RoleIndex>(role));
    }
    if (waits[role] == 0) ready.push_back(static_cast<RoleIndex>(role));
  }
  model->cells_.resize(count);
  std::size_t cells = 0, merging = 0;  // what stands in the end, and what was gone through on the way
  for (std::size_t next = 0; next < ready.size(); ++next) {
    const RoleIndex role = ready[next];
    Cells inherited;
    for (const RoleIndex other : model->roles_[role].inherits) {
      inherited = merged(inherited, model->cells_[other]);
      merging += inherited.size();
    }
    model->cells_[role] = merged(own_cells[role], inherited);
    cells += model->cells_[role].size();
    if (cells > limits::model_cells_max || merging > limits::model_merging_max) {
      return top.fault("roles", "These roles inherit too much: together they have at most " +
                                    std::to_string(limits::model_cells_max) + " cells.");
    }
    for (const RoleIndex heir : heirs[role]) {
      if (--waits[heir] == 0) ready.push_back(heir);
    }
  }
  for (std::size_t role = 0; role < count; ++role) {
    if (waits[role] == 0) continue;
    faults.add(pointer_to(pointer_to(top.at("roles"), role), "inherits"), "Inheritance runs in a circle here.");
  }
}

}  // namespace tenure
