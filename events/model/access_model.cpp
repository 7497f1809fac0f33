#include "events/model/access_model.h"

#include <algorithm>
#include <cassert>

namespace tenure {
namespace {

std::optional<std::uint16_t> find_id(const std::vector<std::pair<std::string, std::uint16_t>>& sorted,
                                     std::string_view id) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), id,
                                   [](const auto& entry, std::string_view wanted) { return entry.first < wanted; });
  if (at == sorted.end() || at->first != id) return std::nullopt;
  return at->second;
}

template <class Rules, class IdText>
const typename Rules::value_type* find_rule(const Rules& rules, std::string_view id, IdText id_text) {
  const auto at = std::find_if(rules.begin(), rules.end(), [&](const auto& rule) { return id_text(rule) == id; });
  return at == rules.end() ? nullptr : &*at;
}

}  // namespace

std::string_view to_text(Visibility visibility) {
  switch (visibility) {
    case Visibility::assigned:
      return "assigned";
    case Visibility::all_unless_assigned:
      return "all_unless_assigned";
    case Visibility::where_assigned:
      return "where_assigned";
    case Visibility::all:
      break;
  }
  return "all";
}

std::string_view to_text(Cardinality cardinality) {
  switch (cardinality) {
    case Cardinality::exactly_one:
      return "exactly_one";
    case Cardinality::at_least_one:
      return "at_least_one";
    case Cardinality::any:
      break;
  }
  return "any";
}

bool PermissionRule::offers(LevelIndex level) const {
  return options.empty() || std::find(options.begin(), options.end(), level) != options.end();
}

std::optional<PermissionIndex> AccessModel::permission(std::string_view id) const {
  return find_id(permission_by_id_, id);
}

std::optional<RoleIndex> AccessModel::role(std::string_view id) const { return find_id(role_by_id_, id); }

std::optional<LevelIndex> AccessModel::level(PermissionIndex permission, std::string_view level) const {
  const auto& levels = scales_[permissions_[permission].scale].levels;
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].text == level) return static_cast<LevelIndex>(i);
  }
  return std::nullopt;
}

const LevelId& AccessModel::level_name(PermissionIndex permission, LevelIndex level) const {
  const auto& levels = scales_[permissions_[permission].scale].levels;
  assert(level < levels.size());
  return levels[level];
}

const ResourceKind* AccessModel::resource_kind(std::string_view id) const {
  return find_rule(resource_kinds_, id, [](const ResourceKind& kind) -> std::string_view { return kind.id; });
}

const SettingRule* AccessModel::setting(std::string_view id) const {
  return find_rule(settings_, id, [](const SettingRule& setting) -> std::string_view { return setting.id.text; });
}

const FeatureRule* AccessModel::feature(std::string_view id) const {
  return find_rule(features_, id, [](const FeatureRule& feature) -> std::string_view { return feature.id.text; });
}

bool AccessModel::in_area(PermissionIndex permission, std::string_view area) const {
  const std::string& module = permissions_[permission].module;
  if (module == area) return true;
  return std::any_of(areas_.begin(), areas_.end(), [&](const AreaRule& rule) {
    if (rule.id != area && rule.name != area) return false;
    return std::find(rule.modules.begin(), rule.modules.end(), module) != rule.modules.end();
  });
}

Cell AccessModel::cell(RoleIndex role, PermissionIndex permission) const {
  const auto& cells = cells_[role];
  const auto at = std::lower_bound(cells.begin(), cells.end(), permission,
                                   [](const auto& entry, PermissionIndex wanted) { return entry.first < wanted; });
  return at == cells.end() || at->first != permission ? Cell{} : at->second;
}

const std::vector<std::pair<PermissionIndex, Cell>>& AccessModel::cells(RoleIndex role) const { return cells_[role]; }

const std::vector<std::uint16_t>& AccessModel::rules_of(std::size_t action) const {
  assert(action < rules_of_.size());
  return rules_of_[action];
}

}  // namespace tenure
