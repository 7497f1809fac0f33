// Why the answer is no, all of it, and what would have to change.
#include <algorithm>

#include "projections/access.h"

namespace tenure::projections {

namespace {

constexpr std::size_t roles_named_max = 8;

// The kind of resource that the permission is about, where another one is asked about.
const std::string* other_kind(const AccessModel& model, const Question& question) {
  const std::string& kind = model.permissions()[question.permission].resource_kind;
  return question.resource && !kind.empty() && kind != question.resource->kind ? &kind : nullptr;
}

// What has to be assigned: a resource by name, or any of a kind.
std::string assigning(Access& access, const std::string& resource, const std::string& kind) {
  if (resource.empty()) return "assign a resource of kind " + kind + " to the member";
  const Number scope = access.facts().number(EntityKind::scope, resource);
  const ResourceKind* declared = access.model().resource_kind(kind);
  const bool there = scope != 0 ? access.resource_exists(scope, access.facts().at()) : declared && !declared->declared;
  return there ? "assign " + resource + " to the member"
               : "add " + resource + ", which is not there, and assign it to the member";
}

}  // namespace

// What a role gives on assigned resources alone is said to be so, with what would have to be assigned as well. Where it
// gives everything unless something is assigned, that depends on the member.
std::string Access::roles_that_give(Number member, const Question& question) {
  const std::string& kind = model_->permissions()[question.permission].resource_kind;
  const std::string assign = assigning(*this, question.resource ? to_text(*question.resource) : std::string(), kind);
  std::vector<std::string> names;
  const auto note = [&](const std::string& name, const Cell& cell) {
    if (cell.level < question.level) return;
    const bool all =
        cell.visibility == Visibility::all || kind.empty() ||
        (cell.visibility == Visibility::all_unless_assigned && !any_assignment(facts_.state(member), kind));
    if (all) return names.push_back(name);
    const bool reached = visible(facts_.state(member), cell.visibility, question).has_value();
    names.push_back(name + (reached ? " (on what is assigned)" : " (and " + assign + ")"));
  };
  const auto& system = model_->roles();
  for (RoleIndex role = 0; role < system.size(); ++role) {
    if (system[role].available) note(system[role].id.text, model_->cell(role, question.permission));
  }
  for (const Number role : custom_roles()) note(facts_.name(role).name, cell(role, question.permission));
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < roles_named_max; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > roles_named_max) text += " and " + std::to_string(names.size() - roles_named_max) + " more";
  return text;
}

std::string Access::change_by_giving(Number member, const Question& question, const std::string& give) {
  if (const auto missing = missing_assignment(member, question)) {
    return assigning(*this, missing->resource, model_->permissions()[question.permission].resource_kind);
  }
  const std::string roles = roles_that_give(member, question);
  if (!roles.empty()) return give + ": " + roles;
  return "no role gives " + model_->level_name(question.permission, question.level).text +
         ": one that does would have to be made";
}

std::string Access::change_of_parent(Number member, const Question& question) {
  const Question parent = parent_question(question);
  std::string changes;
  for (const Lack& lack : lacks_of_held(member, parent)) changes += (changes.empty() ? "" : "; ") + lack.change;
  return "for " + model_->permissions()[parent.permission].name + ": " + changes;
}

std::vector<Lack> Access::lacks_of_held(Number member, const Question& question) {
  std::vector<Lack> lacks;
  const PermissionRule& rule = model_->permissions()[question.permission];
  const bool is_held = held(member, question, false).level > 0;
  // What everyone has is for those who are not disabled, also where the model lets a disabled member keep the power.
  LevelIndex given = 0;
  for (const Path& way : ways(member, question, false)) given = std::max(given, way.level);
  const LevelIndex by_everyone = given > 0 ? 0 : everyone_gives(member, question);
  given = std::max(given, by_everyone);
  if (!is_held && !facts_.state(member).exists()) {
    lacks.push_back({"no_member", "not a member at that time", "add the person as a member"});
  }
  if (given == 0) {
    const std::string level = model_->level_name(question.permission, question.level).text;
    lacks.push_back({"nothing_given", nothing_because(member, question),
                     change_by_giving(member, question, "give a role that has at least " + level)});
  } else if (given < question.level) {
    const std::string level = model_->level_name(question.permission, given).text;
    lacks.push_back({"too_low",
                     "the level " + std::string(is_held ? "held" : "given") + " is " + level + ", which is lower",
                     change_by_giving(member, question, "give a role that has that level")});
  }
  if (is_held) return lacks;  // nothing cuts it
  std::vector<Number> areas = disabled_for(member, question);
  if (by_everyone > 0 && !holds_area(areas, 0)) areas.insert(areas.begin(), 0);
  for (const Number area : areas) {
    lacks.push_back({"disabled", disabled_because(area),
                     area == 0 ? "enable the member" : "enable the member in " + facts_.name(area).name});
  }
  if (!feature_on(rule.feature)) {
    lacks.push_back(
        {"feature_off", "the feature " + rule.feature + " is off", "switch the feature " + rule.feature + " on"});
  }
  if (owner_lacks(member, question)) {
    lacks.push_back({"owner_only", "only the owner may have it", "transfer ownership to the member"});
  }
  if (parent_lacks(member, question)) {
    lacks.push_back({"parent", parent_because(question), change_of_parent(member, question)});
  }
  return lacks;
}

std::vector<Lack> Access::lacks(Number member, const Question& question) {
  if (const std::string* kind = other_kind(*model_, question)) {
    return {
        {"other_kind", "the permission is about resources of kind " + *kind, "ask about a resource of kind " + *kind}};
  }
  const Effective counts = effective(member, question, false);
  if (counts.level >= question.level) return {};
  std::vector<Lack> lacks;
  const LevelIndex held = this->held(member, question, false).level;
  if (held < question.level) lacks = lacks_of_held(member, question);
  if (auto later = found_later(member, question)) lacks.push_back(std::move(*later));
  if (held > counts.level) {
    lacks.push_back({"children_off", "all that hangs below it is off", "give something that hangs below it as well"});
  }
  return lacks;
}

}  // namespace tenure::projections
