#include "services/reports/cell_text.h"
#include "services/reports/pdf_parts.h"

namespace tenure::reports {

namespace {

constexpr double label_width = 132, between = 12, row_padding = 4.5;

void print_fact(Paper& paper, std::string_view label, std::string_view text) {
  const double x = Paper::margin + label_width + between;
  Laid value(paper, Face::body, paper.width() - label_width - between, Side::left);
  value.set(text.empty() ? "–" : text);
  const double needed = value.height() + 2 * row_padding;
  if (!paper.fits(needed) && paper.y > Paper::page_top) paper.turn(false);
  // A fact may be a query longer than a page.
  for (std::size_t first = 0;;) {
    const double top = paper.y + row_padding;
    if (first == 0) paper.text(Paper::margin, top + 0.5, label_width, label, Face::label, quiet);
    const Laid::Part part = value.draw_part(x, top, ink, first, paper.bottom() - top);
    paper.y = top + part.height + row_padding;
    if (part.all) break;
    first = part.next;
    paper.turn(false);
  }
  paper.line(Paper::margin, paper.y, Paper::margin + paper.width(), paper.y, hairline, 0.5);
}

void print_signatures(Paper& paper, const Document& document) {
  if (document.signatures.empty()) return;
  static constexpr double row = 52, gap = 24;
  const double date_width = 110, line_width = paper.width() - date_width - gap;
  const double needed = row * static_cast<double>(document.signatures.size());
  if (!paper.fits(needed + 20)) paper.turn(false);
  if (paper.bottom() - needed > paper.y) paper.y = paper.bottom() - needed;
  for (const std::string& who : document.signatures) {
    const double base = paper.y + row - 18;
    const double date = Paper::margin + line_width + gap;
    paper.line(Paper::margin, base, Paper::margin + line_width, base, quiet, 0.6);
    paper.line(date, base, date + date_width, base, quiet, 0.6);
    paper.text(Paper::margin, base + 3, line_width, who, Face::small, quiet, Side::left, true);
    paper.text(date, base + 3, date_width, "Date", Face::small, quiet);
    paper.y += row;
  }
}

}  // namespace

void print_cover(Paper& paper, const Document& document) {
  paper.turn(false);
  paper.y = 84;
  paper.y += paper.text(Paper::margin, paper.y, paper.width(), document.organization, Face::organization, accent) + 4;
  paper.y += paper.text(Paper::margin, paper.y, paper.width(), document.title, Face::cover, ink) + 12;
  paper.box(Paper::margin, paper.y, 44, 2, accent);
  paper.y += 22;
  if (!document.summary.empty()) {
    paper.y += paper.text(Paper::margin, paper.y, paper.width(), document.summary, Face::body, ink) + 16;
  }
  paper.line(Paper::margin, paper.y, Paper::margin + paper.width(), paper.y, hairline, 0.5);
  for (const Fact& fact : document.facts) print_fact(paper, fact.label, printed_text(fact.value, "\n"));
  paper.y += 8;
  if (!paper.fits(12)) paper.turn(false);
  paper.y += paper.text(Paper::margin, paper.y, paper.width(), "Times are UTC.", Face::small, quiet) + 10;
  print_signatures(paper, document);
}

}  // namespace tenure::reports
