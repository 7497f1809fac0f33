// Custom roles that nobody has, or that grant exactly what another one does, and since when.
#include <algorithm>
#include <map>

#include "projections/findings_parts.h"

namespace tenure::projections {

namespace {

using Cells = std::vector<std::pair<LevelIndex, Visibility>>;

Cells cells_of(const AccessModel& model, const std::function<Cell(PermissionIndex)>& cell) {
  Cells cells;
  for (PermissionIndex p = 0; p < model.permissions().size(); ++p) {
    const Cell granted = cell(p);
    cells.emplace_back(granted.level, granted.level == 0 ? Visibility::all : granted.visibility);
  }
  return cells;
}

Cells cells_of(Access& access, Number role) {
  return cells_of(access.model(), [&](PermissionIndex p) { return access.cell(role, p); });
}
Cells cells_of(const AccessModel& model, RoleIndex role) {
  return cells_of(model, [&](PermissionIndex p) { return model.cell(role, p); });
}

// Since when nobody has had a role: since it was made, or the last link to it was ended.
class Unheld {
 public:
  Unheld(const Looking& looking, Number role)
      : looking_(looking), access_(looking.access), facts_(looking.facts()), role_(role) {}

  Point since() {
    std::vector<Point> points;
    add_entries(facts_, role_, points);
    add_turns_of_org(facts_, points);
    const List grants{ListKind::grants_of, role_};
    std::vector<List> lists{grants, {ListKind::holders, role_}};
    for (const Number other : others_that_lead_here()) {
      lists.push_back({ListKind::holders, other});
      add_entries(facts_, other, points);  // a deletion may have moved its holders
    }
    for (const List list : lists) {
      for (const Point at : facts_.changes_of(list)) points.push_back(at);
    }
    // A grant goes with its scope.
    std::unordered_set<Number> scopes;
    for (const Interval& grant : facts_.list_over(grants, Instant::min(), Instant::max())) {
      if (scopes.insert(grant.extra).second) add_entries(facts_, grant.extra, points);
    }
    return stood_since(looking_, std::move(points),
                       [&](Access& then) { return then.is_custom(role_) && !then.role_held(role_); });
  }

 private:
  // Roles whose holders may have, or have had, this one: by a deletion, or because a model's owner stands for it.
  std::vector<Number> others_that_lead_here() {
    std::vector<Number> others;
    for (const Number other : access_.roles_that_lead_elsewhere()) {
      std::unordered_set<Number> seen;
      if (other != role_ && leads_here(other, seen)) others.push_back(other);
    }
    return others;
  }

  bool leads_here(Number from, std::unordered_set<Number>& seen) {
    if (from == role_) return true;
    if (from == 0 || !seen.insert(from).second) return false;
    const std::string& name = facts_.name(from).name;
    const bool owner = name == implied_owner;
    if (owner || name == implied_former_owner) {
      const auto models = facts_.models_over(Instant::min(), Instant{facts_.at().us});
      return std::any_of(models.begin(), models.end(), [&](const Models::Model& model) {
        const auto role = owner ? std::optional(model->owner_role()) : model->former_owner_role();
        return role && leads_here(facts_.number(EntityKind::role, model->roles()[*role].id.text), seen);
      });
    }
    const auto entries = facts_.entries(from);
    return std::any_of(entries.begin(), entries.end(),
                       [&](const Entry& entry) { return entry.op == Op::end && leads_here(entry.value, seen); });
  }

  const Looking& looking_;
  Access& access_;
  Facts& facts_;
  Number role_;
};

}  // namespace

void find_unheld_roles(const Looking& looking) {
  for (const Number role : looking.access.custom_roles()) {
    looking.meanwhile();
    if (looking.access.role_held(role)) continue;
    looking.add(FindingKind::custom_role_unheld, role, 0, Unheld(looking, role).since(),
                "no member, group or scope has the role");
  }
}

void find_same_roles(const Looking& looking) {
  Access& access = looking.access;
  Facts& facts = looking.facts();
  const AccessModel& model = access.model();
  struct Same {
    Number role = 0;  // 0: one of the model's
    std::string name;
  };
  std::map<Cells, Same> known;
  for (RoleIndex r = 0; r < model.roles().size(); ++r) {
    known.emplace(cells_of(model, r), Same{0, model.roles()[r].id.text});
  }
  for (const Number role : access.custom_roles()) {
    const auto [same, is_new] = known.emplace(cells_of(access, role), Same{role, facts.name(role).name});
    if (is_new) continue;
    const Same& other = same->second;
    const auto stands = [&](Access& then) {
      if (!then.is_custom(role)) return false;
      const Cells cells = cells_of(then, role);
      if (other.role != 0) return then.is_custom(other.role) && cells == cells_of(then, other.role);
      const auto twin = then.model().role(other.name);
      return twin && cells == cells_of(then.model(), *twin);
    };
    std::vector<Point> points;
    add_entries(facts, role, points);
    if (other.role != 0) add_entries(facts, other.role, points);
    add_turns_of_org(facts, points);
    Finding& finding = looking.add(FindingKind::custom_role_duplicate, role, other.role,
                                   stood_since(looking, std::move(points), stands),
                                   "it grants exactly what the role " + other.name + " does");
    finding.role = other.name;
  }
}

}  // namespace tenure::projections
