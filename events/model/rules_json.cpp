// Reads a model's rules about team actions.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "events/limits.h"
#include "events/model/actions.h"
#include "events/model/model_reader.h"

namespace tenure {

using Need = Members::Need;

void ModelReader::read_rule(const nlohmann::json& json, const std::string& pointer) {
  Members members(faults, json, pointer,
                  {"id", "because", "actions", "effect", "leaves_others_open", "actor", "on", "target", "gives"});
  ActionRule rule;
  const auto id = members.identifier("id", Need::required);
  note_id(rule_ids, id, members.at("id"));
  rule.id = id.value_or("");
  if (rule.id.starts_with("lifecycle.") || rule.id.ends_with(".not_allowed")) {
    members.fault("id", "Ids that start with lifecycle. or end with .not_allowed are the judge's own.");
  }
  constexpr std::size_t sentence_bytes_max = 400;  // it is copied into every record that breaks the rule
  rule.because = members.text("because", Need::required).value_or("");
  if (rule.because.size() > sentence_bytes_max) members.fault("because", "A reason has at most 400 bytes.");
  const auto effect = members.text("effect").value_or("allow");
  if (effect != "allow" && effect != "forbid") members.fault("effect", "\"allow\" or \"forbid\" should stand here.");
  rule.allow = effect == "allow";
  rule.leaves_others_open = members.flag("leaves_others_open").value_or(false);
  if (rule.leaves_others_open && !rule.allow) {
    members.fault("leaves_others_open", "Only an allowance leaves open what others may.");
  }
  std::vector<std::size_t> actions;
  read_rule_actions(rule, actions, members);
  read_rule_actor(rule, members);
  read_rule_on(rule, actions, members);
  read_rule_target(rule, actions, members);
  read_rule_gives(rule, actions, members);

  const auto index = static_cast<std::uint16_t>(model->rules_.size());
  model->rules_of_.resize(action_count);
  for (const std::size_t action : actions) model->rules_of_[action].push_back(index);
  model->rules_.push_back(std::move(rule));
}

void ModelReader::read_rule_actions(ActionRule& rule, std::vector<std::size_t>& actions, Members& members) {
  members.find("actions", Need::required);
  members.each_text("actions", limits::model_parts_max, [&](const std::string& pattern, const std::string& pointer) {
    const auto matching = actions_matching(pattern);
    if (matching.empty())
      faults.add(pointer, "No event type is called \"" + pattern + "\" that a rule could speak of.");
    actions.insert(actions.end(), matching.begin(), matching.end());
    rule.actions.push_back(pattern);
  });
  std::sort(actions.begin(), actions.end());
  actions.erase(std::unique(actions.begin(), actions.end()), actions.end());
}

void ModelReader::read_rule_actor(ActionRule& rule, Members& members) {
  const nlohmann::json* json = members.find("actor");
  if (!json) return;
  Members actor(faults, *json, members.at("actor"), {"kinds", "roles", "disabled", "permission", "level"});
  actor.each_text("kinds", 4, [&](const std::string& kind, const std::string& pointer) {
    if (!actor_kind_from(kind)) faults.add(pointer, "An actor is a member, support, a system or an integration.");
    rule.actor_kinds.push_back(kind);
  });
  rule.actor_roles = roles_named(actor, "roles");
  if (const auto disabled = actor.flag("disabled")) {
    if (!*disabled) actor.fault("disabled", "Rules speak of disabled members alone; leave this out.");
    rule.actor_disabled = *disabled;
  }
  rule.actor_permission = permission_named(actor.text("permission"), actor.at("permission"));
  const auto level = actor.text("level");
  if (!level) return;
  if (!actor.find("permission")) return actor.fault("level", "A level needs a permission.");
  if (!rule.actor_permission || *rule.actor_permission >= model->permissions_.size()) return;
  rule.actor_level = level_named(*rule.actor_permission, *level, actor.at("level")).value_or(1);
  if (rule.actor_level == 0) actor.fault("level", "The first level of a scale means no access, so everyone has it.");
}

void ModelReader::read_rule_on(ActionRule& rule, const std::vector<std::size_t>& actions, Members& members) {
  const nlohmann::json* json = members.find("on");
  if (!json) return;
  Members on(faults, *json, members.at("on"), {"kinds"});
  on.find("kinds", Need::required);
  on.each_text("kinds", limits::model_parts_max, [&](const std::string& kind, const std::string& pointer) {
    if (!model->resource_kind(kind)) faults.add(pointer, "The model has no kind of resource \"" + kind + "\".");
    rule.on_kinds.push_back(kind);
  });
  const auto on_nothing = [](std::size_t action) { return !action_type(action).on_resource; };
  if (!actions.empty() && std::all_of(actions.begin(), actions.end(), on_nothing)) {
    members.fault("on", "None of the rule's actions is about a resource.");
  }
}

void ModelReader::read_rule_target(ActionRule& rule, const std::vector<std::size_t>& actions, Members& members) {
  const nlohmann::json* json = members.find("target");
  if (!json) return;
  Members target(faults, *json, members.at("target"),
                 {"roles", "not_roles", "member", "below_actor", "self", "last_holder"});
  rule.target_roles = roles_named(target, "roles");
  rule.not_target_roles = roles_named(target, "not_roles");
  rule.target_is_member = target.flag("member");
  if (const auto below = target.flag("below_actor")) {
    rule.target_below_actor = *below;
    rule.target_not_below_actor = !*below;
  }
  rule.target_is_actor = target.flag("self");
  rule.target_is_last_holder = target.flag("last_holder").value_or(false);
  const auto about_nobody = [](std::size_t action) { return !action_type(action).has_target; };
  if (!actions.empty() && std::all_of(actions.begin(), actions.end(), about_nobody)) {
    members.fault("target", "None of the rule's actions is about a person.");
  }
}

void ModelReader::read_rule_gives(ActionRule& rule, const std::vector<std::size_t>& actions, Members& members) {
  const nlohmann::json* json = members.find("gives");
  if (!json) return;
  Members gives(faults, *json, members.at("gives"), {"a_role", "roles", "not_roles", "below_actor", "at_most_actor"});
  rule.gives_a_role = gives.flag("a_role");
  rule.given_roles = roles_named(gives, "roles");
  rule.not_given_roles = roles_named(gives, "not_roles");
  rule.given_below_actor = gives.flag("below_actor").value_or(false);
  rule.given_at_most_actor = gives.flag("at_most_actor").value_or(false);
  const auto gives_nothing = [](std::size_t action) { return !action_type(action).gives_role; };
  if (!actions.empty() && std::all_of(actions.begin(), actions.end(), gives_nothing)) {
    members.fault("gives", "None of the rule's actions gives a role.");
  }
}

void ModelReader::order_rules() {
  model->rules_of_.resize(action_count);
  for (auto& rules : model->rules_of_) {
    std::stable_partition(rules.begin(), rules.end(), [&](std::uint16_t rule) { return !model->rules_[rule].allow; });
  }
}

}  // namespace tenure
