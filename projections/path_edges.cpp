// What a path rests on beside the links that lead to its role: each way up to a group, the membership and the
// invitation behind it, what is assigned, and the model that begins with a setting's value.
#include <algorithm>

#include "projections/access.h"

namespace tenure::projections {

std::vector<Access::GroupLink> Access::ways_to_groups(Number member) {
  struct Way {
    GroupLink link;
    std::vector<Number> passed;
  };
  std::vector<Way> ways;
  std::unordered_set<Number> reached;
  for (const Live* l : groups_of(member)) {
    const Number group = l->slot.a;
    reached.insert(group);
    ways.push_back({{group, {{"in group " + facts_.name(group).name, standing_since(member, *l, {group})}}}, {group}});
    std::vector<Edge>& edges = ways.back().link.edges;
    add_coming(edges, group, edges.back().event);
  }
  for (std::size_t i = 0; i < ways.size() && model_->groups_inherit_from_parents(); ++i) {
    const Number group = ways[i].link.group, above = group_parent(group);
    const std::vector<Number>& passed = ways[i].passed;
    if (above == 0 || std::find(passed.begin(), passed.end(), above) != passed.end()) continue;
    // So far up, what is reached by another way already is told by that one.
    if (!reached.insert(above).second && passed.size() >= chain_max) continue;
    Way up = ways[i];
    up.link.group = above;
    up.passed.push_back(above);
    const Live* parent = facts_.state(group).find({SlotKind::parent});
    up.link.edges.push_back({"below group " + facts_.name(above).name, standing_since(group, *parent, {above})});
    add_coming(up.link.edges, above, up.link.edges.back().event);
    ways.push_back(std::move(up));
  }
  std::vector<GroupLink> links;
  for (Way& way : ways) links.push_back(std::move(way.link));
  return links;
}

// ---- what came to be there after it was linked to ------------------------------------------------

// What the model has itself comes with it, and so does a resource of a kind that needs not be declared.
std::optional<Edge> Access::coming(Number other, Point link) {
  const NamedEntity& named = facts_.name(other);
  const bool is_role = named.kind == EntityKind::role;
  if (is_role && system_role(other)) return std::nullopt;
  const EntityState state = is_role ? custom_role_at(other, facts_.at()) : facts_.state(other);
  const Live* exists = state.find({SlotKind::exists});
  if (!exists || exists->since <= link) return std::nullopt;
  if (is_role) return Edge{"role " + named.name + " created", exists->since};
  if (named.kind == EntityKind::group) return Edge{"group " + named.name + " created", exists->since};
  const ResourceKind* kind = model_->resource_kind(kind_of(named.name));
  if (kind && !kind->declared && !state.find({SlotKind::ended})) return std::nullopt;
  return Edge{named.name + " added", exists->since};
}

void Access::add_coming(std::vector<Edge>& edges, Number other, Point link) {
  auto edge = coming(other, link);
  if (!edge) return;
  const bool told = std::any_of(edges.begin(), edges.end(), [&](const Edge& e) { return e.event == edge->event; });
  if (!told) edges.push_back(std::move(*edge));
}

// ---- membership and invitations ------------------------------------------------------------------

void Access::complete(Path& path, Number member, const Question& question) {
  const EntityState& state = facts_.state(member);
  if (path.assigned) add_assignment(path, member, question);
  const bool for_members = path.kind != PathKind::grant || !model_->outsiders_hold_scoped_grants();
  if (for_members || path.assigned) add_membership(path, state);
  for (std::size_t i = 0; i < path.edges.size(); ++i) {
    const auto invitation = state.invitation_behind(path.edges[i].event);
    if (!invitation) continue;
    path.edges.insert(path.edges.begin() + static_cast<std::ptrdiff_t>(i), {"invited", *invitation});
    ++i;
  }
  if (const auto enabled = enabled_again(member, path, question)) path.edges.push_back({"enabled again", *enabled});
  const std::string& feature = model_->permissions()[question.permission].feature;
  if (const auto since = feature_since(feature)) path.edges.push_back({"feature " + feature + " enabled", *since});
}

void Access::add_membership(Path& path, const EntityState& member) {
  const Live* exists = member.find({SlotKind::exists});
  if (!exists) return;
  const bool told =
      std::any_of(path.edges.begin(), path.edges.end(), [&](const Edge& edge) { return edge.event == exists->since; });
  if (!told) path.edges.insert(path.edges.begin(), {"member", exists->since});
}

// ---- what was switched on ------------------------------------------------------------------------

// As the model now in force cuts: at no other time is it asked what is held now.
std::optional<Point> Access::enabled_again(Number member, const Path& path, const Question& question) {
  const EntityState& state = facts_.state(member);
  const bool anybody = path.kind == PathKind::grant && model_->outsiders_hold_scoped_grants();
  const Live* began = state.find({anybody ? SlotKind::ended : SlotKind::exists});
  const Point from = began ? (anybody ? began->at : began->since) : Point{std::numeric_limits<std::int64_t>::min(), 0};
  const auto& kept = model_->kept_when_disabled();
  const bool is_kept = std::find(kept.begin(), kept.end(), question.permission) != kept.end();
  const auto is_cut = [&](Point at) {
    const std::vector<Number> areas = disabled_in(member, at, 0);
    if (path.kind == PathKind::everyone && holds_area(areas, 0)) return true;
    return !is_kept && std::any_of(areas.begin(), areas.end(), [&](Number area) {
      return area == 0 || model_->in_area(question.permission, facts_.name(area).name);
    });
  };
  const std::vector<Entry> entries =
      anybody ? facts_.entries_until(member, facts_.at()) : facts_.entries_between(member, from, facts_.at());
  for (auto entry = entries.rbegin(); entry != entries.rend(); ++entry) {
    const SlotKind kind = entry->slot.kind;
    const bool enables = (kind == SlotKind::disabled && entry->op != Op::set) || kind == SlotKind::enabled_in;
    if (!enables || entry->op == Op::end || entry->at <= from) continue;
    if (is_cut({entry->at.us, entry->at.position - 1}) && !is_cut(entry->at)) return entry->at;
  }
  return std::nullopt;
}

std::optional<Point> Access::feature_since(const std::string& feature) {
  const Number number = feature.empty() ? 0 : facts_.number(EntityKind::feature, feature);
  if (number == 0) return std::nullopt;
  const FeatureRule* rule = model_->feature(feature);
  const bool on_by_default = rule && rule->on_by_default;
  bool on = on_by_default;
  std::optional<Point> since;
  for (const Entry& entry : facts_.entries_until(facts_.org_entity(), facts_.at())) {
    const bool turns = entry.op == Op::set && entry.slot == Slot{SlotKind::feature, number};
    if (!turns && entry.op != Op::end) continue;
    const bool then = turns ? entry.value != 0 : on_by_default;
    if (!then || !turns) since.reset();
    if (then && !on && turns) since = entry.at;
    on = then;
  }
  return since;
}

// ---- assignments ---------------------------------------------------------------------------------

// Where a cell reaches what is assigned even if nothing is, it rests on no assignment.
std::optional<Path::Assigned> Access::assigned_by_reach(Reach reach, Visibility visibility, const Question& question) {
  if (reach != Reach::assigned) return std::nullopt;
  if (question.resource) return Path::Assigned{asked_scopes(question).one};
  return visibility == Visibility::where_assigned ? std::nullopt : std::optional(Path::Assigned{});
}

std::optional<Path::Assigned> Access::assigned_by_scope(const EntityState& member, Visibility visibility,
                                                        Number scope) {
  if (visibility == Visibility::all) return std::nullopt;
  const std::string kind(kind_of(facts_.name(scope).name));
  if (visibility == Visibility::all_unless_assigned && !any_assignment(member, kind)) return std::nullopt;
  return Path::Assigned{scope};
}

void Access::add_assignment(Path& path, Number member, const Question& question) {
  const Number resource = path.assigned->resource;
  const auto edges = resource != 0 ? way_to_resource(member, resource)
                                   : way_to_kind(member, model_->permissions()[question.permission].resource_kind);
  // What came to be there is told once, though a grant leads to it as well.
  for (const Edge& edge : edges) {
    const bool told =
        std::any_of(path.edges.begin(), path.edges.end(), [&](const Edge& e) { return e.event == edge.event; });
    if (!told) path.edges.push_back(edge);
  }
}

std::optional<Edge> Access::assignment(Number member, Number resource) {
  const EntityState& state = facts_.state(member);
  std::optional<Edge> oldest;
  const auto consider = [&](const Live* link, const char* what) {
    if (!link || !resource_exists(resource, link->at)) return;
    const Point since = standing_since(member, *link, {resource});
    if (!oldest || since < oldest->event) oldest = Edge{what + facts_.name(resource).name, since};
  };
  consider(state.find({SlotKind::assigned, resource}), "assigned ");
  if (owned_by_creator(resource)) consider(state.find({SlotKind::created, resource}), "added ");
  return oldest;
}

Access::Tied Access::tie(Number resource, const Live& parent) {
  return {{facts_.name(resource).name + " in " + facts_.name(parent.value).name,
           standing_since(resource, parent, {parent.value})},
          parent.value};
}

std::vector<Edge> Access::with_comings(std::vector<Tied> ties) {
  std::vector<Edge> edges;
  for (Tied& tied : ties) {
    const Point link = tied.edge.event;
    edges.push_back(std::move(tied.edge));
    add_coming(edges, tied.to, link);
  }
  return edges;
}

// Of several ways the one that has stood longest as a whole, then the one whose assignment has.
std::vector<Edge> Access::way_to_resource(Number member, Number resource) {
  std::vector<Tied> best, ties;
  std::pair<Point, Point> best_since;
  Point tied{};
  for (int step = 0; resource != 0 && step < chain_max; ++step) {
    if (auto edge = assignment(member, resource)) {
      const std::pair since(std::max(tied, edge->event), edge->event);
      if (best.empty() || since < best_since) {
        best_since = since;
        best.assign(1, Tied{std::move(*edge), resource});
        best.insert(best.end(), ties.rbegin(), ties.rend());
      }
    }
    const Live* parent = facts_.state(resource).find({SlotKind::parent});
    if (!parent || !resource_exists(parent->value, parent->at)) break;
    ties.push_back(tie(resource, *parent));
    tied = std::max(tied, ties.back().edge.event);
    resource = parent->value;
  }
  return with_comings(std::move(best));
}

// The assignment that has stood longest of those to a resource of the kind, or else to one in which such a one lies.
std::vector<Edge> Access::way_to_kind(Number member, const std::string& kind) {
  if (any_assigned_ && any_assigned_->member == member && any_assigned_->kind == kind) return any_assigned_->edges;
  const bool of_kind = any_assignment(facts_.state(member), kind);
  std::vector<std::pair<Edge, Number>> assigned;
  for (const Number resource : assignments_of(member)) {
    if (of_kind && kind_of(facts_.name(resource).name) != kind) continue;
    if (auto edge = assignment(member, resource)) assigned.emplace_back(std::move(*edge), resource);
  }
  std::sort(assigned.begin(), assigned.end(),
            [](const auto& a, const auto& b) { return a.first.event < b.first.event; });
  std::vector<Tied> ties;
  for (auto& [edge, resource] : assigned) {
    ties.assign(1, Tied{std::move(edge), resource});
    if (of_kind || add_ties_to_kind(ties, resource, kind, 0)) break;
    ties.clear();
  }
  std::vector<Edge> edges = with_comings(std::move(ties));
  any_assigned_ = AnyAssigned{member, kind, edges};
  return edges;
}

// By the children that have lain in it longest.
bool Access::add_ties_to_kind(std::vector<Tied>& ties, Number resource, const std::string& kind, int depth) {
  if (depth > chain_max) return false;
  std::vector<Interval> children = facts_.list({ListKind::children, resource});
  std::sort(children.begin(), children.end(), [](const auto& a, const auto& b) { return a.since < b.since; });
  for (const Interval& child : children) {
    const EntityState& state = facts_.state(child.principal);
    const Live* parent = state.find({SlotKind::parent});
    if (!resource_exists(resource, child.link) || !state.exists() || !parent) continue;
    ties.push_back(tie(child.principal, *parent));
    if (kind_of(facts_.name(child.principal).name) == kind) return true;
    if (add_ties_to_kind(ties, child.principal, kind, depth + 1)) return true;
    ties.pop_back();
  }
  return false;
}

// ---- settings ------------------------------------------------------------------------------------

Edge Access::setting_edge(Edge edge) {
  if (edge.event.position != 0) return edge;
  edge.what += ", as the model begins";
  if (const Live* model = facts_.state(facts_.org_entity()).find({SlotKind::model})) edge.event = model->since;
  return edge;
}

}  // namespace tenure::projections
