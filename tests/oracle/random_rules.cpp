// Random rules about who may do what to whom, so that every part of a rule decides something now and then.
#include "tests/oracle/random_model.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

struct Pattern {
  const char* actions;
  bool has_target;
  bool gives_role;
  bool on_resource = false;
};
const std::vector<Pattern> patterns{
    {"*", true, true, true},
    {"member.*", true, true},
    {"member.added", true, true},
    {"member.removed", true, false},
    {"member.role_changed", true, true},
    {"member.disabled", true, false},
    {"member.invited", true, true},
    {"invitation.*", true, false},
    {"ownership.transferred", true, true},
    {"role.*", true, true, true},
    {"role.granted", true, true, true},
    {"role.revoked", true, false, true},
    {"role.created", false, false},
    {"role.edited", false, false},
    {"group.*", true, true},
    {"group.created", false, true},
    {"group.edited", true, true},
    {"group.member_added", true, true},
    {"assignment.*", true, false, true},
    {"resource.*", false, false, true},
    {"feature.*", false, false},
    {"org.*", false, false},
    {"event.retracted", false, false},
};

json some_of(Dice& dice, const std::vector<json>& from) {
  json chosen = json::array();
  for (const json& each : from) {
    if (dice.percent(40)) chosen.push_back(each);
  }
  if (chosen.empty()) chosen.push_back(dice.one_of(from));
  return chosen;
}

std::vector<json> role_ids(const json& model) {
  std::vector<json> ids;
  for (const json& role : model.at("roles")) ids.push_back(role.at("id"));
  return ids;
}

std::vector<json> kind_ids(const json& model) {
  std::vector<json> ids;
  for (const json& kind : model.at("resource_kinds")) ids.push_back(kind.at("id"));
  return ids;
}

json random_actor(Dice& dice, const json& model) {
  json actor = json::object();
  if (dice.percent(50)) actor["kinds"] = some_of(dice, {"member", "support", "system", "integration"});
  if (dice.percent(45)) actor["roles"] = some_of(dice, role_ids(model));
  if (dice.percent(8)) actor["disabled"] = true;
  if (dice.percent(30)) {
    const json& permissions = model.at("permissions");
    const json& permission = permissions.at(dice.below(permissions.size()));
    actor["permission"] = permission.at("id");
    const json& levels = model.at("scales").at(permission.at("scale").get<std::string>());
    if (dice.percent(60)) actor["level"] = levels.at(1 + dice.below(levels.size() - 1));
  }
  return actor;
}

json random_target(Dice& dice, const json& model) {
  json target = json::object();
  if (dice.percent(30)) target["roles"] = some_of(dice, role_ids(model));
  if (dice.percent(30)) target["not_roles"] = some_of(dice, role_ids(model));
  if (dice.percent(35)) target["below_actor"] = dice.percent(75);
  if (dice.percent(20)) target["member"] = dice.percent(60);
  if (dice.percent(35)) target["self"] = dice.percent(50);
  if (dice.percent(15)) target["last_holder"] = true;
  return target;
}

json random_gift(Dice& dice, const json& model) {
  json gives = json::object();
  if (dice.percent(20)) gives["a_role"] = dice.percent(70);
  if (dice.percent(35)) gives["roles"] = some_of(dice, role_ids(model));
  if (dice.percent(30)) gives["not_roles"] = some_of(dice, role_ids(model));
  if (dice.percent(30)) gives["below_actor"] = true;
  if (dice.percent(30)) gives["at_most_actor"] = true;
  return gives;
}

}  // namespace

json random_rules(Dice& dice, const json& model) {
  json rules = json::array();
  const std::size_t count = 2 + dice.below(12);
  for (std::size_t i = 0; i < count; ++i) {
    const Pattern& pattern = dice.one_of(patterns);
    json rule{{"id", "rule" + std::to_string(i)}, {"because", "So it was drawn."}};
    rule["actions"] = json::array({pattern.actions});
    if (dice.percent(30)) rule["actions"].push_back(dice.one_of(patterns).actions);
    if (dice.percent(30)) rule["effect"] = "forbid";
    if (!rule.contains("effect") && dice.percent(25)) rule["leaves_others_open"] = true;
    if (pattern.on_resource && model.contains("resource_kinds") && dice.percent(40)) {
      rule["on"] = {{"kinds", some_of(dice, kind_ids(model))}};
    }
    if (dice.percent(85)) rule["actor"] = random_actor(dice, model);
    // A model is refused if nobody may give a role: no prohibition is for everybody.
    if (rule.contains("effect") && rule.value("actor", json::object()).empty()) {
      rule["actor"] = {{"kinds", some_of(dice, {"member", "system", "integration"})}};
    }
    if (pattern.has_target && dice.percent(45)) rule["target"] = random_target(dice, model);
    if (pattern.gives_role && dice.percent(35)) rule["gives"] = random_gift(dice, model);
    rules.push_back(rule);
  }
  rules.push_back({{"id", "support"},
                   {"because", "Somebody may give each role."},
                   {"actions", {"member.role_changed", "role.granted"}},
                   {"actor", {{"kinds", {"support"}}}}});
  return rules;
}

}  // namespace tenure::oracle
