// Whom a diff must ask: everybody who may stand otherwise on the two sides, found from what changed between them.
#include <algorithm>

#include "projections/diff.h"

namespace tenure::projections {

namespace {

bool same(const Live& a, const Live& b) {
  return a.slot == b.slot && a.value == b.value && a.at == b.at && a.since == b.since;
}
bool same(const EntityState& a, const EntityState& b) {
  return std::equal(a.live.begin(), a.live.end(), b.live.begin(), b.live.end(),
                    [](const Live& x, const Live& y) { return same(x, y); });
}

// Whether the slots of a kind hold the same values, whichever events gave them.
bool same_values(const EntityState& a, const EntityState& b, SlotKind kind, std::vector<Number>& differ) {
  const auto [first, last] = a.of_kind(kind);
  const auto [other, other_last] = b.of_kind(kind);
  const auto note = [&](const Live* from, const Live* to, const EntityState& in) {
    for (const Live* l = from; l != to; ++l) {
      const Live* twin = in.find(l->slot);
      if (!twin || twin->value != l->value) differ.push_back(l->slot.a);
    }
  };
  note(first, last, b);
  note(other, other_last, a);
  return differ.empty();
}

class Finder {
 public:
  Finder(Sides& sides, const std::optional<DiffQuestion::OneEvent>& event)
      : sides_(sides), before_(sides.before.facts()), after_(sides.after.facts()), event_(event) {
    const Point a = before_.at(), b = after_.at();
    from_ = std::min(a, b);
    to_ = std::max(a, b);
  }

  MembersToCompare find() {
    if (everybody_may_differ()) {
      add_everybody(members_);
    } else if (event_) {
      if (event_->turned && turned(EntityKind::role)) roles_that_differ();
      for (const Number entity : event_->entities) {
        if (after_.name(entity).kind == EntityKind::role) add_role(entity);
        if (after_.name(entity).kind != EntityKind::org) add(entity);
      }
    } else {
      look_for_changes();
    }
    if (everyone_) add_everybody(members_);
    return take();
  }

 private:
  using Set = std::unordered_set<Number>;

  void look_for_changes() {
    touched();
    own_links();
    for (const Number role : after_.numbers_of(EntityKind::role)) {
      const EntityState &was = before_.state(role), &is = after_.state(role);
      if (!same(was, is) || ((made_again(was) || made_again(is)) && gives_otherwise(role))) add_role(role);
    }
    for (const Number group : after_.numbers_of(EntityKind::group)) {
      if (!same(before_.state(group), after_.state(group))) add_group(group);
    }
    for (const Number scope : after_.numbers_of(EntityKind::scope)) {
      if (!same(before_.state(scope), after_.state(scope))) add_scope(scope, 0);
    }
  }

  bool learnt_of(Number entity) const {
    return before_.touched().contains(entity) || after_.touched().contains(entity);
  }

  // What no list tells: who is asked then is everybody.
  bool everybody_may_differ() {
    const Number org = after_.org_entity();
    const EntityState &was = before_.state(org), &is = after_.state(org);
    if (was.find({SlotKind::ended}) || is.find({SlotKind::ended})) return ended_ = true;
    const AccessModel &model = sides_.before.model(), &other = sides_.after.model();
    if (&model != &other) return true;
    // What the lists do not hold, the event's own entities do.
    const auto owned = [](const ResourceKind& kind) { return kind.owned_by_creator; };
    const bool in_lists = !model.invitees_share_disabling() &&
                          std::none_of(model.resource_kinds().begin(), model.resource_kinds().end(), owned);
    const bool added_at_end = event_ && !event_->turned;
    if (!in_lists && !added_at_end) return true;
    // Whoever made a resource owns what comes to lie in it, and who that is stands in no list.
    if (event_ && turned(EntityKind::scope) &&
        std::any_of(model.resource_kinds().begin(), model.resource_kinds().end(), owned)) {
      return true;
    }
    // One that was given again may count where the older one had ended with its role or resource.
    const auto [old_grants, old_end] = was.of_kind(SlotKind::grant);
    const auto [grants, end] = is.of_kind(SlotKind::grant);
    if (!std::equal(old_grants, old_end, grants, end, [](const Live& a, const Live& b) { return same(a, b); })) {
      return true;
    }
    // What roles are may rest on what was known of the organization and of other roles at other instants.
    const bool differ_in_knowledge = sides_.as_known_at != nullptr;
    if (event_ && event_->turned) return turned(EntityKind::org);
    if (!differ_in_knowledge) return false;
    if (learnt_of(org)) return true;
    const std::vector<Number> roles = after_.numbers_of(EntityKind::role);
    return std::any_of(roles.begin(), roles.end(), [&](Number role) { return learnt_of(role); });
  }

  bool turned(EntityKind kind) {
    return std::any_of(event_->entities.begin(), event_->entities.end(),
                       [&](Number entity) { return after_.name(entity).kind == kind; });
  }

  // A role may be another one than it would be, since it was made on one that was.
  void roles_that_differ() {
    for (const Number role : after_.numbers_of(EntityKind::role)) {
      if (gives_otherwise(role)) add_role(role);
    }
  }

  // Some of the times that it was made may have made nothing (Access::custom_role_at): its own slots do not tell.
  static bool made_again(const EntityState& role) {
    const Live* exists = role.find({SlotKind::exists});
    return exists && exists->since != exists->at;
  }

  bool gives_otherwise(Number role) {
    if (sides_.before.role_exists(role) != sides_.after.role_exists(role)) return true;
    for (std::size_t p = 0; p < sides_.after.model().permissions().size(); ++p) {
      const Cell was = sides_.before.cell(role, static_cast<PermissionIndex>(p));
      const Cell is = sides_.after.cell(role, static_cast<PermissionIndex>(p));
      if (was.level != is.level || was.visibility != is.visibility) return true;
    }
    return false;
  }

  void touched() {
    for (const Facts* facts : {&before_, &after_}) {
      for (const Number entity : facts->touched()) {
        add(entity);
      }
    }
  }

  void add(Number entity) {
    switch (after_.name(entity).kind) {
      case EntityKind::member:
        members_.insert(entity);
        break;
      case EntityKind::group:
        add_group(entity);
        break;
      case EntityKind::scope:
        add_scope(entity, 0);
        break;
      default:
        break;
    }
  }

  void note_changes(List list) {
    after_.each_difference(list, from_, to_, [&](Number principal) { changed_.insert(principal); });
  }

  // Whoever has a link that is not as it was: made, given anew or ended in between. What was made and ended in between
  // leaves nothing on either side.
  void own_links() {
    note_changes({ListKind::members, 0});
    note_changes({ListKind::disabled, 0});
    for (const Number role : after_.numbers_of(EntityKind::role)) {
      note_changes({ListKind::holders, role});
      note_changes({ListKind::grants_of, role});
    }
    for (const Number group : after_.numbers_of(EntityKind::group)) note_changes({ListKind::group_members, group});
    for (const Number scope : after_.numbers_of(EntityKind::scope)) note_changes({ListKind::assigned, scope});
    // A group with another role is another group, which is found by its state.
    for (const Number principal : changed_) {
      if (after_.name(principal).kind == EntityKind::member) members_.insert(principal);
    }
  }

  void add_principal(Number principal) {
    switch (after_.name(principal).kind) {
      case EntityKind::member:
        members_.insert(principal);
        break;
      case EntityKind::group:
        add_group(principal);
        break;
      default:
        everyone_ = true;
        break;
    }
  }

  void add_list(List list) {
    for (Facts* facts : {&before_, &after_}) {
      facts->each(list, [&](const Interval& i) {
        found_.push_back(i.principal);
        return true;
      });
    }
    // A list's rows may not use the reader that they come from.
    const std::vector<Number> found = std::move(found_);
    found_.clear();
    for (const Number principal : found) add_principal(principal);
  }

  void add_role(Number role) {
    if (roles_.insert(role).second) {
      add_list({ListKind::holders, role});
      add_list({ListKind::grants_of, role});
    }
    if (led_elsewhere_) return;
    // Links to deleted roles may lead to this one, and implied ones do.
    led_elsewhere_ = true;
    for (Access* access : {&sides_.before, &sides_.after}) {
      for (const Number other : access->roles_that_lead_elsewhere()) {
        if (roles_.insert(other).second) add_list({ListKind::holders, other});
      }
    }
  }

  // Its members, and those of the groups below it.
  void add_group(Number group) {
    if (!groups_.insert(group).second) return;
    add_list({ListKind::group_members, group});
    add_list({ListKind::children, group});
  }

  // Whoever holds something on it, or on what it lies in.
  void add_scope(Number scope, int depth) {
    if (depth > chain_max || !scopes_.insert(scope).second) return;
    add_list({ListKind::grants_on, scope});
    add_list({ListKind::assigned, scope});
    for (Facts* facts : {&before_, &after_}) {
      const Live* parent = facts->state(scope).find({SlotKind::parent});
      if (parent) add_scope(parent->value, depth + 1);
    }
  }

  void add_everybody(Set& members) {
    // After an organization's end a list may be incomplete: everybody who was ever named is asked.
    if (ended_) {
      for (const Number member : after_.numbers_of(EntityKind::member)) members.insert(member);
      return;
    }
    std::vector<List> lists{{ListKind::members, 0}};
    for (const Number role : after_.numbers_of(EntityKind::role)) lists.push_back({ListKind::grants_of, role});
    for (Facts* facts : {&before_, &after_}) {
      for (const List list : lists) {
        for (const Interval& i : facts->list(list)) {
          if (after_.name(i.principal).kind == EntityKind::member) members.insert(i.principal);
        }
      }
    }
  }

  // The permissions that a feature or a setting that differs may have turned.
  std::vector<PermissionId> turned_permissions() {
    const Number org = after_.org_entity();
    std::vector<Number> features, settings;
    same_values(before_.state(org), after_.state(org), SlotKind::feature, features);
    same_values(before_.state(org), after_.state(org), SlotKind::setting, settings);
    const AccessModel& model = sides_.after.model();
    const auto& rules = model.permissions();
    std::vector<bool> turned(rules.size());
    const auto turn = [&](const auto& is) {
      for (std::size_t p = 0; p < rules.size(); ++p) turned[p] = turned[p] || is(rules[p]);
    };
    for (const Number feature : features) {
      const std::string& id = after_.name(feature).name;
      turn([&](const PermissionRule& rule) { return rule.feature == id; });
    }
    for (const Number setting : settings) {
      const SettingRule* rule_of_setting = model.setting(after_.name(setting).name);
      turn([&](const PermissionRule& rule) {
        return rule_of_setting && !rule.resource_kind.empty() && rule.resource_kind == rule_of_setting->on_kind;
      });
    }
    add_what_hangs_on(model, turned);
    std::vector<PermissionId> ids;
    for (std::size_t p = 0; p < rules.size(); ++p) {
      if (turned[p]) ids.push_back(rules[p].id);
    }
    return ids;
  }

  MembersToCompare take() {
    MembersToCompare found;
    found.fully.assign(members_.begin(), members_.end());
    std::sort(found.fully.begin(), found.fully.end());
    found.permissions = turned_permissions();
    if (found.permissions.empty()) return found;
    Set all;
    add_everybody(all);
    for (const Number member : all) {
      if (!members_.contains(member)) found.partly.push_back(member);
    }
    std::sort(found.partly.begin(), found.partly.end());
    return found;
  }

  Sides& sides_;
  Facts &before_, &after_;
  const std::optional<DiffQuestion::OneEvent>& event_;
  Point from_, to_;
  Set members_, changed_, roles_, groups_, scopes_;
  std::vector<Number> found_;
  bool everyone_ = false, led_elsewhere_ = false, ended_ = false;
};

}  // namespace

void add_what_hangs_on(const AccessModel& model, std::vector<bool>& turned) {
  const auto& rules = model.permissions();
  const auto is_turned = [&](PermissionIndex p) { return turned[p]; };
  for (bool more = true; more;) {
    more = false;
    for (std::size_t p = 0; p < rules.size(); ++p) {
      const PermissionRule& rule = rules[p];
      const bool hangs =
          (rule.parent && turned[*rule.parent]) || std::any_of(rule.switches.begin(), rule.switches.end(), is_turned);
      if (!hangs || turned[p]) continue;
      turned[p] = more = true;
    }
  }
}

MembersToCompare members_to_compare(Sides& sides, const std::optional<DiffQuestion::OneEvent>& event) {
  return Finder(sides, event).find();
}

}  // namespace tenure::projections
