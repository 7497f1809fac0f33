#include "projections/reaching.h"

#include <algorithm>
#include <set>
#include <string>

namespace tenure::projections {

namespace {

using Numbers = std::unordered_set<Number>;

// What the entities' entries lead to, over all time.
class Reaching {
 public:
  Reaching(Facts& facts, const std::function<void()>& go_on)
      : facts_(facts), go_on_(go_on), models_(facts.models_over(Instant::min(), Instant::max())) {
    inherit_ = std::any_of(models_.begin(), models_.end(),
                           [](const auto& model) { return model->groups_inherit_from_parents(); });
  }

 protected:
  std::vector<Entry> entries(Number entity) {
    if (go_on_ && looked_at_++ % 1'000 == 0) go_on_();
    std::vector<Entry> all = facts_.entries(entity);
    std::erase_if(all, [&](const Entry& entry) { return entry.at > facts_.at(); });
    return all;
  }
  template <class Each>
  void each_link(List list, const Each& each) {
    for (const Interval& link : facts_.list_over(list, Instant::min(), Instant::max())) each(link);
  }
  template <class Is>
  void add_events(Number entity, const Is& is) {
    for (const Entry& entry : entries(entity)) {
      if (is(entry)) points_.push_back(entry.at);
    }
  }
  static bool is_one(const Entry& entry) { return entry.op == Op::set || entry.op == Op::clear; }
  static bool is_offer(const Entry& entry) {
    return entry.slot.kind == SlotKind::invited || entry.slot.kind == SlotKind::invited_group ||
           entry.slot.kind == SlotKind::invited_by || entry.slot.kind == SlotKind::expires;
  }
  // What anybody sees, and invitations while they wait, change nothing.
  static bool says_nothing(const Entry& entry) {
    return (entry.slot.kind == SlotKind::named || is_offer(entry)) && entry.op != Op::end && entry.op != Op::accept;
  }
  // It comes, ends, or hangs on another one.
  static bool is_place(const Entry& entry) {
    return entry.op == Op::end ||
           (is_one(entry) && (entry.slot.kind == SlotKind::exists || entry.slot.kind == SlotKind::parent));
  }

  // All groups that were below these at some time, themselves among them.
  Numbers with_those_below(const Numbers& groups) {
    std::vector<Number> queue(groups.begin(), groups.end());
    Numbers all = groups;
    for (std::size_t next = 0; inherit_ && next < queue.size(); ++next) {
      each_link({ListKind::children, queue[next]}, [&](const Interval& child) {
        if (all.insert(child.principal).second) queue.push_back(child.principal);
      });
    }
    return all;
  }
  // All groups that it hung on at some time, itself among them.
  Numbers with_those_above(Number group) {
    std::vector<Number> queue{group};
    Numbers all{group};
    for (std::size_t next = 0; inherit_ && next < queue.size(); ++next) {
      for (const Entry& entry : entries(queue[next])) {
        const bool above = entry.op == Op::set && entry.slot.kind == SlotKind::parent && entry.value != 0;
        if (above && all.insert(entry.value).second) queue.push_back(entry.value);
      }
    }
    return all;
  }
  // Who came into a group or left it.
  void add_members(Number group) {
    const std::vector<Point> changes = facts_.changes_of({ListKind::group_members, group});
    points_.insert(points_.end(), changes.begin(), changes.end());
  }

  Facts& facts_;
  const std::function<void()>& go_on_;
  std::vector<Models::Model> models_;
  bool inherit_ = false;
  std::size_t looked_at_ = 0;
  std::vector<Point> points_;
};

class OfResource : Reaching {
 public:
  OfResource(Facts& facts, const ResourceId& resource, const std::function<void()>& go_on)
      : Reaching(facts, go_on), resource_(resource) {
    find_ground();
  }

  // The same of an event that may have counted otherwise: what came of an invitation rests on it.
  bool may_bear(const Entry& entry) { return is_offer(entry) || may_be_about(entry); }
  // By an event's own words, whoever holds what.
  bool may_be_about(const Entry& entry) {
    if (says_nothing(entry)) return false;
    if (!is_one(entry)) return true;
    switch (entry.slot.kind) {
      case SlotKind::grant:
        return is_scope(entry.slot.a);
      case SlotKind::created_grant:
      case SlotKind::edited_grant:
        return states(entry);
      case SlotKind::assigned:
      case SlotKind::created:
        return by_assignment_;
      case SlotKind::feature:
        return features_.contains(facts_.name(entry.slot.a).name);
      case SlotKind::duty:
      case SlotKind::about_kind:
      case SlotKind::closed:
        return false;
      default:
        return true;
    }
  }

  std::vector<Point> find() {
    find_roles();
    find_principals();
    events_of_org();
    for (const Number role : roles_) add_events(role, [&](const Entry& e) { return may_be_about(e); });
    for (const Number group : groups_) add_events(group, [&](const Entry& e) { return principal_may_turn(e); });
    if (everyone_) {
      for (const Number member : facts_.numbers_of(EntityKind::member)) members_.insert(member);
    }
    assigned_.insert(facts_.number(EntityKind::scope, to_text(resource_)));
    for (const Number member : members_) {
      add_events(member, [&](const Entry& entry) {
        const SlotKind kind = entry.slot.kind;
        const bool assigned = kind == SlotKind::assigned || kind == SlotKind::created;
        if (assigned && by_assignment_) assigned_.insert(entry.slot.a);
        return principal_may_turn(entry);
      });
    }
    events_of_scopes();
    return std::move(points_);
  }

 private:
  // What is about such a resource, what that rests on, and the other kinds that this is about: of those it is asked
  // whether something is held on at least one.
  void find_ground() {
    kinds_.insert(resource_.kind);
    for (const Models::Model& model : models_) {
      const auto& rules = model->permissions();
      std::vector<bool> is(rules.size());
      for (std::size_t p = 0; p < rules.size(); ++p) is[p] = rules[p].resource_kind == resource_.kind;
      for (bool more = true; more;) {
        more = false;
        for (std::size_t p = 0; p < rules.size(); ++p) {
          if (!is[p]) continue;
          const auto add = [&](PermissionIndex other) {
            more |= !is[other];
            is[other] = true;
            // By way of another kind, or of none, it is asked of any resource.
            const bool own = rules[other].resource_kind == resource_.kind;
            any_of_kind_ |= own && rules[p].resource_kind != resource_.kind;
          };
          if (rules[p].parent) add(*rules[p].parent);
          for (const PermissionIndex child : rules[p].switches) add(child);
        }
      }
      for (std::size_t p = 0; p < rules.size(); ++p) {
        if (!is[p]) continue;
        permissions_.insert(rules[p].id.text);
        if (rules[p].level_from) permissions_.insert(rules[*rules[p].level_from].id.text);
        if (!rules[p].feature.empty()) features_.insert(rules[p].feature);
        if (!rules[p].resource_kind.empty()) kinds_.insert(rules[p].resource_kind);
        for (RoleIndex role = 0; role < model->roles().size(); ++role) {
          const Cell cell = model->cell(role, static_cast<PermissionIndex>(p));
          by_assignment_ |= cell.visibility != Visibility::all;
          if (cell.level > 0) named_.insert(model->roles()[role].id.text);
        }
        by_assignment_ |= std::any_of(rules[p].visibility.begin(), rules[p].visibility.end(),
                                      [](Visibility visibility) { return visibility != Visibility::all; });
      }
    }
  }

  // What a custom role said of it at some time, and what it was based on or moved its holders to.
  bool may_give(Number role) {
    const std::string& name = facts_.name(role).name;
    if (named_.contains(name) || name.starts_with('\x01')) return true;
    const std::vector<Entry> all = entries(role);
    return std::any_of(all.begin(), all.end(), [&](const Entry& entry) {
      if (entry.op == Op::end) return entry.value != 0;
      return entry.op == Op::set && (states(entry) || (entry.slot.kind == SlotKind::based_on && entry.value != 0));
    });
  }
  bool states(const Entry& entry) {
    return (entry.slot.kind == SlotKind::created_grant || entry.slot.kind == SlotKind::edited_grant) &&
           entry.op != Op::clear_kind && permissions_.contains(facts_.name(entry.slot.a).name);
  }
  void find_roles() {
    for (const Number role : facts_.numbers_of(EntityKind::role)) {
      if (may_give(role)) roles_.insert(role);
    }
  }

  bool is_scope(Number scope) {
    const std::string& name = facts_.name(scope).name;
    const std::string kind(kind_of(name));
    if (name == "org" || name == to_text(resource_)) return true;
    return kinds_.contains(kind) && (any_of_kind_ || kind != resource_.kind || name.ends_with(":*"));
  }
  void find_principals() {
    const auto principal = [&](Number holder) {
      const EntityKind kind = facts_.name(holder).kind;
      if (kind == EntityKind::member) members_.insert(holder);
      if (kind == EntityKind::group) groups_.insert(holder);
      everyone_ |= kind == EntityKind::org;
    };
    for (const Number role : roles_) {
      each_link({ListKind::holders, role}, [&](const Interval& link) { principal(link.principal); });
      each_link({ListKind::grants_of, role}, [&](const Interval& link) {
        if (is_scope(link.extra)) principal(link.principal);
      });
    }
    // After an end of the organization the lists may be incomplete.
    if (!facts_.ends_of_org().empty()) {
      everyone_ = true;
      for (const Number group : facts_.numbers_of(EntityKind::group)) groups_.insert(group);
    }
    groups_ = with_those_below(groups_);
    for (const Number group : groups_) {
      each_link({ListKind::group_members, group}, [&](const Interval& link) { members_.insert(link.principal); });
    }
  }

  void events_of_org() {
    const auto gives = [&](const SettingRule& rule) {
      return kinds_.contains(rule.on_kind) &&
             std::any_of(rule.values.begin(), rule.values.end(),
                         [](const SettingValue& value) { return value.everyone_role.has_value(); });
    };
    std::set<std::string> settings;
    for (const Models::Model& model : models_) {
      for (const SettingRule& rule : model->settings()) {
        if (!gives(rule)) continue;
        settings.insert(rule.id.text);
        everyone_ |= std::any_of(rule.values.begin(), rule.values.end(), [&](const SettingValue& value) {
          return value.value == rule.initial && value.everyone_role;
        });
      }
    }
    add_events(facts_.org_entity(), [&](const Entry& entry) {
      switch (entry.slot.kind) {
        case SlotKind::feature:
          return features_.contains(facts_.name(entry.slot.a).name);
        case SlotKind::setting: {
          const bool gives_some = settings.contains(facts_.name(entry.slot.a).name);
          everyone_ |= gives_some;
          return gives_some;
        }
        default:
          return principal_may_turn(entry);
      }
    });
  }

  // Of the organization what everyone is granted, and what it is as a whole.
  bool principal_may_turn(const Entry& entry) {
    if (says_nothing(entry)) return false;
    if (!is_one(entry)) return true;
    if (entry.slot.kind == SlotKind::grant && !roles_.contains(entry.slot.b)) return false;
    if (entry.slot.kind == SlotKind::group) return groups_.contains(entry.slot.a);
    return may_be_about(entry);
  }

  // What is assigned to whom it reaches, what it lies in, and what that lies in.
  void events_of_scopes() {
    std::vector<Number> queue(assigned_.begin(), assigned_.end());
    for (std::size_t next = 0; next < queue.size(); ++next) {
      if (queue[next] == 0) continue;
      for (const Entry& entry : entries(queue[next])) {
        if (is_place(entry)) points_.push_back(entry.at);
        const bool lies = entry.slot.kind == SlotKind::parent && entry.op == Op::set;
        if (lies && assigned_.insert(entry.value).second) queue.push_back(entry.value);
      }
    }
    if (kinds_.size() == 1 && !any_of_kind_) return;
    for (const Number scope : facts_.numbers_of(EntityKind::scope)) {
      const std::string& name = facts_.name(scope).name;
      const std::string kind(kind_of(name));
      if (kinds_.contains(kind) && (any_of_kind_ || kind != resource_.kind)) add_events(scope, is_place);
    }
  }

  const ResourceId& resource_;
  std::set<std::string> permissions_, features_, kinds_, named_;
  Numbers roles_, members_, groups_, assigned_;
  bool everyone_ = false, by_assignment_ = false;
  bool any_of_kind_ = false;  // it may rest on what is held on another one of the same kind
};

class OfGroup : Reaching {
 public:
  OfGroup(Facts& facts, Number group, const std::function<void()>& go_on)
      : Reaching(facts, go_on), group_(group), above_(with_those_above(group)), below_(with_those_below({group})) {
    for (const Number each : above_) {
      for (const Entry& entry : entries(each)) follow(entry);
    }
    for (std::size_t next = 0; next < roles_.size(); ++next) {
      for (const Entry& entry : entries(roles_[next])) {
        if (entry.op == Op::end) add_role(entry.value);
      }
    }
  }

  Numbers entities() const {
    Numbers all = above_;
    all.insert(below_.begin(), below_.end());
    all.insert(roles_.begin(), roles_.end());
    all.insert(scopes_.begin(), scopes_.end());
    return all;
  }

  std::vector<Point> find() {
    const auto says = [](const Entry& entry) { return !says_nothing(entry); };
    for (const Number each : above_) {
      if (each != group_) add_events(each, says);
    }
    for (const Number each : below_) {
      if (each == group_) continue;
      add_events(each, is_place);
      add_members(each);
    }
    for (const Number role : roles_) add_events(role, says);
    for (const Number scope : scopes_) add_events(scope, is_place);
    return std::move(points_);
  }

 private:
  void add_role(Number role) {
    if (role != 0 && seen_.insert(role).second) roles_.push_back(role);
  }
  void follow(const Entry& entry) {
    if (entry.op != Op::set) return;
    if (entry.slot.kind == SlotKind::role) add_role(entry.value);
    if (entry.slot.kind != SlotKind::grant) return;
    add_role(entry.slot.b);
    scopes_.insert(entry.slot.a);
  }

  const Number group_;
  const Numbers above_, below_;
  std::vector<Number> roles_;  // that it or those above it had at some time, and where their deletions moved it
  Numbers seen_, scopes_;
};

class OfRole : Reaching {
 public:
  using Reaching::Reaching;

  Numbers groups(Number role) {
    Numbers found;
    for (const ListKind kind : {ListKind::holders, ListKind::grants_of}) {
      each_link({kind, role}, [&](const Interval& link) {
        if (facts_.name(link.principal).kind == EntityKind::group) found.insert(link.principal);
      });
    }
    // Groups that came to it by the deletion of another role.
    each_link({ListKind::moved_roles, 0}, [&](const Interval& moved) {
      each_link({ListKind::holders, moved.principal}, [&](const Interval& link) {
        if (facts_.name(link.principal).kind == EntityKind::group) found.insert(link.principal);
      });
    });
    return with_those_below(found);
  }

  std::vector<Point> find(Number role) {
    for (const Number group : groups(role)) {
      add_events(group, is_place);
      add_members(group);
    }
    // What the organization's own end touches is told by what stood just before it (org_touches.h).
    const std::vector<Point> ends = facts_.ends_of_org();
    std::erase_if(points_, [&](Point at) { return std::find(ends.begin(), ends.end(), at) != ends.end(); });
    return std::move(points_);
  }
};

}  // namespace

std::vector<Point> events_reaching_resource(Facts& facts, const ResourceId& resource,
                                            const std::function<void()>& go_on) {
  return OfResource(facts, resource, go_on).find();
}

std::function<bool(const Entry&)> words_about_resource(Facts& facts, const ResourceId& resource) {
  static const std::function<void()> nothing;
  auto reach = std::make_shared<OfResource>(facts, resource, nothing);
  return [reach](const Entry& entry) { return reach->may_bear(entry); };
}

std::vector<Point> events_reaching_group(Facts& facts, Number group, const std::function<void()>& go_on) {
  return OfGroup(facts, group, go_on).find();
}

Numbers entities_around_group(Facts& facts, Number group, const std::function<void()>& go_on) {
  return OfGroup(facts, group, go_on).entities();
}

Numbers groups_with_role(Facts& facts, Number role, const std::function<void()>& go_on) {
  return OfRole(facts, go_on).groups(role);
}

std::vector<Point> events_reaching_role(Facts& facts, Number role, const std::function<void()>& go_on) {
  return OfRole(facts, go_on).find(role);
}

}  // namespace tenure::projections
