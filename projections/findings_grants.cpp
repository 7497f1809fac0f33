// Scoped grants that give nothing, why, and since when.
#include "projections/findings_parts.h"

namespace tenure::projections {

namespace {

struct Grant {
  Number holder = 0, role = 0, scope = 0;
};

// Why a grant gives nothing; empty if it may.
std::string idle_because(Access& access, const Grant& grant, Point link) {
  Facts& facts = access.facts();
  const NamedEntity& holder = facts.name(grant.holder);
  if (holder.kind == EntityKind::group && !access.group_exists(grant.holder)) return "the group is not there";
  if (!access.role_exists(grant.role)) return "the role is not there";
  if (!access.resource_exists(grant.scope, link)) return "the resource is not there";
  if (holder.kind == EntityKind::member && !access.active(grant.holder) &&
      !access.model().outsiders_hold_scoped_grants()) {
    return "whoever has it is no member";
  }
  const std::string& scope = facts.name(grant.scope).name;
  const bool on_one = scope != "org" && !scope.ends_with(":*");
  bool where_assigned = false;
  for (PermissionIndex p = 0; p < access.model().permissions().size(); ++p) {
    const std::string& kind = access.model().permissions()[p].resource_kind;
    if (scope != "org" && (kind.empty() || kind_of(scope) != kind)) continue;
    const Cell cell = access.cell(grant.role, p);
    if (cell.level == 0) continue;
    // Of whom a group's grant, or everyone's, is worth nothing is each one's own affair.
    const bool depends = on_one && holder.kind == EntityKind::member && cell.visibility != Visibility::all;
    if (!depends || access.assigned_where_needed(facts.state(grant.holder), cell.visibility, grant.scope)) return {};
    where_assigned = true;
  }
  return where_assigned ? "the role gives it on what is assigned alone, and it is not assigned to whoever has it"
                        : "the role gives nothing there";
}

// Whether it is a grant still: what was ended is none any more, whether or not its ends are there again.
bool stands(Access& access, const Grant& grant, Point link) {
  return !access.ended_since(grant.role, link) && !access.ended_since(grant.scope, link);
}

// Adds when the resource, or what it lies in, came or went, or what is assigned to the holder.
void add_turns_of_assignment(Facts& facts, const Grant& grant, std::vector<Point>& points) {
  std::vector<Number> resources{grant.scope};
  for (const Entry& entry : facts.entries(grant.holder)) {
    if (entry.slot.kind != SlotKind::assigned && entry.slot.kind != SlotKind::created) continue;
    points.push_back(entry.at);
    resources.push_back(entry.slot.a);
  }
  std::unordered_set<Number> seen;
  for (std::size_t next = 0; next < resources.size(); ++next) {
    if (!seen.insert(resources[next]).second) continue;
    for (const Entry& entry : facts.entries(resources[next])) {
      points.push_back(entry.at);
      if (entry.slot.kind == SlotKind::parent && entry.value != 0) resources.push_back(entry.value);
    }
  }
}

// Since when it has given nothing: since it was given, or since what took its effect.
Point idle_since(const Looking& looking, const Grant& grant) {
  Facts& facts = looking.facts();
  std::vector<Point> points;
  add_entries(facts, grant.role, points);
  add_turns_of_assignment(facts, grant, points);
  const Slot slot{SlotKind::grant, grant.scope, grant.role};
  for (const Entry& entry : facts.entries(grant.holder)) {
    const bool turns = entry.op == Op::end || entry.op == Op::accept || entry.slot.kind == SlotKind::exists;
    if (turns || entry.slot == slot) points.push_back(entry.at);
  }
  add_turns_of_org(facts, points);
  return stood_since(looking, std::move(points), [&](Access& then) {
    const Live* live = then.facts().state(grant.holder).find({SlotKind::grant, grant.scope, grant.role});
    return live && stands(then, grant, live->at) && !idle_because(then, grant, live->at).empty();
  });
}

void look_at(const Looking& looking, const Grant& grant, Point link) {
  looking.meanwhile();
  Access& access = looking.access;
  if (!stands(access, grant, link)) return;
  const std::string because = idle_because(access, grant, link);
  if (because.empty()) return;
  Facts& facts = access.facts();
  const std::string& on = facts.name(grant.scope).name;
  Finding& finding = looking.add(FindingKind::grant_without_effect, grant.holder, grant.role,
                                 idle_since(looking, grant), "the grant on " + on + " has no effect: " + because);
  finding.role = facts.name(grant.role).name;
  finding.on = on;
  // Who gave it, also where something else took its effect.
  const Live* live = facts.state(grant.holder).find({SlotKind::grant, grant.scope, grant.role});
  const Point given = live ? access.standing_since(grant.holder, *live, {grant.scope, grant.role}) : link;
  if (given.position != finding.since.position) finding.evidence.push_back(given.position);
}

}  // namespace

void find_idle_grants(const Looking& looking) {
  Facts& facts = looking.facts();
  for (const Number role : facts.numbers_of(EntityKind::role)) {
    for (const Interval& grant : facts.list({ListKind::grants_of, role})) {
      look_at(looking, {grant.principal, role, grant.extra}, grant.link);
    }
  }
  // What a group that is not there was granted stands in no list.
  for (const Number group : facts.numbers_of(EntityKind::group)) {
    if (looking.access.group_exists(group)) continue;
    const auto [first, last] = facts.state(group).of_kind(SlotKind::grant);
    for (const Live* grant = first; grant != last; ++grant) {
      look_at(looking, {group, grant->slot.b, grant->slot.a}, grant->at);
    }
  }
}

}  // namespace tenure::projections
