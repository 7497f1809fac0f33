#include "projections/access.h"

#include <algorithm>

namespace tenure::projections {

std::string_view to_text(Reach reach) {
  switch (reach) {
    case Reach::all:
      return "all";
    case Reach::assigned:
      return "assigned";
    case Reach::listed:
      break;
  }
  return "listed";
}

std::string_view to_text(PathKind kind) {
  switch (kind) {
    case PathKind::role:
      return "role";
    case PathKind::group:
      return "group";
    case PathKind::grant:
      return "grant";
    case PathKind::everyone:
      break;
  }
  return "everyone";
}

Access::Access(Facts facts, Models::Model model) : facts_(std::move(facts)), model_(std::move(model)) {}

// ---- roles ---------------------------------------------------------------------------------------

std::optional<RoleIndex> Access::system_role(Number role) {
  const auto it = system_.find(role);
  if (it != system_.end()) return it->second;
  return system_.emplace(role, model_->role(facts_.name(role).name)).first->second;
}

bool Access::role_exists(Number role) { return role != 0 && (system_role(role) || custom_role_exists(role)); }

Cell Access::cell(Number role, PermissionIndex permission) {
  const std::uint64_t key = static_cast<std::uint64_t>(role) << 16 | permission;
  if (const auto it = cells_.find(key); it != cells_.end()) return it->second;
  Cell found;
  if (const auto system = system_role(role)) {
    found = model_->cell(*system, permission);
  } else if (custom_role_exists(role)) {
    const PermissionRule& rule = model_->permissions()[permission];
    if (const auto grant = custom_grant(role, rule, facts_.at(), 0)) {
      found.level = model_->level(permission, grant->level).value_or(0);
      found.visibility = grant->visibility.value_or(rule.visibility_at(found.level));
    }
  }
  cells_.emplace(key, found);
  return found;
}

Number Access::named_role(Number role, Point link) {
  const std::string& name = role == 0 ? std::string() : facts_.name(role).name;
  if (name != implied_owner && name != implied_former_owner) return role;
  const auto model = facts_.model_at(link);
  if (!model) return 0;
  if (name == implied_owner) return facts_.number(EntityKind::role, model->roles()[model->owner_role()].id.text);
  const auto former = model->former_owner_role();
  return former ? facts_.number(EntityKind::role, model->roles()[*former].id.text) : 0;
}

Number Access::kept_role(Number role, Point link, std::vector<Edge>* edges, Point until) {
  role = named_role(role, link);
  for (int step = 0; role != 0 && step < chain_max; ++step) {
    const auto [first, last] = facts_.state(role).of_kind(SlotKind::ended);
    const Live* ended = nullptr;
    for (const Live* l = first; l != last; ++l) {
      const bool after = l->at > link && l->at <= until && (!ended || l->at < ended->at);
      if (after && !ended_nothing(role, l->at)) ended = l;
    }
    if (!ended) return role;
    if (edges && ended->value != 0) edges->push_back({"role deleted, its holders moved", ended->at});
    role = ended->value;
    link = ended->at;
  }
  return 0;
}

Number Access::resolve_role(Number role, Point link, std::vector<Edge>* edges) {
  const Number kept = kept_role(role, link, edges);
  return role_exists(kept) ? kept : 0;
}

bool Access::ended_since(Number other, Point link) {
  const auto [first, last] = facts_.state(other).of_kind(SlotKind::ended);
  return std::any_of(first, last, [&](const Live& l) { return l.at > link && !ended_nothing(other, l.at); });
}

// A role that the model of that time has as its own cannot be deleted: an event that says so is kept, and whoever holds
// the role holds it still.
bool Access::ended_nothing(Number other, Point ending) {
  if (facts_.name(other).kind != EntityKind::role) return false;
  const auto model = facts_.model_at(ending);
  return model && model->role(facts_.name(other).name);
}

Point Access::standing_since(Number holder, const Live& link, std::initializer_list<Number> others) {
  // The last end before the link was given the last time.
  Point ended{std::numeric_limits<std::int64_t>::min(), 0};
  for (const Number other : others) {
    const auto [first, last] = facts_.state(other).of_kind(SlotKind::ended);
    for (const Live* l = first; l != last; ++l) {
      if (l->at <= link.at && !ended_nothing(other, l->at)) ended = std::max(ended, l->at);
    }
  }
  // What an implied role stands for may have changed between two events that imply it.
  const bool is_role = link.slot.kind == SlotKind::role;
  const bool implied = is_role && named_role(link.value, link.at) != link.value;
  if (ended <= link.since && !implied) return link.since;
  EntityState state;
  std::optional<Point> since;
  for (const Entry& entry : facts_.entries_until(holder, facts_.at())) {
    if (entry.at > link.at) break;
    state.apply(entry);
    const Live* then = state.find(link.slot);
    const bool stands = then && then->value == link.value && then->at > ended &&
                        (!implied || named_role(then->value, then->at) == named_role(link.value, link.at));
    if (!stands) since.reset();
    if (stands && !since) since = then->at;
  }
  return since.value_or(link.at);
}

bool Access::has_links(Number member) {
  const EntityState& state = facts_.state(member);
  const Live* role = state.find({SlotKind::role});
  if (role && kept_role(role->value, role->at, nullptr) != 0) return true;
  const auto kept = [&](SlotKind kind) {
    const auto [first, last] = state.of_kind(kind);
    return std::any_of(first, last, [&](const Live& l) {
      return !ended_since(l.slot.a, l.at) && (kind != SlotKind::grant || !ended_since(l.slot.b, l.at));
    });
  };
  return kept(SlotKind::group) || kept(SlotKind::grant) || kept(SlotKind::assigned);
}

std::string Access::role_name(Number role) { return role == 0 ? "none" : facts_.name(role).name; }

Number Access::direct_role(Number member) {
  const EntityState& state = facts_.state(member);
  const Live* role = state.find({SlotKind::role});
  return role && state.exists() ? resolve_role(role->value, role->at, nullptr) : 0;
}

std::vector<Number> Access::custom_roles() {
  std::vector<Number> roles;
  for (const Interval& i : facts_.list({ListKind::entities, static_cast<Number>(EntityKind::role)})) {
    if (!system_role(i.principal) && custom_role_exists(i.principal)) roles.push_back(i.principal);
  }
  std::sort(roles.begin(), roles.end());
  return roles;
}

// ---- what a link is worth ------------------------------------------------------------------------

bool Access::resource_exists(Number scope, Point link) {
  const std::string& name = facts_.name(scope).name;
  if (name == "org" || name.ends_with(":*")) return true;
  const EntityState& state = facts_.state(scope);
  const Live* ended = state.find({SlotKind::ended});
  if (ended && ended->at > link) return false;
  if (state.exists()) return true;
  const ResourceKind* kind = model_->resource_kind(kind_of(name));
  return kind && !kind->declared && !ended;
}

bool Access::grant_counts(Number role, Number scope, Point link) {
  return role_exists(role) && resource_exists(scope, link) && !ended_since(role, link);
}

bool Access::group_counts(Number group, Point link) { return group_exists(group) && !ended_since(group, link); }

std::vector<const Live*> Access::groups_of(Number member) {
  std::vector<const Live*> groups;
  const EntityState& state = facts_.state(member);
  if (!state.exists()) return groups;
  const auto [first, last] = state.of_kind(SlotKind::group);
  for (const Live* l = first; l != last; ++l) {
    if (group_counts(l->slot.a, l->at)) groups.push_back(l);
  }
  return groups;
}

std::vector<Access::GroupLink> Access::all_groups_of(Number member) {
  std::vector<GroupLink> groups;
  std::unordered_set<Number> seen;
  for (const Live* l : groups_of(member)) {
    if (seen.insert(l->slot.a).second) groups.push_back({l->slot.a, {}});
  }
  if (!model_->groups_inherit_from_parents()) return groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const Number parent = group_parent(groups[i].group);
    if (parent != 0 && seen.insert(parent).second) groups.push_back({parent, {}});
  }
  return groups;
}

Number Access::group_role(Number group) {
  const Live* role = facts_.state(group).find({SlotKind::role});
  return role && group_exists(group) ? resolve_role(role->value, role->at, nullptr) : 0;
}

Number Access::group_parent(Number group) {
  const Live* parent = facts_.state(group).find({SlotKind::parent});
  return parent && group_counts(parent->value, parent->at) ? parent->value : 0;
}

std::vector<Interval> Access::members_of(Number group) {
  std::vector<Interval> members;
  if (!group_exists(group)) return members;
  for (const Interval& i : facts_.list({ListKind::group_members, group})) {
    if (group_counts(group, i.link)) members.push_back(i);
  }
  std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) { return a.principal < b.principal; });
  return members;
}

void Access::each_member_of(Number group, const std::function<void(Number member)>& each) {
  // The group's state and name are read before the list is, and kept.
  if (!group_exists(group) || facts_.name(group).kind != EntityKind::group) return;
  facts_.each({ListKind::group_members, group}, [&](const Interval& i) {
    if (!ended_since(group, i.link)) each(i.principal);
    return true;
  });
}

Point Access::member_since(Number group, Number member) {
  const Live* link = facts_.state(member).find({SlotKind::group, group});
  Point since = link ? standing_since(member, *link, {group}) : Point{};
  for (const Number end : {group, member}) {
    if (const Live* exists = facts_.state(end).find({SlotKind::exists})) since = std::max(since, exists->since);
  }
  return since;
}

const Access::AskedScopes& Access::asked_scopes(const Question& question) {
  const std::string& kind = model_->permissions()[question.permission].resource_kind;
  std::string resource = question.resource ? to_text(*question.resource) : std::string();
  if (scopes_ && scopes_->kind == kind && scopes_->resource == resource) return *scopes_;
  const auto number = [&](const std::string& name) { return facts_.number(EntityKind::scope, name); };
  scopes_ = AskedScopes{kind, resource, number("org"), kind.empty() ? 0 : number(kind + ":*"),
                        kind.empty() || resource.empty() ? 0 : number(resource)};
  return *scopes_;
}

std::optional<Reach> Access::scope_reach(Number scope, const Question& question) {
  const AskedScopes& asked = asked_scopes(question);
  if (scope == asked.org || scope == asked.any) return Reach::all;
  if (asked.kind.empty()) return std::nullopt;
  if (question.resource) return scope == asked.one ? std::optional(Reach::listed) : std::nullopt;
  return kind_of(facts_.name(scope).name) == asked.kind ? std::optional(Reach::listed) : std::nullopt;
}

// ---- one member ----------------------------------------------------------------------------------

void Access::add_role(std::vector<Path>& paths, const EntityState& member, Number role, Path path,
                      const Question& question) {
  const Cell granted = cell(role, question.permission);
  if (granted.level == 0) return;
  const auto reach = visible(member, granted.visibility, question);
  if (!reach) return;
  path.level = granted.level;
  path.reach = *reach;
  if (!path.edges.empty()) {
    name_role(path, role);
    add_coming(path.edges, role, path.edges.back().event);
    path.assigned = assigned_by_reach(*reach, granted.visibility, question);
  }
  paths.push_back(std::move(path));
}

void Access::add_grants(std::vector<Path>& paths, const EntityState& member, Number holder, const Path& base,
                        const Question& question, bool explain) {
  const auto [first, last] = facts_.state(holder).of_kind(SlotKind::grant);
  for (const Live* l = first; l != last; ++l) {
    auto reach = scope_reach(l->slot.a, question);
    if (!reach || !grant_counts(l->slot.b, l->slot.a, l->at)) continue;
    const Cell granted = cell(l->slot.b, question.permission);
    if (granted.level == 0) continue;
    const bool on_all = *reach == Reach::all;
    if (on_all) {
      reach = visible(member, granted.visibility, question);
    } else if (granted.visibility != Visibility::all && !assigned_where_needed(member, granted.visibility, l->slot.a)) {
      reach = std::nullopt;
    }
    if (!reach) continue;
    Path path = base;
    path.level = granted.level;
    path.reach = *reach;
    if (explain) {
      path.edges.push_back({"role " + facts_.name(l->slot.b).name + " on " + facts_.name(l->slot.a).name,
                            standing_since(holder, *l, {l->slot.a, l->slot.b})});
      name_role(path, l->slot.b);
      const Point link = path.edges.back().event;
      add_coming(path.edges, l->slot.b, link);
      add_coming(path.edges, l->slot.a, link);
      path.assigned = on_all ? assigned_by_reach(*reach, granted.visibility, question)
                             : assigned_by_scope(member, granted.visibility, l->slot.a);
    }
    paths.push_back(std::move(path));
  }
}

std::vector<Access::SettingGift> Access::setting_gifts(const Question& question) {
  std::vector<SettingGift> gifts;
  const std::string& kind = model_->permissions()[question.permission].resource_kind;
  for (const SettingRule& rule : model_->settings()) {
    if (kind.empty() || rule.on_kind != kind) continue;
    std::string value = rule.initial;
    Point since{};
    const Number number = facts_.number(EntityKind::setting, rule.id.text);
    if (const Live* set = number ? facts_.state(facts_.org_entity()).find({SlotKind::setting, number}) : nullptr) {
      value = facts_.name(set->value).name;
      since = set->since;
    }
    for (const SettingValue& option : rule.values) {
      if (option.value != value || !option.everyone_role) continue;
      gifts.push_back({*option.everyone_role, {"setting " + rule.id.text + " = " + value, since}});
    }
  }
  return gifts;
}

void Access::add_everyone(std::vector<Path>& paths, const EntityState& member, const Question& question, bool explain) {
  Path base;
  base.kind = PathKind::everyone;
  add_grants(paths, member, facts_.org_entity(), base, question, explain);
  for (SettingGift& gift : setting_gifts(question)) {
    const Cell granted = model_->cell(gift.role, question.permission);
    const auto reach = visible(member, granted.visibility, question);
    if (granted.level == 0 || !reach) continue;
    Path path = base;
    path.level = granted.level;
    path.reach = *reach;
    if (explain) {
      path.role = model_->roles()[gift.role].id.text;
      path.assigned = assigned_by_reach(*reach, granted.visibility, question);
      Edge edge = setting_edge(std::move(gift.edge));
      if (edge.event.position != 0) path.edges.push_back(std::move(edge));
    }
    paths.push_back(std::move(path));
  }
}

Effective Access::effective(Number member, const Question& question, bool explain) {
  Effective answer = held(member, question, explain);
  const PermissionRule& rule = model_->permissions()[question.permission];
  if (!rule.when_children_off || answer.level <= *rule.when_children_off) return answer;
  const bool all_off = std::all_of(rule.switches.begin(), rule.switches.end(), [&](PermissionIndex child) {
    const bool same_kind = model_->permissions()[child].resource_kind == rule.resource_kind;
    return held(member, {child, 1, same_kind ? question.resource : std::nullopt}, false).level == 0;
  });
  if (!all_off) return answer;
  const LevelIndex level = *rule.when_children_off;
  const bool enough = answer.level >= question.level && level < question.level;
  if (level == 0) answer = Effective();  // it counts as no access at all
  answer.level = level;
  if (level == 0 || enough) answer.denied_because = "all that hangs below it is off";
  return answer;
}

std::vector<Path> Access::ways(Number member, const Question& question, bool explain) {
  const EntityState& state = facts_.state(member);
  const bool exists = state.exists();
  std::vector<Path> paths;
  Path base;
  if (exists) {
    if (const Live* link = state.find({SlotKind::role})) {
      Path path;
      const Number named = named_role(link->value, link->at);
      if (explain) path.edges.push_back({"role " + role_name(named), standing_since(member, *link, {named})});
      const Number role = resolve_role(link->value, link->at, explain ? &path.edges : nullptr);
      if (role != 0) add_role(paths, state, role, std::move(path), question);
    }
    for (const GroupLink& link : explain ? ways_to_groups(member) : all_groups_of(member)) {
      Path path;
      path.kind = PathKind::group;
      path.edges = link.edges;
      add_grants(paths, state, link.group, path, question, explain);
      const Live* held = facts_.state(link.group).find({SlotKind::role});
      if (!held) continue;
      if (explain) {
        path.edges.push_back(
            {"group role " + facts_.name(held->value).name, standing_since(link.group, *held, {held->value})});
      }
      const Number role = resolve_role(held->value, held->at, explain ? &path.edges : nullptr);
      if (role != 0) add_role(paths, state, role, std::move(path), question);
    }
    // What everyone has is for those who are not disabled, whatever else they keep.
    if (!disabled(member)) add_everyone(paths, state, question, explain);
  }
  if (exists || model_->outsiders_hold_scoped_grants()) {
    base.kind = PathKind::grant;
    add_grants(paths, state, member, base, question, explain);
  }
  return paths;
}

void Access::name_role(Path& path, Number role) {
  path.role = facts_.name(role).name;
  if (!system_role(role)) path.defined_by = defined_by(role);
}

Effective Access::held(Number member, const Question& question, bool explain) {
  Effective answer;
  const std::string& about = model_->permissions()[question.permission].resource_kind;
  if (question.resource && !about.empty() && about != question.resource->kind) {
    answer.denied_because = "the permission is about resources of kind " + about;
    return answer;
  }
  std::vector<Path> paths = ways(member, question, explain);
  std::string why = !paths.empty()                         ? cut(member, question)
                    : everyone_gives(member, question) > 0 ? disabled_because(0)
                                                           : nothing_because(member, question);
  if (!why.empty()) {
    answer.denied_because = std::move(why);
    return answer;
  }
  std::stable_sort(paths.begin(), paths.end(), [](const Path& a, const Path& b) {
    return a.level != b.level ? a.level > b.level : a.reach > b.reach;
  });
  answer.level = paths.front().level;
  answer.reach = paths.front().reach;
  if (!explain) return answer;
  for (Path& path : paths) complete(path, member, question);
  answer.paths = std::move(paths);
  return answer;
}

}  // namespace tenure::projections
