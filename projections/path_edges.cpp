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
    ways.push_back(std::move(up));
  }
  std::vector<GroupLink> links;
  for (Way& way : ways) links.push_back(std::move(way.link));
  return links;
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
}

void Access::add_membership(Path& path, const EntityState& member) {
  const Live* exists = member.find({SlotKind::exists});
  if (!exists) return;
  const bool told =
      std::any_of(path.edges.begin(), path.edges.end(), [&](const Edge& edge) { return edge.event == exists->since; });
  if (!told) path.edges.insert(path.edges.begin(), {"member", exists->since});
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
  path.edges.insert(path.edges.end(), edges.begin(), edges.end());
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

Edge Access::tie(Number resource, const Live& parent) {
  return {facts_.name(resource).name + " in " + facts_.name(parent.value).name,
          standing_since(resource, parent, {parent.value})};
}

// Of several ways the one that has stood longest as a whole, then the one whose assignment has.
std::vector<Edge> Access::way_to_resource(Number member, Number resource) {
  std::vector<Edge> best, ties;
  std::pair<Point, Point> best_since;
  Point tied{};
  for (int step = 0; resource != 0 && step < chain_max; ++step) {
    if (auto edge = assignment(member, resource)) {
      const std::pair since(std::max(tied, edge->event), edge->event);
      if (best.empty() || since < best_since) {
        best_since = since;
        best.assign(1, std::move(*edge));
        best.insert(best.end(), ties.rbegin(), ties.rend());
      }
    }
    const Live* parent = facts_.state(resource).find({SlotKind::parent});
    if (!parent || !resource_exists(parent->value, parent->at)) break;
    ties.push_back(tie(resource, *parent));
    tied = std::max(tied, ties.back().event);
    resource = parent->value;
  }
  return best;
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
  std::vector<Edge> edges;
  for (auto& [edge, resource] : assigned) {
    edges.assign(1, std::move(edge));
    if (of_kind || add_ties_to_kind(edges, resource, kind, 0)) break;
    edges.clear();
  }
  any_assigned_ = AnyAssigned{member, kind, edges};
  return edges;
}

// By the children that have lain in it longest.
bool Access::add_ties_to_kind(std::vector<Edge>& edges, Number resource, const std::string& kind, int depth) {
  if (depth > chain_max) return false;
  std::vector<Interval> children = facts_.list({ListKind::children, resource});
  std::sort(children.begin(), children.end(), [](const auto& a, const auto& b) { return a.since < b.since; });
  for (const Interval& child : children) {
    const EntityState& state = facts_.state(child.principal);
    const Live* parent = state.find({SlotKind::parent});
    if (!resource_exists(resource, child.link) || !state.exists() || !parent) continue;
    edges.push_back(tie(child.principal, *parent));
    if (kind_of(facts_.name(child.principal).name) == kind) return true;
    if (add_ties_to_kind(edges, child.principal, kind, depth + 1)) return true;
    edges.pop_back();
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
