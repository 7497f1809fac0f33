#include <algorithm>

#include "services/reports/cell_text.h"
#include "services/reports/pdf_parts.h"

namespace tenure::reports {

namespace {

// Of Noto Sans in the size of cells: what most characters are wide, and the bold ones of a heading.
constexpr double character = 4.15, head_character = 4.7;
constexpr double padding_x = 4, padding_y = 2.6, narrowest = 26;

struct PrintedColumn {
  std::size_t index;  // in the row
  Side side;
  bool grows;
  double width, x = 0;
};

double longest_word(std::string_view title) {
  std::size_t longest = 0, length = 0;
  for (const char c : title) {
    length = c == ' ' ? 0 : length + 1;
    longest = std::max(longest, length);
  }
  return static_cast<double>(longest) * head_character;
}

double wanted_width(const Column& column) {
  std::size_t characters = column.width;
  if (characters == 0) {
    characters = column.kind == Kind::text      ? 18
                 : column.kind == Kind::instant ? 19
                 : column.kind == Kind::number  ? 7
                                                : 4;
  }
  return std::max(static_cast<double>(characters) * character, longest_word(column.title)) + 2 * padding_x;
}

std::vector<PrintedColumn> printed_columns(const Table& table) {
  std::vector<PrintedColumn> columns;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (!column.printed) continue;
    columns.push_back(
        {i, column.kind == Kind::number ? Side::right : Side::left, column.kind == Kind::text, wanted_width(column)});
  }
  return columns;
}

double sum(const std::vector<PrintedColumn>& columns, bool of_growing) {
  double all = 0;
  for (const PrintedColumn& column : columns) all += !of_growing || column.grows ? column.width : 0;
  return all;
}

// Spreads the columns over the whole width: texts take or give what is left over or missing, and only where that is
// too much to ask of them do all columns give.
void spread(std::vector<PrintedColumn>& columns, double width) {
  const double growing = sum(columns, true), fixed = sum(columns, false) - growing;
  const auto texts = std::count_if(columns.begin(), columns.end(), [](const auto& each) { return each.grows; });
  const bool texts_alone = growing > 0 && width - fixed >= narrowest * static_cast<double>(texts);
  const double factor = texts_alone ? (width - fixed) / growing : width / (growing + fixed);
  double x = Paper::margin;
  for (PrintedColumn& column : columns) {
    if (!texts_alone || column.grows) column.width *= factor;
    column.x = x;
    x += column.width;
  }
}

class Grid {
 public:
  Grid(Paper& paper, const Table& table) : paper_(paper), table_(table), columns_(printed_columns(table)) {
    static constexpr double upright_width = 595.276 - 2 * Paper::margin;
    across_ = sum(columns_, false) > upright_width;
  }

  void begin() {
    static constexpr double room_to_begin = 130;
    if (paper_.across() != across_ || !paper_.fits(room_to_begin)) paper_.turn(across_);
    spread(columns_, paper_.width());
    for (const PrintedColumn& column : columns_) {
      cells_.emplace_back(paper_, Face::cell, column.width - 2 * padding_x, column.side);
      heads_.emplace_back(paper_, Face::cell_head, column.width - 2 * padding_x, column.side);
      heads_.back().set(table_.columns[column.index].title);
    }
    if (paper_.y > Paper::page_top) paper_.y += 14;
    paper_.bookmark(table_.title);
    heading("");
    if (!table_.note.empty()) {
      paper_.y += paper_.text(Paper::margin, paper_.y - 2, paper_.width(), table_.note, Face::label, quiet) + 6;
    }
    head();
  }

  void row(const Row& row) {
    double baseline = 0, below = 0;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      cells_[i].set(printed_text(row[columns_[i].index], "\n"));
      const Laid::Size size = cells_[i].size();
      baseline = std::max(baseline, size.baseline);
      below = std::max(below, size.height - size.baseline);
    }
    const double height = baseline + below + 2 * padding_y;
    if (!paper_.fits(height)) {
      if (height > longest_row()) return long_row();
      turn();
    }
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      const double y = paper_.y + padding_y + baseline - cells_[i].size().baseline;
      cells_[i].draw(columns_[i].x + padding_x, y, ink);
    }
    end_row(height);
  }

  void say_empty() {
    if (!table_.when_empty.empty()) {
      paper_.y += padding_y;
      paper_.y +=
          paper_.text(Paper::margin + padding_x, paper_.y, paper_.width(), table_.when_empty, Face::cell, quiet);
      paper_.y += padding_y;
    }
  }
  void end() { paper_.y += 14; }

 private:
  void heading(const char* more) {
    paper_.y +=
        paper_.text(Paper::margin, paper_.y, paper_.width(), table_.title + more, Face::heading, ink, Side::left, true);
    paper_.y += 6;
  }

  void head() {
    double height = 0;
    for (Laid& each : heads_) height = std::max(height, each.height());
    height += 2 * (padding_y + 0.6);
    paper_.box(Paper::margin, paper_.y, paper_.width(), height, ground);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      // Short titles stand at the foot, where their column begins.
      const double y = paper_.y + height - padding_y - 0.6 - heads_[i].height();
      heads_[i].draw(columns_[i].x + padding_x, y, ink);
    }
    paper_.y += height;
    paper_.line(Paper::margin, paper_.y, Paper::margin + paper_.width(), paper_.y, accent, 0.9);
  }

  void turn() {
    paper_.turn(across_);
    heading(" (continued)");
    head();
  }

  double longest_row() const { return paper_.bottom() - (Paper::page_top + 60); }

  // A row that no page can hold: each cell goes on below its column's head on the next one.
  void long_row() {
    static constexpr double room_to_begin = 60;
    if (!paper_.fits(room_to_begin)) turn();
    std::vector<Laid::Part> parts(columns_.size(), Laid::Part{0, 0, false});
    while (true) {
      const double top = paper_.y + padding_y, room = paper_.bottom() - top - padding_y;
      double height = 0;
      bool all = true;
      for (std::size_t i = 0; i < columns_.size(); ++i) {
        if (parts[i].all) continue;
        parts[i] = cells_[i].draw_part(columns_[i].x + padding_x, top, ink, parts[i].next, room);
        height = std::max(height, parts[i].height);
        all = all && parts[i].all;
      }
      end_row(height + 2 * padding_y);
      if (all) return;
      turn();
    }
  }

  void end_row(double height) {
    paper_.y += height;
    paper_.line(Paper::margin, paper_.y, Paper::margin + paper_.width(), paper_.y, hairline, 0.5);
  }

  Paper& paper_;
  const Table& table_;
  std::vector<PrintedColumn> columns_;
  std::vector<Laid> cells_, heads_;
  bool across_ = false;
};

}  // namespace

Outcome<void> print_table(Paper& paper, const Table& table) {
  Grid grid(paper, table);
  grid.begin();
  PulledRows rows(table);
  bool any = false;
  while (true) {
    const Outcome<bool> more = rows.next();
    if (!more) return more.error();
    if (!*more) break;
    grid.row(rows.row());
    any = true;
  }
  if (!any) grid.say_empty();
  grid.end();
  return {};
}

}  // namespace tenure::reports
