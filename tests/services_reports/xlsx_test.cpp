// Reports as XLSX, read by LibreOffice.
#include "services/reports/xlsx_text.h"
#include "tests/catch.h"
#include "tests/services_reports/foreign_readers.h"
#include "tests/services_reports/sample_report.h"

namespace {

using namespace tenure;
using namespace tenure::reports;
using namespace tenure::test;

ReadCell text(const std::string& text) { return {text, true}; }
ReadCell value(const std::string& text) { return {text, false}; }

}  // namespace

TEST_CASE("LibreOffice reads every cell of a report: names, dates as dates, numbers as numbers, formulas as text") {
  const Document document = sample_report(500);
  const auto sheets = sheets_of(xlsx_of(document));
  REQUIRE(sheets.size() == 4);
  const ReadSheet& facts = sheets.at("Summary");
  CHECK(facts.at(0).at(0) == text("Access at the end of the first quarter"));
  CHECK(facts.at(1).at(1) == text("Zürich & Їжак <Holding>"));
  CHECK(facts.at(4).at(1) == value("2026-03-31 23:59:59.500"));
  CHECK(facts.at(5).at(1) == value("41207"));
  CHECK(facts.at(6).at(1).text == "9f2c5a1be07d4c36a8f1b2d3c4e5f60718293a4b5c6d7e8f9a0b1c2d3e4f5061");
  const ReadSheet& items = sheets.at("Items");
  REQUIRE(items.size() == 501);
  CHECK(items.at(0).at(3) == text("Since"));
  for (std::size_t i = 0; i < 500; ++i) {
    const std::vector<ReadCell>& row = items.at(i + 1);
    REQUIRE(row.at(0) == value(std::to_string(i)));
    if (i < names_of_the_world().size()) REQUIRE(row.at(1) == text(names_of_the_world()[i]));
    if (i < tempting_texts().size()) REQUIRE(row.at(4) == text(tempting_texts()[i]));
    REQUIRE(row.at(5) == value(i % 3 == 0 ? "TRUE" : "FALSE"));
  }
  CHECK(items.at(1).at(3) == value("2026-03-29 00:59:59"));
  CHECK(items.at(2).at(3) == value("2026-03-29 01:59:59"));
  CHECK(items.at(500).at(3) == value("2026-04-18 19:59:59"));
  CHECK(items.at(1).at(6) == value("-0.50"));
  CHECK(items.at(4).at(6) == value("0.25"));
  CHECK(items.at(2).at(7) == text("by role; by group 1"));
  CHECK(items.at(1).at(8).text.empty());
  CHECK(sheets.at("Nothing").at(1).at(0) == text("Nothing was found."));
  CHECK(sheets.at("Charts").at(3).at(0) == text("Revoked"));
  CHECK(sheets.at("Charts").at(3).at(1) == value("51"));
}

TEST_CASE("instants come out of XLSX to the millisecond, and what XLSX has no date for as text") {
  Document document = sample_report(0);
  const std::vector<std::pair<std::string, ReadCell>> cases{
      {"2026-09-30T17:00:05.25Z", value("2026-09-30 17:00:05.250")},
      {"2026-09-30T17:00:05.999999Z", value("2026-09-30 17:00:05.999")},
      {"2026-09-30T23:59:59Z", value("2026-09-30 23:59:59")},
      {"1969-12-31T23:59:59.9999Z", value("1969-12-31 23:59:59.999")},
      {"1900-03-01T00:00:00Z", value("1900-03-01 00:00:00")},
      {"1900-02-28T12:00:00Z", text("1900-02-28T12:00:00Z")},
      {"9999-12-31T23:59:59Z", value("9999-12-31 23:59:59")}};
  document.tables[1].open = made_rows(cases.size(), [&](std::size_t i) { return Row{"x", instant(cases[i].first)}; });
  const ReadSheet sheet = sheets_of(xlsx_of(document)).at("Nothing");
  for (std::size_t i = 0; i < cases.size(); ++i) CHECK(sheet.at(i + 1).at(1) == cases[i].second);
}

TEST_CASE("a text that no cell of XLSX can hold is cut and says so, and control characters come out as they went in") {
  Document document = sample_report(0);
  const std::string fits(32'767, 'x');
  std::string wide;
  for (int i = 0; i < 20'000; ++i) wide += "😀";
  const std::vector<std::string> texts{fits, fits + "y", wide, "bell \x07 and \x1F end", "_x0007_ and _x000D_"};
  document.tables[1].open = made_rows(texts.size(), [&](std::size_t i) { return Row{texts[i], Cell{}}; });
  const ReadSheet sheet = sheets_of(xlsx_of(document)).at("Nothing");
  CHECK((sheet.at(1).at(0).text == fits));
  const std::string& cut = sheet.at(2).at(0).text;
  CHECK(cut.starts_with("xxx"));
  CHECK_THAT(cut.substr(cut.find(" … [")), Catch::Contains("more characters do not fit a cell of XLSX"));
  CHECK(sheet.at(3).at(0).text.starts_with("😀"));
  CHECK(sheet.at(4).at(0).text == texts[3]);
  CHECK(sheet.at(5).at(0).text == texts[4]);
}

TEST_CASE("the note at the end of a cut text counts what was left out") {
  const std::string cut = xlsx_text(std::string(40'000, 'x'));
  const std::size_t note = cut.find(" … [");
  REQUIRE(note != std::string::npos);
  const std::size_t left_out = std::stoul(cut.substr(note + std::string(" … [").size()));
  CHECK(note + left_out == 40'000);
  CHECK(note > 32'600);
}

TEST_CASE("a table with more rows than a sheet may have goes on in another sheet, with its header") {
  const auto sheets = sheets_of(xlsx_of(sample_report(25), 11));
  CHECK(sheets.at("Items").size() == 11);
  CHECK(sheets.at("Items 2").size() == 11);
  CHECK(sheets.at("Items 3").size() == 6);
  CHECK(sheets.at("Items 2").at(0).at(1) == text("Person"));
  CHECK(sheets.at("Items 2").at(1).at(0) == value("10"));
  CHECK(sheets.at("Items 3").at(5).at(0) == value("24"));
}

TEST_CASE("sheets have names that XLSX allows, each another") {
  SheetNames names;
  CHECK(names.name("Items") == "Items");
  CHECK(names.name("ITEMS") == "ITEMS 2");
  CHECK(names.name("a/b: [c]?*\\") == "a-b- -c----");
  CHECK(names.name("'quoted'") == "quoted");
  CHECK(names.name("") == "Sheet");
  CHECK(names.name("History") == "History 2");
  const std::string long_title(40, 'n');
  CHECK(names.name(long_title) == std::string(31, 'n'));
  CHECK(names.name(long_title) == std::string(29, 'n') + " 2");
  std::string wide;
  for (int i = 0; i < 20; ++i) wide += "😀";
  CHECK(names.name(wide).size() == 15 * 4);  // two units each
}

TEST_CASE("a whole number that XLSX would round is text there") {
  Document document = sample_report(0);
  const std::vector<std::int64_t> numbers{9'007'199'254'740'991, 9'007'199'254'740'992, -9'007'199'254'740'993};
  document.tables[1].open = made_rows(numbers.size(), [&](std::size_t i) { return Row{numbers[i], Cell{}}; });
  const ReadSheet sheet = sheets_of(xlsx_of(document)).at("Nothing");
  CHECK_FALSE(sheet.at(1).at(0).is_text);
  CHECK(sheet.at(2).at(0) == text("9007199254740992"));
  CHECK(sheet.at(3).at(0) == text("-9007199254740993"));
}

TEST_CASE("a text that is escaped at length fits a cell still, and a title that XML cannot say is a title") {
  std::string text;
  while (text.size() < 32'760) text += "_x0041_";
  const std::string cell = xlsx_text(text);
  CHECK(cell.size() <= xlsx_text_max + 2);  // one character of the note is three bytes long
  CHECK(cell.starts_with("_x005F_x0041__x005F_x0041_"));
  CHECK(xlsx_property("Q3\a\xEF\xBF\xBF.") == "Q3  .");
  Document document = sample_report(3);
  document.title = "Q3\a of \x01 2026";
  CHECK_FALSE(xlsx_of(document).empty());
}
