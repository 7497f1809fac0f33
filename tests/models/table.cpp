#include "tests/models/table.h"

#include <fstream>
#include <stdexcept>

namespace tenure::testing {
namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

std::vector<std::string> parts_of(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find(separator, from)) != std::string::npos; from = at + 1) {
    parts.push_back(trimmed(text.substr(from, at - from)));
  }
  parts.push_back(trimmed(text.substr(from)));
  return parts;
}

Table read_table(const std::string& name) {
  std::ifstream file(std::string(TENURE_SOURCE_DIR) + "/tests/models/" + name + ".table");
  if (!file) throw std::runtime_error("there is no table " + name);
  Table table;
  TableRow heading;
  for (std::string line; std::getline(file, line);) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    if (line.front() == '[' && line.back() == ']') {
      const auto parts = parts_of(line.substr(1, line.size() - 2), '>');
      heading.module = parts.front();
      heading.submodule = parts.size() > 1 ? parts[1] : "";
      continue;
    }
    auto cells = parts_of(line, '|');
    TableRow row = heading;
    row.name = cells.front();
    row.cells.assign(cells.begin() + 1, cells.end());
    if (table.columns.empty()) {
      table.corner = row.name;
      table.columns = row.cells;
      continue;
    }
    if (row.cells.size() > table.columns.size()) throw std::runtime_error(name + ": too many cells in: " + line);
    row.cells.resize(table.columns.size());
    table.rows.push_back(std::move(row));
  }
  if (table.rows.empty()) throw std::runtime_error("the table " + name + " has no rows");
  return table;
}

}  // namespace tenure::testing
