// Roles that more have than the model's one, or nobody has where somebody must, and since when.
#include <algorithm>
#include <set>

#include "projections/findings_parts.h"

namespace tenure::projections {

namespace {

constexpr std::size_t evidence_max = 20;

bool is_under(const RoleRule& rule, std::size_t holders) {
  return rule.cardinality != Cardinality::any && holders == 0;
}
bool is_over(const RoleRule& rule, std::size_t holders) {
  return rule.cardinality == Cardinality::exactly_one && holders > 1;
}

// Every event with which the holders of a role may have become too many or too few.
std::vector<Point> turns_of_holders(Access& access, Number role) {
  Facts& facts = access.facts();
  std::vector<Point> points;
  std::vector<Number> roles = access.roles_that_lead_elsewhere();
  if (role != 0) roles.push_back(role);
  for (const Number each : roles) {
    for (const Point at : facts.changes_of({ListKind::holders, each})) points.push_back(at);
    for (const Entry& entry : facts.entries(each)) {
      if (entry.op == Op::end) points.push_back(entry.at);
    }
  }
  add_turns_of_org(facts, points);
  return points;
}

Point since(const Looking& looking, const RoleId& id, FindingKind kind) {
  const Number number = looking.facts().number(EntityKind::role, id.text);
  return stood_since(looking, turns_of_holders(looking.access, number), [&](Access& then) {
    const auto role = then.model().role(id.text);
    if (!role || !then.facts().state(then.facts().org_entity()).exists()) return false;
    const RoleRule& rule = then.model().roles()[*role];
    const std::size_t holders = number == 0 ? 0 : then.holders(number, 2, true).size();
    return kind == FindingKind::holders_over ? is_over(rule, holders) : is_under(rule, holders);
  });
}

}  // namespace

void find_holders(const Looking& looking, FindingKind kind) {
  Access& access = looking.access;
  Facts& facts = looking.facts();
  if (!facts.state(facts.org_entity()).exists()) return;  // what is not there needs no owner
  for (const RoleRule& rule : access.model().roles()) {
    const Number role = facts.number(EntityKind::role, rule.id.text);
    std::vector<Number> holders;
    if (role != 0) {
      const auto all = access.holders(role, evidence_max, true);
      holders.assign(all.begin(), all.end());
    }
    const bool over = kind == FindingKind::holders_over;
    if (over ? !is_over(rule, holders.size()) : !is_under(rule, holders.size())) continue;
    const Point opened = since(looking, rule.id, kind);
    Finding& finding = looking.add(kind, role, 0, opened,
                                   over ? "more than one member has the role " + rule.id.text + ", which is for one"
                                        : "nobody has the role " + rule.id.text + ", which somebody must have");
    finding.role = rule.id.text;
    std::set<std::uint64_t> given;
    for (const Number member : holders) given.insert(access.role_since(member).position);
    given.erase(opened.position);
    finding.evidence.insert(finding.evidence.end(), given.begin(), given.end());
  }
}

}  // namespace tenure::projections
