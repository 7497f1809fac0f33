#include "services/reviews/access_source.h"

#include <algorithm>

#include "projections/review/hold_story.h"

namespace tenure::services {

namespace {

using projections::Access;
using projections::ComparedPermission;
using projections::DiffRow;
using projections::EntityKind;
using projections::Finding;
using projections::Grain;
using projections::HoldTurn;
using projections::Number;
using projections::Point;
using review::ReviewScope;

// More turns than anybody reads, so that no report takes all memory.
constexpr std::size_t changes_max = 1'000'000;

bool names_holds(const ReviewScope& scope) {
  return !scope.kinds.empty() || !scope.roles.empty() || !scope.groups.empty() || !scope.members.empty() ||
         !scope.findings.empty();
}

bool is_everything(const ReviewScope& scope) {
  return !names_holds(scope) && scope.permissions.empty() && scope.resources.empty();
}

// Whether a power that changed is among those that a scope names.
class PowerScope {
 public:
  PowerScope(const ReviewScope& scope, const AccessModel& before, const AccessModel& after)
      : scope_(scope), before_(before), after_(after) {}

  bool takes(const ComparedPermission& permission, const DiffRow& row, const std::string& resource) const {
    return (scope_.permissions.empty() || by_level(permission, row)) &&
           (scope_.resources.empty() || on_one(permission, row, resource));
  }

 private:
  bool by_level(const ComparedPermission& permission, const DiffRow& row) const {
    return std::any_of(scope_.permissions.begin(), scope_.permissions.end(), [&](const ReviewScope::Power& power) {
      return power.permission == permission.id && (reaches(before_, permission.before, row.before.index, power) ||
                                                   reaches(after_, permission.after, row.after.index, power));
    });
  }
  // A level that the model has no more is any access.
  static bool reaches(const AccessModel& model, const std::optional<PermissionIndex>& permission, LevelIndex level,
                      const ReviewScope::Power& power) {
    if (!permission) return false;
    const LevelIndex wanted = model.level(*permission, power.level.text).value_or(1);
    return level >= std::max<LevelIndex>(wanted, 1);
  }

  bool on_one(const ComparedPermission& permission, const DiffRow& row, const std::string& resource) const {
    return std::any_of(scope_.resources.begin(), scope_.resources.end(), [&](const ResourceId& wanted) {
      if (row.grain == Grain::one) return resource == to_text(wanted);
      return permission.kind == wanted.kind;
    });
  }

  const ReviewScope& scope_;
  const AccessModel &before_, &after_;
};

bool is_of_kind(const Finding& finding, const std::vector<std::string>& kinds) {
  return std::find(kinds.begin(), kinds.end(), projections::to_text(finding.kind)) != kinds.end();
}

}  // namespace

Decided<void> AccessSource::read(Parts& parts, const ReviewScope& scope, Instant from, std::optional<Position> knew) {
  auto open = open_findings(*sight, scope.findings);
  if (!open) {
    people.note(open.error());
    return {};
  }
  if ((*open)->not_judged_again) return too_much_learnt_late();
  found = std::move(*open);
  const auto has_finding = [&](Number member, const std::vector<std::string>& kinds) {
    const auto [first, last] = found->by_member.equal_range(member);
    return std::any_of(first, last, [&](const auto& each) { return is_of_kind(found->all[each.second], kinds); });
  };
  auto held = sight->holds().in_scope(scope, review_items_max, has_finding,
                                      [](const std::string&, const std::string&) { return false; });
  if (!held) return held.error();
  holds = std::move(*held);

  auto facts = sight->facts().moved_to(Point::end_of(from));
  auto model = facts.model_at(facts.at());
  Access access(std::move(facts), std::move(model));
  projections::Holds before(access, from);
  auto turns = projections::hold_changes(before, sight->holds(), scope, changes_max, has_finding);
  if (!turns) return turns.error();
  changes = std::move(*turns);
  if (knew) {
    if (const auto done = find_late(parts, before, scope, has_finding, *knew); !done) return done;
  }
  if (const auto& failure = before.access().facts().failure()) people.note(*failure);
  if (const auto done = compare(scope, from); !done) return done;
  keep_findings(scope);
  return {};
}

// Two lists of one instant: as the report before this one knew it, and as it is known now. With `changes` that makes
// the one report's holds into the other's.
Decided<void> AccessSource::find_late(Parts& parts, projections::Holds& before, const ReviewScope& scope,
                                      const HasFinding& has_finding, Position knew) {
  const auto none = [](const std::string&, const std::string&) { return false; };
  const auto sight_then = Sight::at(parts, *org, before.at(), knew);
  if (!sight_then) {
    people.note(sight_then.error());
    return {};
  }
  projections::Holds& then = (*sight_then)->holds();
  auto as_known_then = then.in_scope(scope, review_items_max, has_finding, none);
  if (!as_known_then) return as_known_then.error();
  auto as_known_now = before.in_scope(scope, review_items_max, has_finding, none);
  if (!as_known_now) return as_known_now.error();
  std::unordered_map<std::string_view, const projections::Holds::Found*> told;
  for (const auto& each : *as_known_then) told.emplace(each.id, &each);
  // By the newest of the events that were learnt since.
  const auto add = [&](const projections::Hold& hold, HoldTurn turn) {
    std::uint64_t by = 0;
    for (const auto& touch : touches_since(before, hold, {before.at(), knew.value})) by = std::max(by, touch.told_by);
    late.push_back({hold, turn, {before.at().us, by}});
  };
  for (const auto& each : *as_known_now) {
    const auto was = told.find(each.id);
    if (was == told.end()) {
      add(each.hold, HoldTurn::given);
    } else {
      if (was->second->state != each.state) add(each.hold, HoldTurn::changed);
      told.erase(was);
    }
  }
  for (const auto& each : *as_known_then) {
    if (told.contains(each.id)) add(each.hold, HoldTurn::ended);
  }
  if (const auto& failure = then.access().facts().failure()) people.note(*failure);
  return {};
}

// What everybody can do, at both ends of the period.
Decided<void> AccessSource::compare(const ReviewScope& scope, Instant from) {
  const auto side = [&](Instant at) {
    auto facts = sight->facts().moved_to(Point::end_of(at));
    auto model = facts.model_at(facts.at());
    return Access(std::move(facts), model ? model : sight->model());
  };
  projections::Sides sides{side(from), side(sight->at()), {}};
  diff = projections::diff_of(sides, {});
  if (diff.failure) people.note(*diff.failure);
  if (const auto failure = sides.failure()) people.note(*failure);
  if (diff.too_many) {
    return refuse(RefusalCode::too_large,
                  "more than " + std::to_string(projections::diff_rows_max) +
                      " changes lie in the period; make a report over a shorter one.",
                  "from");
  }
  const PowerScope powers(scope, sides.before.model(), sides.after.model());
  const std::set<Number> members = names_holds(scope) ? members_in_scope() : std::set<Number>();
  std::erase_if(diff.rows, [&](const DiffRow& row) {
    if (names_holds(scope) && !members.contains(row.member)) return true;
    const std::string resource = row.resource == 0 ? std::string() : sight->facts().name(row.resource).name;
    return !powers.takes(diff.permissions[row.permission], row, resource);
  });
  return {};
}

// Those who had a hold in scope at some time of the period.
std::set<Number> AccessSource::members_in_scope() const {
  std::set<Number> members;
  for (const auto& each : holds) members.insert(each.hold.member);
  for (const auto& each : changes) members.insert(each.hold.member);
  return members;
}

// What is found of nobody, such as a role that nobody holds, is in scope where everything is.
void AccessSource::keep_findings(const ReviewScope& scope) {
  const std::set<Number> members = members_in_scope();
  const auto is_about = [&](Number entity) {
    return entity != 0 && sight->facts().name(entity).kind == EntityKind::member && members.contains(entity);
  };
  for (const Finding& finding : found->all) {
    if (!scope.findings.empty() && !is_of_kind(finding, scope.findings)) continue;
    if (is_everything(scope) || is_about(finding.entity) || is_about(finding.other)) findings.push_back(&finding);
  }
}

}  // namespace tenure::services
