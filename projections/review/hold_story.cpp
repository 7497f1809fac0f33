#include "projections/review/hold_story.h"

#include <algorithm>
#include <map>
#include <set>

namespace tenure::projections {

using review::HoldKind;

// ---- what changed --------------------------------------------------------------------------------

std::vector<Number> assigned_or_added(Facts& facts, Number member) {
  std::vector<Number> resources;
  for (const SlotKind kind : {SlotKind::assigned, SlotKind::created}) {
    const auto [first, last] = facts.state(member).of_kind(kind);
    for (const Live* link = first; link != last; ++link) resources.push_back(link->slot.a);
  }
  return resources;
}

bool bears_on(const Entry& of_member, const Hold& hold, bool by_assignment) {
  if (of_member.op == Op::end || of_member.op == Op::accept) return true;
  const Slot& slot = of_member.slot;
  if (slot.kind == SlotKind::exists || slot.kind == SlotKind::disabled || slot.kind == SlotKind::enabled_in)
    return true;
  if (slot.kind == SlotKind::assigned || slot.kind == SlotKind::created) return by_assignment;
  switch (hold.kind) {
    case HoldKind::role:
      return slot.kind == SlotKind::role;
    case HoldKind::group:
      return slot.kind == SlotKind::group && slot.a == hold.of;
    case HoldKind::grant:
      return slot.kind == SlotKind::grant && slot.a == hold.of && slot.b == hold.role;
    case HoldKind::invitation:
      break;
  }
  return slot.kind == SlotKind::invited || slot.kind == SlotKind::invited_group || slot.kind == SlotKind::expires;
}

bool bears_on_all(const Entry& of_organization) {
  const SlotKind kind = of_organization.slot.kind;
  return of_organization.op == Op::end || kind == SlotKind::model || kind == SlotKind::feature;
}

namespace {

class Touching {
 public:
  Touching(Holds& holds, const EarlierLook& earlier)
      : holds_(holds), access_(holds.access()), facts_(access_.facts()), earlier_(earlier) {}

  std::vector<HoldTouch> of(const Hold& hold) {
    const bool by_assignment = holds_.asks_assignments(hold);
    add(hold.member, [&](const Entry& entry) { return bears_on(entry, hold, by_assignment); });
    add_since(hold.since);
    add_inviters(hold.member);
    std::set<Number> behind;
    if (hold.kind == HoldKind::grant) behind = {hold.of, hold.role};
    if (hold.kind == HoldKind::role || hold.kind == HoldKind::invitation) behind = {hold.of};
    for (const Number group : holds_.groups(hold)) behind.insert(group);
    for (const Holds::Gives& each : holds_.gives(hold)) {
      behind.insert(each.role);
      behind.insert(each.scope);
      add_since(each.since);
    }
    behind.erase(0);
    for (const Number entity : behind) add_bases(entity);
    if (by_assignment) add_assigned(hold.member);
    const std::set<Number> features = holds_.features(hold);
    add(facts_.org_entity(), [&](const Entry& entry) {
      return bears_on_all(entry) && (entry.slot.kind != SlotKind::feature || features.contains(entry.slot.a));
    });
    return {touches_.begin(), touches_.end()};
  }

 private:
  bool is_new(std::uint64_t position) const { return position > earlier_.known && position <= facts_.known(); }

  // What was seen then and is seen now, or neither, is no change.
  template <class Is>
  void add(Number entity, const Is& is) {
    for (const Entry& entry : holds_.history(entity)) {
      if (entry.at > facts_.at() || entry.at.position > facts_.known() || !is(entry)) continue;
      const bool counts = entry.counts(facts_.known());
      const bool was_seen = entry.at.us <= earlier_.at.us && entry.counts(earlier_.known);
      if (counts == was_seen) continue;
      std::uint64_t told_by = entry.at.position;
      for (const std::uint64_t position : entry.retractions) {
        if (!is_new(entry.at.position) && is_new(position)) told_by = std::max(told_by, position);
      }
      touches_.insert({entry.at, told_by, counts});
    }
  }

  // The event since which something stands may be another's: a role's deletion that moved its holders.
  void add_since(Point since) {
    if (!earlier_.saw(since)) touches_.insert({since, since.position, true});
  }

  // A custom role says what its base said when it was made.
  void add_bases(Number role) {
    Point before = Point::never();
    for (int step = 0; role != 0 && step < chain_max; ++step) {
      add(role, [&](const Entry& entry) { return entry.at < before; });
      const Live* base = facts_.state(role).find({SlotKind::based_on});
      if (!base) return;
      role = base->value;
      before = std::min(before, base->at);
    }
  }

  // An assignment ends with what it is about.
  void add_assigned(Number member) {
    for (const Number resource : assigned_or_added(facts_, member)) {
      add(resource, [](const Entry& entry) { return entry.op == Op::end || entry.slot.kind == SlotKind::exists; });
    }
  }

  // Whoever was invited by somebody disabled starts so, where the model says it.
  void add_inviters(Number member) {
    if (!access_.has_model() || !access_.model().invitees_share_disabling()) return;
    for (int step = 0; step < chain_max; ++step) {
      const Live* came = facts_.state(member).find({SlotKind::came_by});
      if (!came) return;
      const Point invited = came->at;
      member = came->value;
      add(member, [&](const Entry& entry) {
        const SlotKind kind = entry.slot.kind;
        const bool disables = kind == SlotKind::disabled || kind == SlotKind::enabled_in;
        const bool begins = kind == SlotKind::exists || entry.op == Op::accept || entry.op == Op::end;
        return (disables || begins) && entry.at < invited;
      });
    }
  }

  Holds& holds_;
  Access& access_;
  Facts& facts_;
  EarlierLook earlier_;
  std::set<HoldTouch> touches_;
};

}  // namespace

std::vector<HoldTouch> touches_since(Holds& holds, const Hold& hold, const EarlierLook& earlier) {
  return Touching(holds, earlier).of(hold);
}

// ---- what it gave and who has it still -----------------------------------------------------------

std::vector<HeldPower> powers_of(Holds& holds, const Hold& hold) {
  std::vector<HeldPower> powers;
  Access& access = holds.access();
  if (!access.has_model()) return powers;
  const AccessModel& model = access.model();
  std::map<std::pair<PermissionIndex, Number>, LevelIndex> best;
  for (const Holds::Gives& each : holds.gives(hold)) {
    const std::string on = each.scope == 0 ? std::string() : std::string(kind_of(access.facts().name(each.scope).name));
    for (PermissionIndex p = 0; p < model.permissions().size(); ++p) {
      if (each.scope != 0 && model.permissions()[p].resource_kind != on) continue;
      const LevelIndex level = access.cell(each.role, p).level;
      if (level == 0) continue;
      LevelIndex& kept = best[{p, each.scope}];
      kept = std::max(kept, level);
    }
  }
  for (const auto& [key, level] : best) {
    powers.push_back({model.permissions()[key.first].id, model.level_name(key.first, level), key.second});
  }
  return powers;
}

std::vector<StillHeld> still_held(Access& now, Number member, const std::vector<HeldPower>& powers) {
  std::vector<StillHeld> held;
  if (!now.has_model()) return held;
  const AccessModel& model = now.model();
  for (const HeldPower& power : powers) {
    const auto permission = model.permission(power.permission.text);
    if (!permission) continue;
    const LevelIndex level = std::max<LevelIndex>(model.level(*permission, power.level.text).value_or(1), 1);
    Question question{*permission, level, std::nullopt};
    const std::string& on = power.scope == 0 ? std::string() : now.facts().name(power.scope).name;
    if (const auto colon = on.find(':'); colon != std::string::npos && !on.ends_with(":*")) {
      question.resource = ResourceId{on.substr(0, colon), on.substr(colon + 1)};
    }
    Effective effective = now.effective(member, question, true);
    if (effective.level < level) continue;
    std::erase_if(effective.paths, [&](const Path& path) { return path.level < level; });
    held.push_back(
        {power, model.level_name(*permission, effective.level), effective.reach, std::move(effective.paths)});
  }
  return held;
}

// ---- findings ------------------------------------------------------------------------------------

bool is_about(const Finding& finding, Holds& holds, const Hold& hold) {
  const bool by_event =
      std::find(finding.evidence.begin(), finding.evidence.end(), hold.since.position) != finding.evidence.end();
  if (by_event) return true;
  const bool of_member = finding.entity == hold.member || finding.other == hold.member;
  const Number role = hold.kind == HoldKind::grant ? hold.role : hold.kind == HoldKind::group ? 0 : hold.of;
  switch (finding.kind) {
    case FindingKind::can_raise_self:
      return of_member && hold.kind == HoldKind::role && finding.other == hold.of;
    case FindingKind::inviter_removed:
      return finding.entity == hold.member && hold.kind == HoldKind::role;
    case FindingKind::invitation_pending:
      return of_member && hold.kind == HoldKind::invitation;
    case FindingKind::custom_role_duplicate:
      return role != 0 && (finding.entity == role || finding.other == role);
    case FindingKind::grant_without_effect:
      if (hold.kind == HoldKind::group) return finding.entity == hold.of;
      return of_member && hold.kind == HoldKind::grant && finding.other == hold.role &&
             finding.on == holds.access().facts().name(hold.of).name;
    case FindingKind::holders_over:
      return hold.kind == HoldKind::role && finding.entity == hold.of;
    case FindingKind::granted_and_revoked:
      if (hold.kind == HoldKind::group && finding.entity == hold.of) return true;
      return of_member || (role != 0 && finding.entity == role);
    case FindingKind::custom_role_unheld:
    case FindingKind::holders_under:
      return false;
    default:
      return of_member;
  }
}

}  // namespace tenure::projections
