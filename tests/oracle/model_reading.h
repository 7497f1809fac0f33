// What a model document says, read anew at every question: no compiled form, no cache.
// Pure functions of JSON, any thread; std::logic_error or the JSON library's own where a document is not one.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace tenure::oracle {

std::string text(const nlohmann::json& object, const char* name);
bool stands_in(const nlohmann::json& list, const std::string& wanted);
// The text of a field that may be absent; empty if it is.
std::string text_or_none(const nlohmann::json& object, const char* name);
bool says(const nlohmann::json& object, const char* name, bool otherwise);
// One person may be written in different cases; the first spelling is shown. (ASCII is all that the tests send.)
std::string folded(std::string identity);
// "repo" of "repo:a".
std::string kind_of(const std::string& resource);

// The entry with that id in a list of the model ("roles", "permissions", …); null if there is none.
const nlohmann::json* entry(const nlohmann::json& model, const char* list, const std::string& id);
// Where a level stands in the scale of a permission; 0 is no access, and so is a level that the scale does not have.
int level_of(const nlohmann::json& model, const nlohmann::json& permission, const std::string& level);
std::string level_text(const nlohmann::json& model, const nlohmann::json& permission, int level);

struct Cell {
  std::string level;
  std::string visibility;  // empty: as the permission says of that level
};
using Definition = std::map<std::string, Cell>;  // by permission

// What a system role grants of a permission: its own cell, or the one that it has by another permission's level, or
// what it inherits; the higher level wins, at a tie the wider visibility. Always with its visibility; nothing for no
// word.
std::optional<Cell> system_cell(const nlohmann::json& model, const nlohmann::json& role,
                                const nlohmann::json& permission);
Definition system_definition(const nlohmann::json& model, const nlohmann::json& role);
// How far a cell reaches.
std::string visibility_of(const nlohmann::json& permission, const Cell& cell);
// The permissions whose parent is that one and that a custom role may choose to have off.
std::vector<const nlohmann::json*> switches_of(const nlohmann::json& model, const nlohmann::json& permission);
// Whether being disabled in the area reaches the permission: its module, or an area of the document with that module.
bool in_area(const nlohmann::json& model, const nlohmann::json& permission, const std::string& area);
// Whether it is a module, or the id or name of an area of the document.
bool is_area(const nlohmann::json& model, const std::string& area);
// The model's owner role, or where it has none the highest of its available roles.
std::string owner_role(const nlohmann::json& model);

}  // namespace tenure::oracle
