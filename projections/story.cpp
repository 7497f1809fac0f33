#include "projections/story.h"

#include <algorithm>
#include <set>

namespace tenure::projections {

namespace {

class Teller {
 public:
  explicit Teller(Access& access) : access_(access), facts_(access.facts()) {}

  std::vector<Touch> member(Number member) {
    own_entries(member);
    auto model = facts_.model_at(Point{});
    if (!model) return take();
    Sides sides{Access(facts_.moved_to(Point{}), model), Access(facts_.moved_to(facts_.at()), model), {}};
    for (const Causes::Step& step : Causes(sides).steps_of(member, 0)) add({step.moment, step.position}, false);
    return take();
  }

  std::vector<Touch> role(Number role) {
    own_entries(role);
    list({ListKind::holders, role});
    list({ListKind::grants_of, role});
    // Ownership is given without naming the role.
    for (const std::string_view name : {implied_owner, implied_former_owner}) {
      const Number implied = facts_.number(EntityKind::role, name);
      if (implied == 0) continue;
      changes({ListKind::holders, implied}, [&](Point at) {
        if (access_.named_role(implied, at) == role) add(at, true);
      });
    }
    return take();
  }

  std::vector<Touch> group(Number group) {
    own_entries(group);
    list({ListKind::group_members, group});
    list({ListKind::children, group});
    return take();
  }

  std::vector<Touch> resource(Number scope) {
    own_entries(scope);
    list({ListKind::grants_on, scope});
    list({ListKind::assigned, scope});
    list({ListKind::children, scope});
    return take();
  }

  // Whatever may have given or taken some power.
  std::vector<Touch> everything() {
    const auto both = [&](Number entity) {
      for (const Entry& entry : facts_.entries(entity)) add(entry.at, false);
    };
    both(facts_.org_entity());
    for (const EntityKind kind : {EntityKind::member, EntityKind::group, EntityKind::role, EntityKind::scope}) {
      for (const Number entity : facts_.numbers_of(kind)) both(entity);
    }
    return take();
  }

 private:
  void add(Point at, bool own) {
    if (at > facts_.at()) return;
    const auto [place, is_new] = touches_.emplace(at, own);
    place->second = place->second || own;
  }

  void own_entries(Number entity) {
    for (const Entry& entry : facts_.entries(entity)) add(entry.at, true);
  }

  void list(List list) {
    changes(list, [&](Point at) { add(at, true); });
  }

  template <class Changed>
  void changes(List list, const Changed& changed) {
    for (const Point at : facts_.changes_of(list)) changed(at);
  }

  std::vector<Touch> take() {
    std::vector<Touch> touches;
    for (const auto& [at, own] : touches_) touches.push_back({at, own});
    return touches;
  }

  Access& access_;
  Facts& facts_;
  std::map<Point, bool> touches_;
};

}  // namespace

std::vector<Touch> touches_of(Access& access, SubjectKind kind, Number entity) {
  Teller teller(access);
  switch (kind) {
    case SubjectKind::member:
      return teller.member(entity);
    case SubjectKind::role:
      return teller.role(entity);
    case SubjectKind::group:
      return teller.group(entity);
    case SubjectKind::resource:
      return teller.resource(entity);
    case SubjectKind::permission:
      break;
  }
  return teller.everything();
}

}  // namespace tenure::projections
