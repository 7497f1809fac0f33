#include "projections/other_ends.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tenure::projections {

namespace {

// A link of the thing: when it was made, and from when its holder had it to when their own events ended it or made it
// anew.
struct Stretch {
  Point link, from, to;
  Number partner = 0;  // of a grant, what it ends with beside the other end that it stands under
  Number member = 0;   // of a grant, the member who holds it, be they there or not
};

class TurnedLinks {
 public:
  TurnedLinks(Access& access, Number thing, Number only)
      : access_(access), facts_(access.facts()), thing_(thing), only_(only) {
    org_ends_ = facts_.ends_of_org();
    own_links();
    grants();
    std::erase_if(stretches_, [&](const auto& one) { return one.first == 0 || (only != 0 && one.first != only); });
  }

  std::vector<Point> all(const std::function<void()>& go_on) {
    for (const auto& [other, stretches] : stretches_) {
      if (go_on) go_on();
      const auto any_stands = [&, of = other, &links = stretches](Point at) {
        return std::any_of(links.begin(), links.end(), [&](const Stretch& link) {
          return link.from < at && at <= link.to && !broken(link, of, at);
        });
      };
      for (const Entry& end : ends_of(other)) {
        if (any_stands(end.at)) turned_.push_back(end.at);
      }
      for (const Point at : comings_of(other)) {
        if (any_stands(at)) turned_.push_back(at);
      }
      for (const Stretch& link : stretches) {
        for (const Point at : comings_of(link.member)) {
          if (link.link < at && at <= link.to && !broken(link, other, at)) turned_.push_back(at);
        }
      }
    }
    for (const auto& [role, link] : roles_) follow(role, link);
    return std::move(turned_);
  }

 private:
  // The ends of an entity that ended something, in order.
  const std::vector<Entry>& ends_of(Number entity) {
    const auto [it, is_new] = ends_.try_emplace(entity);
    if (!is_new || entity == 0) return it->second;
    for (const Entry& entry : facts_.entries(entity)) {
      if (entry.op != Op::end || entry.at > facts_.at() || access_.ended_nothing(entity, entry.at)) continue;
      it->second.push_back(entry);
    }
    return it->second;
  }

  // When an entity came to be there, in order.
  const std::vector<Point>& comings_of(Number entity) {
    const auto [it, is_new] = comings_.try_emplace(entity);
    if (!is_new || entity == 0) return it->second;
    EntityState state;
    bool there = false;
    for (const Entry& entry : facts_.entries(entity)) {
      if (entry.at > facts_.at()) break;
      state.apply(entry);
      if (!std::exchange(there, state.exists()) && there) it->second.push_back(entry.at);
    }
    return it->second;
  }

  // Whether a link was gone before a point: the other end, the partner, the thing itself or the organization had ended
  // since it was made.
  bool broken(const Stretch& link, Number other, Point at) {
    const auto between = [&](Point end) { return link.link < end && end < at; };
    const auto any = [&](Number entity) {
      const auto& ends = ends_of(entity);
      return std::any_of(ends.begin(), ends.end(), [&](const Entry& end) { return between(end.at); });
    };
    return any(other) || any(link.partner) || any(thing_) || std::any_of(org_ends_.begin(), org_ends_.end(), between);
  }

  // What the thing's own events link it to.
  void own_links() {
    std::map<Slot, std::pair<Number, Point>> open;  // what a slot holds, and since which event
    const auto close = [&](const auto& one, Point to) {
      const auto& [slot, held] = one;
      const auto& [value, link] = held;
      if (slot.kind == SlotKind::parent) stretches_[value].push_back({link, link, to, 0, 0});
      if (slot.kind == SlotKind::role) roles_.emplace_back(value, Stretch{link, link, to, 0, 0});
      if (slot.kind != SlotKind::grant) return;
      stretches_[slot.a].push_back({link, link, to, slot.b, 0});
      stretches_[slot.b].push_back({link, link, to, slot.a, 0});
    };
    for (const Entry& entry : facts_.entries(thing_)) {
      if (entry.at > facts_.at()) break;
      const SlotKind kind = entry.slot.kind;
      const bool one = entry.op == Op::set || entry.op == Op::clear,
                 several = entry.op == Op::end || entry.op == Op::clear_kind;
      if (const auto it = open.find(entry.slot); one && it != open.end()) {
        close(*it, entry.at);
        open.erase(it);
      }
      if (several) {
        std::erase_if(open, [&](const auto& held) {
          const bool ends = entry.op == Op::end || held.first.kind == kind;
          if (ends) close(held, entry.at);
          return ends;
        });
      }
      const bool links = kind == SlotKind::parent || kind == SlotKind::role || kind == SlotKind::grant;
      if (entry.op == Op::set && links) open[entry.slot] = {entry.value, entry.at};
    }
    for (const auto& held : open) close(held, Point::never());
  }

  // The grants of a role, or on a scope.
  void grants() {
    const EntityKind kind = facts_.name(thing_).kind;
    if (kind != EntityKind::role && kind != EntityKind::scope) return;
    const List list{kind == EntityKind::role ? ListKind::grants_of : ListKind::grants_on, thing_};
    for (const Interval& grant : facts_.list_over(list, Instant::min(), Instant::max())) {
      const bool member = facts_.name(grant.principal).kind == EntityKind::member;
      stretches_[grant.extra].push_back({grant.link, grant.open, grant.close, 0, member ? grant.principal : Number{0}});
    }
  }

  // A role that deletions move on: each takes the link to where it was, be that role there or not.
  void follow(Number role, const Stretch& stretch) {
    Point link = stretch.link;
    for (int step = 0; role != 0 && step < chain_max; ++step) {
      const auto& ends = ends_of(role);
      const auto end = std::find_if(ends.begin(), ends.end(), [&](const Entry& e) { return e.at > link; });
      const Point until = end == ends.end() ? stretch.to : std::min(stretch.to, end->at);
      for (const Point at : comings_of(role)) {
        const bool turns = link < at && at <= until && !broken({link, link, at, 0, 0}, 0, at);
        if (turns && (only_ == 0 || only_ == role)) turned_.push_back(at);
      }
      if (end == ends.end() || end->at > stretch.to || broken({link, link, end->at, 0, 0}, 0, end->at)) return;
      if (only_ == 0 || only_ == role) turned_.push_back(end->at);
      link = end->at;
      role = end->value;
    }
  }

  Access& access_;
  Facts& facts_;
  const Number thing_, only_;
  std::vector<Point> org_ends_;
  std::map<Number, std::vector<Stretch>> stretches_;  // by the other end
  std::vector<std::pair<Number, Stretch>> roles_;     // of the thing's own role, as it was given
  std::map<Number, std::vector<Entry>> ends_;
  std::map<Number, std::vector<Point>> comings_;
  std::vector<Point> turned_;
};

}  // namespace

std::vector<Point> turned_links(Access& access, Number thing, Number other, const std::function<void()>& go_on) {
  return TurnedLinks(access, thing, other).all(go_on);
}

}  // namespace tenure::projections
