// A document as JSON, CSV, XLSX or PDF. See document.h for what it is and what is promised of the bytes.
//
// Each call is one thread from its begin to its end, may run on any, and many may run at once: what the libraries
// below keep (a workbook, a font map) is made and ended in the call. They take CPU and the disk, so they belong on a
// pool. Memory does not grow with the rows but for PDF, which keeps some bytes a page.
//
// `scratch` is a folder on a disk with room for the whole file some ten times over; what is written there has no name
// and goes with the call, also when the program is killed.
//
// A no is a row source's own, or FailureCode::disk_full or io with what could not be written. What had been given to
// the sink by then is not a report.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string_view>

#include "events/result.h"
#include "services/reports/document.h"

namespace tenure::reports {

// Takes the next bytes, some 64 KiB at a time. A no ends the writing and is what the writer answers.
using Sink = std::function<Outcome<void>(std::string_view bytes)>;

// {"title","organization","created","summary"?,"facts":{id:value},"charts":[…],"tables":{id:[{column:value}]}}
// with instants as RFC 3339 and decimals as numbers, exact.
Outcome<void> write_json(const Document& document, const Sink& sink);

// RFC 4180 with a line of column ids; what a spreadsheet would take for a formula has an apostrophe before it.
Outcome<void> write_csv(const Table& table, const Sink& sink);

inline constexpr std::uint32_t xlsx_rows_max = 1'048'576;

// A sheet of facts, then one for each table (and further ones where a table has more rows than a sheet may), header
// frozen and filtered, instants as dates. Text is never a formula, and is cut at 32,767 UTF-16 units, which XLSX is
// limited to, with the number of units left out said at its end. Dates have milliseconds, which is what XLSX keeps;
// JSON and CSV have them whole. Instants before 1900-03-01 are written as text.
// `rows_a_sheet` counts the header and is for tests: the format's own limit is meant.
Outcome<void> write_xlsx(const Document& document, const std::filesystem::path& scratch, const Sink& sink,
                         std::uint32_t rows_a_sheet = xlsx_rows_max);

// A4: a cover with the facts and charts, then the tables, upright or across by their widths, with their headings
// again on each page and "Page n of m" below. Names in any script that an installed font has.
Outcome<void> write_pdf(const Document& document, const Sink& sink);

}  // namespace tenure::reports
