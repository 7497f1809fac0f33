// Powers that were given and taken again soon after by no event of a link: what a role's definition granted for a
// while, a member who was enabled, a feature that was on. What a change of the model gives or takes nobody gave or
// took: nothing is counted across one.
#include <algorithm>
#include <map>

#include "projections/findings_parts.h"

namespace tenure::projections {

namespace {

// When the organization began, ended or came under another model, in order.
std::vector<Point> turns_of_org(Facts& facts) {
  std::vector<Point> turns;
  add_turns_of_org(facts, turns);
  std::sort(turns.begin(), turns.end());
  return turns;
}

// Of the events of one thing, up to a point, those that another one is so near to that what the one gave the other may
// have taken.
std::vector<Point> near_another(const std::vector<Entry>& entries, Point until, std::int64_t within_us) {
  std::vector<Point> points, near;
  for (const Entry& entry : entries) {
    if (entry.at > until) break;
    if (points.empty() || points.back() != entry.at) points.push_back(entry.at);
  }
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool after_one = i > 0 && points[i].us - points[i - 1].us <= within_us;
    const bool before_one = i + 1 < points.size() && points[i + 1].us - points[i].us <= within_us;
    if (after_one || before_one) near.push_back(points[i]);
  }
  return near;
}

// Whether there is a turn between two points.
bool turned_between(const std::vector<Point>& turns, Point from, Point to) {
  const auto next = std::upper_bound(turns.begin(), turns.end(), from);
  return next != turns.end() && *next <= to;
}

Point just_before(Point at) { return {at.us, at.position - 1}; }

class Turned {
 public:
  explicit Turned(const Looking& looking)
      : looking_(looking),
        facts_(looking.facts()),
        within_us_(looking.search.short_lived_us),
        turns_of_org_(turns_of_org(facts_)) {}

  // What a role granted for a while, by its own events, while somebody had it.
  void look_at_role(Number role) {
    looking_.meanwhile();
    std::map<std::pair<PermissionIndex, LevelIndex>, Point> given;
    Point last{};
    for (const Point at : near_another(facts_.entries(role), facts_.at(), within_us_)) {
      if (turned_between(turns_of_org_, last, at)) given.clear();
      last = at;
      auto before = access_at(facts_, just_before(at)), after = access_at(facts_, at);
      if (!before || !after) continue;
      std::optional<bool> held;
      for (PermissionIndex p = 0; p < after->model().permissions().size(); ++p) {
        const LevelIndex had = before->cell(role, p).level, has = after->cell(role, p).level;
        for (LevelIndex level = had; level < has; ++level) given[{p, level + 1}] = at;
        if (has >= had) continue;
        const auto since = given.find({p, had});
        if (since != given.end() && is_soon(since->second, at)) {
          if (!held) held = before->role_held(role);
          if (*held) add_granted(role, after->model(), p, had, since->second, at);
        }
        for (LevelIndex level = has; level < had; ++level) given.erase({p, level + 1});
      }
      keep_failure(*before);
      keep_failure(*after);
    }
  }

  // Who was enabled and disabled again, everywhere or in an area.
  void look_at_member(Number member) {
    looking_.meanwhile();
    const std::vector<Entry> entries = facts_.entries(member);
    std::map<Number, Point> enabled;  // in which area
    Point last{};
    for (const Point at : near_another(entries, facts_.at(), within_us_)) {
      if (turned_between(turns_of_org_, last, at)) enabled.clear();
      last = at;
      auto before = access_at(facts_, just_before(at)), after = access_at(facts_, at);
      if (!before || !after) continue;
      const bool there = before->active(member) && after->active(member);
      const std::vector<Number> had = before->disabled_in(member), has = after->disabled_in(member);
      keep_failure(*before);
      keep_failure(*after);
      if (!there) {
        enabled.clear();
        continue;
      }
      const auto [enables, disables] = says(entries, at);
      for (const Number area : had) {
        if (enables && !Access::holds_area(has, area)) enabled[area] = at;
      }
      for (const Number area : has) {
        if (Access::holds_area(had, area)) continue;
        const auto since = enabled.find(area);
        // Who is disabled everywhere loses nothing by being disabled in an area.
        const bool loses = disables && since != enabled.end() && !Access::holds_area(had, 0);
        if (loses) add_enabled(member, area, enabled_since(enabled, since->second), at);
        enabled.erase(area);
      }
    }
  }

  // Features that were on for a while.
  void look_at_features() {
    std::map<Number, Point> on;
    Point last{};
    for (const Entry& entry : facts_.entries(facts_.org_entity())) {
      if (entry.at > facts_.at()) break;
      if (turned_between(turns_of_org_, last, entry.at)) on.clear();
      last = entry.at;
      if (entry.slot.kind != SlotKind::feature) continue;
      looking_.meanwhile();
      auto before = access_at(facts_, just_before(entry.at)), after = access_at(facts_, entry.at);
      const std::string& feature = facts_.name(entry.slot.a).name;
      if (!before || !after || !after->model().feature(feature)) continue;
      const bool was = before->feature_on(feature), is = after->feature_on(feature);
      keep_failure(*before);
      keep_failure(*after);
      if (!was && is) on[entry.slot.a] = entry.at;
      if (!was || is) continue;
      if (const auto since = on.find(entry.slot.a); since != on.end()) add_feature(feature, since->second, entry.at);
      on.erase(entry.slot.a);
    }
  }

 private:
  struct Says {
    bool enables = false, disables = false;
  };
  // Whether one of a member's events says that they are disabled, or are so no more.
  static Says says(const std::vector<Entry>& entries, Point at) {
    Says says;
    for (const Entry& entry : entries) {
      if (entry.at != at || entry.slot.kind != SlotKind::disabled) continue;
      (entry.op == Op::set ? says.disables : says.enables) = true;
    }
    return says;
  }

  // Being enabled in an area is worth something once one is everywhere.
  static Point enabled_since(const std::map<Number, Point>& enabled, Point in_area) {
    const auto everywhere = enabled.find(0);
    return everywhere == enabled.end() ? in_area : std::max(in_area, everywhere->second);
  }

  // Of what was found so nobody knows since when it was there.
  bool is_soon(Point given, Point taken) {
    return taken.us - given.us <= within_us_ && !facts_.found_so(given.position);
  }

  void keep_failure(Access& access) {
    if (access.facts().failure()) facts_.fail(*access.facts().failure());
  }

  Finding& add(Number entity, Point given, Point taken, const std::string& what) {
    Finding& finding = looking_.add(FindingKind::granted_and_revoked, entity, 0, taken,
                                    what + " for " + in_words(taken.us - given.us));
    finding.evidence.push_back(given.position);
    return finding;
  }

  void add_granted(Number role, const AccessModel& model, PermissionIndex p, LevelIndex level, Point given,
                   Point taken) {
    const std::string &name = facts_.name(role).name, &permission = model.permissions()[p].id.text;
    const std::string& granted = model.level_name(p, level).text;
    Finding& finding =
        add(role, given, taken, "the role " + name + ", which somebody had, granted " + permission + " at " + granted);
    finding.role = name;
    finding.permission = permission;
    finding.level = granted;
  }

  void add_enabled(Number member, Number area, Point given, Point taken) {
    if (!is_soon(given, taken)) return;
    const std::string in = area == 0 ? std::string() : facts_.name(area).name;
    add(member, given, taken, "the member was enabled" + (area == 0 ? "" : " in " + in)).area = in;
  }

  void add_feature(const std::string& feature, Point given, Point taken) {
    if (!is_soon(given, taken)) return;
    add(0, given, taken, "the feature " + feature + " was on").feature = feature;
  }

  const Looking& looking_;
  Facts& facts_;
  const std::int64_t within_us_;
  const std::vector<Point> turns_of_org_;
};

}  // namespace

void find_turned(const Looking& looking) {
  Facts& facts = looking.facts();
  Turned turned(looking);
  for (const Number role : facts.numbers_of(EntityKind::role)) turned.look_at_role(role);
  std::vector<Number> disabled;
  for (const Interval& i : facts.list_over({ListKind::disabled, 0}, Instant::min(), Instant::max())) {
    disabled.push_back(i.principal);
  }
  // The lists know nothing of an end of the whole organization, nor of what came after it.
  if (!facts.ends_of_org().empty()) disabled = facts.numbers_of(EntityKind::member);
  std::sort(disabled.begin(), disabled.end());
  disabled.erase(std::unique(disabled.begin(), disabled.end()), disabled.end());
  for (const Number member : disabled) turned.look_at_member(member);
  turned.look_at_features();
}

}  // namespace tenure::projections
