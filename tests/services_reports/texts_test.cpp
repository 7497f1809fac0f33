// Reports as JSON and CSV, and what every format promises: the same bytes twice, and a no where something went wrong.
#include <nlohmann/json.hpp>
#include <thread>

#include "services/reports/cell_text.h"
#include "services/reports/csv_cell.h"
#include "services/reports/spool.h"
#include "tests/catch.h"
#include "tests/services_reports/foreign_readers.h"
#include "tests/services_reports/sample_report.h"
#include "tests/small_disk.h"

namespace {

using namespace tenure;
using namespace tenure::reports;
using namespace tenure::test;
using nlohmann::json;

const std::vector<std::function<std::string(const Document&)>> formats{
    json_of, [](const Document& document) { return csv_of(document.tables.front()); },
    [](const Document& document) { return xlsx_of(document); }, pdf_of};

// The no of a writer whose sink takes so many bytes and no more.
Outcome<void> with_room(std::size_t room, const std::function<Outcome<void>(const Sink&)>& write) {
  return write([&](std::string_view bytes) -> Outcome<void> {
    if (bytes.size() > room) return fail(FailureCode::io, "the client has gone");
    room -= bytes.size();
    return {};
  });
}

}  // namespace

TEST_CASE("a report as JSON is one object with every fact, figure and row, numbers exact and nothing as null") {
  const json report = json::parse(json_of(sample_report(40)));
  CHECK(report.at("title") == "Access at the end of the first quarter");
  CHECK(report.at("organization") == "Zürich & Їжак <Holding>");
  CHECK(report.at("created") == "2026-03-31T23:59:59.5Z");
  CHECK(report.at("facts").at("position") == 41'207);
  CHECK(report.at("facts").at("as_of") == "2026-03-31T23:59:59.5Z");
  CHECK(report.at("facts").at("complete") == true);
  CHECK(report.at("charts").at(0).at("bars").at(2) == json{{"label", "Revoked"}, {"value", 51}});
  CHECK(report.at("charts").at(1).at("series").at(0).at("points").size() == 21);
  CHECK(report.at("charts").at(1).at("whole") == 200);
  const json& items = report.at("tables").at("items");
  REQUIRE(items.size() == 40);
  for (std::size_t i = 0; i < names_of_the_world().size(); ++i) CHECK(items[i].at("person") == names_of_the_world()[i]);
  for (std::size_t i = 0; i < tempting_texts().size(); ++i) CHECK(items[i].at("reason") == tempting_texts()[i]);
  CHECK(items[1].at("hours").dump() == "-0.25");
  CHECK(items[1].at("since") == "2026-03-29T01:59:59Z");
  CHECK(items[1].at("paths") == json{"by role", "by group 1"});
  CHECK(items[0].at("note").is_null());
  CHECK(report.at("tables").at("nothing") == json::array());
}

TEST_CASE("a table as CSV has a line of ids, and the apostrophe stands before texts only, never before numbers") {
  const std::string csv = csv_of(sample_report(16).tables.front());
  CHECK(csv.starts_with("number,person,role,since,reason,certified,hours,paths,note\r\n"));
  const ReadSheet rows = rows_of_csv(csv);
  REQUIRE(rows.size() == 17);
  for (std::size_t i = 0; i < tempting_texts().size(); ++i) {
    const std::string& text = tempting_texts()[i];
    const bool formula = std::string("=+-@").find(text.front()) != std::string::npos;
    CHECK(rows[i + 1][4].text == (formula ? "'" + text : text));
  }
  CHECK(rows[1][6].text == "-0.50");
  CHECK(rows[2][3].text == "2026-03-29T01:59:59Z");
  CHECK(rows[2][5].text == "false");
  CHECK(rows[2][7].text == "by role; by group 1");
  CHECK(rows[1][8].text.empty());
}

TEST_CASE("what a spreadsheet of any country would take for a formula has an apostrophe before it in CSV") {
  for (const std::string text : {"=1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"}) {
    std::string cell;
    append_csv_text(cell, text);
    CHECK(rows_of_csv(cell + "\n").at(0).at(0).text == "'" + text);
  }
  for (const std::string text : {"", "a=1", "1-2", "ー", "'quoted'"}) {
    std::string cell;
    append_csv_text(cell, text);
    CHECK(cell == text);
  }
}

TEST_CASE("no cell of CSV becomes a formula for a spreadsheet that cuts at semicolons, tabs or breaks of line") {
  const std::pair<const char*, const char*> cells[] = {{"ok;=1", "\"ok;'=1\""},           {"ok; =1;x", "\"ok;' =1;x\""},
                                                       {"a\t@b", "\"a\t'@b\""},           {"a\n-b", "\"a\n'-b\""},
                                                       {"a;\"=1\"", "\"a;'\"\"=1\"\"\""}, {"a;b=1", "\"a;b=1\""}};
  for (const auto& [text, expected] : cells) {
    std::string cell;
    append_csv_text(cell, text);
    CHECK(cell == expected);
  }
}

TEST_CASE("decimals are written exactly") {
  CHECK(decimal_text({1250, 2}) == "12.50");
  CHECK(decimal_text({-5, 2}) == "-0.05");
  CHECK(decimal_text({-5, 0}) == "-5");
  CHECK(decimal_text({0, 3}) == "0.000");
  CHECK(decimal_text({std::numeric_limits<std::int64_t>::min(), 9}) == "-9223372036.854775808");
}

TEST_CASE("the same report is the same bytes in every format, again and on two threads at once") {
  for (const auto& format : formats) {
    const std::string first = format(sample_report(60));
    std::array<std::string, 2> again;
    std::vector<std::thread> threads;
    for (std::string& each : again) threads.emplace_back([&] { each = format(sample_report(60)); });
    for (std::thread& each : threads) each.join();
    CHECK(first.size() > 1000);
    CHECK((again[0] == first && again[1] == first));
  }
}

TEST_CASE("bytes that are no UTF-8 become U+FFFD in every format and spoil none") {
  Document document = sample_report(1);
  document.title = "bad \xFF title";
  document.tables[0].open = made_rows(1, [](std::size_t) {
    return Row{1, "a\xC3", "b", Cell{}, "\xE2\x82", true, Decimal{1, 0}, Texts{"\xF0\x9F"}, Cell{}};
  });
  const json report = json::parse(json_of(document));
  CHECK(report.at("title") == "bad \uFFFD title");
  CHECK(report.at("tables").at("items").at(0).at("person") == "a\uFFFD");
  CHECK_THAT(csv_of(document.tables[0]), Catch::Contains("a\uFFFD"));
  CHECK(xlsx_of(document).starts_with("PK"));
  CHECK(pdf_of(document).starts_with("%PDF"));
}

TEST_CASE("what a source of rows refuses is the answer of every writer") {
  Document document = sample_report(1);
  document.tables[1].open = [] {
    return [rows = 0](Row& row) mutable -> Outcome<bool> {
      if (++rows > 3) return fail(FailureCode::corruption, "the record at 7 is damaged");
      row = {"x", Cell{}};
      return true;
    };
  };
  const auto refused = [](const Outcome<void>& written) {
    REQUIRE_FALSE(written.has_value());
    CHECK(written.error().code == FailureCode::corruption);
    CHECK(written.error().because == "the record at 7 is damaged");
  };
  const Sink sink = [](std::string_view) -> Outcome<void> { return {}; };
  refused(write_json(document, sink));
  refused(write_csv(document.tables[1], sink));
  refused(write_xlsx(document, std::filesystem::temp_directory_path(), sink));
  refused(write_pdf(document, sink));
}

TEST_CASE("a sink that takes no more ends the writing, and its no is the answer") {
  const Document document = sample_report(2'000);
  const auto gone = [&](const std::function<Outcome<void>(const Sink&)>& write) {
    for (const std::size_t room : {std::size_t{0}, std::size_t{70'000}}) {
      const Outcome<void> written = with_room(room, write);
      REQUIRE_FALSE(written.has_value());
      CHECK(written.error().because == "the client has gone");
    }
  };
  gone([&](const Sink& sink) { return write_json(document, sink); });
  gone([&](const Sink& sink) { return write_csv(document.tables[0], sink); });
  gone([&](const Sink& sink) { return write_xlsx(document, std::filesystem::temp_directory_path(), sink); });
  gone([&](const Sink& sink) { return write_pdf(document, sink); });
  const Sink throwing = [](std::string_view) -> Outcome<void> { throw std::runtime_error("thrown by the sink"); };
  CHECK_THROWS_WITH(write_pdf(document, throwing), "thrown by the sink");
  CHECK_THROWS_WITH(write_xlsx(document, std::filesystem::temp_directory_path(), throwing), "thrown by the sink");
}

TEST_CASE("rows that are others when they are asked for again are no PDF") {
  Document document = sample_report(1);
  int opened = 0;
  document.tables[0].open = [&] {
    return made_rows(++opened == 1 ? 10 : 500, [](std::size_t) {
      return Row{1, "a", "b", Cell{}, "c", true, Decimal{1, 0}, Texts{}, Cell{}};
    })();
  };
  const Outcome<void> written = write_pdf(document, [](std::string_view) -> Outcome<void> { return {}; });
  REQUIRE_FALSE(written.has_value());
  CHECK_THAT(written.error().because, Catch::Contains("others when they were asked for again"));
}

TEST_CASE("a report that names two things the same, or a row with too few cells, is a bug that names the place") {
  Document document = sample_report(1);
  document.tables[1].id = "items";
  CHECK_THROWS_WITH(json_of(document), Catch::Contains("two tables \"items\""));
  document = sample_report(1);
  document.tables[0].columns[1].id = "number";
  CHECK_THROWS_WITH(pdf_of(document), Catch::Contains("\"number\""));
  document = sample_report(1);
  document.tables[0].open = made_rows(1, [](std::size_t) { return Row{1}; });
  CHECK_THROWS_WITH(xlsx_of(document), Catch::Contains("1 cells for 9 columns"));
  document = sample_report(1);
  document.charts[1].series[0].points[3].at = instant("2020-01-01T00:00:00Z");
  CHECK_THROWS_WITH(pdf_of(document), Catch::Contains("goes back in time"));
}

TEST_CASE("a spool gives back what was written, and leaves no file behind") {
  const Desk desk;
  {
    Outcome<Spool> spool = Spool::open(desk.path());
    REQUIRE(spool.has_value());
    std::string all;
    for (int i = 0; i < 50'000; ++i) all += std::to_string(i);
    REQUIRE(spool->write(all).has_value());
    CHECK(spool->size() == all.size());
    CHECK(std::filesystem::is_empty(desk.path()));
    std::string back;
    while (true) {
      const Outcome<bool> more = spool->read(back);
      REQUIRE(more.has_value());
      if (!*more) break;
    }
    CHECK((back == all));
  }
  CHECK(std::filesystem::is_empty(desk.path()));
  const Outcome<Spool> nowhere = Spool::open(desk.path() / "nowhere");
  REQUIRE_FALSE(nowhere.has_value());
  CHECK(nowhere.error().code == FailureCode::io);
  CHECK_THAT(nowhere.error().because, Catch::Contains("nowhere"));
}

TEST_CASE("a full disk is said by the writer of XLSX, whenever it gets full, and no half report comes out") {
  using tenure::testing::mebibyte;
  tenure::testing::SmallDisk disk(24);
  if (!disk) {
    SUCCEED("mounting is not allowed here");
    return;
  }
  const Document document = sample_report(40'000);
  std::size_t refused = 0;
  for (const std::uint64_t room : {mebibyte / 4, 4 * mebibyte, 12 * mebibyte, 20 * mebibyte}) {
    disk.empty();
    disk.fill(room);
    std::string all;
    const Outcome<void> written = write_xlsx(document, disk.path(), [&](std::string_view bytes) -> Outcome<void> {
      all += bytes;
      return {};
    });
    INFO(room);
    if (written) {
      CHECK(all.size() > mebibyte);
      continue;
    }
    ++refused;
    CHECK(written.error().code == FailureCode::disk_full);
    CHECK(all.empty());
  }
  CHECK(refused >= 2);
}
