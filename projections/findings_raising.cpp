// Members who can raise themselves: those whose role the model's analysis names, and those who hold, by whatever gives
// it to them, a permission for which a rule lets them come to have more (raising_ways.h).
#include <algorithm>
#include <set>

#include "projections/findings_parts.h"
#include "projections/raising_ways.h"
#include "projections/stood_together.h"

namespace tenure::projections {

namespace {

// Since when members have had a role, under the model in force.
class RoleHad {
 public:
  explicit RoleHad(Access& access) : access_(access), facts_(access.facts()) {
    const auto in_force = [&](Point at) { return facts_.model_at(at).get() == &access.model(); };
    turns_.push_back({Point{}, in_force(Point{})});
    for (const Entry& entry : facts_.entries(facts_.org_entity())) {
      if (entry.slot.kind != SlotKind::model || entry.at > facts_.at()) continue;
      turns_.push_back({entry.at, in_force(entry.at)});
    }
  }

  // The event since which a member who has it has had it without a break. What happens within an instant counts by its
  // result.
  Point since(Number member, Number role) {
    const std::vector<Entry> entries = facts_.entries_until(member, facts_.at());
    const std::vector<Point> points = points_of(entries);
    EntityState state;
    std::optional<Point> since;
    Point rise{};
    bool had = false;
    auto entry = entries.begin();
    for (auto point = points.begin(); point != points.end(); ++point) {
      for (; entry != entries.end() && entry->at <= *point; ++entry) state.apply(*entry);
      const Live* link = state.exists() ? state.find({SlotKind::role}) : nullptr;
      const bool has = link && in_force(*point) && access_.role_then(link->value, link->at, *point) == role;
      if (has && !had) rise = *point;
      had = has;
      const auto next = std::next(point);
      if (next != points.end() && next->us == point->us) continue;
      if (!has) {
        since.reset();
      } else if (!since) {
        since = rise;
      }
    }
    return since.value_or(Point{});
  }

 private:
  struct Turn {
    Point at;
    bool in_force = false;  // the model, from here on
  };

  bool in_force(Point at) const {
    const auto next = std::upper_bound(turns_.begin(), turns_.end(), at,
                                       [](Point wanted, const Turn& turn) { return wanted < turn.at; });
    return std::prev(next)->in_force;
  }

  // When they may have come to have a role or lost it: in order, each once.
  std::vector<Point> points_of(const std::vector<Entry>& entries) {
    std::set<Point> points;
    for (std::size_t i = 1; i < turns_.size(); ++i) points.insert(turns_[i].at);
    std::vector<Number> roles;
    for (const Entry& entry : entries) {
      const SlotKind kind = entry.slot.kind;
      if (kind == SlotKind::role || kind == SlotKind::invited)
        roles.push_back(access_.named_role(entry.value, entry.at));
      if (kind == SlotKind::role || kind == SlotKind::exists || entry.op == Op::end || entry.op == Op::accept) {
        points.insert(entry.at);
      }
    }
    std::unordered_set<Number> seen;
    for (std::size_t next = 0; next < roles.size(); ++next) {
      if (roles[next] == 0 || !seen.insert(roles[next]).second) continue;
      const auto [first, last] = facts_.state(roles[next]).of_kind(SlotKind::ended);
      for (const Live* ended = first; ended != last; ++ended) {
        points.insert(ended->at);
        roles.push_back(ended->value);
      }
    }
    return {points.begin(), points.end()};
  }

  Access& access_;
  Facts& facts_;
  std::vector<Turn> turns_;  // of the model, in order; the first one is how it was before all others
};

class Raising {
 public:
  Raising(const Looking& looking, const Raises& raises)
      : looking_(looking), access_(looking.access), facts_(looking.facts()), model_(access_.model()), raises_(raises) {
    for (const SelfRaise& raise : raises_) {
      const Number number = facts_.number(EntityKind::role, model_.roles()[raise.role].id.text);
      if (number != 0) named_.insert(number);
    }
  }

  // Under another model it is another way to raise oneself.
  void by_role() {
    RoleHad had(access_);
    for (const SelfRaise& raise : raises_) {
      const RoleId& role = model_.roles()[raise.role].id;
      const Number number = facts_.number(EntityKind::role, role.text);
      if (number == 0) continue;
      const std::string to = raise.to ? model_.roles()[*raise.to].id.text : "a custom role";
      for (const Number member : access_.holders(number, std::numeric_limits<std::size_t>::max(), false)) {
        told_.insert(member);
        Finding& finding = looking_.add(
            FindingKind::can_raise_self, member, number, had.since(member, number),
            "by the model's rules whoever has the role " + role.text + " can come to have " + to + " alone");
        finding.role = role.text;
      }
    }
  }

  // A custom role, a group, a grant on a scope or what everyone has may give what a rule asks for.
  void by_permission() {
    for (const ActionRule& rule : model_.rules()) {
      if (rule.allow && rule.actor_permission) asked_.emplace(*rule.actor_permission, rule.actor_level);
    }
    std::set<Number> members;
    for (const auto& [permission, level] : asked_) {
      for (const Holder& holder : access_.who_can({permission, level, std::nullopt}, false)) {
        members.insert(holder.member);
      }
    }
    RaisingWays ways(access_);
    std::vector<Raised> raised;
    for (const Number member : members) {
      looking_.meanwhile();
      if (!access_.active(member) || access_.disabled(member) || told_.contains(member)) continue;
      for (RaisingWay& way : ways.of(member, 1)) raised.push_back({member, std::move(way), {}, {}});
      if (facts_.failure()) return;
    }
    if (ways.failure()) facts_.fail(*ways.failure());
    if (raised.empty()) return;
    find_opened(raised);
    find_held(raised);
    for (const Raised& each : raised) tell(each);
  }

 private:
  // A member with a way to more, since when some way has been open, and since when they have held what its rule asks
  // for.
  struct Raised {
    Number member = 0;
    RaisingWay way;
    Point opened, held;
  };

  void tell(const Raised& raised) {
    Finding& finding = looking_.add(FindingKind::can_raise_self, raised.member, 0, raised.opened,
                                    "by the model's rules whoever has " +
                                        model_.permissions()[*raised.way.rule->actor_permission].name +
                                        " can come to have " + raised.way.to);
    // What gave them the permission, and what made the role so that there is more to have.
    const std::uint64_t defined = raised.way.role != 0 ? access_.defined_by(raised.way.role) : 0;
    for (const std::uint64_t position : {raised.held.position, defined}) {
      auto& all = finding.evidence;
      if (position != 0 && std::find(all.begin(), all.end(), position) == all.end()) all.push_back(position);
    }
  }

  // Ways are told apart by the roles that they lead to, which are numbered as they come.
  StandsBy number_of(const RaisingWay& way) {
    const auto [known, is_new] = numbers_.emplace(way.id.text, ways_.size());
    if (is_new) {
      ways_.push_back(way);
      ways_.back().role = facts_.number(EntityKind::role, way.id.text);
    }
    return known->second;
  }

  // The event since which some way has been open without a break, under this model and by no role that the analysis
  // names.
  void find_opened(std::vector<Raised>& raised) {
    const Number owner = facts_.number(EntityKind::role, model_.roles()[model_.owner_role()].id.text);
    StoodTogether::What what;
    what.turns = turns_of_others();
    what.bears = [this, owner](Number of, StandsBy by) { return of == owner || of == ways_[by].role; };
    what.stands = [this](Access& then) -> StoodTogether::Stands {
      if (&then.model() != &model_) return [](Number, StandsBy) { return std::nullopt; };
      return [this, &then, ways = std::make_shared<RaisingWays>(then)](Number member, StandsBy later) {
        return open_then(then, *ways, member, later);
      };
    };
    std::vector<StoodTogether::Member> members;
    for (const Raised& each : raised) members.push_back({each.member, number_of(each.way)});
    const std::vector<Point> opened = StoodTogether(looking_, std::move(what)).since(members);
    for (std::size_t i = 0; i < raised.size(); ++i) raised[i].opened = opened[i];
  }

  // The way by which they come to more at that point: the one of later, or else any.
  std::optional<StandsBy> open_then(Access& then, RaisingWays& ways, Number member, StandsBy later) {
    if (!then.active(member) || then.disabled(member) || named_.contains(then.direct_role(member))) return std::nullopt;
    const bool holds = std::any_of(asked_.begin(), asked_.end(), [&](const auto& asked) {
      return then.effective(member, {asked.first, asked.second, std::nullopt}, false).level >= asked.second;
    });
    if (!holds) return std::nullopt;
    std::optional<StandsBy> by;
    if (ways.open(member, ways_[later])) {
      by = later;
    } else {
      for (const RaisingWay& way : ways.of(member, 1)) by = number_of(way);
    }
    if (ways.failure()) facts_.fail(*ways.failure());
    return by;
  }

  // The event since which they have held what the rule of their way asks for, under any model.
  void find_held(std::vector<Raised>& raised) {
    std::vector<std::pair<PermissionId, LevelId>> asked;
    std::vector<StoodTogether::Member> members;
    for (const Raised& each : raised) {
      const PermissionIndex permission = *each.way.rule->actor_permission;
      const std::pair one{model_.permissions()[permission].id,
                          model_.level_name(permission, each.way.rule->actor_level)};
      const auto known = std::find(asked.begin(), asked.end(), one);
      members.push_back({each.member, static_cast<StandsBy>(known - asked.begin())});
      if (known == asked.end()) asked.push_back(one);
    }
    StoodTogether::What what;
    what.stands = [&asked](Access& then) {
      return [&asked, &then](Number member, StandsBy by) -> std::optional<StandsBy> {
        const auto permission = then.model().permission(asked[by].first.text);
        const auto level = permission ? then.model().level(*permission, asked[by].second.text) : std::nullopt;
        if (!level) return std::nullopt;
        const LevelIndex least = std::max<LevelIndex>(*level, 1);
        const bool holds = then.effective(member, {*permission, least, std::nullopt}, false).level >= least;
        return holds ? std::optional(by) : std::nullopt;
      };
    };
    const std::vector<Point> held = StoodTogether(looking_, std::move(what)).since(members);
    for (std::size_t i = 0; i < raised.size(); ++i) raised[i].held = held[i];
  }

  // When something turned that opens or closes ways whoever the member is: what roles there are and what they grant,
  // and who holds those of which the rules count the holders.
  std::vector<StoodTogether::Turn> turns_of_others() {
    std::vector<StoodTogether::Turn> turns;
    for (const Number role : facts_.numbers_of(EntityKind::role)) {
      for (const Entry& entry : facts_.entries(role)) turns.push_back({entry.at, role});
    }
    std::set<Number> lists, elsewhere;
    for (const RoleIndex role : counted_roles()) {
      lists.insert(facts_.number(EntityKind::role, model_.roles()[role].id.text));
    }
    lists.erase(0);
    if (!lists.empty()) {
      for (const Number role : access_.roles_that_lead_elsewhere()) elsewhere.insert(role);
    }
    lists.insert(elsewhere.begin(), elsewhere.end());
    for (const Number role : lists) {
      // Whose holders have another role may bear on any.
      const Number of = elsewhere.contains(role) ? 0 : role;
      std::set<Number> holders;
      for (const Point at : facts_.changes_of({ListKind::holders, role})) turns.push_back({at, of});
      for (const Interval& i : facts_.list_over({ListKind::holders, role}, Instant::min(), Instant::max())) {
        holders.insert(i.principal);
      }
      for (const Number holder : holders) add_disablings(holder, of, turns);
    }
    return turns;
  }

  // Roles of which the judgement of somebody's raising themselves asks who else holds them.
  std::set<RoleIndex> counted_roles() {
    std::set<RoleIndex> roles{model_.owner_role()};
    for (RoleIndex role = 0; role < model_.roles().size(); ++role) {
      if (model_.roles()[role].cardinality != Cardinality::any) roles.insert(role);
    }
    for (const ActionRule& rule : model_.rules()) {
      if (!rule.target_is_last_holder) continue;
      roles.insert(rule.target_roles.begin(), rule.target_roles.end());
      for (RoleIndex role = 0; rule.target_roles.empty() && role < model_.roles().size(); ++role) roles.insert(role);
    }
    return roles;
  }

  // When somebody came, went, was disabled or enabled.
  void add_disablings(Number holder, Number of, std::vector<StoodTogether::Turn>& turns) {
    looking_.meanwhile();
    for (const Entry& entry : facts_.entries(holder)) {
      const SlotKind kind = entry.slot.kind;
      const bool turned = entry.op == Op::end || entry.op == Op::accept || kind == SlotKind::exists ||
                          kind == SlotKind::disabled || kind == SlotKind::came_by;
      if (turned) turns.push_back({entry.at, of});
    }
  }

  const Looking& looking_;
  Access& access_;
  Facts& facts_;
  const AccessModel& model_;
  const Raises& raises_;
  std::set<Number> named_;                                  // the roles that the analysis names
  std::unordered_set<Number> told_;                         // whoever has one of them
  std::set<std::pair<PermissionIndex, LevelIndex>> asked_;  // by some rule
  std::vector<RaisingWay> ways_;                            // one to each role that somebody came to more by
  std::map<std::string, StandsBy> numbers_;
};

}  // namespace

void find_raising(const Looking& looking, const Raises& raises) {
  Raising raising(looking, raises);
  raising.by_role();
  raising.by_permission();
}

}  // namespace tenure::projections
