// What deserves a look, found the long way: every person, every role, every grant, every event.
#include <functional>

#include "tests/oracle/naive_raising.h"
#include "tests/oracle/naive_record.h"
#include "tests/oracle/naive_short_lived.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

struct SodRule {
  std::string first, first_level, second, second_level, kind;
  NaiveSince since;
};

// What the state does not keep: who brought whom, who was removed when, the organization's own life and its rules.
struct Beside {
  bool exists = false;
  std::set<std::string> removed;
  std::map<std::string, std::string> brought_by;
  std::map<std::string, SodRule> rules;
  std::map<std::string, std::string> closed;  // finding to how it is

  void fold(const State& before, const Fact& fact) {
    const std::string type = text(fact.event, "type");
    const json data = fact.event.contains("data") ? fact.event.at("data") : json::object();
    const std::string who = data.contains("member") ? folded(text(data, "member")) : std::string();
    if (type == "org.created") exists = true;
    if (type == "org.deleted") {
      const auto kept = closed;
      *this = Beside();
      closed = kept;
    }
    if (type == "member.removed") {
      removed.insert(who);
      brought_by.erase(who);
    }
    if (type == "member.invited") {
      const bool by_member = text(fact.event.at("actor"), "kind") == "member";
      inviters[who].push_back(by_member ? folded(text(fact.event.at("actor"), "id")) : std::string());
      if (data.contains("expires_at")) expires[who].push_back(instant_us(text(data, "expires_at")));
      if (!data.contains("expires_at")) expires[who].push_back(std::nullopt);
    }
    if (type.rfind("invitation.", 0) == 0) {
      if (type == "invitation.accepted" && before.members.count(who) == 0) accept(who, fact.occurred_us);
      inviters.erase(who);
      expires.erase(who);
    }
    if (type == "sod_rule.added") {
      rules[text(data, "rule")] = {
          text(data, "first"),        text(data, "first_level"),           text(data, "second"),
          text(data, "second_level"), text_or_none(data, "resource_kind"), {fact.occurred_us, fact.position}};
    }
    if (type == "sod_rule.removed") rules.erase(text(data, "rule"));
    if (type == "finding.closed") closed[text(data, "finding")] = "closed";
    if (type == "finding.reopened") closed.erase(text(data, "finding"));
  }

 private:
  void accept(const std::string& who, std::int64_t now_us) {
    const std::vector<std::string>& all = inviters[who];
    std::size_t i = all.size();
    while (i > 0 && expires[who][i - 1] && *expires[who][i - 1] <= now_us) --i;
    if (i == 0) i = all.size();  // all too late, and let in all the same
    if (i > 0 && !all[i - 1].empty()) brought_by[who] = all[i - 1];
  }
  std::map<std::string, std::vector<std::string>> inviters;
  std::map<std::string, std::vector<std::optional<std::int64_t>>> expires;
};

NaiveSince told(const Fact& fact) { return {fact.occurred_us, fact.position}; }

bool is_custom(const State& state, const std::string& role) {
  return state.custom_roles.count(role) > 0 && !state.is_system_role(role);
}

// Every cell that grants something, in words.
std::string cells(const State& state, const std::string& role) {
  std::string all;
  for (const json& permission : state.model->at("permissions")) {
    const auto cell = state.cell(role, permission);
    const int level = cell ? level_of(*state.model, permission, cell->level) : 0;
    if (level > 0) all += text(permission, "id") + "=" + cell->level + "/" + visibility_of(permission, *cell) + ";";
  }
  return all;
}

// Whether a member has what is granted on one resource: what depends on assignment, with it or one in which it lies.
bool reaches_on_one(const State& state, const ScopedGrant& grant, const std::string& visibility) {
  const std::string member = grant.principal.substr(7);
  if (visibility == "all") return true;
  if (visibility == "all_unless_assigned" && !state.assigned_to_one_of(member, kind_of(grant.on))) return true;
  std::set<std::string> seen;
  for (std::string on = grant.on; state.resource_exists(on) && seen.insert(on).second;) {
    if (state.has_live_assignment(member, on)) return true;
    const auto parent = state.parent_of_resource.find(on);
    if (parent != state.parent_of_resource.end()) on = parent->second;
  }
  return false;
}

bool gives_something_on(const State& state, const ScopedGrant& grant) {
  const bool to_one =
      grant.principal.rfind("member:", 0) == 0 && grant.on != "org" && grant.on.substr(grant.on.find(':')) != ":*";
  for (const json& permission : state.model->at("permissions")) {
    const std::string kind = text_or_none(permission, "resource");
    const auto cell = state.cell(grant.role, permission);
    const bool gives = cell && level_of(*state.model, permission, cell->level) > 0 &&
                       (!to_one || reaches_on_one(state, grant, visibility_of(permission, *cell)));
    if (gives && (grant.on == "org" || (!kind.empty() && kind_of(grant.on) == kind))) return true;
  }
  return false;
}

bool is_idle(const State& state, const ScopedGrant& grant) {
  if (!state.role_exists(grant.role)) return true;
  const bool single = grant.on != "org" && grant.on.substr(grant.on.find(':')) != ":*";
  if (single && !state.resource_exists(grant.on)) return true;
  if (grant.principal.rfind("group:", 0) == 0 && state.groups.count(grant.principal.substr(6)) == 0) return true;
  const bool outsiders = says(*state.model, "outsiders_hold_scoped_grants", false);
  if (grant.principal.rfind("member:", 0) == 0 && !outsiders && state.members.count(grant.principal.substr(7)) == 0) {
    return true;
  }
  return !gives_something_on(state, grant);
}

std::size_t holders_of(const State& state, const std::string& role) {
  std::size_t count = 0;
  for (const auto& [member, since] : state.members) count += direct_role(state, member) == role;
  return count;
}

// Whether a role has more holders than it may have, or fewer.
std::string cardinality_fault(const State& state, const std::string& role) {
  const json* rule = entry(*state.model, "roles", role);
  const std::string cardinality = rule ? text_or_none(*rule, "cardinality") : std::string();
  if (cardinality.empty() || cardinality == "any") return {};
  const std::size_t holders = holders_of(state, role);
  if (holders == 0) return "holders_under";
  return cardinality == "exactly_one" && holders > 1 ? "holders_over" : "";
}

// Who gains by an event, if that is one person.
std::string gainer(const json& event) {
  const std::string type = text(event, "type");
  const json data = event.contains("data") ? event.at("data") : json::object();
  for (const char* gives : {"member.invited", "invitation.accepted", "member.added", "member.enabled",
                            "member.role_changed", "group.member_added", "assignment.added"}) {
    if (type == gives) return folded(text(data, "member"));
  }
  if (type == "ownership.transferred") return folded(text(data, "to"));
  if (type == "org.created") return folded(text_or_none(data, "owner"));
  const std::string principal = type == "role.granted" ? text(data, "principal") : std::string();
  return principal.rfind("member:", 0) == 0 ? folded(principal.substr(7)) : std::string();
}

// The person of an event's actor or approver, or empty.
std::string person_of(const json& event, const char* name) {
  if (!event.contains(name)) return {};
  const std::string kind = text(event.at(name), "kind");
  return kind == "member" || kind == "support" ? folded(text(event.at(name), "id")) : std::string();
}

// Every resource of a kind that anything in the state speaks of.
std::set<std::string> resources_of(const State& state, const std::string& kind) {
  std::set<std::string> all;
  const auto add = [&](const std::string& on) {
    if (kind_of(on) == kind && on.substr(on.find(':')) != ":*") all.insert(on);
  };
  for (const auto& [resource, there] : state.resources) add(resource);
  for (const auto& [resource, parent] : state.parent_of_resource) add(resource);
  for (const ScopedGrant& grant : state.grants) {
    if (grant.on != "org") add(grant.on);
  }
  for (const auto& [member, resource] : state.assignments) add(resource);
  return all;
}

}  // namespace

bool is_held(const State& state, const std::string& role) {
  for (const auto& [member, held] : state.role_of_member) {
    if (held == role && state.members.count(member) > 0) return true;
  }
  for (const auto& [group, held] : state.role_of_group) {
    if (held == role && state.groups.count(group) > 0) return true;
  }
  for (const ScopedGrant& grant : state.grants) {
    const bool of_group = grant.principal.rfind("group:", 0) == 0;
    if (grant.role == role && (!of_group || state.groups.count(grant.principal.substr(6)) > 0)) return true;
  }
  return false;
}

class NaiveFold::Look {
 public:
  Look(const NaiveFold& fold, const NaiveFindingsAsked& asked)
      : fold_(fold), inside_(*fold.inside_), asked_(asked), known_(inside_.facts_known(asked.known_position)) {
    state_ = at(asked.at_us, &beside_);
  }

  NaiveFindings find() {
    members();
    invitations();
    roles();
    grants();
    holders();
    records();
    for (const auto& [id, rule] : beside_.rules) duties(id, rule);
    return found_;
  }
  std::set<std::string> closed() const {
    std::set<std::string> ids;
    for (const auto& [id, how] : beside_.closed) ids.insert(id);
    return ids;
  }

 private:
  State at(std::int64_t at_us, Beside* beside) const {
    State state = inside_.beginning(known_);
    for (const Fact* fact : known_) {
      if (fact->occurred_us > at_us) continue;
      if (beside) beside->fold(state, *fact);
      oracle::fold(state, inside_.models, *fact);
    }
    return state;
  }

  void add(const std::string& what, std::optional<NaiveSince> since = {}) { found_.emplace(what, since); }
  std::string shown(const std::string& person) const { return inside_.shown.at(person); }
  std::string holder_shown(const std::string& holder) const {
    return holder.rfind("member:", 0) == 0 ? "member:" + shown(holder.substr(7)) : holder;
  }

  using Stands = std::function<bool(const State&, const Beside&)>;

  // Since when something has stood: the first instant of the stretch without a break that reaches the instant asked
  // about, and the last event of that instant that turned it so.
  NaiveSince since(const Stands& stands) const {
    if (history_.empty()) remember();
    NaiveSince since{asked_.at_us, 0};
    auto then = history_.rbegin();
    for (; then != history_.rend() && stands(then->state, then->beside); ++then) since.us = then->instant_us;
    Then now = then == history_.rend() ? Then{0, inside_.beginning(known_), {}} : *then;
    bool stood = stands(now.state, now.beside);
    for (const Fact* fact : known_) {
      if (fact->occurred_us != since.us) continue;
      now.beside.fold(now.state, *fact);
      oracle::fold(now.state, inside_.models, *fact);
      const bool stands_now = stands(now.state, now.beside);
      if (stands_now && !stood) since.position = fact->position;
      stood = stands_now;
    }
    return since;
  }

  // How things stood at the end of every instant up to the one asked about.
  void remember() const {
    Then then{0, inside_.beginning(known_), {}};
    for (const Fact* fact : known_) {
      if (fact->occurred_us > asked_.at_us) break;
      then.beside.fold(then.state, *fact);
      oracle::fold(then.state, inside_.models, *fact);
      then.instant_us = fact->occurred_us;
      if (!history_.empty() && history_.back().instant_us == fact->occurred_us) history_.pop_back();
      history_.push_back(then);
    }
  }

  // Whether somebody is no such member whose role the analysis of the model names, and can raise themselves all the
  // same.
  bool raises_unnamed(const State& state, const std::string& member, std::int64_t at_us) const {
    return state.model == state_.model && state.members.count(member) > 0 && !state.disablement(member).whole &&
           asked_.raising.count(direct_role(state, member)) == 0 &&
           raises_by_permission(state, inside_.models, member, at_us);
  }

  void members() {
    for (const auto& each : state_.members) {
      const std::string& member = each.first;
      const std::string role = direct_role(state_, member);
      if (asked_.raising.count(role) > 0 && !state_.disablement(member).whole) {
        add("can_raise_self|" + shown(member) + "|" + role, since([&](const State& state, const Beside&) {
              return state.model == state_.model && state.members.count(member) > 0 &&
                     direct_role(state, member) == role;
            }));
      } else if (raises_unnamed(state_, member, asked_.at_us)) {
        add("can_raise_self|" + shown(member) + "|",
            since([&](const State& state, const Beside&) { return raises_unnamed(state, member, asked_.at_us); }));
      }
      const auto by = beside_.brought_by.find(member);
      if (by == beside_.brought_by.end()) continue;
      const auto gone = [&](const State& state, const Beside& beside) {
        return state.members.count(by->second) == 0 && beside.removed.count(by->second) > 0;
      };
      if (!gone(state_, beside_)) continue;
      const auto there = [&](const State& state, const Beside&) { return state.members.count(member) > 0; };
      add("inviter_removed|" + shown(member) + "|" + shown(by->second), std::max(since(gone), since(there)));
    }
  }

  void invitations() {
    for (const auto& [member, all] : state_.invitations) {
      const std::vector<Invitation> pending = pending_invitations(state_, member, asked_.at_us);
      if (state_.members.count(member) > 0 || pending.empty()) continue;
      const NaiveSince absent =
          since([&, who = member](const State& state, const Beside&) { return state.members.count(who) == 0; });
      const NaiveSince waiting = std::max(absent, {pending.front().since_us, pending.front().position});
      if (asked_.at_us - waiting.us > asked_.pending_us) add("invitation_pending|" + shown(member), waiting);
    }
  }

  void roles() {
    std::map<std::string, std::string> of_model;  // the first role with these cells
    for (const json& role : state_.model->at("roles"))
      of_model.emplace(cells(state_, text(role, "id")), text(role, "id"));
    std::map<std::string, std::set<std::string>> custom;
    for (const auto& [role, definition] : state_.custom_roles) {
      if (!is_custom(state_, role)) continue;
      if (!is_held(state_, role)) {
        add("custom_role_unheld|" + role, since([&, name = role](const State& state, const Beside&) {
              return is_custom(state, name) && !is_held(state, name);
            }));
      }
      custom[cells(state_, role)].insert(role);
    }
    for (const auto& [granted, names] : custom) {
      std::string all;
      for (const std::string& name : names) all += "|" + name;
      for (const std::string& name : names) {
        const auto twin = of_model.find(granted);
        if (twin == of_model.end()) continue;
        add("custom_role_duplicate|" + name, since([&](const State& state, const Beside&) {
              return is_custom(state, name) && state.is_system_role(twin->second) &&
                     cells(state, name) == cells(state, twin->second);
            }));
      }
      if (of_model.count(granted) == 0 && names.size() > 1) add("custom_role_duplicate" + all);
    }
  }

  void grants() {
    for (const ScopedGrant& grant : state_.grants) {
      if (!is_idle(state_, grant)) continue;
      add("grant_without_effect|" + holder_shown(grant.principal) + "|" + grant.role + "|" + grant.on,
          since([&](const State& state, const Beside&) {
            return state.grants.count(grant) > 0 && is_idle(state, grant);
          }));
    }
  }

  void holders() {
    if (!beside_.exists) return;
    for (const json& each : state_.model->at("roles")) {
      const std::string role = text(each, "id"), fault = cardinality_fault(state_, role);
      if (fault.empty()) continue;
      add(fault + "|" + role, since([&](const State& state, const Beside& beside) {
            return beside.exists && cardinality_fault(state, role) == fault;
          }));
    }
  }

  void records() {
    for (const Fact* fact : known_) {
      if (fact->occurred_us > asked_.at_us) continue;
      const std::string position = std::to_string(fact->position);
      const json& event = fact->event;
      const std::string type = text(event, "type");
      // What begins an organization breaks no rule.
      if (type != "org.created") {
        const NaiveVerdict verdict = fold_.verdict(fact->position);
        if (verdict.result == "violation") add("rule_violation|" + position + "|" + verdict.rule, told(*fact));
      }
      const std::string approver = person_of(event, "approved_by");
      if (!approver.empty() && (approver == person_of(event, "actor") || approver == gainer(event))) {
        add("self_approval|" + position + "|" + shown(approver), told(*fact));
      }
    }
    auto all = short_lived(known_, inside_.models, asked_.at_us, asked_.short_lived_us);
    for (ShortLived& each :
         turned(known_, inside_.models, inside_.beginning(known_), asked_.at_us, asked_.short_lived_us)) {
      all.push_back(std::move(each));
    }
    for (const ShortLived& each : all) {
      add("granted_and_revoked|" + std::to_string(each.position) + "|" + holder_shown(each.holder) + "|" + each.what +
              "|" + std::to_string(each.given_us),
          NaiveSince{each.taken_us, each.position});
    }
  }

  bool is_about(const std::string& permission, const std::string& level, const std::string& kind) const {
    const json* rule = entry(*state_.model, "permissions", permission);
    return rule && level_of(*state_.model, *rule, level) > 0 &&
           (kind.empty() || text_or_none(*rule, "resource") == kind);
  }

  void duties(const std::string& id, const SodRule& rule) {
    if (!is_about(rule.first, rule.first_level, rule.kind)) return;
    if (!is_about(rule.second, rule.second_level, rule.kind)) return;
    for (const auto& [person, as_sent] : inside_.shown) {
      if (rule.kind.empty()) {
        if (both(rule, person, std::nullopt)) add_duty(id, rule, person, std::nullopt, "");
      } else if (both(rule, person, rule.kind + ":no one")) {
        add_duty(id, rule, person, rule.kind + ":no one", rule.kind + ":*");
      } else {
        for (const std::string& resource : resources_of(state_, rule.kind)) {
          if (both(rule, person, resource)) add_duty(id, rule, person, resource, resource);
        }
      }
    }
  }

  bool both(const SodRule& rule, const std::string& person, const std::optional<std::string>& on) const {
    return oracle::can(state_, person, rule.first, rule.first_level, on) &&
           oracle::can(state_, person, rule.second, rule.second_level, on);
  }

  void add_duty(const std::string& id, const SodRule& rule, const std::string& person,
                const std::optional<std::string>& on, const std::string& on_shown) {
    const auto held = [&](const std::string& permission, const std::string& level) {
      return since([&](const State& state, const Beside&) {
        const json* known = entry(*state.model, "permissions", permission);
        return known && level_of(*state.model, *known, level) > 0 &&
               oracle::can(state, person, permission, level, on).has_value();
      });
    };
    add("duties_not_separated|" + id + "|" + shown(person) + "|" + on_shown,
        std::max({held(rule.first, rule.first_level), held(rule.second, rule.second_level), rule.since}));
  }

  const NaiveFold& fold_;
  const Inside& inside_;
  const NaiveFindingsAsked& asked_;
  std::vector<const Fact*> known_;
  Beside beside_;
  State state_;
  struct Then {
    std::int64_t instant_us;
    State state;
    Beside beside;
  };
  mutable std::vector<Then> history_;
  NaiveFindings found_;
};

NaiveFindings NaiveFold::findings(const NaiveFindingsAsked& asked) const {
  if (before_history(asked.at_us, asked.known_position)) return {};
  return Look(*this, asked).find();
}

std::set<std::string> NaiveFold::closed_findings(std::int64_t at_us, std::int64_t known_position) const {
  NaiveFindingsAsked asked;
  asked.at_us = at_us;
  asked.known_position = known_position;
  return Look(*this, asked).closed();
}

std::string NaiveFold::model_at(std::int64_t at_us, std::int64_t known_position) const {
  return text(*inside_->state(at_us, known_position).model, "id");
}

}  // namespace tenure::oracle
