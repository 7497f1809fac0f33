// Members who can raise themselves: those whose role the model's analysis names, and those who hold, by whatever gives
// it to them, a permission for which a rule lets them come to have more (raising_ways.h).
#include <algorithm>
#include <set>

#include "projections/findings_parts.h"
#include "projections/raising_ways.h"
#include "projections/spans.h"

namespace tenure::projections {

namespace {

class Raising {
 public:
  Raising(const Looking& looking, const Raises& raises)
      : looking_(looking),
        access_(looking.access),
        facts_(looking.facts()),
        model_(access_.model()),
        ways_(access_),
        raises_(raises) {}

  // Under another model it is another way to raise oneself.
  void by_role() {
    for (const SelfRaise& raise : raises_) {
      const RoleId& role = model_.roles()[raise.role].id;
      const Number number = facts_.number(EntityKind::role, role.text);
      if (number == 0) continue;
      const std::string to = raise.to ? model_.roles()[*raise.to].id.text : "a custom role";
      for (const Number member : access_.holders(number, std::numeric_limits<std::size_t>::max(), false)) {
        told_.insert(member);
        Finding& finding = looking_.add(
            FindingKind::can_raise_self, member, number, std::max(access_.role_since(member), model_since(facts_)),
            "by the model's rules whoever has the role " + role.text + " can come to have " + to + " alone");
        finding.role = role.text;
      }
    }
  }

  // A custom role, a group, a grant on a scope or what everyone has may give what a rule asks for.
  void by_permission() {
    std::set<std::pair<PermissionIndex, LevelIndex>> asked;
    for (const ActionRule& rule : model_.rules()) {
      if (rule.allow && rule.actor_permission) asked.emplace(*rule.actor_permission, rule.actor_level);
    }
    std::set<Number> members;
    for (const auto& [permission, level] : asked) {
      for (const Holder& holder : access_.who_can({permission, level, std::nullopt}, false)) {
        members.insert(holder.member);
      }
    }
    for (const Number member : members) {
      looking_.meanwhile();
      if (access_.active(member) && !access_.disabled(member) && !told_.contains(member)) try_out(member);
      if (facts_.failure()) return;
    }
    if (ways_.failure()) facts_.fail(*ways_.failure());
  }

 private:
  void try_out(Number member) {
    const std::vector<RaisingWay> ways = ways_.of(member, 1);
    if (ways.empty()) return;
    const RaisingWay& way = ways.front();
    const PermissionIndex permission = *way.rule->actor_permission;
    Finding& finding = looking_.add(
        FindingKind::can_raise_self, member, 0, since(member),
        "by the model's rules whoever has " + model_.permissions()[permission].name + " can come to have " + way.to);
    // What gave them the permission, and what made the role so that there is more to have.
    const SpanQuestion question{model_.permissions()[permission].id,
                                model_.level_name(permission, way.rule->actor_level), std::nullopt};
    const std::uint64_t held = held_since(facts_, member, question, looking_.at).value_or(Point{}).position;
    const std::uint64_t defined = way.role != 0 ? access_.defined_by(way.role) : 0;
    for (const std::uint64_t position : {held, defined}) {
      auto& all = finding.evidence;
      if (position != 0 && std::find(all.begin(), all.end(), position) == all.end()) all.push_back(position);
    }
  }

  // The event since which some way has been open without a break, under this model and by no role that the analysis
  // names.
  Point since(Number member) {
    std::vector<Point> points = points_bearing_on(facts_, member);
    points.insert(points.end(), turns_of_others().begin(), turns_of_others().end());
    return stood_since(looking_, std::move(points), [&](Access& then) {
      if (&then.model() != &model_ || !then.active(member) || then.disabled(member)) return false;
      const Number role = then.direct_role(member);
      const bool named = std::any_of(raises_.begin(), raises_.end(), [&](const SelfRaise& raise) {
        return role != 0 && model_.roles()[raise.role].id.text == facts_.name(role).name;
      });
      if (named) return false;
      RaisingWays ways(then);
      const bool open = !ways.of(member, 1).empty();
      if (ways.failure()) facts_.fail(*ways.failure());
      return open;
    });
  }

  // When something turned that opens or closes ways whoever the member is: what roles there are and what they grant,
  // and who holds those of which the rules count the holders.
  const std::vector<Point>& turns_of_others() {
    if (turns_) return *turns_;
    turns_.emplace();
    for (const Number role : facts_.numbers_of(EntityKind::role)) add_entries(facts_, role, *turns_);
    std::set<Number> lists, holders;
    for (const RoleIndex role : counted_roles()) {
      lists.insert(facts_.number(EntityKind::role, model_.roles()[role].id.text));
    }
    lists.erase(0);
    if (!lists.empty()) {
      for (const Number role : access_.roles_that_lead_elsewhere()) lists.insert(role);
    }
    for (const Number role : lists) {
      for (const Point at : facts_.changes_of({ListKind::holders, role})) turns_->push_back(at);
      for (const Interval& i : facts_.list_over({ListKind::holders, role}, Instant::min(), Instant::max())) {
        holders.insert(i.principal);
      }
    }
    for (const Number holder : holders) add_disablings(holder);
    return *turns_;
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
  void add_disablings(Number holder) {
    for (const Entry& entry : facts_.entries(holder)) {
      const SlotKind kind = entry.slot.kind;
      const bool turns = entry.op == Op::end || entry.op == Op::accept || kind == SlotKind::exists ||
                         kind == SlotKind::disabled || kind == SlotKind::came_by;
      if (turns) turns_->push_back(entry.at);
    }
  }

  const Looking& looking_;
  Access& access_;
  Facts& facts_;
  const AccessModel& model_;
  RaisingWays ways_;
  const Raises& raises_;
  std::unordered_set<Number> told_;
  std::optional<std::vector<Point>> turns_;
};

}  // namespace

void find_raising(const Looking& looking, const Raises& raises) {
  Raising raising(looking, raises);
  raising.by_role();
  raising.by_permission();
}

}  // namespace tenure::projections
