// What the access model says of an event: the design's rules for every team first, then the model's own, read anew from
// its document for each event.
#include <algorithm>
#include <stdexcept>

#include "tests/oracle/naive_state.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

constexpr int below_every_role = -1;
// Not a fault but a blank.
const std::string options_unspecified = "options_unspecified";

class Judging {
 public:
  Judging(const State& before, const std::vector<json>& models, const Fact& fact)
      : s_(before),
        model_(*before.model),
        models_(models),
        fact_(fact),
        type_(text(fact.event, "type")),
        d_(fact.event.contains("data") ? fact.event.at("data") : json::object()) {
    if (fact.event.contains("actor")) {
      actor_kind_ = text(fact.event.at("actor"), "kind");
      if (actor_kind_ == "member") actor_ = folded(text(fact.event.at("actor"), "id"));
    }
    note_target();
    note_given_role();
    note_resource();
  }

  NaiveVerdict verdict() const {
    NaiveVerdict verdict = by_the_rules();
    verdict.without_effect = verdict.result == "allowed" && grants_without_effect();
    return verdict;
  }

  NaiveVerdict by_the_rules() const {
    if (type_ == "org.created") return {"allowed", "lifecycle.begins"};
    const bool own_words = is_about_the_record(type_) && type_ != "event.retracted";
    if (type_ == "source.recorded" || own_words) return {"allowed", "lifecycle.record_only"};
    if (changes_nothing()) return {"allowed", "lifecycle.changes_nothing"};
    const std::string broken = broken_lifecycle_rule();
    if (broken == options_unspecified) return {"unspecified", "lifecycle." + broken};
    if (!broken.empty()) return {"violation", "lifecycle." + broken};
    const bool baseline = fact_.event.contains("basis") && text(fact_.event, "basis") == "baseline";
    if (baseline && holders(s_, owner_role(model_)).empty()) return {"allowed", "lifecycle.begins"};
    return by_the_models_rules();
  }

 private:
  // ---- what the event is about -------------------------------------------------------------------

  void note_target() {
    if (d_.contains("member")) target_ = folded(text(d_, "member"));
    if (type_ == "ownership.transferred") target_ = folded(text(d_, "to"));
    const std::string principal = text_or_none(d_, "principal");
    if (principal.rfind("member:", 0) == 0) target_ = folded(principal.substr(7));
  }

  void note_given_role() {
    static const std::vector<std::string> giving{"member.added", "member.invited", "member.role_changed",
                                                 "role.granted", "group.created",  "group.edited"};
    const bool gives = std::find(giving.begin(), giving.end(), type_) != giving.end();
    if (gives && d_.contains("role") && !d_.at("role").is_null()) given_ = text(d_, "role");
    if (type_ == "role.deleted" && d_.contains("reassign_to")) given_ = text(d_, "reassign_to");
    if (type_ == "ownership.transferred") given_ = owner_role(model_);
  }

  void note_resource() {
    if (d_.contains("resource")) on_ = text(d_, "resource");
    if (d_.contains("on")) on_ = text(d_, "on");
  }

  // ---- what is asked of the state -----------------------------------------------------------------

  bool is_member(const std::string& who) const { return s_.members.count(who) > 0; }
  static bool is_disabled(const State& state, const std::string& who) { return state.disablement(who).whole; }
  bool disabled_somewhere(const std::string& who) const { return s_.disablement(who).any(); }
  // In an area of the document that covers something, of which being disabled altogether is all.
  bool disabled_in_an_area(const std::string& who) const {
    const Disablement disablement = s_.disablement(who);
    for (const json& area : model_.value("areas", json::array())) {
      if (area.at("modules").empty()) continue;
      if (disablement.areas.count(text(area, "id")) > 0 || disablement.areas.count(text(area, "name")) > 0) return true;
    }
    return disablement.whole;
  }
  bool is_active(const std::string& who) const { return is_member(who) && !is_disabled(s_, who); }

  static std::set<std::string> holders(const State& state, const std::string& role) {
    std::set<std::string> found;
    for (const auto& [member, since] : state.members) {
      if (direct_role(state, member) == role) found.insert(member);
    }
    return found;
  }
  static std::size_t active_among(const State& state, const std::set<std::string>& members) {
    return static_cast<std::size_t>(
        std::count_if(members.begin(), members.end(), [&](const auto& m) { return !is_disabled(state, m); }));
  }

  const json* system_role(const std::string& role) const { return entry(model_, "roles", role); }
  std::string cardinality(const std::string& role) const {
    const json* rule = system_role(role);
    return rule == nullptr ? std::string() : text_or_none(*rule, "cardinality");
  }
  int rank(const std::string& role) const {
    const json* rule = system_role(role);
    if (rule == nullptr) return below_every_role;
    return rule->contains("rank") ? rule->at("rank").get<int>() : 0;
  }

  State after() const {
    State after = s_;
    fold(after, models_, fact_);
    return after;
  }

  // ---- what holds for every team -------------------------------------------------------------------

  // Only what says so of itself: the same role, a membership, an absence, a disablement. See the README.
  bool changes_nothing() const {
    if (type_ == "member.added") {
      return is_active(target_) && (given_.empty() || direct_role(s_, target_) == given_);
    }
    if (type_ == "member.role_changed") return is_member(target_) && direct_role(s_, target_) == given_;
    if (type_ == "member.disabled") return is_member(target_) && !d_.contains("area") && is_disabled(s_, target_);
    if (type_ == "member.enabled") {
      return is_member(target_) && !d_.contains("area") && !disabled_somewhere(target_);
    }
    if (type_ == "member.removed") return was_removed() && same_links(s_, after());
    if (type_ == "role.deleted") {
      return !s_.role_exists(role()) && s_.deleted_roles.count(role()) > 0 && !d_.contains("reassign_to");
    }
    return false;
  }

  bool was_removed() const {
    return !is_member(target_) && s_.removed_members.count(target_) > 0 &&
           pending_invitations(s_, target_, fact_.occurred_us).empty();
  }

  static bool same_links(const State& one, const State& other) {
    return one.role_of_member == other.role_of_member && one.members_of_groups == other.members_of_groups &&
           one.grants == other.grants && one.assignments == other.assignments;
  }

  std::string role() const { return text(d_, "role"); }

  // The name of the rule that is broken, or nothing.
  std::string broken_lifecycle_rule() const {
    if (type_ == "org.setting_changed") return setting();
    if (type_ == "feature.enabled" || type_ == "feature.disabled") {
      return entry(model_, "features", text(d_, "feature")) == nullptr ? "unknown_feature" : "";
    }
    if (type_ == "member.invited") return invitation();
    if (type_ == "member.disabled" || type_ == "member.enabled") {
      return d_.contains("area") && !is_area(model_, text(d_, "area")) ? "unknown_area" : "";
    }
    if (type_ == "member.added" || type_ == "member.role_changed") {
      const std::string broken = given_.empty() ? "" : as_own_role(given_, target_);
      return broken.empty() ? left_without_holder() : broken;
    }
    if (type_ == "member.removed") return left_without_holder();
    if (type_ == "ownership.transferred") return transfer();
    if (type_ == "role.created") return creation();
    if (type_ == "role.edited") {
      const std::string broken = as_custom_role_to_change();
      return broken.empty() ? grants() : broken;
    }
    if (type_ == "role.reset") return system_role(role()) != nullptr ? "" : as_custom_role_to_change();
    if (type_ == "role.deleted") {
      const std::string broken = as_custom_role();
      if (broken.empty() && given_ == role()) return "role_deleted";
      return broken.empty() && !given_.empty() ? as_own_role(given_, "") : broken;
    }
    if (type_ == "group.created" || type_ == "group.edited") return given_.empty() ? "" : shared(false);
    if (type_ == "role.granted" || type_ == "role.revoked") {
      const std::string broken = on_ == "org" ? "" : kind_known(on_);
      return broken.empty() && type_ == "role.granted" ? shared(true) : broken;
    }
    if (type_.starts_with("resource.") || type_.starts_with("assignment.")) {
      const std::string broken = kind_known(on_);
      return broken.empty() && d_.contains("parent") ? kind_known(text(d_, "parent")) : broken;
    }
    return {};
  }

  std::string kind_known(const std::string& resource) const {
    return entry(model_, "resource_kinds", kind_of(resource)) == nullptr ? "unknown_resource_kind" : "";
  }

  std::string setting() const {
    const json* setting = entry(model_, "settings", text(d_, "setting"));
    if (setting == nullptr) return "unknown_setting";
    return setting->at("values").contains(text(d_, "value")) ? "" : "unknown_setting_value";
  }

  std::string available(const std::string& role) const {
    const json* rule = system_role(role);
    if (rule != nullptr) return says(*rule, "available", true) ? "" : "role_not_available";
    if (s_.role_exists(role)) return {};
    return s_.deleted_roles.count(role) > 0 ? "role_deleted" : "unknown_role";
  }

  // `to` has it already or is the first; empty: nobody is named.
  std::string as_own_role(const std::string& role, const std::string& to) const {
    const std::string broken = available(role);
    const json* rule = system_role(role);
    if (!broken.empty() || rule == nullptr) return broken;
    if (!says(*rule, "member_role", true)) return "not_a_member_role";
    if (cardinality(role) != "exactly_one") return {};
    const std::set<std::string> holding = holders(s_, role);
    return holding.empty() || (!to.empty() && direct_role(s_, to) == role) ? "" : "exactly_one_holder";
  }

  std::string shared(bool on_scope) const {
    const std::string broken = available(given_);
    const json* rule = system_role(given_);
    if (!broken.empty() || rule == nullptr) return broken;
    if (cardinality(given_) == "exactly_one") return "exactly_one_holder";
    return on_scope || says(*rule, "member_role", true) ? "" : "not_a_member_role";
  }

  // A role that has to have a holder keeps one, and one that can act while it has one.
  std::string left_without_holder() const { return left_without_holder(after()); }
  std::string left_without_holder(const State& then) const {
    for (const json& rule : model_.at("roles")) {
      const std::string role = text(rule, "id");
      if (cardinality(role).empty()) continue;
      const std::set<std::string> held = holders(s_, role), still = holders(then, role);
      if (!held.empty() && still.empty()) return "last_holder";
      if (active_among(s_, held) > 0 && active_among(then, still) == 0) return "last_holder";
    }
    return {};
  }

  // Judged by what accepting it would make of somebody who is a member.
  std::string invitation() const {
    if (given_.empty()) return {};
    const std::string broken = as_own_role(given_, target_);
    if (!broken.empty() || !is_member(target_)) return broken;
    State then = s_;
    then.role_of_member[target_] = given_;
    return left_without_holder(then);
  }

  std::string transfer() const {
    const std::string from = folded(text(d_, "from")), owner = owner_role(model_);
    if (direct_role(s_, from) != owner && !holders(s_, owner).empty()) return "not_the_owner";
    if (d_.contains("previous_owner_role")) {
      const std::string next = text(d_, "previous_owner_role");
      if (next == owner && cardinality(owner) == "exactly_one") return "exactly_one_holder";
      const std::string broken = next == owner ? "" : as_own_role(next, from);
      if (!broken.empty()) return broken;
    }
    return left_without_holder();
  }

  std::string creation() const {
    if (!says(model_, "custom_roles", false)) return "no_custom_roles";
    if (system_role(role()) != nullptr) return "system_role_fixed";
    if (s_.role_exists(role())) return "role_exists";
    if (s_.deleted_roles.count(role()) > 0) return "role_deleted";
    const std::string broken = d_.contains("based_on") ? available(text(d_, "based_on")) : "";
    return broken.empty() ? grants() : broken;
  }

  std::string as_custom_role() const {
    return system_role(role()) != nullptr ? "system_role_fixed" : available(role());
  }

  // A custom role that another model left behind may be deleted where there are none, not changed.
  std::string as_custom_role_to_change() const {
    const bool none = system_role(role()) == nullptr && !says(model_, "custom_roles", false);
    return none ? "no_custom_roles" : as_custom_role();
  }

  std::string grants() const {
    if (!d_.contains("grants")) return {};
    std::string open;
    for (const auto& [id, level] : d_.at("grants").items()) {
      const json* permission = entry(model_, "permissions", id);
      if (permission == nullptr) return "unknown_permission";
      const json& levels = model_.at("scales").at(text(*permission, "scale"));
      if (!stands_in(levels, level.get<std::string>())) return "unknown_level";
      const bool some = level_of(model_, *permission, level.get<std::string>()) > 0;
      if (some && says(*permission, "owner_only", false)) return "owner_only";
      if (some && says(*permission, "options_unspecified", false)) {
        open = options_unspecified;
        continue;
      }
      if (permission->contains("options") && !permission->at("options").empty() &&
          !stands_in(permission->at("options"), level.get<std::string>())) {
        return "level_not_offered";
      }
    }
    return open;
  }

  // Whether the event grants a custom role something whose parent, or one above, the role then holds too low.
  bool grants_without_effect() const {
    if ((type_ != "role.created" && type_ != "role.edited") || !d_.contains("grants")) return false;
    const State then = after();
    const auto level = [&](const json& permission) {
      const std::optional<Cell> cell = then.cell(role(), permission);
      return cell ? level_of(model_, permission, cell->level) : 0;
    };
    for (const auto& [id, granted] : d_.at("grants").items()) {
      const json* permission = entry(model_, "permissions", id);
      if (permission == nullptr || level(*permission) == 0) continue;
      while (permission->contains("parent")) {
        const json& parent = *entry(model_, "permissions", text(*permission, "parent"));
        const bool any = !permission->contains("parent_level");
        if (level(parent) < (any ? 1 : level_of(model_, parent, text(*permission, "parent_level")))) return true;
        permission = &parent;
      }
    }
    return false;
  }

  // ---- the model's own rules -----------------------------------------------------------------------

  bool names(const json& rule) const {
    for (const json& pattern : rule.at("actions")) {
      const std::string action = pattern.get<std::string>();
      if (action == "*" || action == type_ || action == type_.substr(0, type_.find('.')) + ".*") return true;
    }
    return false;
  }

  NaiveVerdict by_the_models_rules() const {
    bool somebody_may = false;
    if (!model_.contains("rules")) return {"unspecified", ""};
    for (const char* effect : {"forbid", "allow"}) {
      for (const json& rule : model_.at("rules")) {
        const std::string of_rule = rule.contains("effect") ? text(rule, "effect") : "allow";
        if (of_rule != effect || !names(rule)) continue;
        if (matches(rule)) return {of_rule == "allow" ? "allowed" : "violation", text(rule, "id")};
        const bool closes = of_rule == "allow" && !says(rule, "leaves_others_open", false);
        somebody_may = somebody_may || (closes && is_on(rule));
      }
    }
    if (!somebody_may) return {"unspecified", ""};
    for (const json& rule : model_.at("rules")) {
      if (!rule.contains("effect") && names(rule) && left_open(rule)) return {"unspecified", text(rule, "id")};
    }
    return {"violation", type_ + ".not_allowed"};
  }

  // A cell that the role's text leaves blank, or that it inherits so. What it or a role below states is no blank.
  bool is_blank(const std::string& id, const std::string& permission) const {
    const json* role = system_role(id);
    if (role == nullptr) return false;
    const json* rule = entry(model_, "permissions", permission);
    const json grants = role->value("grants", json::object()), below = role->value("inherits", json::array());
    const bool own = stands_in(role->value("unspecified", json::array()), permission);
    const std::string source = text_or_none(*rule, "level_from");
    if (grants.contains(permission) || (!own && !source.empty() && grants.contains(source))) return false;
    const auto cell = system_cell(model_, *role, *rule);
    if (cell && level_of(model_, *rule, cell->level) > 0) return false;
    return own || std::any_of(below.begin(), below.end(),
                              [&](const json& one) { return is_blank(one.get<std::string>(), permission); });
  }

  // The text leaves blank whether the actor's role has the permission that the rule asks for; the rest of it fits.
  bool left_open(const json& rule) const {
    if (!rule.contains("actor") || !rule.at("actor").contains("permission")) return false;
    const std::string permission = text(rule.at("actor"), "permission");
    if (!is_blank(acting_role(), permission)) return false;
    json rest = rule;
    rest.at("actor").erase("permission");
    return matches(rest);
  }

  bool matches(const json& rule) const {
    return is_on(rule) && (!rule.contains("actor") || actor_is(rule.at("actor"))) &&
           (!rule.contains("target") || target_is(rule.at("target"))) &&
           (!rule.contains("gives") ||
            gives_what(rule.at("gives"), !rule.contains("effect") || text(rule, "effect") == "allow"));
  }

  // Whether the rule speaks of what the event is on.
  bool is_on(const json& rule) const {
    if (!rule.contains("on")) return true;
    return !on_.empty() && on_ != "org" && stands_in(rule.at("on").at("kinds"), kind_of(on_));
  }

  std::string acting_role() const { return !actor_.empty() && is_active(actor_) ? direct_role(s_, actor_) : ""; }
  bool ranks_below_actor(int rank_of_other, bool or_beside) const {
    if (actor_.empty() || !is_active(actor_)) return false;
    const int own = rank(acting_role());
    return rank_of_other < own || (or_beside && rank_of_other == own);
  }

  bool actor_is(const json& wanted) const {
    if (wanted.contains("kinds") && !stands_in(wanted.at("kinds"), actor_kind_)) return false;
    if (wanted.contains("roles") && !stands_in(wanted.at("roles"), acting_role())) return false;
    if (says(wanted, "disabled", false)) {
      const bool disabled = !actor_.empty() && is_member(actor_) && disabled_in_an_area(actor_);
      if (!disabled) return false;
    }
    return !wanted.contains("permission") || actor_holds(wanted);
  }

  bool actor_holds(const json& wanted) const {
    if (actor_.empty()) return false;
    const json* permission = entry(model_, "permissions", text(wanted, "permission"));
    const std::string kind = text_or_none(*permission, "resource");
    std::optional<std::string> resource;
    if (!kind.empty() && on_ == "org") resource = kind + ":*";
    if (!kind.empty() && kind_of(on_) == kind) resource = on_;
    std::optional<std::string> level;
    if (wanted.contains("level")) level = text(wanted, "level");
    return can(s_, actor_, text(wanted, "permission"), level, resource).has_value();
  }

  // Also whoever loses ownership, unless they pass on their own.
  bool target_is_below_actor() const {
    const bool transfer = type_ == "ownership.transferred";
    const std::string from = transfer ? folded(text(d_, "from")) : std::string();
    const bool both = !transfer || from == actor_ || ranks_below_actor(rank(direct_role(s_, from)), false);
    return both && ranks_below_actor(rank(direct_role(s_, target_)), false);
  }

  bool target_is(const json& wanted) const {
    const std::string role = target_.empty() ? std::string() : direct_role(s_, target_);
    if (wanted.contains("roles") && !stands_in(wanted.at("roles"), role)) return false;
    if (wanted.contains("not_roles") && stands_in(wanted.at("not_roles"), role)) return false;
    if (says(wanted, "below_actor", false) && !target_.empty() && !target_is_below_actor()) return false;
    if (!says(wanted, "below_actor", true) && (target_.empty() || target_is_below_actor())) return false;
    if (wanted.contains("member") && (!target_.empty() && is_member(target_)) != wanted.at("member").get<bool>()) {
      return false;
    }
    if (wanted.contains("self")) {
      const bool self = type_ == "group.edited" ? !given_.empty() && in_group(s_, actor_, text(d_, "group"), 0)
                                                : !target_.empty() && target_ == actor_;
      if (self != wanted.at("self").get<bool>()) return false;
    }
    if (!says(wanted, "last_holder", false)) return true;
    return is_active(target_) && system_role(role) != nullptr && active_among(s_, holders(s_, role)) == 1;
  }

  // Somebody who comes into a group is given all that the group gives; otherwise it is the event's one role, or none.
  bool gives_what(const json& wanted, bool allows) const {
    std::set<std::string> given;
    if (type_ == "group.member_added") given = roles_of_group(s_, text(d_, "group"), 0);
    if (type_ == "member.invited" && d_.contains("groups")) {
      for (const json& group : d_.at("groups")) given.merge(roles_of_group(s_, group.get<std::string>(), 0));
    }
    if (!given_.empty()) given.insert(given_);
    if (given.empty()) return gives_this("", wanted);
    const auto fits = [&](const std::string& role) { return gives_this(role, wanted); };
    return allows ? std::all_of(given.begin(), given.end(), fits) : std::any_of(given.begin(), given.end(), fits);
  }

  bool gives_this(const std::string& role, const json& wanted) const {
    if (wanted.contains("a_role") && role.empty() == wanted.at("a_role").get<bool>()) return false;
    if (wanted.contains("roles") && !stands_in(wanted.at("roles"), role)) return false;
    if (wanted.contains("not_roles") && stands_in(wanted.at("not_roles"), role)) return false;
    if (role.empty()) return true;
    if (says(wanted, "below_actor", false) && !ranks_below_actor(rank(role), false)) return false;
    return !says(wanted, "at_most_actor", false) || ranks_below_actor(rank(role), true);
  }

  const State& s_;
  const json& model_;
  const std::vector<json>& models_;
  const Fact& fact_;
  std::string type_;
  json d_;
  std::string actor_kind_ = "system";
  std::string actor_;   // who acted, if a member did
  std::string target_;  // whom the event is about
  std::string given_;   // the role that it gives
  std::string on_;      // what it is about: "org", "kind:id" or "kind:*"
};

}  // namespace

NaiveVerdict judge(const State& before, const std::vector<json>& models, const Fact& fact) {
  return Judging(before, models, fact).verdict();
}

}  // namespace tenure::oracle
