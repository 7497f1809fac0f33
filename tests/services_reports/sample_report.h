// A report for tests: every kind of cell, names in many scripts, and texts that readers could take for something else.
#pragma once

#include <string>
#include <vector>

#include "services/reports/document.h"
#include "services/reports/write.h"

namespace tenure::test {

// Cyrillic, Greek, Vietnamese, Arabic, Hebrew, Han, kana, Hangul, Devanagari, Thai, and Latin with all its marks.
const std::vector<std::string>& names_of_the_world();

// Texts that a spreadsheet would change or run, if it could.
const std::vector<std::string>& tempting_texts();

Instant instant(const std::string& text);

// Rows that are made when they are asked for: row(0), row(1), … row(count - 1).
std::function<reports::Rows()> made_rows(std::size_t count, std::function<reports::Row(std::size_t)> row);

// A cover, two charts and two tables: "items" with so many rows, and "nothing" with none.
reports::Document sample_report(std::size_t items);

// Collects what a writer gives; a no fails the test.
std::string bytes_of(const std::function<Outcome<void>(const reports::Sink&)>& write);
std::string json_of(const reports::Document& document);
std::string csv_of(const reports::Table& table);
std::string xlsx_of(const reports::Document& document, std::uint32_t rows_a_sheet = reports::xlsx_rows_max);
std::string pdf_of(const reports::Document& document);

}  // namespace tenure::test
