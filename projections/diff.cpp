#include "projections/diff.h"

#include <algorithm>

namespace tenure::projections {

std::string_view to_text(Difference difference) {
  static constexpr std::string_view texts[] = {"gained", "lost", "raised", "lowered", "kept"};
  return texts[static_cast<std::size_t>(difference)];
}

bool same_power(const Power& a, const Power& b, Grain grain) {
  if (a.index == 0 || b.index == 0) return a.index == b.index;
  return a.level == b.level && (grain != Grain::overall || a.reach == b.reach);
}

Power power_of(Access& access, Number member, const Compared& compared) {
  const AccessModel& model = access.model();
  const auto permission = model.permission(compared.permission->id.text);
  if (!permission) return {};
  const Effective held = access.effective(member, {*permission, 1, compared.resource}, false);
  return {model.level_name(*permission, held.level).text, held.level, held.level == 0 ? Reach::listed : held.reach};
}

namespace {

// No resource is called so: who holds a power on it holds it on every one.
const std::string no_resource = "\x01";

// Of one resource only what is about its kind is held, whatever else its holders have.
bool is_about(const AccessModel& before, const AccessModel& after, const PermissionId& id, const std::string& kind) {
  const auto about = [&](const AccessModel& model) {
    const auto permission = model.permission(id.text);
    return permission && model.permissions()[*permission].resource_kind == kind;
  };
  return about(before) || about(after);
}

std::vector<ComparedPermission> permissions_of(const AccessModel& before, const AccessModel& after,
                                               const DiffQuestion& question) {
  std::vector<ComparedPermission> all;
  const auto add = [&](const PermissionRule& rule) {
    if (question.permission && rule.id != *question.permission) return;
    if (question.resource && !is_about(before, after, rule.id, question.resource->kind)) return;
    all.push_back({rule.id, rule.resource_kind, before.permission(rule.id.text), after.permission(rule.id.text)});
  };
  for (const PermissionRule& rule : after.permissions()) add(rule);
  for (const PermissionRule& rule : before.permissions()) {
    if (!after.permission(rule.id.text)) add(rule);
  }
  return all;
}

void sort_by_member(std::vector<DiffRow>& rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const DiffRow& a, const DiffRow& b) { return a.member < b.member; });
}

ResourceId resource_named(const std::string& name) {
  const auto colon = name.find(':');
  return {name.substr(0, colon), name.substr(colon + 1)};
}

class Comparison {
 public:
  Comparison(Sides& sides, const DiffQuestion& question) : sides_(sides), question_(question), causes_(sides) {
    diff_.permissions = permissions_of(sides.before.model(), sides.after.model(), question);
    if (question.resource) asked_ = sides.after.facts().number(EntityKind::scope, to_text(*question.resource));
  }

  Diff of(Number one) {
    member(one, {});
    return std::move(diff_);
  }

  Diff of(const MembersToCompare& members) {
    for (const Number each : members.fully) one_of_many(each, {});
    if (!members.permissions.empty()) {
      for (const Number each : members.partly) one_of_many(each, members.permissions);
      sort_by_member(diff_.rows);
    }
    return std::move(diff_);
  }

 private:
  // Memory holds the states of one member at a time: a diff may be of all there are.
  void one_of_many(Number each, const std::vector<PermissionId>& only) {
    if (question_.among && !question_.among->contains(each)) return;
    if (question_.meanwhile && diff_.compared % 1000 == 0) question_.meanwhile();
    ++diff_.compared;
    member(each, only);
    sides_.before.facts().let_go(each);
    sides_.after.facts().let_go(each);
  }

  // Only those permissions, where there are any.
  void member(Number member, const std::vector<PermissionId>& only) {
    if (diff_.too_many || diff_.failure || sides_.failure()) return;
    if (question_.only_whether && !diff_.rows.empty()) return;
    const std::size_t first = diff_.rows.size();
    resources_.reset();
    for (std::size_t p = 0; p < diff_.permissions.size(); ++p) {
      const PermissionId& id = diff_.permissions[p].id;
      if (only.empty() || std::find(only.begin(), only.end(), id) != only.end()) {
        permission(member, static_cast<std::uint16_t>(p));
      }
    }
    if (first < diff_.rows.size()) find_causes(member, first);
    if (question_.cause) {
      const auto begin = diff_.rows.begin() + static_cast<std::ptrdiff_t>(first);
      const auto other = [&](const DiffRow& row) { return row.cause != *question_.cause; };
      diff_.rows.erase(std::remove_if(begin, diff_.rows.end(), other), diff_.rows.end());
    }
    diff_.too_many = diff_.rows.size() > diff_rows_max;
  }

  void permission(Number member, std::uint16_t p) {
    const std::string& kind = diff_.permissions[p].kind;
    if (question_.resource) {
      compare(member, p, Grain::asked, 0, *question_.resource);
      return;
    }
    compare(member, p, Grain::overall, 0, std::nullopt);
    if (kind.empty() || question_.only_overall) return;
    const auto [every_before, every_after] = compare(member, p, Grain::every, 0, ResourceId{kind, no_resource});
    for (const Number resource : own_resources(member)) {
      const std::string& name = sides_.after.facts().name(resource).name;
      if (kind_of(name) != kind) continue;
      const std::size_t rows = diff_.rows.size();
      const auto [before, after] = compare(member, p, Grain::one, resource, resource_named(name));
      const bool as_every = same_power(before, every_before, Grain::one) && same_power(after, every_after, Grain::one);
      const bool every_kept = same_power(every_before, every_after, Grain::every);
      if (as_every) diff_.rows.resize(rows);
      if (!as_every && !every_kept && rows == diff_.rows.size()) {
        add(member, p, Grain::one, resource, before, after, Difference::kept);
      }
    }
  }

  // What both sides hold; a row where that differs.
  std::pair<Power, Power> compare(Number member, std::uint16_t p, Grain grain, Number resource,
                                  std::optional<ResourceId> on) {
    const Compared compared{&diff_.permissions[p], grain, std::move(on)};
    const Power before = power_of(sides_.before, member, compared), after = power_of(sides_.after, member, compared);
    if (!same_power(before, after, grain)) add(member, p, grain, resource, before, after, direction(p, before, after));
    return {before, after};
  }

  void add(Number member, std::uint16_t p, Grain grain, Number resource, const Power& before, const Power& after,
           Difference difference) {
    diff_.rows.push_back({member, p, grain, resource, difference, before, after, 0});
  }

  Difference direction(std::uint16_t p, const Power& before, const Power& after) const {
    if (before.index == 0) return Difference::gained;
    if (after.index == 0) return Difference::lost;
    // Levels of two models are told by name; where neither knows the other's, by their place.
    const ComparedPermission& permission = diff_.permissions[p];
    int from = before.index, to = after.index;
    if (const auto rank = sides_.after.model().level(*permission.after, before.level)) {
      from = *rank;
    } else if (const auto other = sides_.before.model().level(*permission.before, after.level)) {
      to = *other;
    }
    const bool up = from != to ? from < to : before.reach < after.reach;
    return up ? Difference::raised : Difference::lowered;
  }

  const std::vector<Number>& own_resources(Number member) {
    if (!resources_) {
      const auto before = sides_.before.own_resources(member), after = sides_.after.own_resources(member);
      resources_.emplace();
      std::set_union(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(*resources_));
    }
    return *resources_;
  }

  // What was kept may have been lost and come back in between. If not, the row is there by what every resource lost or
  // gained: it has that one's cause.
  void find_causes(Number member, std::size_t first) {
    if (question_.event) {
      for (std::size_t i = first; i < diff_.rows.size(); ++i) diff_.rows[i].cause = question_.event->position;
      return;
    }
    std::vector<Causes::Sought> sought;
    for (std::size_t i = first; i < diff_.rows.size(); ++i) {
      DiffRow& row = diff_.rows[i];
      const ComparedPermission& permission = diff_.permissions[row.permission];
      std::optional<ResourceId> on;
      if (row.grain == Grain::asked) on = question_.resource;
      if (row.grain == Grain::every) on = ResourceId{permission.kind, no_resource};
      if (row.grain == Grain::one) on = resource_named(sides_.after.facts().name(row.resource).name);
      const bool kept = row.difference == Difference::kept;
      sought.push_back({{&permission, row.grain, std::move(on)}, row.after, &row.cause, kept});
    }
    causes_.find(member, asked_, std::move(sought));
    diff_.failure = causes_.failure();
    std::uint64_t every = 0;
    for (std::size_t i = first; i < diff_.rows.size(); ++i) {
      DiffRow& row = diff_.rows[i];
      if (row.grain == Grain::every) every = row.cause;
      if (row.difference == Difference::kept && row.cause == 0) row.cause = every;
    }
  }

  Sides& sides_;
  const DiffQuestion& question_;
  Causes causes_;
  Number asked_ = 0;
  std::optional<std::vector<Number>> resources_;  // of the member in hand
  Diff diff_;
};

}  // namespace

Diff diff_of(Sides& sides, const DiffQuestion& question) {
  if (question.member) return Comparison(sides, question).of(*question.member);
  return diff_of(sides, question, members_to_compare(sides, question.event));
}

Diff diff_of(Sides& sides, const DiffQuestion& question, const MembersToCompare& members) {
  return Comparison(sides, question).of(members);
}

Diff together(std::vector<Diff> parts) {
  Diff all = std::move(parts.front());
  for (auto part = std::next(parts.begin()); part != parts.end(); ++part) {
    all.rows.insert(all.rows.end(), part->rows.begin(), part->rows.end());
    all.compared += part->compared;
    all.too_many = all.too_many || part->too_many;
    if (!all.failure) all.failure = part->failure;
  }
  sort_by_member(all.rows);
  all.too_many = all.too_many || all.rows.size() > diff_rows_max;
  return all;
}

}  // namespace tenure::projections
