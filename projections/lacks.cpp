// Why the answer is no, all of it, and what would have to change.
#include <algorithm>

#include "projections/access.h"

namespace tenure::projections {

namespace {

constexpr std::size_t roles_named_max = 8;

}  // namespace

std::string Access::roles_that_give(const Question& question) {
  std::vector<std::string> names;
  const auto note = [&](const std::string& name, LevelIndex level) {
    if (level >= question.level) names.push_back(name);
  };
  const auto& system = model_->roles();
  for (RoleIndex role = 0; role < system.size(); ++role) {
    if (system[role].available) note(system[role].id.text, model_->cell(role, question.permission).level);
  }
  for (const Number role : custom_roles()) note(facts_.name(role).name, cell(role, question.permission).level);
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < roles_named_max; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > roles_named_max) text += " and " + std::to_string(names.size() - roles_named_max) + " more";
  return text;
}

// Nothing gives it. A role that the member has may give it on what is assigned to them.
Lack Access::assignment_lack(Number member, const Question& question) {
  const Number role = direct_role(member);
  if (role != 0 && gives_where_assigned(role, question)) {
    const std::string& about = model_->permissions()[question.permission].resource_kind;
    const std::string what = question.resource ? to_text(*question.resource) : "a resource of kind " + about;
    return {"nothing_given", nothing_because(facts_.state(member), question), "assign " + what + " to the member"};
  }
  const std::string roles = roles_that_give(question);
  const std::string level = model_->level_name(question.permission, question.level).text;
  return {"nothing_given", nothing_because(facts_.state(member), question),
          roles.empty() ? "no role gives " + level + ": one that does would have to be made"
                        : "give a role that has at least " + level + ": " + roles};
}

std::vector<Lack> Access::lacks(Number member, const Question& question) {
  std::vector<Lack> lacks;
  const PermissionRule& rule = model_->permissions()[question.permission];
  if (question.resource && !rule.resource_kind.empty() && rule.resource_kind != question.resource->kind) {
    lacks.push_back({"other_kind", "the permission is about resources of kind " + rule.resource_kind,
                     "ask about a resource of kind " + rule.resource_kind});
    return lacks;
  }
  const Effective held = effective(member, question, false);
  if (held.level >= question.level) return lacks;
  const Lack children_off{"children_off", "all that hangs below it is off",
                          "give something that hangs below it as well"};
  // What is held is enough, and counts as less.
  if (held.level > 0 && this->held(member, question, false).level >= question.level) {
    lacks.push_back(children_off);
    return lacks;
  }
  if (held.level > 0) {
    const std::string roles = roles_that_give(question);
    lacks.push_back(
        {"too_low",
         "the level held is " + model_->level_name(question.permission, held.level).text + ", which is lower",
         roles.empty() ? "no role gives that level: one that does would have to be made"
                       : "give a role that has that level: " + roles});
    return lacks;
  }
  if (!facts_.state(member).exists()) {
    lacks.push_back({"no_member", "not a member at that time", "add the person as a member"});
  }
  // What everyone has is for those who are not disabled, also where the model lets a disabled member keep the power.
  const bool given = !ways(member, question, false).empty(), by_everyone = !given && everyone_gives(member, question);
  if (!given && !by_everyone) lacks.push_back(assignment_lack(member, question));
  if (const auto area = by_everyone ? std::optional<Number>(0) : disabled_for(member, question)) {
    lacks.push_back({"disabled", disabled_because(*area),
                     *area == 0 ? "enable the member" : "enable the member in " + facts_.name(*area).name});
  }
  if (!feature_on(rule.feature)) {
    lacks.push_back(
        {"feature_off", "the feature " + rule.feature + " is off", "switch the feature " + rule.feature + " on"});
  }
  if (owner_lacks(member, question)) {
    lacks.push_back({"owner_only", "only the owner may have it", "transfer ownership to the member"});
  }
  if (parent_lacks(member, question)) {
    const std::string parent = model_->permissions()[*rule.parent].name;
    lacks.push_back(
        {"parent", parent_because(question),
         "give " + parent + " at " + model_->level_name(*rule.parent, rule.parent_level).text + " as well"});
  }
  // It is held, and counts as nothing: all that hangs below it is off.
  if (this->held(member, question, false).level > 0) lacks.push_back(children_off);
  return lacks;
}

}  // namespace tenure::projections
