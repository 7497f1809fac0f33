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

// Goes back through the instants at which the holders of a role may have changed, until things were as they should be.
class Since {
 public:
  Since(Access& access, const RoleId& role, FindingKind kind)
      : access_(access), facts_(access.facts()), role_(role), kind_(kind) {}

  Point find() {
    collect();
    Point since{};
    for (auto at = points_.rbegin(); at != points_.rend(); ++at) {
      // What happens within an instant counts by its result.
      if (at != points_.rbegin() && std::prev(at)->us == at->us) continue;
      if (!stands(Point::end_of(Instant{at->us}))) break;
      since = *at;
    }
    return since;
  }

 private:
  bool stands(Point at) {
    Facts then = facts_.moved_to(at);
    const auto model = then.model_at(then.at());
    const auto role = model ? model->role(role_.text) : std::nullopt;
    if (!role || !then.state(then.org_entity()).exists()) return false;
    const RoleRule& rule = model->roles()[*role];
    Access access(std::move(then), model);
    const Number number = facts_.number(EntityKind::role, role_.text);
    const std::size_t holders = number == 0 ? 0 : access.holders(number, 2, true).size();
    return kind_ == FindingKind::holders_over ? is_over(rule, holders) : is_under(rule, holders);
  }

  void add_entries(Number entity, bool (*is)(const Entry&)) {
    for (const Entry& entry : facts_.entries(entity)) {
      if (entry.at <= facts_.at() && is(entry)) points_.insert(entry.at);
    }
  }

  void collect() {
    const Number role = facts_.number(EntityKind::role, role_.text);
    std::vector<Number> roles = access_.roles_that_lead_elsewhere();
    if (role != 0) roles.push_back(role);
    for (const Number each : roles) {
      for (const Point at : facts_.changes_of({ListKind::holders, each})) points_.insert(at);
      add_entries(each, [](const Entry& entry) { return entry.op == Op::end; });
    }
    add_entries(facts_.org_entity(), [](const Entry& entry) {
      return entry.op == Op::end || entry.slot.kind == SlotKind::model || entry.slot.kind == SlotKind::exists;
    });
  }

  Access& access_;
  Facts& facts_;
  const RoleId& role_;
  FindingKind kind_;
  std::set<Point> points_;
};

}  // namespace

void find_holders(Access& access, FindingKind kind, std::vector<Finding>& found) {
  Facts& facts = access.facts();
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
    const Point since = Since(access, rule.id, kind).find();
    Finding& finding = add_finding(found, kind, role, 0, since,
                                   over ? "more than one member has the role " + rule.id.text + ", which is for one"
                                        : "nobody has the role " + rule.id.text + ", which somebody must have");
    finding.role = rule.id.text;
    std::set<std::uint64_t> given;
    for (const Number member : holders) given.insert(access.role_since(member).position);
    given.erase(since.position);
    finding.evidence.insert(finding.evidence.end(), given.begin(), given.end());
  }
}

}  // namespace tenure::projections
