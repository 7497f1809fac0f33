// Reads a model's document: the parts that everything else refers to. Permissions are in permissions_json.cpp, roles in
// roles_json.cpp, rules in rules_json.cpp.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "events/digest.h"
#include "events/limits.h"
#include "events/model/model_reader.h"
#include "events/wire/canonical_json.h"
#include "events/wire/json_read.h"

namespace tenure {
namespace {

using Need = Members::Need;
using Parsed = boost::system::result<std::shared_ptr<const AccessModel>, std::vector<ModelFault>>;

Parsed one_fault(std::string pointer, std::string because) {
  return std::vector<ModelFault>{{std::move(pointer), std::move(because)}};
}

}  // namespace

Parsed AccessModel::parse(std::string_view document) { return ModelReader::parse(document, true); }
Parsed AccessModel::parse_published(std::string_view document) { return ModelReader::parse(document, false); }

Parsed ModelReader::parse(std::string_view document, bool is_new) {
  if (document.size() > limits::model_bytes_max) {
    return one_fault("", "A model's document has at most " + std::to_string(limits::model_bytes_max) + " bytes.");
  }
  const auto json = read_json(document);
  if (!json) {
    return one_fault("", "This is not JSON from byte " + std::to_string(json.error().offset.value_or(0)) +
                             " on: " + json.error().because);
  }
  auto canonical = canonical_json(*json);
  if (!canonical) return one_fault(canonical.error().field, canonical.error().because);

  const auto model = ModelReader::make();
  ModelReader reader;
  reader.model = model.get();
  reader.is_new = is_new;
  reader.read(*json);
  if (!reader.faults.empty()) return reader.faults.take();
  std::string version = to_hex(sha256(*canonical));
  reader.set_identity(std::move(*canonical), std::move(version));
  return std::shared_ptr<const AccessModel>(model);
}

std::shared_ptr<AccessModel> ModelReader::make() { return std::shared_ptr<AccessModel>(new AccessModel()); }

void ModelReader::set_identity(std::string document, std::string version) {
  model->document_ = std::move(document);
  model->version_ = std::move(version);
}

void ModelReader::read(const nlohmann::json& document) {
  Members top(faults, document, "",
              {"id", "title", "description", "scales", "resource_kinds", "areas", "permissions", "roles", "features",
               "settings", "owner_role", "former_owner_role", "custom_roles", "groups", "outsiders_hold_scoped_grants",
               "invitees_share_disabling", "kept_when_disabled", "rules"});
  if (!top.is_object()) return;
  read_top(top);
  read_scales(top);
  read_resource_kinds(top);
  read_features(top);
  index_ids(top, "permissions", model->permission_by_id_);
  index_ids(top, "roles", model->role_by_id_);
  top.each("permissions", Need::required, limits::model_permissions_max,
           [&](const nlohmann::json& json, const std::string& pointer) { read_permission(json, pointer); });
  check_permissions(top);
  read_areas(top);
  top.each("roles", Need::required, limits::model_roles_max,
           [&](const nlohmann::json& json, const std::string& pointer) { read_role(json, pointer); });
  if (model->roles_.empty() && faults.empty()) top.fault("roles", "A model has at least one role.");
  if (!faults.empty() && (model->roles_.empty() || model->scales_.empty())) return;
  merge_inherited(top);
  read_owner_roles(top);
  read_settings(top);
  top.each_text("kept_when_disabled", limits::model_permissions_max, [&](const std::string& id, const std::string& at) {
    if (const auto permission = permission_named(id, at)) model->kept_when_disabled_.push_back(*permission);
  });
  top.each("rules", Need::optional, limits::model_rules_max,
           [&](const nlohmann::json& json, const std::string& pointer) { read_rule(json, pointer); });
  order_rules();
  if (is_new) check_giving(top);
}

void ModelReader::read_top(Members& top) {
  if (auto id = top.text("id", Need::required)) {
    if (!is_plain_name(*id)) {
      top.fault("id", "A model's id has 1 to 64 letters, digits, dots, dashes and underscores.");
    }
    model->id_ = ModelId(std::move(*id));
  }
  model->title_ = top.text("title").value_or(model->id_.text);
  model->description_ = top.text("description").value_or("");
  model->custom_roles_ = top.flag("custom_roles").value_or(false);
  model->outsiders_ = top.flag("outsiders_hold_scoped_grants").value_or(false);
  model->invitees_share_disabling_ = top.flag("invitees_share_disabling").value_or(false);
  if (const auto* json = top.find("groups")) {
    Members groups(faults, *json, top.at("groups"), {"inherit_from_parents"});
    model->groups_inherit_ = groups.flag("inherit_from_parents").value_or(false);
  }
}

void ModelReader::read_scales(Members& top) {
  top.each_named("scales", Need::required, limits::model_parts_max,
                 [&](const std::string& id, const nlohmann::json& json, const std::string& pointer) {
                   Scale scale{id, {}};
                   if (!is_model_identifier(id))
                     faults.add(pointer, "A scale's name has neither blanks nor control characters.");
                   const bool fits = json.is_array() && json.size() >= 2 && json.size() <= limits::model_levels_max;
                   if (!fits) {
                     faults.add(pointer, "A scale is an array of 2 to " + std::to_string(limits::model_levels_max) +
                                             " levels, lowest first; the first means no access.");
                   }
                   std::unordered_set<std::string> seen;
                   for (std::size_t i = 0; fits && i < json.size(); ++i) {
                     const std::string place = pointer_to(pointer, i);
                     const std::string level = json[i].is_string() ? json[i].get<std::string>() : std::string();
                     if (!is_model_identifier(level))
                       faults.add(place, "A level is text without blanks and control characters.");
                     note_id(seen, level, place);
                     scale.levels.emplace_back(level);
                   }
                   if (scale.levels.empty()) scale.levels.emplace_back("none");
                   model->scales_.push_back(std::move(scale));
                 });
}

void ModelReader::read_resource_kinds(Members& top) {
  std::unordered_set<std::string> seen;
  top.each("resource_kinds", Need::optional, limits::model_parts_max,
           [&](const nlohmann::json& json, const std::string& pointer) {
             Members members(faults, json, pointer, {"id", "name", "declared", "owned_by_creator"});
             ResourceKind kind;
             const auto id = members.text("id", Need::required);
             if (id && !is_plain_name(*id)) {
               members.fault("id", "A kind of resource has 1 to 64 letters, digits, dots, dashes and underscores.");
             }
             note_id(seen, id, members.at("id"));
             kind.id = id.value_or("");
             kind.name = members.text("name", Need::required).value_or("");
             kind.declared = members.flag("declared").value_or(true);
             kind.owned_by_creator = members.flag("owned_by_creator").value_or(false);
             model->resource_kinds_.push_back(std::move(kind));
           });
}

void ModelReader::read_features(Members& top) {
  std::unordered_set<std::string> seen;
  top.each("features", Need::optional, limits::model_parts_max,
           [&](const nlohmann::json& json, const std::string& pointer) {
             Members members(faults, json, pointer, {"id", "name", "on_by_default"});
             FeatureRule feature;
             const auto id = members.identifier("id", Need::required);
             note_id(seen, id, members.at("id"));
             feature.id = FeatureId(id.value_or(""));
             feature.name = members.text("name", Need::required).value_or("");
             feature.on_by_default = members.flag("on_by_default").value_or(true);
             model->features_.push_back(std::move(feature));
           });
}

// Areas name modules, so they are read when every permission is there.
void ModelReader::read_areas(Members& top) {
  std::unordered_set<std::string> seen, known;
  for (const PermissionRule& rule : model->permissions_) known.insert(rule.module);
  top.each(
      "areas", Need::optional, limits::model_parts_max, [&](const nlohmann::json& json, const std::string& pointer) {
        Members members(faults, json, pointer, {"id", "name", "modules"});
        AreaRule area;
        const auto id = members.identifier("id", Need::required);
        note_id(seen, id, members.at("id"));
        area.id = id.value_or("");
        area.name = members.text("name", Need::required).value_or("");
        // One without modules is known, and takes no permission away.
        const nlohmann::json* modules = members.find("modules", Need::required);
        const bool of_none = modules && modules->is_array() && modules->empty();
        if (!of_none)
          members.each_text("modules", limits::model_parts_max, [&](const std::string& module, const std::string& at) {
            if (!known.contains(module)) faults.add(at, "No permission is of the module \"" + module + "\".");
            area.modules.push_back(module);
          });
        model->areas_.push_back(std::move(area));
      });
}

// Faults of a list as such are noted when its items are read; here only the ids count.
void ModelReader::index_ids(Members& top, std::string_view list,
                            std::vector<std::pair<std::string, std::uint16_t>>& index) {
  const nlohmann::json* json = top.find(list);
  if (!json || !json->is_array() || json->size() > limits::model_permissions_max) return;
  std::unordered_set<std::string> seen;
  for (std::size_t i = 0; i < json->size(); ++i) {
    const nlohmann::json& item = (*json)[i];
    if (!item.is_object() || !item.contains("id") || !item.at("id").is_string()) continue;
    const std::string id = item.at("id").get<std::string>();
    note_id(seen, id, pointer_to(pointer_to(top.at(list), i), "id"));
    index.emplace_back(id, static_cast<std::uint16_t>(i));
  }
  std::sort(index.begin(), index.end());
}

void ModelReader::read_settings(Members& top) {
  std::unordered_set<std::string> seen;
  top.each("settings", Need::optional, limits::model_parts_max,
           [&](const nlohmann::json& json, const std::string& pointer) {
             Members members(faults, json, pointer, {"id", "name", "on_kind", "initial", "values"});
             SettingRule setting;
             const auto id = members.identifier("id", Need::required);
             note_id(seen, id, members.at("id"));
             setting.id = SettingId(id.value_or(""));
             setting.name = members.text("name", Need::required).value_or("");
             if (const auto kind = members.text("on_kind")) {
               if (!model->resource_kind(*kind))
                 members.fault("on_kind", "The model has no kind of resource \"" + *kind + "\".");
               setting.on_kind = *kind;
             }
             setting.initial = members.text("initial", Need::required).value_or("");
             read_setting_values(setting, members);
             model->settings_.push_back(std::move(setting));
           });
}

void ModelReader::read_setting_values(SettingRule& setting, Members& members) {
  members.each_named("values", Need::required, limits::model_parts_max,
                     [&](const std::string& value, const nlohmann::json& json, const std::string& pointer) {
                       SettingValue entry{value, std::nullopt};
                       if (json.is_string()) {
                         entry.everyone_role = role_named(json.get<std::string>(), pointer);
                         if (setting.on_kind.empty()) {
                           members.fault("on_kind",
                                         "A value that gives a role needs the kind of resource that the role is on.");
                         }
                       } else if (!json.is_null()) {
                         faults.add(pointer, "The id of a role, or null, should stand here.");
                       }
                       setting.values.push_back(std::move(entry));
                     });
  const bool known = std::any_of(setting.values.begin(), setting.values.end(),
                                 [&](const SettingValue& entry) { return entry.value == setting.initial; });
  if (!known && !setting.initial.empty()) members.fault("initial", "The setting has no such value.");
}

std::optional<PermissionIndex> ModelReader::permission_named(const std::optional<std::string>& id,
                                                             const std::string& pointer) {
  if (!id) return std::nullopt;
  const auto index = model->permission(*id);
  if (!index) faults.add(pointer, "The model has no permission \"" + *id + "\".");
  return index;
}

std::optional<RoleIndex> ModelReader::role_named(const std::optional<std::string>& id, const std::string& pointer) {
  if (!id) return std::nullopt;
  const auto index = model->role(*id);
  if (!index) faults.add(pointer, "The model has no role \"" + *id + "\".");
  return index;
}

std::optional<LevelIndex> ModelReader::level_named(PermissionIndex permission, const std::string& level,
                                                   const std::string& pointer) {
  const auto index = model->level(permission, level);
  if (!index) {
    const PermissionRule& rule = model->permissions_[permission];
    faults.add(pointer, "The scale of \"" + rule.id.text + "\" has no level \"" + level + "\".");
  }
  return index;
}

std::vector<RoleIndex> ModelReader::roles_named(Members& members, std::string_view name) {
  std::vector<RoleIndex> roles;
  members.each_text(name, limits::model_roles_max, [&](const std::string& id, const std::string& pointer) {
    if (const auto role = role_named(id, pointer)) roles.push_back(*role);
  });
  return roles;
}

void ModelReader::note_id(std::unordered_set<std::string>& seen, const std::optional<std::string>& id,
                          const std::string& pointer) {
  if (id && !seen.insert(*id).second) faults.add(pointer, "\"" + *id + "\" stands here for the second time.");
}

}  // namespace tenure
