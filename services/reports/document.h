// A report before it has a format: what stands on its cover, its charts and its tables. Whoever knows what a report is
// about makes one; the writers (write.h) know nothing of what it says.
//
// Plain values, owned by whoever made them. Rows are pulled one at a time and asked for anew by each writer, so that no
// table ever stands in memory; a source answers the same rows each time it is opened (it reads at a pinned position).
// The same document gives the same bytes in every format: no writer looks at a clock, a locale or an environment. PDF
// holds the shapes of the fonts that are installed, so there it is the same bytes on the same fonts (README.md).
//
// Texts are UTF-8; a byte that is not is U+FFFD in what is written.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "events/instant.h"
#include "events/result.h"

namespace tenure::reports {

// An exact number with digits behind the point: {1250, 2} is 12.50.
struct Decimal {
  std::int64_t units = 0;
  std::uint8_t places = 0;  // at most decimal_places_max

  bool operator==(const Decimal&) const = default;
};
inline constexpr std::uint8_t decimal_places_max = 9;

// Several texts in one cell: an array in JSON, parted by "; " in CSV and XLSX, one below the other in PDF.
using Texts = std::vector<std::string>;

// Nothing is null in JSON and an empty cell elsewhere. Whole numbers in XLSX are floating point by its own rules:
// beyond ±(2^53-1) they are written there as text.
using Cell = std::variant<std::monostate, std::string, std::int64_t, Decimal, Instant, bool, Texts>;
using Row = std::vector<Cell>;

// How a column stands: numbers to the right, instants as dates, text to the left. A cell may be of another kind than
// its column ("open" where an instant would stand) and is written as what it is.
enum class Kind : std::uint8_t { text, number, instant, yes_no };

struct Column {
  std::string id;     // its name in JSON and CSV, unique in its table: "granted_by"
  std::string title;  // its name on paper and in a sheet: "Granted by"
  Kind kind = Kind::text;
  std::size_t width = 0;  // a hint: how many characters most cells have; 0: what the kind usually needs
  bool printed = true;    // false: not in PDF, where paper is too narrow for what only programs read
};

// The rows of one table from the first to the last: fills `row` (cleared before, then one cell a column) and answers
// whether there was one. After `false` or a no it is not called again.
using Rows = std::function<Outcome<bool>(Row& row)>;

struct Table {
  std::string id;     // its name in JSON and in the address of its CSV, unique in the document: "items"; not "summary"
  std::string title;  // its heading, and its sheet's name (cut to what XLSX allows)
  std::string note;   // a sentence below the heading on paper, or empty
  std::vector<Column> columns;
  std::function<Rows()> open;  // called once by a writer, twice by the one of PDF
  std::string when_empty;      // what stands there instead of no rows: "Nothing was found."
};

// What a bar or a line means, so that colours say the same in every report.
enum class Tone : std::uint8_t { plain, good, caution, bad, muted };

struct Bar {
  std::string label;
  std::int64_t value = 0;  // not negative
  Tone tone = Tone::plain;
};

struct Point {
  Instant at;
  std::int64_t value = 0;  // not negative
};

// A line over time that keeps its value until the next point; points rise in time.
struct Series {
  std::string label;
  std::vector<Point> points;
  Tone tone = Tone::plain;
};

// Either bars or lines; a chart with neither says that there is nothing to show.
struct Chart {
  std::string id;  // unique in the document
  std::string title;
  std::vector<Bar> bars;
  std::vector<Series> series;
  std::int64_t whole = 0;  // of lines: the value that all is, drawn as a dashed line; 0: none
};

// One line of the cover: "Position", 41,207.
struct Fact {
  std::string id;  // its name in JSON, unique in the document
  std::string label;
  Cell value;
};

struct Document {
  std::string title;         // "Access review Q3 2026"
  std::string organization;  // whom it is about
  std::string summary;       // a paragraph on the cover, or empty
  Instant created;           // what the file itself says of when it was made: the instant that the report is as of
  std::vector<Fact> facts;   // scope, period, position, hash, population, query: whatever the answer rests on
  std::vector<Chart> charts;
  std::vector<Table> tables;
  std::vector<std::string> signatures;  // who signs on paper, a line each, with the date
  std::string imprint;  // on the foot of each page, what ties it to the whole ("position 41207, chain 9f2c…"), or empty
};

// The source of a table whose few rows are at hand.
std::function<Rows()> rows_at_hand(std::vector<Row> rows);

// What stands on the cover as a table of its own, "summary", for formats that have one table a file.
Table summary_of(const Document& document);

// A document that names two tables, columns, facts or charts the same, has a table without columns or without rows to
// open, or a number outside its limits is a bug of whoever made it: std::logic_error with the name.
void check(const Document& document);
void check(const Table& table);

}  // namespace tenure::reports
