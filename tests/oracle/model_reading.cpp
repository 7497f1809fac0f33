#include "tests/oracle/model_reading.h"

#include <stdexcept>
#include <utility>

namespace tenure::oracle {

using nlohmann::json;

namespace {

int width_of_visibility(const std::string& visibility) {
  if (visibility == "assigned") return 0;
  if (visibility == "all_unless_assigned") return 1;
  if (visibility == "all") return 2;
  throw std::logic_error("no such visibility: " + visibility);
}

}  // namespace

std::string text(const json& object, const char* name) { return object.at(name).get<std::string>(); }

std::string text_or_none(const json& object, const char* name) {
  return object.contains(name) ? text(object, name) : std::string();
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

Cell read_cell(const json& cell) {
  if (cell.is_string()) return {cell.get<std::string>(), "all"};
  return {text(cell, "level"), cell.contains("visibility") ? text(cell, "visibility") : "all"};
}

Definition system_definition(const json& model, const json& role) {
  Definition definition;
  const auto take = [&](const std::string& permission_id, const Cell& cell) {
    const json* permission = entry(model, "permissions", permission_id);
    if (permission == nullptr) return;
    const auto there = definition.find(permission_id);
    if (there == definition.end()) {
      definition[permission_id] = cell;
      return;
    }
    const std::pair old_rank(level_of(model, *permission, there->second.level),
                             width_of_visibility(there->second.visibility));
    const std::pair new_rank(level_of(model, *permission, cell.level), width_of_visibility(cell.visibility));
    if (new_rank > old_rank) there->second = cell;
  };
  for (const auto& [permission, cell] : role.at("grants").items()) take(permission, read_cell(cell));
  if (role.contains("inherits")) {
    for (const json& id : role.at("inherits")) {
      const json* inherited = entry(model, "roles", id.get<std::string>());
      if (inherited == nullptr) continue;
      for (const auto& [permission, cell] : system_definition(model, *inherited)) take(permission, cell);
    }
  }
  return definition;
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
