#include "tests/services_reports/sample_report.h"

#include <filesystem>
#include <stdexcept>

namespace tenure::test {

using namespace reports;

const std::vector<std::string>& names_of_the_world() {
  static const std::vector<std::string> names{"Олена Їжакевич",
                                              "Щербакова Юлія",
                                              "Γεώργιος Παπαδόπουλος",
                                              "Trần Thị Ngọc Ánh",
                                              "محمد الفارسي",
                                              "שרה כהן",
                                              "王小明",
                                              "さくら 高橋",
                                              "김민준",
                                              "Zoë Æsøy Łuczak",
                                              "आरती शर्मा",
                                              "สมชาย ใจดี"};
  return names;
}

const std::vector<std::string>& tempting_texts() {
  static const std::vector<std::string> texts{
      "=1+1", "+1",  "-5",          "@SUM(A1)",   "0042",        "1e5",     "2026-01-02",
      "TRUE", "a,b", "say \"yes\"", "two\nlines", " in blanks ", "_x0041_", "=HYPERLINK(\"http://x\")"};
  return texts;
}

Instant instant(const std::string& text) {
  const Decided<Instant> at = parse_instant(text);
  if (!at) throw std::logic_error(text + " is no instant");
  return *at;
}

std::function<Rows()> made_rows(std::size_t count, std::function<Row(std::size_t)> row) {
  return [count, row = std::move(row)] {
    return [count, row, next = std::size_t{0}](Row& to) mutable -> Outcome<bool> {
      if (next == count) return false;
      to = row(next++);
      return true;
    };
  };
}

namespace {

Row item(std::size_t i) {
  static const std::vector<std::string> roles{"owner", "maintainer of the billing service", "read-only auditor"};
  const auto n = static_cast<std::int64_t>(i);
  const std::string person = i < names_of_the_world().size() ? names_of_the_world()[i] : "person-" + std::to_string(i);
  const std::string reason = i < tempting_texts().size() ? tempting_texts()[i] : "still needed";
  const Instant at{instant("2026-03-29T00:59:59Z").us + n * 3'600'000'000};
  return {n,
          person,
          roles[i % roles.size()],
          at,
          reason,
          i % 3 == 0,
          Decimal{n * 25 - 50, 2},
          Texts{"by role", "by group " + std::to_string(i % 7)},
          i % 5 == 0 ? Cell{} : Cell{"note " + std::to_string(i)}};
}

Chart progress() {
  Series decided{"Decided", {}, Tone::plain}, revoked{"Revoked", {}, Tone::bad};
  for (std::int64_t day = 0; day < 21; ++day) {
    const Instant at{instant("2026-03-01T08:00:00Z").us + day * 86'400'000'000};
    decided.points.push_back({at, day * 9});
    revoked.points.push_back({at, day});
  }
  return {"progress", "Progress over time", {}, {decided, revoked}, 200};
}

}  // namespace

Document sample_report(std::size_t items) {
  Document document;
  document.title = "Access at the end of the first quarter";
  document.organization = "Zürich & Їжак <Holding>";
  document.summary = "Who holds what, as recorded. Every figure can be asked for again at the position below.";
  document.created = instant("2026-03-31T23:59:59.5Z");
  document.facts = {{"scope", "Scope", "all roles at or above \"maintain\""},
                    {"period", "Period", "2026-01-01 to 2026-03-31"},
                    {"as_of", "As of", instant("2026-03-31T23:59:59.5Z")},
                    {"position", "Position", std::int64_t{41'207}},
                    {"hash", "Chain hash", "9f2c5a1be07d4c36a8f1b2d3c4e5f60718293a4b5c6d7e8f9a0b1c2d3e4f5061"},
                    {"complete", "Complete", true}};
  document.imprint = "position 41207, chain 9f2c5a1b";
  document.signatures = {"For the organization", "Auditor"};
  document.charts = {{"outcomes",
                      "Outcomes",
                      {{"Kept", 128, Tone::good},
                       {"Changed", 17, Tone::caution},
                       {"Revoked", 51, Tone::bad},
                       {"Left open", 4, Tone::muted},
                       {"Never", 0, Tone::plain}},
                      {},
                      0},
                     progress()};
  document.tables = {{"items",
                      "Items",
                      "One line for each hold.",
                      {{"number", "No.", Kind::number},
                       {"person", "Person", Kind::text, 18},
                       {"role", "Role", Kind::text, 18},
                       {"since", "Since", Kind::instant},
                       {"reason", "Reason", Kind::text, 16},
                       {"certified", "Certified", Kind::yes_no},
                       {"hours", "Hours", Kind::number},
                       {"paths", "Paths", Kind::text, 12},
                       {"note", "Note", Kind::text, 8}},
                      made_rows(items, item),
                      ""},
                     {"nothing",
                      "Nothing",
                      "",
                      {{"what", "What"}, {"when", "When", Kind::instant}},
                      made_rows(0, item),
                      "Nothing was found."}};
  return document;
}

std::string bytes_of(const std::function<Outcome<void>(const Sink&)>& write) {
  std::string all;
  const Outcome<void> written = write([&](std::string_view bytes) -> Outcome<void> {
    all += bytes;
    return {};
  });
  if (!written) throw std::runtime_error("nothing was written: " + written.error().because);
  return all;
}

std::string json_of(const Document& document) {
  return bytes_of([&](const Sink& sink) { return write_json(document, sink); });
}
std::string csv_of(const Table& table) {
  return bytes_of([&](const Sink& sink) { return write_csv(table, sink); });
}
std::string xlsx_of(const Document& document, std::uint32_t rows_a_sheet) {
  return bytes_of([&](const Sink& sink) {
    return write_xlsx(document, std::filesystem::temp_directory_path(), sink, rows_a_sheet);
  });
}
std::string pdf_of(const Document& document) {
  return bytes_of([&](const Sink& sink) { return write_pdf(document, sink); });
}

}  // namespace tenure::test
