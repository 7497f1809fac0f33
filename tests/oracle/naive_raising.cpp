#include "tests/oracle/naive_raising.h"

#include <algorithm>

namespace tenure::oracle {

using nlohmann::json;

namespace {

class Raising {
 public:
  Raising(const State& state, const std::vector<json>& models, const std::string& member, std::int64_t at_us)
      : state_(state), models_(models), member_(member), at_us_(at_us) {}

  bool found() const {
    std::vector<std::string> roles;
    for (const json& role : state_.model->at("roles")) {
      if (says(role, "available", true)) roles.push_back(text(role, "id"));
    }
    for (const auto& [role, definition] : state_.custom_roles) {
      if (is_custom(role)) roles.push_back(role);
    }
    return edits_own_role() || std::any_of(roles.begin(), roles.end(), [&](const std::string& role) {
             return grants_more(role) && may_take(role);
           });
  }

 private:
  bool is_custom(const std::string& role) const {
    return state_.custom_roles.count(role) > 0 && !state_.is_system_role(role);
  }

  // More than they have on at least one resource, or if it is granted on every one, on one that nobody ever named.
  bool is_more(const json& permission, const Cell& granted) const {
    const bool on_every = permission.contains("resource") && visibility_of(permission, granted) == "all";
    const auto on = on_every ? std::optional(text(permission, "resource") + ":never-named") : std::nullopt;
    const auto held = oracle::can(state_, member_, text(permission, "id"), std::nullopt, on);
    return level_of(*state_.model, permission, granted.level) >
           (held ? level_of(*state_.model, permission, held->level) : 0);
  }

  bool grants_more(const std::string& role) const {
    const json& all = state_.model->at("permissions");
    return std::any_of(all.begin(), all.end(), [&](const json& permission) {
      const auto cell = state_.cell(role, permission);
      return cell && is_more(permission, *cell);
    });
  }

  bool may_take(const std::string& role) const {
    const std::string self = "member:" + member_;
    if (lets("member.role_changed", {{"member", member_}, {"role", role}})) return true;
    if (lets("role.granted", {{"principal", self}, {"role", role}, {"on", "org"}})) return true;
    if (role == owner_role(*state_.model) && may_take_ownership(role)) return true;
    return std::any_of(state_.groups.begin(), state_.groups.end(), [&](const auto& each) {
      const std::string& group = each.first;
      return in_group(state_, member_, group, 0) &&
             (lets("group.edited", {{"group", group}, {"role", role}}) ||
              lets("role.granted", {{"principal", "group:" + group}, {"role", role}, {"on", "org"}}));
    });
  }

  // From whoever has it, or where nobody has it from nobody else.
  bool may_take_ownership(const std::string& role) const {
    bool somebody = false;
    for (const auto& [owner, since] : state_.members) {
      if (direct_role(state_, owner) != role) continue;
      somebody = true;
      if (lets("ownership.transferred", {{"from", owner}, {"to", member_}})) return true;
    }
    return !somebody && lets("ownership.transferred", {{"from", member_}, {"to", member_}});
  }

  // By granting their own custom role the most that it may choose of one permission.
  bool edits_own_role() const {
    const std::string role = direct_role(state_, member_);
    if (!is_custom(role)) return false;
    for (const json& permission : state_.model->at("permissions")) {
      if (says(permission, "owner_only", false) || says(permission, "options_unspecified", false)) continue;
      const json& scale = state_.model->at("scales").at(text(permission, "scale"));
      std::string most;
      for (const json& each : permission.contains("options") ? permission.at("options") : scale) {
        const std::string level = each.get<std::string>();
        if (level_of(*state_.model, permission, level) >= level_of(*state_.model, permission, most)) most = level;
      }
      if (!is_more(permission, {most, ""})) continue;
      if (lets("role.edited", {{"role", role}, {"grants", {{text(permission, "id"), most}}}})) return true;
    }
    return false;
  }

  bool lets(const std::string& type, const json& data) const {
    Fact fact;
    fact.event = {{"type", type}, {"actor", {{"kind", "member"}, {"id", member_}}}, {"data", data}};
    fact.occurred_us = at_us_;
    const NaiveVerdict verdict = judge(state_, models_, fact);
    if (verdict.result != "allowed") return false;
    const json* rule = entry(*state_.model, "rules", verdict.rule);
    return rule && rule->contains("actor") && rule->at("actor").contains("permission");
  }

  const State& state_;
  const std::vector<json>& models_;
  const std::string& member_;
  std::int64_t at_us_;
};

}  // namespace

bool raises_by_permission(const State& state, const std::vector<json>& models, const std::string& member,
                          std::int64_t at_us) {
  return Raising(state, models, member, at_us).found();
}

}  // namespace tenure::oracle
