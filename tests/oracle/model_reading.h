// What a model document says, read anew at every question: no compiled form, no cache.
// Pure functions of JSON, any thread; std::logic_error or the JSON library's own where a document is not one.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

namespace tenure::oracle {

std::string text(const nlohmann::json& object, const char* name);
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
  std::string visibility = "all";
};
using Definition = std::map<std::string, Cell>;  // by permission

Cell read_cell(const nlohmann::json& cell);
// What a system role grants: its own cells and those it inherits; the higher level wins, at a tie the wider visibility.
Definition system_definition(const nlohmann::json& model, const nlohmann::json& role);
// The model's owner role, or where it has none the highest of its available roles.
std::string owner_role(const nlohmann::json& model);

}  // namespace tenure::oracle
