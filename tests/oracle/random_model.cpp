#include "tests/oracle/random_model.h"

#include <algorithm>
#include <utility>

#include "tests/oracle/model_reading.h"

namespace tenure::oracle {

using nlohmann::json;

namespace {

std::string numbered(const char* prefix, std::size_t number) { return prefix + std::to_string(number); }

const std::vector<std::string> visibilities{"all", "assigned", "all_unless_assigned", "where_assigned"};

bool is_source(const json& permissions, const json& permission) {
  return std::any_of(permissions.begin(), permissions.end(),
                     [&](const json& each) { return text_or_none(each, "level_from") == text(permission, "id"); });
}

// What both documents share.
struct Frame {
  json scales = json::object();
  std::vector<json> permissions;  // id, name, scale, resource?
};

std::vector<std::string> some_levels(Dice& dice) {
  static const std::vector<std::string> words{"none", "view", "edit", "full", "admin"};
  return {words.begin(), words.begin() + static_cast<std::ptrdiff_t>(2 + dice.below(4))};
}

Frame random_frame(Dice& dice) {
  Frame frame;
  const std::size_t scales = 2 + dice.below(3);
  for (std::size_t i = 0; i < scales; ++i) frame.scales[numbered("s", i)] = some_levels(dice);
  const std::size_t permissions = 3 + dice.below(6);
  for (std::size_t i = 0; i < permissions; ++i) {
    json permission{{"id", numbered("p", i)},
                    {"name", "Permission " + std::to_string(i)},
                    {"scale", numbered("s", dice.below(scales))}};
    if (i == 0 || dice.percent(60)) permission["resource"] = dice.percent(75) ? "k0" : "k1";
    frame.permissions.push_back(permission);
  }
  return frame;
}

// The same permissions on scales that end lower or higher.
Frame with_other_ends(Dice& dice, Frame frame) {
  for (auto& [id, levels] : frame.scales.items()) {
    if (dice.percent(40)) levels = some_levels(dice);
  }
  return frame;
}

// A level of a permission's scale, from the `lowest`th on.
std::string random_level(Dice& dice, const Frame& frame, const json& permission, std::size_t lowest) {
  const json& levels = frame.scales.at(permission.at("scale").get<std::string>());
  return levels.at(lowest + dice.below(levels.size() - lowest)).get<std::string>();
}

bool is_switch(const json& child, const json& parent, const Frame& frame) {
  if (!child.contains("parent") || child.at("parent") != parent.at("id")) return false;
  const json& lowest = frame.scales.at(child.at("scale").get<std::string>()).at(0);
  return !child.contains("options") || stands_in(child.at("options"), lowest.get<std::string>());
}

// Levels that follow other permissions: of those below, or of one that they take it from.
void tie_levels(Dice& dice, const Frame& frame, json& permissions) {
  for (json& permission : permissions) {
    const auto switches = [&](const json& child) { return is_switch(child, permission, frame); };
    if (std::any_of(permissions.begin(), permissions.end(), switches) && dice.percent(50)) {
      permission["when_children_off"] = random_level(dice, frame, permission, dice.percent(85) ? 1 : 0);
    }
    const json& source = permissions.at(dice.below(permissions.size()));
    const bool fits = source.at("scale") == permission.at("scale") && source.at("id") != permission.at("id");
    // What is the owner's alone would come to other roles by it.
    if (says(permission, "owner_only", false)) continue;
    if (fits && !source.contains("level_from") && !is_source(permissions, permission) && dice.percent(30)) {
      permission["level_from"] = source.at("id");
    }
  }
}

json random_permissions(Dice& dice, const Frame& frame, bool has_owner_role) {
  json permissions = json::array();
  for (std::size_t i = 0; i < frame.permissions.size(); ++i) {
    json permission = frame.permissions[i];
    permission["module"] = numbered("mod", dice.below(2));
    if (i > 0 && dice.percent(18)) {
      const json& parent = frame.permissions[dice.below(i)];
      permission["parent"] = parent.at("id");
      permission["parent_level"] = random_level(dice, frame, parent, 1);
    }
    if (dice.percent(20)) permission["feature"] = numbered("f", dice.below(2));
    if (has_owner_role && dice.percent(12)) permission["owner_only"] = true;
    if (dice.percent(20)) {
      permission["options"] = json::array({random_level(dice, frame, permission, 0)});
      const std::string other = random_level(dice, frame, permission, 0);
      if (permission.at("options").at(0) != other) permission["options"].push_back(other);
    } else if (dice.percent(8)) {
      permission["options_unspecified"] = true;
    }
    if (permission.contains("resource") && dice.percent(25)) {
      permission["visibility"] = {{random_level(dice, frame, permission, 1), dice.one_of(visibilities)}};
    }
    permissions.push_back(permission);
  }
  tie_levels(dice, frame, permissions);
  return permissions;
}

json random_grants(Dice& dice, const Frame& frame, std::size_t visibility_percent) {
  json grants = json::object();
  for (const json& permission : frame.permissions) {
    if (!dice.percent(75)) continue;
    const std::string level = random_level(dice, frame, permission, dice.percent(85) ? 1 : 0);
    const std::string id = permission.at("id").get<std::string>();
    if (dice.percent(visibility_percent)) {
      grants[id] = {{"level", level}, {"visibility", dice.one_of(visibilities)}};
    } else {
      grants[id] = level;
    }
  }
  return grants;
}

json random_roles(Dice& dice, const Frame& frame) {
  json roles = json::array();
  const std::size_t count = 3 + dice.below(4);
  // In some models nearly everything depends on assignments.
  const std::size_t visibility_percent = dice.percent(40) ? 95 : 35;
  for (std::size_t i = 0; i < count; ++i) {
    json role{{"id", numbered("r", i)},
              {"name", "Role " + std::to_string(i)},
              {"kind", "system"},
              {"rank", 10 * (i + 1)},
              {"grants", random_grants(dice, frame, visibility_percent)}};
    if (i > 0 && dice.percent(30)) role["inherits"] = json::array({numbered("r", dice.below(i))});
    if (i > 0 && i + 1 < count && dice.percent(15)) role["member_role"] = false;
    if (i > 0 && i + 1 < count && dice.percent(10)) role["available"] = false;
    const bool direct = !role.contains("member_role") && !role.contains("available");
    if (i > 0 && direct && dice.percent(i + 1 == count ? 80 : 20)) {
      role["cardinality"] = dice.percent(50) ? "exactly_one" : "at_least_one";
    }
    json unspecified = json::array();
    for (const json& permission : frame.permissions) {
      if (!role.at("grants").contains(permission.at("id").get<std::string>()) && dice.percent(10)) {
        unspecified.push_back(permission.at("id"));
      }
    }
    if (!unspecified.empty()) role["unspecified"] = unspecified;
    roles.push_back(role);
  }
  return roles;
}

// What belongs to the owner alone may stand in the last role's grants only: the owner's.
void leave_to_the_owner(const json& permissions, json& roles) {
  for (const json& permission : permissions) {
    if (!permission.contains("owner_only")) continue;
    for (std::size_t i = 0; i + 1 < roles.size(); ++i) roles[i]["grants"].erase(permission.at("id").get<std::string>());
  }
}

json random_setting(Dice& dice, const json& roles, const std::string& id) {
  const auto some_role = [&] { return roles.at(dice.below(roles.size())).at("id"); };
  json values{{"none", nullptr}, {"some", some_role()}, {"more", some_role()}};
  const std::string initial = dice.percent(70) ? "none" : "some";
  return {{"id", id},
          {"name", "What everyone has"},
          {"on_kind", dice.percent(75) ? "k0" : "k1"},
          {"initial", initial},
          {"values", std::move(values)}};
}

json random_settings(Dice& dice, const json& roles) {
  json settings = json::array({random_setting(dice, roles, "base")});
  if (dice.percent(50)) settings.push_back(random_setting(dice, roles, "more"));
  return settings;
}

json random_kind(Dice& dice, const char* id) {
  json kind{{"id", id}, {"name", "Kind"}, {"declared", dice.percent(50)}};
  if (dice.percent(40)) kind["owned_by_creator"] = true;
  return kind;
}

json random_document(Dice& dice, const Frame& frame, const std::string& id) {
  const bool has_owner_role = dice.percent(70);
  json permissions = random_permissions(dice, frame, has_owner_role);
  json roles = random_roles(dice, frame);
  json model{
      {"id", id},
      {"title", "Random model " + id},
      {"scales", frame.scales},
      {"permissions", std::move(permissions)},
      {"resource_kinds", json::array({random_kind(dice, "k0"), random_kind(dice, "k1")})},
      {"features", json::array({{{"id", "f0"}, {"name", "First feature"}, {"on_by_default", dice.percent(50)}},
                                {{"id", "f1"}, {"name", "Second feature"}, {"on_by_default", dice.percent(70)}}})},
      {"groups", {{"inherit_from_parents", dice.percent(60)}}},
      {"outsiders_hold_scoped_grants", dice.percent(50)},
      {"custom_roles", dice.percent(85)}};
  if (has_owner_role) model["owner_role"] = roles.back().at("id");
  if (has_owner_role && dice.percent(50)) model["former_owner_role"] = roles.front().at("id");
  if (dice.percent(50)) model["settings"] = random_settings(dice, roles);
  if (dice.percent(50)) model["invitees_share_disabling"] = true;
  if (dice.percent(60)) {
    const json& list = model.at("permissions");
    const json modules = json::array({list.at(dice.below(list.size())).at("module")});
    model["areas"] = json::array({{{"id", "wing"}, {"name", "The wing"}, {"modules", modules}}});
  }
  if (dice.percent(50)) model["kept_when_disabled"] = json::array({dice.one_of(frame.permissions).at("id")});
  leave_to_the_owner(model.at("permissions"), roles);
  model["roles"] = std::move(roles);
  if (dice.percent(90)) model["rules"] = random_rules(dice, model);
  return model;
}

// Another level in some cells of a role.
void vary_grants(Dice& dice, const json& model, json& role) {
  for (auto& [id, cell] : role["grants"].items()) {
    const json& permission = *entry(model, "permissions", id);
    const json& levels = model.at("scales").at(text(permission, "scale"));
    if (!dice.percent(15) || says(permission, "owner_only", false)) continue;
    cell = levels.at(dice.below(levels.size()));
    if (permission.contains("resource") && dice.percent(30)) {
      cell = {{"level", cell}, {"visibility", dice.one_of(visibilities)}};
    }
  }
}

}  // namespace

json platform_and_variation(Dice& dice, const json& document) {
  json other = document;
  other["id"] = text(document, "id") + "-2";
  for (json& role : other.at("roles")) vary_grants(dice, document, role);
  if (other.contains("features")) {
    for (json& feature : other.at("features")) {
      if (dice.percent(30)) feature["on_by_default"] = !says(feature, "on_by_default", true);
    }
  }
  other["custom_roles"] = dice.percent(85);
  other["groups"] = {{"inherit_from_parents", dice.percent(50)}};
  other["outsiders_hold_scoped_grants"] = dice.percent(50);
  other["invitees_share_disabling"] = dice.percent(50);
  for (const json& rule : random_rules(dice, document)) other["rules"].push_back(rule);
  return json::array({document, std::move(other)});
}

json random_models(Dice& dice) {
  const Frame frame = random_frame(dice);
  json models = json::array();
  models.push_back(random_document(dice, frame, "plan-1"));
  models.push_back(random_document(dice, with_other_ends(dice, frame), "plan-2"));
  return models;
}

}  // namespace tenure::oracle
