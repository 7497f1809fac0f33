// Looks for roles that nobody may give: a role that can reach no one is a mistake of the model's author.
#include <algorithm>

#include "events/model/actions.h"
#include "events/model/model_reader.h"
#include "events/model/rule_reach.h"

namespace tenure {
namespace {

// The actions by which a member can come to have a role of their own, and those that give one in another way.
constexpr std::string_view direct[] = {"member.invited", "member.added", "member.role_changed"};
constexpr std::string_view indirect[] = {"group.created", "group.edited", "role.deleted", "role.granted"};

// The rules of one action, by its name.
const std::vector<std::uint16_t>& rules_of(const AccessModel& model, std::string_view action) {
  return model.rules_of(actions_matching(action).front());
}

bool is_spoken_of(const AccessModel& model, std::string_view action) {
  const auto& rules = rules_of(model, action);
  return std::any_of(rules.begin(), rules.end(), [&](std::uint16_t rule) { return model.rules()[rule].allow; });
}

bool is_given_by(const AccessModel& model, std::string_view action, RoleIndex role) {
  bool given = false;
  for (const std::uint16_t index : rules_of(model, action)) {
    const ActionRule& rule = model.rules()[index];
    if (always_forbids_giving(rule, role)) return false;
    given = given || (rule.allow && can_give(model, rule, role));
  }
  return given;
}

bool everyone_has(const AccessModel& model, RoleIndex role) {
  const auto gives = [&](const SettingValue& value) { return value.everyone_role == role; };
  return std::any_of(model.settings().begin(), model.settings().end(), [&](const SettingRule& setting) {
    return std::any_of(setting.values.begin(), setting.values.end(), gives);
  });
}

}  // namespace

void ModelReader::check_giving(Members& top) {
  // Lists that were too long to be read leave ids behind that stand for nothing.
  if (model->permissions_.size() < model->permission_by_id_.size()) return;
  const auto spoken = [&](std::string_view action) { return is_spoken_of(*model, action); };
  // Where the rules say nothing of who gives roles, that is left open and no mistake.
  const bool of_direct = std::any_of(std::begin(direct), std::end(direct), spoken);
  const bool of_scoped = spoken("role.granted");
  for (std::size_t i = 0; i < model->roles_.size(); ++i) {
    const auto role = static_cast<RoleIndex>(i);
    const RoleRule& rule = model->roles_[i];
    if (!rule.available || !(rule.member_role ? of_direct : of_scoped)) continue;
    if (role == model->owner_role_ || model->former_owner_role_ == role || everyone_has(*model, role)) continue;
    const auto given = [&](std::string_view action) { return is_given_by(*model, action, role); };
    const bool somehow = rule.member_role ? std::any_of(std::begin(direct), std::end(direct), given) ||
                                                std::any_of(std::begin(indirect), std::end(indirect), given)
                                          : given("role.granted");
    if (!somehow) faults.add(pointer_to(top.at("roles"), i), "No rule lets anybody give this role.");
  }
}

}  // namespace tenure
