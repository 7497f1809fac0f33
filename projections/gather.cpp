// Who can, from the lists alone: no member's own history is read unless a rule asks for it.
//
// Every row of a list says who holds which link; the roles' cells say what it is worth. A member's level is the best of
// its rows, and what cuts a level (being disabled, a parent permission) is a list as well. So an answer of a
// thousand members costs a thousand rows. Where a row does not tell enough (its worth depends on the member's
// assignments, on another permission or on who invited them, or the power belongs to the owner alone) the member is put
// aside and asked one by one.
#include <algorithm>

#include "projections/access.h"

namespace tenure::projections {

namespace {

struct Worth {
  LevelIndex level = 0;
  Reach reach = Reach::listed;
  auto operator<=>(const Worth&) const = default;
};

}  // namespace

struct Access::Gathered {
  std::unordered_map<Number, Worth> sure;
  std::unordered_set<Number> unsure;
  std::optional<Worth> everyone;
  bool everyone_unsure = false;

  void add(Number member, Worth worth) {
    Worth& best = sure[member];
    best = std::max(best, worth);
  }
};

// What a link to a role is worth to whoever holds it; nothing if that depends on the holder's assignments.
std::optional<LevelIndex> Access::sure_level(Number role, const Question& question) {
  const Cell granted = cell(role, question.permission);
  const bool of_no_kind = model_->permissions()[question.permission].resource_kind.empty();
  if (granted.visibility != Visibility::all && !of_no_kind) return std::nullopt;
  return granted.level;
}

// One link, held by a member, by a group or by everyone.
void Access::gather(Gathered& gathered, const Interval& link, Number role, Reach reach, const Question& question) {
  const auto level = sure_level(role, question);
  const Worth worth{level.value_or(0), reach};
  const auto give = [&](Number member, bool sure) {
    if (sure) {
      gathered.add(member, worth);
    } else {
      gathered.unsure.insert(member);
    }
  };
  switch (facts_.name(link.principal).kind) {
    case EntityKind::member: {
      // A scoped grant stands without its holder being a member; a role ends with the membership.
      const bool counts = link.list.kind == ListKind::holders || model_->outsiders_hold_scoped_grants();
      return give(link.principal, level && counts);
    }
    case EntityKind::group: {
      std::unordered_set<Number> members, seen;
      expand_group(link.principal, members, seen);
      for (const Number member : members) give(member, level.has_value());
      return;
    }
    default:
      gathered.everyone_unsure |= !level;
      if (level) gathered.everyone = std::max(gathered.everyone.value_or(worth), worth);
      return;
  }
}

void Access::gather_holders(Gathered& gathered, const std::unordered_set<Number>& roles, const Question& question) {
  std::vector<Number> held(roles.begin(), roles.end());
  for (const Number role : roles_that_lead_elsewhere()) held.push_back(role);
  for (const Number role : held) {
    for (const Interval& link : facts_.list({ListKind::holders, role})) {
      const Number resolved = resolve_role(role, link.link, nullptr);
      if (roles.contains(resolved)) gather(gathered, link, resolved, Reach::all, question);
    }
  }
}

void Access::gather_grants(Gathered& gathered, const std::unordered_set<Number>& roles, const Question& question) {
  const auto grant = [&](const Interval& link, Number role, Number scope) {
    const auto reach = scope_reach(scope, question);
    if (reach && grant_counts(role, scope, link.link)) gather(gathered, link, role, *reach, question);
  };
  const bool any_resource = !question.resource && !model_->permissions()[question.permission].resource_kind.empty();
  if (any_resource) {
    for (const Number role : roles) {
      for (const Interval& link : facts_.list({ListKind::grants_of, role})) grant(link, role, link.extra);
    }
    return;
  }
  for (const Number scope : scopes_of(question)) {
    for (const Interval& link : facts_.list({ListKind::grants_on, scope})) {
      if (roles.contains(link.extra)) grant(link, link.extra, scope);
    }
  }
}

// What settings give every member.
void Access::gather_setting(Gathered& gathered, const Question& question) {
  for (const SettingGift& gift : setting_gifts(question)) {
    const Cell granted = model_->cell(gift.role, question.permission);
    if (granted.level < question.level) continue;
    // A setting is about a kind of resources, so what it gives may depend on assignments.
    if (granted.visibility != Visibility::all) {
      gathered.everyone_unsure = true;
      continue;
    }
    const Worth worth{granted.level, Reach::all};
    gathered.everyone = std::max(gathered.everyone.value_or(worth), worth);
  }
}

// Gives everyone's share to the members who are not disabled, and takes all from those whom being disabled cuts.
void Access::cut_disabled(Gathered& gathered, const Question& question) {
  const auto& kept = model_->kept_when_disabled();
  const bool is_kept = std::find(kept.begin(), kept.end(), question.permission) != kept.end();
  std::unordered_set<Number> disabled, cut;
  for (const Interval& i : facts_.list({ListKind::disabled, 0})) {
    if (i.extra == 0) disabled.insert(i.principal);
    if (!is_kept && (i.extra == 0 || model_->in_area(question.permission, facts_.name(i.extra).name)))
      cut.insert(i.principal);
  }
  if (gathered.everyone || gathered.everyone_unsure) {
    for (const Interval& i : facts_.list({ListKind::members, 0})) {
      if (disabled.contains(i.principal)) continue;
      if (gathered.everyone) gathered.add(i.principal, *gathered.everyone);
      if (gathered.everyone_unsure) gathered.unsure.insert(i.principal);
    }
  }
  std::erase_if(gathered.sure, [&](const auto& one) { return cut.contains(one.first); });
}

std::vector<Holder> Access::who_can_from_lists(const Question& question) {
  std::vector<Holder> holders;
  const PermissionRule& rule = model_->permissions()[question.permission];
  const bool other_kind =
      question.resource && !rule.resource_kind.empty() && rule.resource_kind != question.resource->kind;
  if (other_kind || !feature_on(rule.feature)) return holders;
  Gathered gathered;
  const auto roles = roles_with(question);
  gather_holders(gathered, roles, question);
  gather_grants(gathered, roles, question);
  gather_setting(gathered, question);
  cut_disabled(gathered, question);
  // What a row cannot tell, the member's own history does.
  if (rule.owner_only || rule.parent || rule.when_children_off || model_->invitees_share_disabling()) {
    for (const auto& [member, worth] : gathered.sure) gathered.unsure.insert(member);
  }
  for (const Number member : gathered.unsure) {
    Effective effective = this->effective(member, question, false);
    if (effective.level >= question.level) holders.push_back({member, std::move(effective)});
  }
  for (const auto& [member, worth] : gathered.sure) {
    if (gathered.unsure.contains(member)) continue;
    Holder& holder = holders.emplace_back();
    holder.member = member;
    holder.effective.level = worth.level;
    holder.effective.reach = worth.reach;
  }
  return holders;
}

}  // namespace tenure::projections
