// The tables of tests/models/*.table: plain text that a person can hold against a platform's own table, line by line.
//
// A line that starts with # is a remark. "[Module]" or "[Module > Submodule]" heads the rows below it. The first line
// with bars names the columns, every other one is a row: its name, then its cells. A blank cell is one that the text
// leaves blank. Throws std::runtime_error where a file is not such a table.
#pragma once

#include <string>
#include <vector>

namespace tenure::testing {

struct TableRow {
  std::string module, submodule;
  std::string name;
  std::vector<std::string> cells;  // as many as there are columns
};

struct Table {
  std::string corner;                // what stands over the names of the rows
  std::vector<std::string> columns;  // without the corner
  std::vector<TableRow> rows;
};

// tests/models/NAME.table.
Table read_table(const std::string& name);

// The parts of a text between separators, without the blanks around them.
std::vector<std::string> parts_of(const std::string& text, char separator);

}  // namespace tenure::testing
