// Inside the access models: the reader that turns a document into an AccessModel. Not for other folders.
//
// Ids are read first, so that what refers to them can be resolved wherever it stands. A part that is
// at fault leaves a placeholder behind, so that indices stay true and later parts are still checked.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "events/model/access_model.h"
#include "events/model/members_json.h"

namespace tenure {

struct ModelReader {
  ModelFaults faults;
  bool is_new = true;  // false: it was published before, and checks of sense are past
  AccessModel* model = nullptr;
  // What each role grants by itself, in order of permission; a "no access" that the document states stands here too.
  using Cells = std::vector<std::pair<PermissionIndex, Cell>>;
  std::vector<Cells> own_cells;

  static boost::system::result<std::shared_ptr<const AccessModel>, std::vector<ModelFault>> parse(
      std::string_view document, bool is_new);
  static std::shared_ptr<AccessModel> make();
  void read(const nlohmann::json& document);
  void set_identity(std::string document, std::string version);

  // model_json.cpp
  void read_top(Members& top);
  void read_scales(Members& top);
  void read_resource_kinds(Members& top);
  void read_features(Members& top);
  void index_ids(Members& top, std::string_view list, std::vector<std::pair<std::string, std::uint16_t>>& index);
  void read_areas(Members& top);
  void read_settings(Members& top);
  void read_setting_values(SettingRule& setting, Members& members);

  // permissions_json.cpp
  void read_permission(const nlohmann::json& json, const std::string& pointer);
  void read_options(PermissionRule& rule, Members& members);
  void read_visibility(PermissionRule& rule, Members& members);
  void check_permissions(Members& top);
  void check_ancestors(std::size_t index, const std::string& pointer);
  void read_parent(PermissionRule& rule, const nlohmann::json& item, const std::string& pointer);
  void read_level_from(std::size_t index, const nlohmann::json& list, const std::string& pointer);
  void read_when_children_off(std::size_t index, const nlohmann::json& item, const std::string& pointer);
  std::optional<Visibility> visibility_named(const nlohmann::json& json, const std::string& pointer);

  // roles_json.cpp
  void read_role(const nlohmann::json& json, const std::string& pointer);
  void read_grants(RoleIndex role, Members& members);
  Cell read_cell(PermissionIndex permission, const nlohmann::json& json, const std::string& pointer);
  void read_role_parts(RoleRule& rule, Members& members);
  void read_owner_roles(Members& top);
  void take_levels(Cells& cells);
  void merge_inherited(Members& top);

  // rules_json.cpp
  void read_rule(const nlohmann::json& json, const std::string& pointer);
  void read_rule_actions(ActionRule& rule, std::vector<std::size_t>& actions, Members& members);
  void read_rule_actor(ActionRule& rule, Members& members);
  void read_rule_on(ActionRule& rule, const std::vector<std::size_t>& actions, Members& members);
  void read_rule_target(ActionRule& rule, const std::vector<std::size_t>& actions, Members& members);
  void read_rule_gives(ActionRule& rule, const std::vector<std::size_t>& actions, Members& members);
  void order_rules();

  // giving.cpp
  void check_giving(Members& top);

  // Looked up by what stands in the document; a fault and nothing where it names nothing.
  std::optional<PermissionIndex> permission_named(const std::optional<std::string>& id, const std::string& pointer);
  std::optional<RoleIndex> role_named(const std::optional<std::string>& id, const std::string& pointer);
  std::optional<LevelIndex> level_named(PermissionIndex permission, const std::string& level,
                                        const std::string& pointer);
  std::vector<RoleIndex> roles_named(Members& members, std::string_view name);
  // A fault if `id` was there before in `seen`.
  void note_id(std::unordered_set<std::string>& seen, const std::optional<std::string>& id, const std::string& pointer);

  std::unordered_set<std::string> rule_ids;
};

}  // namespace tenure
