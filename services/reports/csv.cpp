#include "services/reports/cell_text.h"
#include "services/reports/csv_cell.h"
#include "services/reports/pulled_rows.h"
#include "services/reports/write.h"

namespace tenure::reports {

namespace {

void append_line(std::string& out, const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) out += ',';
    const std::string text = exact_text(row[i], "; ");
    // A number below zero begins like a formula and is none.
    const bool chosen = std::holds_alternative<std::string>(row[i]) || std::holds_alternative<Texts>(row[i]);
    if (chosen) {
      append_csv_text(out, text);
    } else {
      out += text;
    }
  }
  out += "\r\n";
}

}  // namespace

Outcome<void> write_csv(const Table& table, const Sink& sink) {
  check(table);
  Buffered to(sink);
  Row names;
  for (const Column& column : table.columns) names.emplace_back(column.id);
  append_line(to.out(), names);
  PulledRows rows(table);
  while (true) {
    const Outcome<bool> more = rows.next();
    if (!more) return more.error();
    if (!*more) return to.flush();
    append_line(to.out(), rows.row());
    if (const Outcome<void> taken = to.settle(); !taken) return taken;
  }
}

}  // namespace tenure::reports
