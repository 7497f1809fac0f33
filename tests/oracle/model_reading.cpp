#include "tests/oracle/model_reading.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace tenure::oracle {

using nlohmann::json;

namespace {

int width_of_visibility(const std::string& visibility) {
  static const std::vector<std::string> widening{"assigned", "where_assigned", "all_unless_assigned", "all"};
  const auto at = std::find(widening.begin(), widening.end(), visibility);
  if (at == widening.end()) throw std::logic_error("no such visibility: " + visibility);
  return static_cast<int>(at - widening.begin());
}

// A cell as it stands in a document.
Cell read_cell(const json& cell) {
  return cell.is_string() ? Cell{cell.get<std::string>(), ""}
                          : Cell{text(cell, "level"), text_or_none(cell, "visibility")};
}

}  // namespace

std::string text(const json& object, const char* name) { return object.at(name).get<std::string>(); }

std::string text_or_none(const json& object, const char* name) {
  return object.contains(name) ? text(object, name) : std::string();
}

bool stands_in(const json& list, const std::string& wanted) {
  return std::find(list.begin(), list.end(), json(wanted)) != list.end();
}

std::string folded(std::string identity) {
  for (char& c : identity) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return identity;
}

std::string kind_of(const std::string& resource) { return resource.substr(0, resource.find(':')); }

const json* entry(const json& model, const char* list, const std::string& id) {
  if (!model.contains(list)) return nullptr;
  for (const json& each : model.at(list)) {
    if (text(each, "id") == id) return &each;
  }
  return nullptr;
}

bool says(const json& object, const char* name, bool otherwise) {
  return object.contains(name) ? object.at(name).get<bool>() : otherwise;
}

int level_of(const json& model, const json& permission, const std::string& level) {
  const json& levels = model.at("scales").at(text(permission, "scale"));
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels.at(i).get<std::string>() == level) return static_cast<int>(i);
  }
  return 0;
}

std::string level_text(const json& model, const json& permission, int level) {
  return model.at("scales").at(text(permission, "scale")).at(static_cast<std::size_t>(level)).get<std::string>();
}

std::string visibility_of(const json& permission, const Cell& cell) {
  if (!cell.visibility.empty()) return cell.visibility;
  if (!permission.contains("visibility")) return "all";
  const json& by_level = permission.at("visibility");
  return by_level.contains(cell.level) ? text(by_level, cell.level.c_str()) : "all";
}

std::optional<Cell> system_cell(const json& model, const json& role, const json& permission) {
  std::optional<Cell> best;
  const auto take = [&](Cell cell) {
    cell.visibility = visibility_of(permission, cell);
    const auto worth = [&](const Cell& one) {
      return std::pair(level_of(model, permission, one.level), width_of_visibility(one.visibility));
    };
    if (!best || worth(cell) > worth(*best)) best = cell;
  };
  const json grants = role.value("grants", json::object());
  const json blanks = role.value("unspecified", json::array());
  const std::string id = text(permission, "id"), source = text_or_none(permission, "level_from");
  if (grants.contains(id)) {
    take(read_cell(grants.at(id)));
  } else if (!stands_in(blanks, id) && !source.empty() && grants.contains(source)) {
    take({read_cell(grants.at(source)).level, ""});
  }
  for (const json& other : role.value("inherits", json::array())) {
    const json* inherited = entry(model, "roles", other.get<std::string>());
    const auto cell = inherited == nullptr ? std::nullopt : system_cell(model, *inherited, permission);
    if (cell) take(*cell);
  }
  return best;
}

Definition system_definition(const json& model, const json& role) {
  Definition definition;
  for (const json& permission : model.at("permissions")) {
    if (const auto cell = system_cell(model, role, permission)) definition[text(permission, "id")] = *cell;
  }
  return definition;
}

std::vector<const json*> switches_of(const json& model, const json& permission) {
  std::vector<const json*> switches;
  for (const json& child : model.at("permissions")) {
    if (text_or_none(child, "parent") != text(permission, "id")) continue;
    const bool any_level = !child.contains("options") || child.at("options").empty();
    if (any_level || stands_in(child.at("options"), level_text(model, child, 0))) switches.push_back(&child);
  }
  return switches;
}

bool in_area(const json& model, const json& permission, const std::string& area) {
  const std::string module = text_or_none(permission, "module");
  if (module == area) return true;
  for (const json& each : model.value("areas", json::array())) {
    if (text(each, "id") != area && text(each, "name") != area) continue;
    if (stands_in(each.at("modules"), module)) return true;
  }
  return false;
}

bool is_area(const json& model, const std::string& area) {
  for (const json& each : model.value("areas", json::array())) {
    if (text(each, "id") == area || text(each, "name") == area) return true;
  }
  for (const json& each : model.at("permissions")) {
    if (text_or_none(each, "module") == area) return true;
  }
  return false;
}

std::string owner_role(const json& model) {
  if (model.contains("owner_role")) return text(model, "owner_role");
  std::string highest;
  std::pair<bool, int> best;
  for (const json& role : model.at("roles")) {
    const std::pair<bool, int> own(says(role, "available", true),
                                   role.contains("rank") ? role.at("rank").get<int>() : 0);
    if (!highest.empty() && own <= best) continue;
    highest = text(role, "id");
    best = own;
  }
  return highest;
}

}  // namespace tenure::oracle
