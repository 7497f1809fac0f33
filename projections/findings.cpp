#include "projections/findings.h"

#include <algorithm>
#include <map>

#include "events/digest.h"
#include "projections/findings_parts.h"

namespace tenure::projections {

namespace {

constexpr std::string_view kind_texts[finding_kinds] = {
    "can_raise_self",       "inviter_removed",      "invitation_pending", "custom_role_unheld", "custom_role_duplicate",
    "grant_without_effect", "holders_over",         "holders_under",      "rule_violation",     "self_approval",
    "granted_and_revoked",  "duties_not_separated", "judgement_changed"};

}  // namespace

std::string_view to_text(FindingKind kind) { return kind_texts[static_cast<std::size_t>(kind)]; }

std::optional<FindingKind> finding_kind_from(std::string_view text) {
  const auto at = std::find(std::begin(kind_texts), std::end(kind_texts), text);
  if (at == std::end(kind_texts)) return std::nullopt;
  return static_cast<FindingKind>(at - std::begin(kind_texts));
}

namespace {

constexpr std::size_t id_digest_digits = 16;

// Of one record there is one finding of these kinds.
bool one_a_record(FindingKind kind) {
  return kind == FindingKind::rule_violation || kind == FindingKind::self_approval;
}

// Made of what the log says alone: names, never the numbers of the views.
std::string id_of(Facts& facts, const Finding& finding) {
  std::string id = std::string(to_text(finding.kind)) + '.' + std::to_string(finding.since.position);
  if (one_a_record(finding.kind)) return id;
  std::string about;
  for (const Number number : {finding.entity, finding.other}) {
    if (number != 0) {
      const NamedEntity& named = facts.name(number);
      about += static_cast<char>(named.kind);
      about += named.name;
    }
    about += '\0';
  }
  about += finding.role + '\0' + finding.on;
  return id + '.' + to_hex(sha256(about)).substr(0, id_digest_digits);
}

class Search {
 public:
  Search(Access& access, Instant at) : access_(access), facts_(access.facts()), at_(at) {}

  std::vector<Finding> find(const Raises& raises, const FindingSearch& search) {
    for (std::size_t k = 0; k < finding_kinds; ++k) {
      const auto kind = static_cast<FindingKind>(k);
      if (!search.only || *search.only == kind) find(kind, raises, search);
    }
    std::sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) {
      return std::tie(a.kind, a.entity, a.other, a.since, a.role, a.on) <
             std::tie(b.kind, b.entity, b.other, b.since, b.role, b.on);
    });
    for (Finding& finding : found_) finding.id = id_of(facts_, finding);
    return std::move(found_);
  }

 private:
  void find(FindingKind kind, const Raises& raises, const FindingSearch& search) {
    switch (kind) {
      case FindingKind::can_raise_self:
        return raisers(raises);
      case FindingKind::inviter_removed:
        return inviters();
      case FindingKind::invitation_pending:
        return invitations(search.pending_us);
      case FindingKind::custom_role_unheld:
        return unheld_roles();
      case FindingKind::custom_role_duplicate:
        return same_roles();
      case FindingKind::grant_without_effect:
        grants();
        return grants_of_absent_groups();
      case FindingKind::holders_over:
      case FindingKind::holders_under:
        return find_holders(access_, kind, found_);
      case FindingKind::rule_violation:
      case FindingKind::self_approval:
      case FindingKind::granted_and_revoked:
        return find_told(access_, kind, search.short_lived_us, found_);
      case FindingKind::duties_not_separated:
        return find_duties(access_, at_, found_);
      case FindingKind::judgement_changed:
        return;
    }
  }

  Finding& add(FindingKind kind, Number entity, Number other, Point since, std::string because) {
    return add_finding(found_, kind, entity, other, since, std::move(because));
  }

  // Under another model it is another way to raise oneself.
  void raisers(const Raises& raises) {
    const AccessModel& model = access_.model();
    std::unordered_set<RoleIndex> seen;
    for (const Escalation& raise : raises) {
      if (!raise.alone || !seen.insert(raise.role).second) continue;
      const RoleRule& role = model.roles()[raise.role];
      const Number number = facts_.number(EntityKind::role, role.id.text);
      if (number == 0) continue;
      const std::string to = raise.to ? model.roles()[*raise.to].id.text : "a custom role";
      for (const Number member : access_.holders(number, std::numeric_limits<std::size_t>::max(), false)) {
        Finding& finding =
            add(FindingKind::can_raise_self, member, number, std::max(access_.role_since(member), model_since(facts_)),
                "by the model's rules whoever has the role " + role.id.text + " can come to have " + to + " alone");
        finding.role = role.id.text;
      }
    }
  }

  void inviters() {
    for (const Interval& i : facts_.list({ListKind::members, 0})) {
      const Live* came = facts_.state(i.principal).find({SlotKind::brought_by});
      if (!came || facts_.state(came->value).exists()) continue;
      const Live* ended = facts_.state(came->value).find({SlotKind::ended});
      if (!ended) continue;  // never a member: support staff
      const Live* exists = facts_.state(i.principal).find({SlotKind::exists});
      const Point since = std::max(ended->at, exists->since);
      Finding& finding = add(FindingKind::inviter_removed, i.principal, came->value, since,
                             "whoever invited the member was removed, and the member is still there");
      if (since != ended->at) finding.evidence.push_back(ended->at.position);
      finding.evidence.push_back(came->at.position);
    }
  }

  void invitations(std::int64_t pending_us) {
    std::unordered_set<Number> seen;
    for (const Interval& i : facts_.list({ListKind::invited, 0})) {
      const EntityState& state = facts_.state(i.principal);
      if (state.exists() || !seen.insert(i.principal).second) continue;
      const auto invitation = state.invitation(at_);
      if (!invitation || at_.us - invitation->at.us <= pending_us) continue;
      add(FindingKind::invitation_pending, i.principal, 0, invitation->at,
          "the invitation has been pending since " + format_instant(Instant{invitation->at.us}));
    }
  }

  std::vector<std::pair<LevelIndex, Visibility>> cells_of(const std::function<Cell(PermissionIndex)>& cell) {
    std::vector<std::pair<LevelIndex, Visibility>> cells;
    for (PermissionIndex p = 0; p < access_.model().permissions().size(); ++p) {
      const Cell granted = cell(p);
      cells.emplace_back(granted.level, granted.level == 0 ? Visibility::all : granted.visibility);
    }
    return cells;
  }

  // Since it was made, or the last link to it was ended.
  void unheld_roles() {
    for (const Number role : access_.custom_roles()) {
      if (access_.role_held(role)) continue;
      Point since{};
      if (const Live* made = facts_.state(role).find({SlotKind::exists})) since = made->since;
      std::vector<List> lists{{ListKind::grants_of, role}, {ListKind::holders, role}};
      for (const Number other : access_.roles_that_lead_elsewhere()) lists.push_back({ListKind::holders, other});
      for (const List list : lists) {
        for (const Point at : facts_.changes_of(list)) since = std::max(since, at);
      }
      add(FindingKind::custom_role_unheld, role, 0, since, "no member, group or scope has the role");
    }
  }

  // When a custom role last became what it is.
  Point changed(Number role) {
    Point changed{};
    for (const Live& live : facts_.state(role).live) changed = std::max(changed, live.at);
    return changed;
  }

  void same_roles() {
    const AccessModel& model = access_.model();
    struct Same {
      Point changed;
      Number role = 0;
      std::string name;
    };
    std::map<std::vector<std::pair<LevelIndex, Visibility>>, Same> known;
    for (RoleIndex r = 0; r < model.roles().size(); ++r) {
      known.emplace(cells_of([&](PermissionIndex p) { return model.cell(r, p); }),
                    Same{model_since(facts_), 0, model.roles()[r].id.text});
    }
    for (const Number role : access_.custom_roles()) {
      const Point changed = this->changed(role);
      const auto [same, is_new] = known.emplace(cells_of([&](PermissionIndex p) { return access_.cell(role, p); }),
                                                Same{changed, role, facts_.name(role).name});
      if (is_new) continue;
      const Same& other = same->second;
      Finding& finding = add(FindingKind::custom_role_duplicate, role, other.role, std::max(changed, other.changed),
                             "it grants exactly what the role " + other.name + " does");
      finding.role = other.name;
    }
  }

  // Why a scoped grant gives nothing; empty if it may.
  std::string idle_because(const Interval& grant, Number role) {
    if (!access_.role_exists(role)) return "the role is not there";
    if (!access_.resource_exists(grant.extra, grant.link)) return "the resource is not there";
    const NamedEntity& holder = facts_.name(grant.principal);
    if (holder.kind == EntityKind::member && !facts_.state(grant.principal).exists() &&
        !access_.model().outsiders_hold_scoped_grants()) {
      return "whoever has it is no member";
    }
    const std::string& scope = facts_.name(grant.extra).name;
    for (PermissionIndex p = 0; p < access_.model().permissions().size(); ++p) {
      const std::string& kind = access_.model().permissions()[p].resource_kind;
      const bool about = scope == "org" || (!kind.empty() && kind_of(scope) == kind);
      if (about && access_.cell(role, p).level > 0) return {};
    }
    return "the role gives nothing there";
  }

  void grants() {
    for (const Number role : facts_.numbers_of(EntityKind::role)) {
      for (const Interval& grant : facts_.list({ListKind::grants_of, role})) {
        // What was ended is no grant any more, whether or not its ends are there again.
        if (access_.ended_since(role, grant.link) || access_.ended_since(grant.extra, grant.link)) continue;
        const std::string because = idle_because(grant, role);
        if (!because.empty()) add_grant(grant.principal, role, grant.extra, grant.since, because);
      }
    }
  }

  // What a group that is not there was granted stands in no list.
  void grants_of_absent_groups() {
    for (const Number group : facts_.numbers_of(EntityKind::group)) {
      if (access_.group_exists(group)) continue;
      const auto [first, last] = facts_.state(group).of_kind(SlotKind::grant);
      for (const Live* grant = first; grant != last; ++grant) {
        if (access_.ended_since(grant->slot.b, grant->at) || access_.ended_since(grant->slot.a, grant->at)) continue;
        add_grant(group, grant->slot.b, grant->slot.a, grant->since, "the group is not there");
      }
    }
  }

  void add_grant(Number holder, Number role, Number scope, Point since, const std::string& because) {
    const std::string& on = facts_.name(scope).name;
    Finding& finding = add(FindingKind::grant_without_effect, holder, role, since,
                           "the grant on " + on + " has no effect: " + because);
    finding.role = facts_.name(role).name;
    finding.on = on;
  }

  Access& access_;
  Facts& facts_;
  Instant at_;
  std::vector<Finding> found_;
};

}  // namespace

Point model_since(Facts& facts) {
  const Live* model = facts.state(facts.org_entity()).find({SlotKind::model});
  return model ? model->since : Point{};
}

std::vector<Finding> findings_at(Access& access, Instant at, const Raises& raises, const FindingSearch& search) {
  return Search(access, at).find(raises, search);
}

std::unordered_map<std::string, Point> closed_findings(Facts& facts) {
  std::unordered_map<std::string, Point> closed;
  for (const Number number : facts.numbers_of(EntityKind::finding)) {
    EntityState state;
    for (const Entry& entry : facts.entries(number)) {
      if (entry.at <= facts.at()) state.apply(entry);
    }
    if (const Live* by = state.find({SlotKind::closed})) closed.emplace(facts.name(number).name, by->at);
  }
  return closed;
}

}  // namespace tenure::projections
