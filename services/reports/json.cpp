#include "events/wire/json_text.h"
#include "services/http/utf8.h"
#include "services/reports/cell_text.h"
#include "services/reports/pulled_rows.h"
#include "services/reports/write.h"

namespace tenure::reports {

namespace {

void text(JsonText& to, std::string_view value) { to.text(http::as_utf8(value)); }

void append(JsonText& to, const Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) {
    to.raw("null");
  } else if (const auto* texts = std::get_if<Texts>(&cell)) {
    to.open('[');
    for (const std::string& each : *texts) text(to, each);
    to.close(']');
  } else if (std::holds_alternative<std::string>(cell) || std::holds_alternative<Instant>(cell)) {
    to.text(exact_text(cell, {}));
  } else {
    to.raw(exact_text(cell, {}));
  }
}

void append(JsonText& to, const Chart& chart) {
  to.open('{').field("id", chart.id).key("title");
  text(to, chart.title);
  if (!chart.bars.empty()) {
    to.key("bars").open('[');
    for (const Bar& bar : chart.bars) {
      to.open('{').key("label");
      text(to, bar.label);
      to.key("value").raw(std::to_string(bar.value)).close('}');
    }
    to.close(']');
  }
  if (!chart.series.empty()) {
    if (chart.whole > 0) to.key("whole").raw(std::to_string(chart.whole));
    to.key("series").open('[');
    for (const Series& series : chart.series) {
      to.open('{').key("label");
      text(to, series.label);
      to.key("points").open('[');
      for (const Point& point : series.points) {
        to.open('{').field("at", point.at).key("value").raw(std::to_string(point.value)).close('}');
      }
      to.close(']').close('}');
    }
    to.close(']');
  }
  to.close('}');
}

void append_head(JsonText& to, const Document& document) {
  to.open('{').key("title");
  text(to, document.title);
  to.key("organization");
  text(to, document.organization);
  to.field("created", document.created);
  if (!document.summary.empty()) {
    to.key("summary");
    text(to, document.summary);
  }
  to.key("facts").open('{');
  for (const Fact& fact : document.facts) append(to.key(fact.id), fact.value);
  to.close('}').key("charts").open('[');
  for (const Chart& chart : document.charts) append(to, chart);
  to.close(']').key("tables").open('{');
}

Outcome<void> write_rows(JsonText& to, const Table& table, const Sink& sink) {
  static constexpr std::size_t piece_bytes = 64 * 1024;
  to.key(table.id).open('[');
  PulledRows rows(table);
  while (true) {
    const Outcome<bool> more = rows.next();
    if (!more) return more.error();
    if (!*more) break;
    to.open('{');
    for (std::size_t i = 0; i < table.columns.size(); ++i) append(to.key(table.columns[i].id), rows.row()[i]);
    to.close('}');
    if (to.out().size() < piece_bytes) continue;
    if (const Outcome<void> taken = sink(to.out()); !taken) return taken;
    to.out().clear();
  }
  to.close(']');
  return {};
}

}  // namespace

Outcome<void> write_json(const Document& document, const Sink& sink) {
  check(document);
  JsonText to;
  append_head(to, document);
  for (const Table& table : document.tables) {
    if (const Outcome<void> written = write_rows(to, table, sink); !written) return written;
  }
  to.close('}').close('}');
  return sink(to.out());
}

}  // namespace tenure::reports
