// Reports as PDF: read by pdftotext, drawn by pdftoppm.
#include <algorithm>
#include <set>

#include "services/reports/cell_text.h"
#include "tests/catch.h"
#include "tests/services_reports/foreign_readers.h"
#include "tests/services_reports/sample_report.h"

namespace {

using namespace tenure;
using namespace tenure::reports;
using namespace tenure::test;

// Where a reader of PDF puts blanks and breaks is its own affair, as is U+00A0 for a blank.
std::string without_blanks(std::string text) {
  for (std::size_t at = 0; (at = text.find("\xC2\xA0", at)) != std::string::npos;) text.erase(at, 2);
  std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
  return text;
}

std::string whole_text(const ReadPdf& pdf) {
  std::string all;
  for (const std::string& page : pdf.pages) all += page + "\n";
  return all;
}

// A report of one table with one column and these texts.
Document list_of(const std::vector<std::string>& texts) {
  Document document = sample_report(0);
  document.charts.clear();
  document.tables = {{"list",
                      "List",
                      "",
                      {{"text", "Text"}},
                      made_rows(texts.size(), [texts](std::size_t i) { return Row{texts[i]}; }),
                      ""}};
  return document;
}

}  // namespace

TEST_CASE("a report on paper says what it is about, is dated as the report is, and numbers its pages") {
  const ReadPdf pdf = read_pdf(pdf_of(sample_report(300)));
  CHECK(pdf.says.at("Title") == "Access at the end of the first quarter");
  CHECK(pdf.says.at("CreationDate") == "2026-03-31T23:59:59Z");
  const std::size_t pages = std::stoul(pdf.says.at("Pages"));
  CHECK(pages >= 7);
  REQUIRE(pdf.pages.size() == pages);
  for (std::size_t page = 0; page < pages; ++page) {
    const std::string& text = pdf.pages[page];
    CHECK_THAT(text, Catch::Contains("Page " + std::to_string(page + 1) + " of " + std::to_string(pages)));
    CHECK_THAT(text, Catch::Contains("position 41207, chain 9f2c5a1b"));
    CHECK_THAT(text, Catch::Contains("Access at the end of the first quarter"));
  }
  for (const char* said : {"Zürich & Їжак <Holding>", "Period", "2026-03-31 23:59:59.5", "41207", "Auditor",
                           "9f2c5a1be07d4c36a8f1b2d3c4e5f60718293a4b5c6d7e8f9a0b1c2d3e4f5061"}) {
    CHECK_THAT(pdf.pages.front(), Catch::Contains(said));
  }
  const std::string all = whole_text(pdf);
  for (const char* said : {"Nothing was found.", "End of the report.", "51 (25.5 %)", "Items (continued)"}) {
    CHECK_THAT(all, Catch::Contains(said));
  }
}

TEST_CASE("each page of a table repeats its head, and every row is on paper once") {
  const ReadPdf pdf = read_pdf(pdf_of(sample_report(300)));
  std::size_t with_rows = 0;
  for (const std::string& page : pdf.pages) {
    if (page.find("by group") == std::string::npos) continue;
    ++with_rows;
    CHECK_THAT(page, Catch::Contains("Person"));
    CHECK_THAT(page, Catch::Contains("Certified"));
  }
  CHECK(with_rows >= 4);
  const std::string all = without_blanks(whole_text(pdf));
  for (std::size_t i = names_of_the_world().size(); i < 300; ++i) {
    const std::string person = "person-" + std::to_string(i);
    const std::size_t first = all.find(person + (i % 3 == 0 ? "owner" : i % 3 == 1 ? "maintainer" : "read-only"));
    INFO(person);
    REQUIRE(first != std::string::npos);
    REQUIRE(all.find(person + "owner", first + 1) == std::string::npos);
  }
}

TEST_CASE("names of any script can be read and searched for on paper") {
  const std::string all = without_blanks(whole_text(read_pdf(pdf_of(list_of(names_of_the_world())))));
  for (const std::string& name : names_of_the_world()) CHECK_THAT(all, Catch::Contains(without_blanks(name)));
  CHECK_THAT(all, !Catch::Contains("drawnasboxes"));
}

TEST_CASE("a long name is broken over lines without a hyphen that it does not have") {
  // A reader of PDF leaves such hyphens out, so the page is looked at: a name that may break anywhere by itself, at
  // blanks without width, has none.
  std::string name, breaking;
  for (int i = 0; i < 600; ++i) {
    name += 'l';
    breaking += "l\xE2\x80\x8B";
  }
  const auto drawn = [](const std::string& text) { return pictures_of(pdf_of(list_of({text})), 2, 2, 96).at(0).dots; };
  const bool same = drawn(name) == drawn(breaking);  // dots are too many to be told
  CHECK(same);
  CHECK_THAT(without_blanks(whole_text(read_pdf(pdf_of(list_of({name}))))), Catch::Contains(name));
}

TEST_CASE("what would turn a text round on paper is shown, and turns nothing") {
  const std::string turned = "a\xE2\x80\xAEtxt.exe";  // U+202E
  const std::string marks =
      "b\xD8\x9C\xE2\x80\x8E\xE2\x80\x8F\xE2\x81\xA6\xE2\x81\xA9"
      "c";
  Document document = list_of({turned, marks});
  document.title = turned;
  const ReadPdf pdf = read_pdf(pdf_of(document));
  const std::string all = without_blanks(whole_text(pdf));
  CHECK_THAT(all, Catch::Contains("a‹U+202E›txt.exe"));
  CHECK_THAT(all, Catch::Contains("b‹U+061C›‹U+200E›‹U+200F›‹U+2066›‹U+2069›c"));
  CHECK_THAT(all, !Catch::Contains("aexe.txt"));
  CHECK(pdf.says.at("Title") == "a‹U+202E›txt.exe");
  // As data it stays what it is.
  CHECK_THAT(exact_text(turned, ""), Catch::Contains(turned));
}

TEST_CASE("names of any script are drawn, each as itself, and what no font has is said") {
  std::set<std::size_t> inks;
  std::set<std::string> drawn;
  for (const std::string& name : names_of_the_world()) {
    const std::string pdf = pdf_of(list_of({name}));
    const std::vector<Picture> pictures = pictures_of(pdf, 2, 2, 96);
    REQUIRE(pictures.size() == 1);
    std::string dots;
    for (const auto& dot : pictures[0].dots) dots += static_cast<char>(dot[0]);
    CHECK(drawn.insert(dots).second);
  }
  const ReadPdf without = read_pdf(pdf_of(list_of({"\xF4\x8F\xBF\xBD"})));  // of a private plane
  CHECK_THAT(without.pages.back(), Catch::Contains("boxes with their code"));
}

TEST_CASE("charts are drawn in the colours of what they tell") {
  const std::vector<Picture> pages = pictures_of(pdf_of(sample_report(0)), 2, 2, 72);
  REQUIRE(pages.size() == 1);
  const auto dots_of = [&](std::uint32_t colour) { return pages[0].near_to(colour); };
  const std::size_t kept = dots_of(0x4E7D62), changed = dots_of(0xB98A2F), revoked = dots_of(0xA6473F);
  // The longest bar is some 280 points long and 11 high; the others are by their values.
  CHECK(kept > 2'400);
  CHECK(kept < 3'600);
  CHECK(changed > kept * 17 / 128 / 2);
  CHECK(changed < kept * 17 / 128 * 2);
  CHECK(revoked > kept * 51 / 128 / 2);
  CHECK(dots_of(0x3F6287) > 200);  // the line of progress
}

TEST_CASE("a row that no page can hold goes on over pages, and nothing of it is lost") {
  std::string words;
  for (int i = 0; i < 9'000; ++i) words += "word" + std::to_string(i) + " ";
  const ReadPdf pdf = read_pdf(pdf_of(list_of({"before", words, std::string(3'000, 'x') + "end", "after"})));
  CHECK(pdf.pages.size() >= 6);
  const std::string all = without_blanks(whole_text(pdf));
  CHECK_THAT(all, Catch::Contains("before"));
  CHECK_THAT(all, Catch::Contains("xxxend"));
  CHECK_THAT(all, Catch::Contains("after"));
  std::size_t at = 0;
  for (int i = 0; i < 9'000; ++i) {
    at = all.find("word" + std::to_string(i), at);
    INFO(i);
    REQUIRE(at != std::string::npos);
  }
}

TEST_CASE("narrow tables stand upright and wide ones across, and columns that only programs read are not printed") {
  Document document = sample_report(3);
  const auto size_of_last = [](const Document& about) {
    const std::string pdf = pdf_of(about);
    const std::size_t pages = read_pdf(pdf).pages.size();
    const Picture page = pictures_of(pdf, pages, pages, 36).back();
    return std::pair(page.width, page.height);
  };
  document.tables.pop_back();
  CHECK(size_of_last(document).first > size_of_last(document).second);
  document.tables[0].columns.resize(3);
  document.tables[0].columns[2].printed = false;
  document.tables[0].open = made_rows(3, [](std::size_t) { return Row{1, "shown", "hidden-value"}; });
  CHECK(size_of_last(document).first < size_of_last(document).second);
  const std::string all = whole_text(read_pdf(pdf_of(document)));
  CHECK_THAT(all, Catch::Contains("shown"));
  CHECK_THAT(all, !Catch::Contains("hidden-value"));
}

TEST_CASE("a report without facts, charts, tables or texts is still a report") {
  Document document;
  document.created = instant("2026-01-01T00:00:00Z");
  CHECK(read_pdf(pdf_of(document)).pages.size() == 1);
  document.charts = {{"a", "", {}, {}, 0}, {"b", "One", {}, {{"", {{document.created, 0}}, Tone::plain}}, 0}};
  document.tables = {{"t", "", "", {{"c", ""}}, made_rows(1, [](std::size_t) { return Row{Cell{}}; }), ""}};
  CHECK(read_pdf(pdf_of(document)).pages.size() >= 2);
  CHECK(sheets_of(xlsx_of(document)).size() == 3);
}
