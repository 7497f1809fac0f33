// Every cell of every table: in the model's document, in effective access, and in the platform's own text.
#include <algorithm>
#include <cctype>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

#include "tests/catch.h"
#include "tests/models/table.h"
#include "tests/models/watched_team.h"
#include "tests/shared_files.h"

namespace {

using namespace tenure;
using namespace tenure::testing;

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// The level that a cell's word means; empty for a blank one. A star is a limit beside the level.
std::string level_in(std::string cell) {
  if (!cell.empty() && cell.back() == '*') cell.pop_back();
  if (cell == "✅" || cell == "✓") return "yes";
  if (cell == "❌" || cell == "✗") return "no";
  return lower(cell);
}

// The role of a column's name; none for the column of options.
std::optional<RoleIndex> role_named(const AccessModel& model, const std::string& name) {
  for (std::size_t i = 0; i < model.roles().size(); ++i) {
    if (model.roles()[i].name == name) return static_cast<RoleIndex>(i);
  }
  return std::nullopt;
}

// One cell of a table, with what it is about.
struct TableCell {
  PermissionIndex permission = 0;
  RoleIndex role = 0;
  std::string text;
};

// The cells of a model's table. In newo's a row is a role and a column a permission; elsewhere it is the other way
// round.
std::vector<TableCell> cells_of(const AccessModel& model, const Table& table) {
  std::vector<TableCell> cells;
  const bool rows_are_roles = table.corner == "Role name";
  for (const TableRow& row : table.rows) {
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
      const auto role = role_named(model, rows_are_roles ? row.name : table.columns[i]);
      if (!role) continue;  // the options
      const std::string& name = rows_are_roles ? table.columns[i] : row.name;
      cells.push_back(
          {permission_named(model, name, row.submodule.empty() ? row.module : row.submodule), *role, row.cells[i]});
    }
  }
  return cells;
}

struct Expected {
  const char* model;
  std::size_t rows, cells, blanks;
};
constexpr Expected tables[] = {{"newo", 4, 16, 0},
                               {"chatbot-team", 12, 36, 0},
                               {"answering-agent", 18, 72, 0},
                               {"ccai", 98, 490, 6},
                               {"cx-modules", 39, 156, 101}};

std::string text_of_seed(const char* name) {
  std::ifstream file(shared_files() / "seeds" / name);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string where(const AccessModel& model, const TableCell& cell) {
  const PermissionRule& rule = model.permissions()[cell.permission];
  return model.id().text + ": " + rule.module + ", " + rule.name + ", " + model.roles()[cell.role].name;
}

// A team with one member in each role, who is named after it.
void fill(WatchedTeam& team) {
  const AccessModel& model = team.model();
  for (const RoleRule& role : model.roles()) {
    if (role.cardinality != Cardinality::exactly_one) team.with(role.id.text, role.id.text);
  }
  // What depends on assignments is asked of people who have one.
  for (const ResourceKind& kind : model.resource_kinds()) {
    const std::string resource = kind.id + ":1";
    team.by("oda", "resource.added", R"({"resource": ")" + resource + R"("})");
    for (const RoleRule& role : model.roles()) {
      team.by("oda", "assignment.added", R"({"member": ")" + role.id.text + R"(", "resource": ")" + resource + R"("})");
    }
  }
}

std::string holder_of(const RoleRule& role) {
  return role.cardinality == Cardinality::exactly_one ? "oda" : role.id.text;
}

}  // namespace

TEST_CASE("every cell of every table is what the model's document says") {
  for (const Expected& expected : tables) {
    const AccessModel& model = shipped_model(expected.model);
    const Table table = read_table(expected.model);
    CHECK(table.rows.size() == expected.rows);
    const auto cells = cells_of(model, table);
    CHECK(cells.size() == expected.cells);
    const auto is_blank = [](const TableCell& cell) { return cell.text.empty(); };
    CHECK(static_cast<std::size_t>(std::count_if(cells.begin(), cells.end(), is_blank)) == expected.blanks);
    for (const TableCell& cell : cells) {
      INFO(where(model, cell) << ": " << cell.text);
      const Cell granted = model.cell(cell.role, cell.permission);
      const std::string level = level_in(cell.text);
      CHECK(granted.unspecified == level.empty());
      if (!level.empty()) {
        CHECK(model.level_name(cell.permission, granted.level).text == level);
      } else {
        CHECK(granted.level == 0);
      }
    }
  }
}

TEST_CASE("every cell of every table is what a member of that role can do in an organization on that model") {
  for (const Expected& expected : tables) {
    WatchedTeam team(expected.model);
    fill(team);
    const AccessModel& model = team.model();
    std::size_t held = 0;
    for (const TableCell& cell : cells_of(model, read_table(expected.model))) {
      INFO(where(model, cell) << ": " << cell.text);
      const std::string level = team.level(holder_of(model.roles()[cell.role]), cell.permission);
      const std::string expected_level = level_in(cell.text);
      const std::string lowest = model.level_name(cell.permission, 0).text;
      CHECK(level == (expected_level.empty() ? lowest : expected_level));
      held += level != lowest;
    }
    CHECK(held > 0);
  }
}

TEST_CASE("a custom role may choose in ccai what the last column offers, and where that is blank nothing is said") {
  const AccessModel& model = shipped_model("ccai");
  const Table table = read_table("ccai");
  REQUIRE(table.columns.back() == "Custom");
  std::size_t blank = 0;
  for (const TableRow& row : table.rows) {
    INFO(row.module << ", " << row.name << ": " << row.cells.back());
    const auto index = permission_named(model, row.name, row.submodule.empty() ? row.module : row.submodule);
    const PermissionRule& rule = model.permissions()[index];
    CHECK(rule.options_unspecified == row.cells.back().empty());
    blank += row.cells.back().empty();
    if (row.cells.back().empty()) continue;
    std::vector<std::string> offered, words = parts_of(row.cells.back(), '/');
    for (const LevelIndex level : rule.options) offered.push_back(model.level_name(index, level).text);
    std::transform(words.begin(), words.end(), words.begin(), lower);
    std::sort(words.begin(), words.end());
    std::sort(offered.begin(), offered.end());
    CHECK(offered == words);
  }
  CHECK(blank == 4);
}

TEST_CASE("a star in a table is a limit by what is assigned, or one that a rule of the model states") {
  const AccessModel& agent = shipped_model("answering-agent");
  std::size_t stars = 0;
  for (const TableCell& cell : cells_of(agent, read_table("answering-agent"))) {
    if (cell.text.find('*') == std::string::npos) continue;
    ++stars;
    INFO(where(agent, cell));
    const bool by_assignment = agent.cell(cell.role, cell.permission).visibility == Visibility::all_unless_assigned;
    CHECK(by_assignment == !agent.permissions()[cell.permission].resource_kind.empty());
  }
  CHECK(stars == 4);
}

TEST_CASE("the tables are those of the platforms' own texts, line by line") {
  REQUIRE_SHARED();
  const std::string newo = text_of_seed("000_990cdb8c272c67ce.txt");
  for (const TableRow& row : read_table("newo").rows) {
    std::string line = row.name;
    for (const std::string& cell : row.cells) line += " | " + cell;
    INFO(line);
    CHECK(newo.find("\n" + line + " |\n") != std::string::npos);
  }
  const std::string chatbots = text_of_seed("001_6b35185d04273859.txt");
  for (const TableRow& row : read_table("chatbot-team").rows) {
    std::string line = row.name;
    for (const std::string& cell : row.cells) line += cell;
    INFO(line);
    CHECK(chatbots.find("\n" + line + "\n") != std::string::npos);
  }
  const std::string agent = text_of_seed("002_459b684d16d148fb.txt");
  for (const TableRow& row : read_table("answering-agent").rows) {
    std::string line = "| " + row.name;
    for (const std::string& cell : row.cells) line += " | " + cell;
    INFO(row.module << ": " << line);
    CHECK(agent.find("\n" + line + " |\n", agent.find("\n" + row.module + "\n")) != std::string::npos);
  }
}

TEST_CASE("the tables of ccai are the text's, row after row, none left out") {
  REQUIRE_SHARED();
  std::istringstream text(text_of_seed("003_0a9cba8f4cddb677.txt"));
  const Table table = read_table("ccai");
  auto row = table.rows.begin();
  std::size_t found = 0;
  for (std::string line; std::getline(text, line) && row != table.rows.end();) {
    const bool exclusive = row->module == "App Owner Exclusive Permissions";
    std::string cells;
    for (const std::string& cell : row->cells) cells += exclusive ? "" : cell;
    if (!line.starts_with(row->name) || !line.ends_with(exclusive ? "." : "." + cells)) continue;
    ++found;
    ++row;
  }
  INFO((row == table.rows.end() ? std::string("all") : row->module + ": " + row->name));
  CHECK(found == table.rows.size());
}

TEST_CASE("every role is described with the facts that its platform states of it") {
  std::map<std::string, std::size_t> roles;
  for (const TableRow& row : read_table("roles").rows) {
    const AccessModel& model = shipped_model(row.name);
    const auto role = role_named(model, row.cells[0]);
    INFO(row.name << ": " << row.cells[0]);
    REQUIRE(role);
    ++roles[row.name];
    const std::string description = lower(model.roles()[*role].description);
    for (const std::string& fact : parts_of(row.cells[1], ';')) {
      INFO(fact << " in: " << description);
      CHECK(description.find(lower(fact)) != std::string::npos);
    }
  }
  for (const Expected& expected : tables) {
    CHECK(roles[expected.model] == shipped_model(expected.model).roles().size());
  }
}
