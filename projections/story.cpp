#include "projections/story.h"

#include <algorithm>
#include <functional>
#include <set>
#include <tuple>

#include "projections/org_touches.h"
#include "projections/other_ends.h"
#include "projections/reaching.h"
#include "projections/turning.h"

namespace tenure::projections {

namespace {

class Teller {
 public:
  Teller(Access& access, const RecordOf& records, Instant from, const Subject& subject)
      : access_(access),
        facts_(access.facts()),
        records_(records),
        from_(from),
        meanwhile_(subject.meanwhile),
        with_retractions_(subject.with_retractions) {}

  std::vector<Touch> member(Number member) {
    own_entries(member);
    each_retraction([&](const Retraction& retraction) {
      const auto entities = retraction.entities();
      if (std::find(entities.begin(), entities.end(), member) != entities.end()) return Bearing::names;
      return retraction.turned && may_bear_on_others(retraction) ? Bearing::bears : Bearing::none;
    });
    auto model = facts_.model_at(Point{});
    if (!model) return take();
    Sides sides{Access(facts_.moved_to(Point{}), model), Access(facts_.moved_to(facts_.at()), model), {}};
    for (const Causes::Step& step : Causes(sides).steps_of(member, 0)) add({step.moment, step.position}, false);
    return take();
  }

  std::vector<Touch> role(Number role) {
    about(role);
    links({ListKind::holders, role},
          [role](const Entry& e) { return e.slot.kind == SlotKind::role && e.value == role; });
    links({ListKind::grants_of, role}, [role](const Entry& e) { return is(e, SlotKind::grant) && e.slot.b == role; });
    invitations([role](const Entry& e) { return is(e, SlotKind::invited) && e.value == role; });
    moved_to(role);
    // Ownership is given without naming the role.
    for (const std::string_view name : {implied_owner, implied_former_owner}) {
      const Number implied = facts_.number(EntityKind::role, name);
      if (implied == 0) continue;
      const auto is_it = [&](Point at) { return access_.named_role(implied, at) == role; };
      changes({ListKind::holders, implied}, [&](Point at) {
        if (is_it(at)) add(at, true);
      });
      by_entries({ListKind::holders, implied}, [&](const Entry& e) {
        return e.op == Op::set && e.slot.kind == SlotKind::role && e.value == implied && is_it(e.at);
      });
    }
    reaching(events_reaching_role(facts_, role, meanwhile_));
    const auto groups = groups_with_role(facts_, role, meanwhile_);
    reaching_retractions([&](const Retraction& retraction) { return is_about(groups, retraction); });
    return take();
  }

  std::vector<Touch> group(Number group) {
    about(group);
    links({ListKind::group_members, group}, on(SlotKind::group, group));
    links({ListKind::children, group}, below(group));
    invitations(on(SlotKind::invited_group, group));
    reaching(events_reaching_group(facts_, group, meanwhile_));
    const auto around = entities_around_group(facts_, group, meanwhile_);
    reaching_retractions([&](const Retraction& r) { return is_about(around, r) || brings_or_takes_somebody(r); });
    return take();
  }

  std::vector<Touch> resource(Number scope, const std::optional<ResourceId>& resource) {
    if (scope != 0) {
      about(scope);
      links({ListKind::grants_on, scope}, on(SlotKind::grant, scope));
      links({ListKind::assigned, scope}, on(SlotKind::assigned, scope));
      links({ListKind::children, scope}, below(scope));
    }
    if (!resource) return take();
    reaching(events_reaching_resource(facts_, *resource, meanwhile_));
    reaching_retractions([&, about = words_about_resource(facts_, *resource)](const Retraction& retraction) {
      return std::any_of(retraction.changes.begin(), retraction.changes.end(), [&](const auto& change) {
        return std::any_of(change.entries.begin(), change.entries.end(), about);
      });
    });
    return take();
  }

  // Whatever may have given or taken somebody the permission.
  std::vector<Touch> permission(const Subject& subject) {
    Turning turning(facts_, subject.permission);
    std::size_t looked_at = 0;
    const auto turned_by = [&](EntityKind kind, Number entity) {
      if (meanwhile_ && looked_at++ % 1'000 == 0) meanwhile_();
      for (const Point at : turning.of(kind, entity)) add(at, false);
    };
    turned_by(EntityKind::org, facts_.org_entity());
    for (const EntityKind kind : {EntityKind::member, EntityKind::group, EntityKind::role, EntityKind::scope}) {
      for (const Number entity : facts_.numbers_of(kind)) turned_by(kind, entity);
    }
    each_retraction(
        [](const Retraction& r) { return r.turned && !r.changes.empty() ? Bearing::bears : Bearing::none; });
    return take();
  }

 private:
  using Names = std::function<bool(const Entry&)>;
  using OldLink = std::optional<Point>;  // when it was made, while its holder is there

  static bool is(const Entry& entry, SlotKind kind) { return entry.slot.kind == kind && entry.op != Op::clear_kind; }
  static Names on(SlotKind kind, Number what) {
    return [kind, what](const Entry& e) { return is(e, kind) && e.slot.a == what; };
  }
  static Names below(Number what) {
    return [what](const Entry& e) { return e.slot.kind == SlotKind::parent && e.value == what; };
  }

  void add(Point at, bool own) {
    if (at <= facts_.at() && at.us >= from_.us) touches_.push_back({at, own});
  }

  void own_entries(Number entity) {
    for (const Entry& entry : facts_.entries(entity)) add(entry.at, true);
  }

  // What names it, touches it as a part of the organization, or turns one of its links at the other end.
  void about(Number thing) {
    own_entries(thing);
    retractions_about(thing);
    for (const Point at : turned_links(access_, thing, 0, meanwhile_)) add(at, false);
    for (const Entry& entry : facts_.entries(facts_.org_entity())) {
      if (!may_touch_others(entry) || entry.at > facts_.at() || entry.at.us < from_.us) continue;
      Access before = access_at({entry.at.us, entry.at.position - 1}), with = access_at(entry.at);
      if (org_touches(before, with, thing, entry)) add(entry.at, false);
      for (const auto& failure : {before.facts().failure(), with.facts().failure()}) {
        if (failure) facts_.fail(*failure);
      }
    }
  }

  Access access_at(Point at) {
    Facts facts = facts_.moved_to(at);
    auto model = facts.model_at(at);
    return Access(std::move(facts), std::move(model));
  }

  // Otherwise than by the thing's name.
  void reaching(const std::vector<Point>& events) {
    for (const Point at : events) {
      if (at <= facts_.at() && at.us >= from_.us) touches_.push_back({at, false, false, true});
    }
  }
  template <class May>
  void reaching_retractions(const May& may) {
    std::vector<Touch> found;
    each_retraction([&](const Retraction& retraction) {
      if (retraction.turned && !retraction.changes.empty() && may(retraction)) {
        found.push_back({retraction.at, false, true, true});
      }
      return Bearing::none;
    });
    touches_.insert(touches_.end(), found.begin(), found.end());
  }
  bool brings_or_takes_somebody(const Retraction& retraction) {
    return std::any_of(retraction.changes.begin(), retraction.changes.end(), [&](const auto& change) {
      return facts_.name(change.entity).kind == EntityKind::member &&
             std::any_of(change.entries.begin(), change.entries.end(), [](const Entry& entry) {
               const bool comes = entry.op == Op::set && entry.slot.kind == SlotKind::exists;
               return comes || entry.op == Op::end || entry.op == Op::accept;
             });
    });
  }
  // Whether an event is about one of them, or has somebody come into such a group or leave it, or a group come below
  // it.
  static bool is_about(const std::unordered_set<Number>& groups, const Retraction& retraction) {
    return std::any_of(retraction.changes.begin(), retraction.changes.end(), [&](const auto& change) {
      return groups.contains(change.entity) ||
             std::any_of(change.entries.begin(), change.entries.end(), [&](const Entry& entry) {
               const bool joins = entry.slot.kind == SlotKind::group || entry.slot.kind == SlotKind::invited_group;
               const bool group = joins && groups.contains(entry.slot.a);
               return group || (entry.slot.kind == SlotKind::parent && groups.contains(entry.value));
             });
    });
  }

  template <class BearingOf>
  void each_retraction(const BearingOf& bearing) {
    if (!with_retractions_) return;
    for (const auto& [target, by] : facts_.retractions()) {
      const auto retraction = retraction_of(facts_, records_, by);
      if (!retraction) return;
      if (retraction->at > facts_.at() || retraction->at.us < from_.us) continue;
      const Bearing found = bearing(*retraction);
      if (found != Bearing::none) touches_.push_back({retraction->at, found == Bearing::names, true});
    }
  }
  void retractions_about(Number thing) {
    each_retraction([&](const Retraction& retraction) { return bearing_of(access_, retraction, thing); });
  }

  // What a member's own events say bears on nobody else, but where invitees share their inviter's disabling.
  bool may_bear_on_others(const Retraction& retraction) {
    if (!invitees_share_) {
      const auto models = facts_.models_over(Instant::min(), Instant::max());
      invitees_share_ =
          std::any_of(models.begin(), models.end(), [](const auto& m) { return m->invitees_share_disabling(); });
    }
    return *invitees_share_ ||
           std::any_of(retraction.changes.begin(), retraction.changes.end(),
                       [&](const auto& change) { return facts_.name(change.entity).kind != EntityKind::member; });
  }

  void links(List list, const Names& names) {
    changes(list, [&](Point at) { add(at, false); });
    by_entries(list, names);
  }

  // Every event by which somebody was put into a list or taken out, also where that did nothing: it may have come
  // before they were there, or they never were.
  void by_entries(List list, const Names& names) {
    std::set<Number> holders = principals(list);
    for (const Number unlisted : facts_.unlisted_holders(list.of)) holders.insert(unlisted);
    for (const Number holder : holders) {
      for (const Entry& entry : facts_.entries(holder)) {
        if (names(entry)) add(entry.at, true);
      }
    }
  }

  std::set<Number> principals(List list) {
    std::set<Number> principals;
    for (const Interval& i : facts_.list_over(list, Instant::min(), Instant::max())) principals.insert(i.principal);
    return principals;
  }

  // Invitations that name it, and what became of them: each event after which other ones wait than before.
  void invitations(const Names& names) {
    for (const Number invited : principals({ListKind::invited, 0})) {
      const std::vector<Entry> entries = facts_.entries(invited);
      EntityState state;
      std::vector<std::pair<Slot, Point>> before;
      bool named = false;
      for (std::size_t i = 0; i < entries.size(); ++i) {
        state.apply(entries[i]);
        named |= names(entries[i]);
        const Point at = entries[i].at;
        if (i + 1 < entries.size() && entries[i + 1].at == at) continue;  // of the same event
        std::vector<std::pair<Slot, Point>> after;
        for (const Live& live : state.live) {
          if (names({live.at, Op::set, live.slot, live.value, {}})) after.emplace_back(live.slot, live.at);
        }
        if (after != before) add(at, named);
        before = std::move(after);
        named = false;
      }
    }
  }

  // Deletions that gave the holders of other roles this one, and when those came to it or left it by their old links.
  void moved_to(Number role) {
    std::set<Number> seen{role};
    std::vector<Number> queue{role};
    const std::set<Number> moved = principals({ListKind::moved_roles, 0});
    for (std::size_t next = 0; next < queue.size(); ++next) {
      for (const Number from : moved) {
        bool moved_here = false;
        for (const Entry& entry : facts_.entries(from)) {
          if (entry.op != Op::end || entry.value != queue[next] || access_.ended_nothing(from, entry.at)) continue;
          moved_here = true;
          if (queue[next] == role) add(entry.at, true);
        }
        if (!moved_here || !seen.insert(from).second) continue;
        queue.push_back(from);
        for (const Number holder : principals({ListKind::holders, from})) by_old_link(holder, from, role);
      }
    }
  }

  // When somebody came to a role, or left it, whose link is to one that was deleted.
  void by_old_link(Number holder, Number from, Number role) {
    const std::vector<Entry> entries = facts_.entries(holder);
    EntityState state;
    OldLink before;
    for (std::size_t i = 0; i < entries.size(); ++i) {
      state.apply(entries[i]);
      const Point at = entries[i].at;
      if (i + 1 < entries.size() && entries[i + 1].at == at) continue;  // of the same event
      OldLink after;
      const Live* link = state.find({SlotKind::role});
      if (link && link->value == from && state.exists()) after = link->at;
      if (after != before) {
        const bool had = leads_to(before, from, role, {at.us, at.position - 1});
        if (had != leads_to(after, from, role, at)) add(at, false);
      }
      before = after;
    }
  }

  // Where a link to a role leads at a point: what is deleted later moves nobody yet.
  bool leads_to(const OldLink& link, Number from, Number role, Point at) {
    if (!link) return false;
    Access access = access_at(at);
    const bool leads = access.has_model() && access.resolve_role(from, *link, nullptr) == role;
    if (access.facts().failure()) facts_.fail(*access.facts().failure());
    return leads;
  }

  template <class Changed>
  void changes(List list, const Changed& changed) {
    if (!org_ends_) org_ends_ = facts_.ends_of_org();
    for (const Point at : facts_.changes_of(list)) {
      // Whether an end of the organization touches the thing is not the lists' to say (org_touches.h).
      if (std::find(org_ends_->begin(), org_ends_->end(), at) == org_ends_->end()) changed(at);
    }
  }

  std::vector<Touch> take() {
    // What names the thing first, where an event was found in two ways.
    std::sort(touches_.begin(), touches_.end(), [](const Touch& a, const Touch& b) {
      return std::tuple(a.at, !a.own, a.reaches) < std::tuple(b.at, !b.own, b.reaches);
    });
    touches_.erase(
        std::unique(touches_.begin(), touches_.end(), [](const auto& a, const auto& b) { return a.at == b.at; }),
        touches_.end());
    return std::move(touches_);
  }

  Access& access_;
  Facts& facts_;
  const RecordOf& records_;
  Instant from_;
  std::function<void()> meanwhile_;
  const bool with_retractions_;
  std::optional<bool> invitees_share_;
  std::optional<std::vector<Point>> org_ends_;
  std::vector<Touch> touches_;
};

}  // namespace

std::vector<Touch> touches_of(Access& access, const Subject& subject, const RecordOf& records, Instant from) {
  Teller teller(access, records, from, subject);
  switch (subject.kind) {
    case SubjectKind::member:
      return teller.member(subject.entity);
    case SubjectKind::role:
      return teller.role(subject.entity);
    case SubjectKind::group:
      return teller.group(subject.entity);
    case SubjectKind::resource:
      return teller.resource(subject.entity, subject.resource);
    case SubjectKind::permission:
      break;
  }
  return teller.permission(subject);
}

}  // namespace tenure::projections
