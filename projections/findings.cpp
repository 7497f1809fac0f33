#include "projections/findings.h"

#include <algorithm>
#include <map>

namespace tenure::projections {

std::string_view to_text(FindingKind kind) {
  static constexpr std::string_view texts[] = {"can_raise_self",     "inviter_removed",       "invitation_pending",
                                               "custom_role_unheld", "custom_role_duplicate", "grant_without_effect",
                                               "holders_over",       "holders_under"};
  return texts[static_cast<std::size_t>(kind)];
}

std::string Finding::id() const {
  return std::string(to_text(kind)) + '.' + std::to_string(entity) + '.' + std::to_string(other) + '.' +
         std::to_string(since.position);
}

namespace {

constexpr std::size_t evidence_max = 20;

class Search {
 public:
  Search(Access& access, Instant at) : access_(access), facts_(access.facts()), at_(at) {}

  std::vector<Finding> find(const Raises& raises, std::int64_t pending_us) {
    raisers(raises);
    inviters();
    invitations(pending_us);
    custom_roles();
    grants();
    grants_of_absent_groups();
    cardinalities();
    std::sort(found_.begin(), found_.end(), [](const Finding& a, const Finding& b) {
      return std::tie(a.kind, a.entity, a.other, a.since) < std::tie(b.kind, b.entity, b.other, b.since);
    });
    return std::move(found_);
  }

 private:
  Finding& add(FindingKind kind, Number entity, Number other, Point since, std::string because) {
    return found_.emplace_back(Finding{kind, entity, other, {}, since, std::move(because), {since.position}});
  }

  // Since when a member has had their role: the event that gave it.
  Point role_since(Number member) {
    const Live* role = facts_.state(member).find({SlotKind::role});
    return role ? role->since : Point{};
  }

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
        add(FindingKind::can_raise_self, member, number, role_since(member),
            "by the model's rules whoever has the role " + role.id.text + " can come to have " + to + " alone");
      }
    }
  }

  void inviters() {
    for (const Interval& i : facts_.list({ListKind::members, 0})) {
      const Live* came = facts_.state(i.principal).find({SlotKind::came_by});
      if (!came || came->value == 0 || facts_.state(came->value).exists()) continue;
      const Live* ended = facts_.state(came->value).find({SlotKind::ended});
      if (!ended) continue;  // never a member: support staff
      Finding& finding = add(FindingKind::inviter_removed, i.principal, came->value, ended->at,
                             "whoever invited the member has been removed since, and the member is still there");
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

  bool held(Number role) {
    bool any = false;
    for (const ListKind kind : {ListKind::holders, ListKind::grants_of}) {
      facts_.each({kind, role}, [&](const Interval&) {
        any = true;
        return false;
      });
    }
    return any;
  }

  void custom_roles() {
    const AccessModel& model = access_.model();
    std::map<std::vector<std::pair<LevelIndex, Visibility>>, std::pair<Number, std::string>> known;
    for (RoleIndex r = 0; r < model.roles().size(); ++r) {
      known.emplace(cells_of([&](PermissionIndex p) { return model.cell(r, p); }),
                    std::pair(Number{0}, model.roles()[r].id.text));
    }
    for (const Number role : access_.custom_roles()) {
      Point made{}, changed{};
      for (const Live& live : facts_.state(role).live) {
        if (live.slot.kind == SlotKind::exists) made = live.since;
        changed = std::max(changed, live.at);
      }
      if (!held(role)) add(FindingKind::custom_role_unheld, role, 0, made, "no member, group or scope has the role");
      const auto [same, is_new] = known.emplace(cells_of([&](PermissionIndex p) { return access_.cell(role, p); }),
                                                std::pair(role, facts_.name(role).name));
      if (is_new) continue;
      Finding& finding = add(FindingKind::custom_role_duplicate, role, same->second.first, changed,
                             "it grants exactly what the role " + same->second.second + " does");
      finding.role = same->second.second;
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
        const std::string because = idle_because(grant, role);
        if (because.empty()) continue;
        Finding& finding = add(FindingKind::grant_without_effect, grant.principal, role, grant.since,
                               "the grant on " + facts_.name(grant.extra).name + " has no effect: " + because);
        finding.role = facts_.name(role).name;
      }
    }
  }

  // What a group that is not there was granted stands in no list.
  void grants_of_absent_groups() {
    for (const Number group : facts_.numbers_of(EntityKind::group)) {
      if (access_.group_exists(group)) continue;
      const auto [first, last] = facts_.state(group).of_kind(SlotKind::grant);
      for (const Live* grant = first; grant != last; ++grant) {
        Finding& finding =
            add(FindingKind::grant_without_effect, group, grant->slot.b, grant->since,
                "the grant on " + facts_.name(grant->slot.a).name + " has no effect: the group is not there");
        finding.role = facts_.name(grant->slot.b).name;
      }
    }
  }

  void cardinalities() {
    const AccessModel& model = access_.model();
    for (const RoleRule& rule : model.roles()) {
      if (rule.cardinality == Cardinality::any) continue;
      const Number role = facts_.number(EntityKind::role, rule.id.text);
      std::vector<Number> holders;
      if (role != 0) {
        const auto all = access_.holders(role, evidence_max, true);
        holders.assign(all.begin(), all.end());
      }
      const bool over = rule.cardinality == Cardinality::exactly_one && holders.size() > 1;
      if (!over && !holders.empty()) continue;
      // It opened with the newest of the events that gave the role; of nobody, with the newest event about the org.
      std::vector<Point> given;
      given.reserve(holders.size());
      for (const Number member : holders) given.push_back(role_since(member));
      std::sort(given.rbegin(), given.rend());
      Finding& finding = add(over ? FindingKind::holders_over : FindingKind::holders_under, role, 0,
                             given.empty() ? Point{} : given.front(),
                             over ? "more than one member has the role " + rule.id.text + ", which is for one"
                                  : "nobody has the role " + rule.id.text + ", which somebody must have");
      finding.role = rule.id.text;
      finding.evidence.clear();
      for (const Point at : given) finding.evidence.push_back(at.position);
    }
  }

  Access& access_;
  Facts& facts_;
  Instant at_;
  std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> findings_at(Access& access, Instant at, const Raises& raises, std::int64_t pending_us) {
  return Search(access, at).find(raises, pending_us);
}

}  // namespace tenure::projections
