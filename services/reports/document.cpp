#include "services/reports/document.h"

#include <memory>
#include <set>
#include <stdexcept>

namespace tenure::reports {

namespace {

constexpr const char* summary = "summary";

class Names {
 public:
  explicit Names(std::string what) : what_(std::move(what)) {}

  void add(const std::string& id) {
    if (id.empty()) throw std::logic_error("a report names a " + what_ + " nothing");
    if (!seen_.insert(id).second) throw std::logic_error("a report names two " + what_ + "s \"" + id + "\"");
  }

 private:
  std::string what_;
  std::set<std::string> seen_;
};

void check_chart(const Chart& chart) {
  const auto not_negative = [&](std::int64_t value) {
    if (value < 0) throw std::logic_error("the chart \"" + chart.id + "\" has a negative value");
  };
  not_negative(chart.whole);
  for (const Bar& bar : chart.bars) not_negative(bar.value);
  for (const Series& series : chart.series) {
    for (std::size_t i = 0; i < series.points.size(); ++i) {
      not_negative(series.points[i].value);
      if (i > 0 && series.points[i].at < series.points[i - 1].at) {
        throw std::logic_error("a line of the chart \"" + chart.id + "\" goes back in time");
      }
    }
  }
}

}  // namespace

void check(const Table& table) {
  if (table.columns.empty()) throw std::logic_error("the table \"" + table.id + "\" has no columns");
  if (!table.open) throw std::logic_error("the table \"" + table.id + "\" has no rows to open");
  Names columns("column of \"" + table.id + "\"");
  for (const Column& column : table.columns) columns.add(column.id);
}

std::function<Rows()> rows_at_hand(std::vector<Row> rows) {
  return [kept = std::make_shared<const std::vector<Row>>(std::move(rows))]() -> Rows {
    return [kept, next = std::size_t{0}](Row& row) mutable -> Outcome<bool> {
      if (next == kept->size()) return false;
      row = (*kept)[next++];
      return true;
    };
  };
}

Table summary_of(const Document& document) {
  Table table{summary, "Summary", "", {}, {}, ""};
  table.columns = {{"id", "Id", Kind::text}, {"label", "Label", Kind::text, 30}, {"value", "Value", Kind::text, 60}};
  std::vector<Row> rows{{std::string("title"), std::string("Title"), document.title},
                        {std::string("organization"), std::string("Organization"), document.organization}};
  for (const Fact& fact : document.facts) rows.push_back({fact.id, fact.label, fact.value});
  table.open = rows_at_hand(std::move(rows));
  return table;
}

void check(const Document& document) {
  Names facts("fact"), charts("chart"), tables("table");
  tables.add(summary);
  for (const Fact& fact : document.facts) facts.add(fact.id);
  for (const Chart& chart : document.charts) {
    charts.add(chart.id);
    check_chart(chart);
  }
  for (const Table& table : document.tables) {
    tables.add(table.id);
    check(table);
  }
}

}  // namespace tenure::reports
