#include "services/reports/pdf_parts.h"
#include "services/reports/write.h"

namespace tenure::reports {

namespace {

Outcome<void> print(Paper& paper, const Document& document) {
  print_cover(paper, document);
  if (!document.charts.empty()) paper.turn(false);
  for (const Chart& chart : document.charts) print_chart(paper, chart);
  for (const Table& table : document.tables) {
    if (const Outcome<void> printed = print_table(paper, table); !printed) return printed;
  }
  std::string last = "End of the report.";
  if (paper.lacked_shapes()) {
    last += " Some characters are in none of the fonts that are installed here and are drawn as boxes with their code.";
  }
  if (!paper.fits(24)) paper.turn(paper.across());
  paper.text(Paper::margin, paper.y + 6, paper.width(), last, Face::small, quiet);
  return {};
}

}  // namespace

Outcome<void> write_pdf(const Document& document, const Sink& sink) {
  check(document);
  Paper paper(document);
  paper.count();
  if (const Outcome<void> counted = print(paper, document); !counted) return counted;
  if (const Outcome<void> ended = paper.finish(); !ended) return ended;
  paper.draw(sink);
  if (const Outcome<void> drawn = print(paper, document); !drawn) return drawn;
  return paper.finish();
}

}  // namespace tenure::reports
