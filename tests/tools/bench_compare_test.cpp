// `tenure_bench compare`: what it calls a change, and what it says of figures that only one run has.
#include <stdexcept>
#include <string>

#include "tests/catch.h"
#include "tools/measure/compare.h"
#include "tools/measure/report.h"

namespace {

using namespace tenure::bench;

Row row(const std::string& what, std::vector<double> rates) {
  Row row;
  row.what = what;
  row.rates = std::move(rates);
  return row;
}

// A run with one section of these rows.
std::string run_with(std::vector<Row> rows, std::vector<Verdict> verdicts = {}, const std::string& cores = "2") {
  Report report;
  report.ran_on = {{"cores", cores}};
  report.sections = {{"can", "one member's power", {}, std::move(rows), std::move(verdicts)}};
  return json_of(report);
}

// The line that is about this.
std::string line_of(const std::string& text, const std::string& what) {
  const std::size_t at = text.find(what);
  if (at == std::string::npos) return "";
  const std::size_t from = text.rfind('\n', at) + 1;
  return text.substr(from, text.find('\n', at) - from);
}

}  // namespace

TEST_CASE("a figure is said to have changed when its rounds lie outside those of the other run") {
  const std::string before = run_with({row("quicker", {100, 110, 105}), row("noise", {100, 140, 120}),
                                       row("hardly", {1000, 1001, 1002})}),
                    after = run_with({row("quicker", {210, 200, 220}), row("noise", {139, 180, 160}),
                                      row("hardly", {1003, 1004, 1005})});
  const std::string text = compared(before, after);
  CHECK(line_of(text, "quicker").starts_with('*'));
  CHECK(line_of(text, "quicker").find("+100.0 %") != std::string::npos);
  CHECK(line_of(text, "noise").starts_with(' '));
  CHECK(line_of(text, "noise").find("+33.3 %") != std::string::npos);
  // Beyond all rounds, and of no weight.
  CHECK(line_of(text, "hardly").starts_with(' '));
}

TEST_CASE("a comparison says which targets are reached now and which no longer are") {
  const std::string before =
                        run_with({}, {{"ratio", "x", {3}, Bound::at_least, 2}, {"p99", "ms", {12}, Bound::below, 10}}),
                    after =
                        run_with({}, {{"ratio", "x", {1}, Bound::at_least, 2}, {"p99", "ms", {8}, Bound::below, 10}});
  const std::string text = compared(before, after);
  CHECK(line_of(text, "ratio").ends_with("NO LONGER REACHED"));
  CHECK(line_of(text, "p99").ends_with("NOW REACHED"));
}

TEST_CASE("a comparison leaves out nothing that only one of the runs has, nor that they ran elsewhere") {
  const std::string text =
      compared(run_with({row("gone", {1}), row("kept", {1})}), run_with({row("kept", {1}), row("new", {1})}, {}, "4"));
  CHECK(line_of(text, "gone").find("only before") != std::string::npos);
  CHECK(line_of(text, "new").find("only after") != std::string::npos);
  CHECK(text.find("cores: 2, then 4") != std::string::npos);

  Report other;
  other.sections = {{"feed", "to those who follow", {}, {row("one client", {1})}, {}}};
  const std::string sections = compared(run_with({}), json_of(other));
  CHECK(line_of(sections, "can:") == "can: only before");
  CHECK(line_of(sections, "feed:") == "feed: only after");
}

TEST_CASE("what is no report is refused by name") {
  const std::string good = run_with({});
  CHECK_THROWS_WITH(compared("{", good), Catch::Contains("the first file is no report"));
  CHECK_THROWS_WITH(compared(good, R"({"schema":2})"), Catch::Contains("the second file is no report"));
}
