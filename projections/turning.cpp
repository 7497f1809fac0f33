#include "projections/turning.h"

#include <algorithm>

namespace tenure::projections {

namespace {

// What names have nothing to do with, nor invitations while they wait.
bool changes_access(const Entry& entry) {
  switch (entry.slot.kind) {
    case SlotKind::named:
    case SlotKind::invited:
    case SlotKind::invited_group:
    case SlotKind::invited_by:
    case SlotKind::expires:
      return entry.op == Op::end || entry.op == Op::accept;
    default:
      return true;
  }
}

bool has(std::span<const Entry> event, Op op, SlotKind kind) {
  return std::any_of(event.begin(), event.end(), [&](const Entry& e) { return e.op == op && e.slot.kind == kind; });
}
bool has(std::span<const Entry> event, Op op) {
  return std::any_of(event.begin(), event.end(), [&](const Entry& e) { return e.op == op; });
}

bool is_statement(SlotKind kind) { return kind == SlotKind::created_grant || kind == SlotKind::edited_grant; }

}  // namespace

// Models change seldom: each is looked up once, not for each event.
const Turning::Ground& Turning::ground_at(Point at) {
  if (in_force_.empty()) {
    in_force_.emplace_back(Point{}, &ground_of(facts_.model_at(Point{})));
    for (const Entry& entry : facts_.entries(facts_.org_entity())) {
      if (entry.op != Op::set || entry.slot.kind != SlotKind::model) continue;
      in_force_.emplace_back(entry.at, &ground_of(facts_.model_at(entry.at)));
    }
  }
  const auto later = std::upper_bound(in_force_.begin(), in_force_.end(), at,
                                      [](Point point, const auto& model) { return point < model.first; });
  return later == in_force_.begin() ? *later->second : *std::prev(later)->second;
}

const Turning::Ground& Turning::ground_of(Models::Model model) {
  const auto [place, is_new] = grounds_.try_emplace(model.get());
  Ground& ground = place->second;
  if (!is_new) return ground;
  ground.model = std::move(model);
  const auto first = ground.model ? ground.model->permission(permission_.text) : std::nullopt;
  if (!first) return ground;
  const auto& rules = ground.model->permissions();
  const auto add = [&](PermissionIndex p) {
    auto& all = ground.permissions;
    if (std::find(all.begin(), all.end(), p) == all.end()) all.push_back(p);
  };
  add(*first);
  for (std::size_t next = 0; next < ground.permissions.size(); ++next) {
    const PermissionRule& rule = rules[ground.permissions[next]];
    ground.on_resources |= !rule.resource_kind.empty();
    if (rule.parent) add(*rule.parent);
    for (const PermissionIndex each : rule.switches) add(each);
  }
  return ground;
}

bool Turning::org_ended() {
  if (!org_ended_) {
    const std::vector<Entry> entries = facts_.entries(facts_.org_entity());
    org_ended_ = std::any_of(entries.begin(), entries.end(), [](const Entry& e) { return e.op == Op::end; });
  }
  return *org_ended_;
}

std::vector<Point> Turning::of(EntityKind kind, Number entity) {
  std::vector<Point> points;
  const std::vector<Entry> entries = facts_.entries(entity);
  EntityState before;
  for (std::size_t first = 0, next = 0; first < entries.size(); first = next) {
    while (next < entries.size() && entries[next].at == entries[first].at) ++next;
    const Event event(entries.data() + first, next - first);
    const Point at = event.front().at;
    if (at > facts_.at()) break;
    if (std::none_of(event.begin(), event.end(), changes_access)) continue;
    const Ground& ground = ground_at(at);
    const bool is_role = kind == EntityKind::role;
    const bool may = is_role ? role_may_turn(ground, before, event) : may_turn(ground, kind, event);
    if (may || !ground.model) points.push_back(at);
    if (!is_role) continue;
    // Creating a role that the model has as its own made nothing.
    const bool made_nothing =
        has(event, Op::set, SlotKind::exists) && ground.model && ground.model->role(facts_.name(entity).name);
    for (const Entry& entry : event) {
      if (!made_nothing) before.apply(entry);
    }
  }
  return points;
}

bool Turning::may_turn(const Ground& ground, EntityKind kind, Event event) {
  if (kind == EntityKind::org) {
    return std::any_of(event.begin(), event.end(), [&](const Entry& e) { return org_entry_may_turn(ground, e); });
  }
  if (ground.permissions.empty()) return false;
  if (!ground.on_resources) {
    // What is not about resources is asked of none, nor of what is assigned.
    const auto about_resources = [](const Entry& e) {
      const bool one = e.op == Op::set || e.op == Op::clear;
      return one && (e.slot.kind == SlotKind::assigned || e.slot.kind == SlotKind::created);
    };
    if (kind == EntityKind::scope || std::all_of(event.begin(), event.end(), about_resources)) return false;
  }
  // A member's own events are compared for them alone, as quickly as this would tell.
  if (kind != EntityKind::group) return true;
  return std::any_of(event.begin(), event.end(), [&](const Entry& e) {
    const bool grant = (e.op == Op::set || e.op == Op::clear) && e.slot.kind == SlotKind::grant;
    return changes_access(e) && (!grant || gives(ground, e.slot.b));
  });
}

bool Turning::org_entry_may_turn(const Ground& ground, const Entry& entry) {
  if (entry.op == Op::end || entry.slot.kind == SlotKind::model) return true;
  if (ground.permissions.empty()) return false;
  const auto& rules = ground.model->permissions();
  const auto rests_on = [&](const auto& is) {
    return std::any_of(ground.permissions.begin(), ground.permissions.end(),
                       [&](PermissionIndex p) { return is(rules[p]); });
  };
  const std::string name = entry.slot.a != 0 ? facts_.name(entry.slot.a).name : std::string();
  switch (entry.slot.kind) {
    case SlotKind::feature:
      return rests_on([&](const PermissionRule& rule) { return rule.feature == name; });
    case SlotKind::setting: {
      const SettingRule* setting = ground.model->setting(name);
      return setting && rests_on([&](const PermissionRule& rule) { return rule.resource_kind == setting->on_kind; });
    }
    case SlotKind::grant:
      return gives(ground, entry.slot.b);
    default:
      return true;
  }
}

// Of a role that the model has not as its own, whoever asks has to look at what it was.
bool Turning::gives(const Ground& ground, Number role) {
  const auto own = ground.model->role(facts_.name(role).name);
  return !own || std::any_of(ground.permissions.begin(), ground.permissions.end(),
                             [&](PermissionIndex p) { return ground.model->cell(*own, p).level > 0; });
}

bool Turning::speaks(const Ground& ground, Number permission) {
  const std::string& id = facts_.name(permission).name;
  const auto& rules = ground.model->permissions();
  return std::any_of(ground.permissions.begin(), ground.permissions.end(), [&](PermissionIndex p) {
    return rules[p].id.text == id || (rules[p].level_from && rules[*rules[p].level_from].id.text == id);
  });
}

bool Turning::gives(const Ground& ground, Number permission, Number level) {
  if (!speaks(ground, permission)) return false;
  const std::string name = facts_.name(level).name;
  return std::any_of(ground.permissions.begin(), ground.permissions.end(),
                     [&](PermissionIndex p) { return ground.model->level(p, name).value_or(0) > 0; });
}

bool Turning::says_something(const Ground& ground, const EntityState& role) {
  const Live* base = role.find({SlotKind::based_on});
  if (base && base->value != 0) return true;
  return std::any_of(role.live.begin(), role.live.end(), [&](const Live& live) {
    return is_statement(live.slot.kind) && gives(ground, live.slot.a, live.value);
  });
}

bool Turning::role_may_turn(const Ground& ground, const EntityState& before, Event event) {
  if (ground.permissions.empty()) return false;
  if (has(event, Op::end)) return event.front().value != 0 || says_something(ground, before);
  if (has(event, Op::set, SlotKind::exists)) {
    EntityState after;
    for (const Entry& entry : event) after.apply(entry);
    return says_something(ground, before) || says_something(ground, after);
  }
  // Before it is made, or after its end, nobody has anything by it.
  if (!before.exists()) return false;
  if (has(event, Op::reset_role)) return true;
  return std::any_of(event.begin(), event.end(), [&](const Entry& e) {
    if (!changes_access(e)) return false;
    if (e.slot.kind != SlotKind::edited_grant) return true;
    if (!speaks(ground, e.slot.a)) return false;
    const Live* said = before.find({SlotKind::edited_grant, e.slot.a});
    if (!said) said = before.find({SlotKind::created_grant, e.slot.a});
    return org_ended() || !said || said->value != e.value;
  });
}

}  // namespace tenure::projections
