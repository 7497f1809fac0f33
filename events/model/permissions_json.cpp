// Reads a model's permissions and what ties them to one another.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>

#include "events/limits.h"
#include "events/model/model_reader.h"

namespace tenure {

using Need = Members::Need;

void ModelReader::read_permission(const nlohmann::json& json, const std::string& pointer) {
  Members members(
      faults, json, pointer,
      {"id", "name", "module", "submodule", "description", "scale", "resource", "parent", "parent_level", "feature",
       "options", "options_unspecified", "owner_only", "visibility", "when_children_off", "level_from"});
  PermissionRule rule;
  rule.id = PermissionId(members.identifier("id", Need::required).value_or(""));
  rule.name = members.text("name", Need::required).value_or("");
  rule.module = members.text("module", Need::required).value_or("");
  rule.submodule = members.text("submodule").value_or("");
  rule.description = members.text("description").value_or("");
  rule.owner_only = members.flag("owner_only").value_or(false);
  if (const auto scale = members.text("scale", Need::required)) {
    const auto& scales = model->scales_;
    const auto at = std::find_if(scales.begin(), scales.end(), [&](const Scale& s) { return s.id == *scale; });
    if (at == scales.end()) members.fault("scale", "The model has no scale \"" + *scale + "\".");
    if (at != scales.end()) rule.scale = static_cast<std::uint16_t>(at - scales.begin());
  }
  if (const auto kind = members.text("resource")) {
    if (!model->resource_kind(*kind)) members.fault("resource", "The model has no kind of resource \"" + *kind + "\".");
    rule.resource_kind = *kind;
  }
  if (const auto feature = members.text("feature")) {
    if (!model->feature(*feature)) members.fault("feature", "The model has no feature \"" + *feature + "\".");
    rule.feature = *feature;
  }
  if (const auto parent = members.text("parent")) rule.parent = permission_named(parent, members.at("parent"));
  model->permissions_.push_back(std::move(rule));
  if (model->scales_.empty()) return;
  read_options(model->permissions_.back(), members);
  read_visibility(model->permissions_.back(), members);
}

void ModelReader::read_options(PermissionRule& rule, Members& members) {
  const auto here = static_cast<PermissionIndex>(model->permissions_.size() - 1);
  std::unordered_set<std::string> seen;
  members.each_text("options", limits::model_levels_max, [&](const std::string& level, const std::string& at) {
    note_id(seen, level, at);
    if (const auto index = level_named(here, level, at)) rule.options.push_back(*index);
  });
  std::sort(rule.options.begin(), rule.options.end());
  rule.options_unspecified = members.flag("options_unspecified").value_or(false);
  if (rule.options_unspecified && !rule.options.empty()) {
    members.fault("options_unspecified", "The options stand beside this, so they are not left open.");
  }
}

void ModelReader::read_visibility(PermissionRule& rule, Members& members) {
  const auto here = static_cast<PermissionIndex>(model->permissions_.size() - 1);
  const std::size_t levels = model->scales_[rule.scale].levels.size();
  members.each_named("visibility", Need::optional, limits::model_levels_max,
                     [&](const std::string& level, const nlohmann::json& json, const std::string& pointer) {
                       const auto index = level_named(here, level, pointer);
                       const auto visibility = visibility_named(json, pointer);
                       if (!index || !visibility) return;
                       rule.visibility.resize(levels, Visibility::all);
                       rule.visibility[*index] = *visibility;
                     });
  if (!rule.visibility.empty() && rule.resource_kind.empty()) {
    members.fault("visibility", "What depends on assignments needs the kind of resource that it is about.");
  }
}

std::optional<Visibility> ModelReader::visibility_named(const nlohmann::json& json, const std::string& pointer) {
  for (const auto visibility :
       {Visibility::all, Visibility::assigned, Visibility::all_unless_assigned, Visibility::where_assigned}) {
    if (json.is_string() && json.get_ref<const std::string&>() == to_text(visibility)) return visibility;
  }
  faults.add(pointer, "\"all\", \"assigned\", \"all_unless_assigned\" or \"where_assigned\" should stand here.");
  return std::nullopt;
}

// Permissions may name others that stand behind them, so what ties them is read when every one is there.
void ModelReader::check_permissions(Members& top) {
  const nlohmann::json* list = top.find("permissions");
  auto& permissions = model->permissions_;
  if (!list || model->scales_.empty()) return;
  for (std::size_t i = 0; i < permissions.size(); ++i) {
    const nlohmann::json& item = (*list)[i];
    if (!item.is_object()) continue;
    const std::string pointer = pointer_to(top.at("permissions"), i);
    read_parent(permissions[i], item, pointer);
    read_level_from(i, *list, pointer);
    check_ancestors(i, pointer);
  }
  for (std::size_t i = 0; i < permissions.size(); ++i) {
    const auto parent = permissions[i].parent;
    if (!parent || *parent >= permissions.size() || !permissions[i].offers(0)) continue;
    permissions[*parent].switches.push_back(static_cast<PermissionIndex>(i));
  }
  for (std::size_t i = 0; i < permissions.size(); ++i) {
    if ((*list)[i].is_object()) read_when_children_off(i, (*list)[i], pointer_to(top.at("permissions"), i));
  }
}

void ModelReader::check_ancestors(std::size_t index, const std::string& pointer) {
  const auto& permissions = model->permissions_;
  const std::string place = pointer_to(pointer, "parent");
  auto ancestor = permissions[index].parent;
  for (std::size_t steps = 0; ancestor; ++steps) {
    if (*ancestor == index) return faults.add(place, "This permission would be its own ancestor.");
    if (*ancestor >= permissions.size()) return;
    if (steps >= limits::model_parents_max) {
      return faults.add(place, "At most " + std::to_string(limits::model_parents_max) +
                                   " parents stand above a permission, and none above itself.");
    }
    ancestor = permissions[*ancestor].parent;
  }
}

void ModelReader::read_level_from(std::size_t index, const nlohmann::json& list, const std::string& pointer) {
  PermissionRule& rule = model->permissions_[index];
  const nlohmann::json& item = list[index];
  if (!item.contains("level_from")) return;
  const std::string place = pointer_to(pointer, "level_from");
  const nlohmann::json& name = item.at("level_from");
  if (!name.is_string()) return faults.add(place, "Text should stand here.");
  const auto from = permission_named(name.get<std::string>(), place);
  if (!from || *from >= model->permissions_.size()) return;
  const PermissionRule& source = model->permissions_[*from];
  if (source.scale != rule.scale) faults.add(place, "A level is taken from a permission of the same scale.");
  const nlohmann::json& other = list[*from];
  if (other.is_object() && other.contains("level_from")) {
    faults.add(place, "The permission there takes its own level from another one.");
  }
  rule.level_from = from;
}

void ModelReader::read_when_children_off(std::size_t index, const nlohmann::json& item, const std::string& pointer) {
  if (!item.contains("when_children_off")) return;
  PermissionRule& rule = model->permissions_[index];
  const std::string place = pointer_to(pointer, "when_children_off");
  const nlohmann::json& level = item.at("when_children_off");
  if (!level.is_string()) return faults.add(place, "Text should stand here.");
  rule.when_children_off = level_named(static_cast<PermissionIndex>(index), level.get<std::string>(), place);
  if (rule.when_children_off && rule.switches.empty()) {
    faults.add(place, "No permission that can be off has this one as its parent.");
  }
}

void ModelReader::read_parent(PermissionRule& rule, const nlohmann::json& item, const std::string& pointer) {
  if (!item.contains("parent_level")) return;
  const std::string place = pointer_to(pointer, "parent_level");
  const nlohmann::json& level = item.at("parent_level");
  if (!item.contains("parent")) return faults.add(place, "A parent's level needs a parent.");
  if (!level.is_string()) return faults.add(place, "Text should stand here.");
  if (!rule.parent || *rule.parent >= model->permissions_.size()) return;
  if (const auto index = level_named(*rule.parent, level.get<std::string>(), place)) {
    rule.parent_level = *index;
    if (*index == 0) faults.add(place, "The first level of a scale means no access, so it asks nothing of the parent.");
  }
}

}  // namespace tenure
