#include "projections/review/hold_changes.h"

#include <algorithm>
#include <set>

#include "projections/review/hold_story.h"

namespace tenure::projections {

using review::HoldKind;
using review::ReviewScope;

std::string_view to_text(HoldTurn turn) {
  switch (turn) {
    case HoldTurn::given:
      return "given";
    case HoldTurn::given_anew:
      return "given anew";
    case HoldTurn::changed:
      return "changed";
    case HoldTurn::ended:
      break;
  }
  return "ended";
}

namespace {

// Moments kept for other holds that the same events bear on.
constexpr std::size_t moments_kept = 256;

// The organization at one point between the ends.
struct Moment {
  Moment(Facts facts, Models::Model model, Instant at)
      : access(std::move(facts), std::move(model)), holds(access, at) {}
  Access access;
  Holds holds;
};

class Following {
 public:
  Following(Holds& before, Holds& after, const ReviewScope& scope, const HasFinding& has_finding)
      : before_(before), after_(after), facts_(after.access().facts()), scope_(scope), has_finding_(has_finding) {}

  // Whether the member's holds could be followed with no more rows than that.
  bool follow(Number member, std::size_t most) {
    own_ = facts_.all_entries(member);
    note_run_outs();
    for (const Hold& hold : candidates(member)) follow(hold);
    for (Moment* moment : looked_at_) moment->access.facts().let_go(member);
    looked_at_.clear();
    return changes_.size() <= most;
  }

  std::vector<HoldChange> take() {
    forget_moments();
    std::sort(changes_.begin(), changes_.end(), [](const HoldChange& a, const HoldChange& b) {
      return std::tie(a.by, a.hold, a.turn) < std::tie(b.by, b.hold, b.turn);
    });
    return std::move(changes_);
  }

 private:
  using What = std::tuple<HoldKind, Number, Number>;

  // How a hold stands at a moment.
  struct Standing {
    std::optional<Hold> hold;
    std::string state;
    bool in_scope = false;
  };

  bool is_between(const Entry& entry) const {
    return entry.at > before_.access().facts().at() && entry.at <= facts_.at() && entry.counts(facts_.known());
  }

  // What the clock does: at these instants an invitation of the member is none any more, before any event of the
  // instant.
  void note_run_outs() {
    run_outs_.clear();
    std::map<Point, EntityState> invitations;  // each alone
    for (const Entry& entry : own_) {
      const bool of_one = entry.slot.kind == SlotKind::invited || entry.slot.kind == SlotKind::expires;
      if (of_one && entry.op == Op::set && entry.counts(facts_.known())) invitations[entry.at].apply(entry);
    }
    for (const auto& [at, alone] : invitations) {
      const auto invitation = alone.invitation(Instant::min());
      if (!invitation) continue;
      const std::int64_t us = invitation->expires_at.us;
      if (us > before_.at().us && us <= after_.at().us) run_outs_.push_back({us, 0});
    }
    std::sort(run_outs_.begin(), run_outs_.end());
  }

  // ---- what to follow ----------------------------------------------------------------------------

  // Everything that the member may have held at some time of the stretch; each once.
  std::set<Hold> candidates(Number member) {
    std::map<What, Hold> found;
    const auto add = [&](HoldKind kind, Number of, Number role) {
      if (of != 0 || kind == HoldKind::invitation)
        found.try_emplace({kind, of, role}, Hold{member, kind, of, role, {}});
    };
    for (Holds* end : {&before_, &after_}) {
      for (const Hold& hold : end->of(member)) found.try_emplace({hold.kind, hold.of, hold.role}, hold);
    }
    const auto add_links = [&](const EntityState& state) {
      for (const Live& link : state.live) add_link(link.slot, link.value, add);
    };
    add_links(before_.access().facts().state(member));
    add_role_at(before_.access(), member, found);
    for (const Entry& entry : own_) {
      if (!is_between(entry)) continue;
      if (entry.op == Op::set) add_link(entry.slot, entry.value, add);
      if (entry.op == Op::accept) add_links(facts_.state_once(member, entry.at));
      if (bears_on(entry, {member, HoldKind::role, 0, 0, {}}, false))
        add_role_at(moment(entry.at).access(), member, found);
    }
    for (const Point& at : points_of_org()) add_role_at(moment(at).access(), member, found);
    add_moved(member, found);
    std::set<Hold> all;
    for (const auto& [what, hold] : found) all.insert(hold);
    return all;
  }

  template <class Add>
  static void add_link(const Slot& slot, Number value, const Add& add) {
    if (slot.kind == SlotKind::role) add(HoldKind::role, value, 0);
    if (slot.kind == SlotKind::group) add(HoldKind::group, slot.a, 0);
    if (slot.kind == SlotKind::grant) add(HoldKind::grant, slot.a, slot.b);
    if (slot.kind == SlotKind::invited) add(HoldKind::invitation, value, 0);
  }

  // A link may name a role that stands for another one, by the model in force.
  void add_role_at(Access& access, Number member, std::map<What, Hold>& found) {
    const auto add = [&](Number role) {
      if (role != 0) found.try_emplace({HoldKind::role, role, 0}, Hold{member, HoldKind::role, role, 0, {}});
    };
    const Live* link = access.has_model() ? access.facts().state(member).find({SlotKind::role}) : nullptr;
    if (!link) return;
    add(access.named_role(link->value, link->at));  // where that is none, its deletion may make it one that is
    add(access.direct_role(member));
  }

  // Roles that come to whoever holds another one when that is deleted, and so on.
  void add_moved(Number member, std::map<What, Hold>& found) {
    std::vector<Number> roles;
    for (const auto& [what, hold] : found) {
      if (hold.kind == HoldKind::role) roles.push_back(hold.of);
    }
    for (std::size_t next = 0; next < roles.size(); ++next) {
      for (const Number role : heirs_of(roles[next])) {
        if (found.try_emplace({HoldKind::role, role, 0}, Hold{member, HoldKind::role, role, 0, {}}).second) {
          roles.push_back(role);
        }
      }
    }
  }

  const std::vector<Number>& heirs_of(Number role) {
    const auto [kept, is_new] = heirs_.try_emplace(role);
    if (!is_new) return kept->second;
    for (const Entry& entry : after_.history(role)) {
      if (entry.op == Op::end && entry.value != 0 && entry.counts(facts_.known())) kept->second.push_back(entry.value);
    }
    return kept->second;
  }

  // ---- one hold ----------------------------------------------------------------------------------

  void follow(const Hold& hold) {
    Behind behind;
    add_behind(before_, hold, behind);
    add_behind(after_, hold, behind);
    Standing was = standing(before_, hold);
    Point at = before_.access().facts().at();
    for (std::optional<Point> next; (next = next_after(at, hold, behind)); at = *next) {
      Holds& then = moment(*next);
      Standing is = standing(then, hold);
      note(was, is, *next);
      was = std::move(is);
      add_behind(then, hold, behind);
    }
    note(was, standing(after_, hold), {after_.at().us, 0});  // what the clock alone did since
  }

  // Whose events bear on a hold, and whether what is assigned to the member does.
  struct Behind {
    std::set<Number> entities;
    bool by_assignment = false;
  };

  // As things stand at a moment.
  void add_behind(Holds& then, const Hold& hold, Behind& all) {
    if (!then.access().has_model()) return;
    std::set<Number>& behind = all.entities;
    behind.insert({hold.of, hold.role});
    for (const Number group : then.groups(hold)) {
      behind.insert(group);
      // What is linked gives something once it is there.
      for (const Live& link : then.access().facts().state(group).live) {
        if (link.slot.kind == SlotKind::role) add_heirs(link.value, behind);
        if (link.slot.kind == SlotKind::parent) behind.insert(link.value);
        if (link.slot.kind == SlotKind::grant) behind.insert({link.slot.a, link.slot.b});
      }
    }
    const Hold at_that_time = then.now(hold).value_or(hold);
    for (const Holds::Gives& each : then.gives(at_that_time)) behind.insert({each.role, each.scope, each.by});
    if (hold.kind == HoldKind::role) {
      const Live* named = then.access().facts().state(hold.member).find({SlotKind::role});
      if (named) add_heirs(then.access().named_role(named->value, named->at), behind);
    }
    all.by_assignment = all.by_assignment || then.asks_assignments(at_that_time);
    if (all.by_assignment) {
      for (const Number each : assigned_or_added(then.access().facts(), hold.member)) behind.insert(each);
    }
    behind.erase(0);
  }

  // A role, whether or not it is one now, and those that it may have become.
  void add_heirs(Number role, std::set<Number>& behind) {
    std::vector<Number> roles{role};
    for (std::size_t next = 0; next < roles.size(); ++next) {
      behind.insert(roles[next]);
      for (const Number heir : heirs_of(roles[next])) {
        if (std::find(roles.begin(), roles.end(), heir) == roles.end()) roles.push_back(heir);
      }
    }
  }

  std::optional<Point> next_after(Point at, const Hold& hold, const Behind& behind) {
    std::optional<Point> next;
    const auto take = [&](const std::vector<Point>& points) {
      const auto first = std::upper_bound(points.begin(), points.end(), at);
      if (first != points.end() && (!next || *first < *next)) next = *first;
    };
    // The member's are many where somebody holds much; only some bear on this one.
    auto entry = std::partition_point(own_.begin(), own_.end(), [&](const Entry& each) { return each.at <= at; });
    for (; entry != own_.end(); ++entry) {
      if (!is_between(*entry) || !bears_on(*entry, hold, behind.by_assignment)) continue;
      next = entry->at;
      break;
    }
    for (const Number entity : behind.entities) take(points_of(entity));
    take(points_of_org());
    if (hold.kind == HoldKind::invitation) take(run_outs_);
    return next;
  }

  const std::vector<Point>& points_of(Number entity) {
    const auto [kept, is_new] = points_.try_emplace(entity);
    if (is_new)
      add_points(
          entity, [](const Entry&) { return true; }, kept->second);
    return kept->second;
  }
  const std::vector<Point>& points_of_org() {
    if (!org_points_) {
      org_points_.emplace();
      add_points(facts_.org_entity(), bears_on_all, *org_points_);
    }
    return *org_points_;
  }
  template <class Is>
  void add_points(Number entity, const Is& is, std::vector<Point>& points) {
    for (const Entry& entry : after_.history(entity)) {
      if (is_between(entry) && is(entry)) points.push_back(entry.at);
    }
    std::sort(points.begin(), points.end());
  }

  Standing standing(Holds& then, const Hold& hold) {
    Standing standing;
    standing.hold = then.now(hold);
    if (!standing.hold) return standing;
    standing.state = then.state(hold);
    standing.in_scope =
        then.takes(scope_, *standing.hold) && (scope_.findings.empty() || has_finding_(hold.member, scope_.findings));
    return standing;
  }

  void note(const Standing& was, const Standing& is, Point by) {
    if (!was.hold && !is.hold) return;
    if (!was.hold) return add(*is.hold, HoldTurn::given, by, is.in_scope);
    if (!is.hold) return add(*was.hold, HoldTurn::ended, by, was.in_scope);
    if (was.state == is.state) return;
    const bool anew = was.hold->since != is.hold->since;
    add(*is.hold, anew ? HoldTurn::given_anew : HoldTurn::changed, by, was.in_scope || is.in_scope);
  }

  void add(const Hold& hold, HoldTurn turn, Point by, bool in_scope) {
    if (in_scope) changes_.push_back({hold, turn, by});
  }

  Holds& moment(Point at) {
    if (moments_.size() >= moments_kept && !moments_.contains(at)) forget_moments();
    auto& kept = moments_[at];
    if (!kept) {
      Facts facts = facts_.moved_to(at);
      auto model = facts.model_at(facts.at());
      kept = std::make_unique<Moment>(std::move(facts), std::move(model), Instant{at.us});
    }
    looked_at_.insert(kept.get());
    return kept->holds;
  }

  void forget_moments() {
    for (const auto& [at, moment] : moments_) {
      if (const auto& failure = moment->access.facts().failure()) facts_.fail(*failure);
    }
    moments_.clear();
    looked_at_.clear();
  }

  Holds &before_, &after_;
  Facts& facts_;  // of the end
  const ReviewScope& scope_;
  const HasFinding& has_finding_;
  std::vector<HoldChange> changes_;
  std::vector<Entry> own_;  // of the member who is followed
  std::vector<Point> run_outs_;
  std::map<Point, std::unique_ptr<Moment>> moments_;
  std::unordered_set<Moment*> looked_at_;                  // for the member who is followed
  std::unordered_map<Number, std::vector<Point>> points_;  // of others than members
  std::unordered_map<Number, std::vector<Number>> heirs_;  // of roles
  std::optional<std::vector<Point>> org_points_;
};

}  // namespace

Decided<std::vector<HoldChange>> hold_changes(Holds& before, Holds& after, const ReviewScope& scope, std::size_t most,
                                              const HasFinding& has_finding) {
  Following following(before, after, scope, has_finding);
  Facts& facts = after.access().facts();
  for (const Number member : facts.numbers_of(EntityKind::member)) {
    if (facts.failure()) break;
    if (following.follow(member, most)) continue;
    return refuse(RefusalCode::too_large,
                  "more than " + std::to_string(most) + " changes lie in the period; make a report over a shorter one.",
                  "from");
  }
  if (const auto& failure = before.access().facts().failure()) facts.fail(*failure);
  return following.take();
}

}  // namespace tenure::projections
