#include <sys/statvfs.h>
#include <xlsxwriter.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <system_error>
#include <utility>

#include "services/http/utf8.h"
#include "services/reports/cell_text.h"
#include "services/reports/pulled_rows.h"
#include "services/reports/spool.h"
#include "services/reports/write.h"
#include "services/reports/xlsx_text.h"

namespace tenure::reports {

namespace {

static_assert(xlsx_rows_max == LXW_ROW_MAX);
constexpr std::int64_t exact_max = (std::int64_t{1} << 53) - 1;
constexpr std::int64_t us_per_day = 86'400'000'000;
constexpr std::int64_t us_1900_03_01 = -25'508 * us_per_day;  // before it XLSX counts a day that never was
constexpr double days_1899_to_1970 = 25'569;
constexpr std::size_t width_max = 60;      // characters
constexpr std::size_t property_max = 255;  // characters of a property of the file
// What is written besides rows: styles, properties, the folders of the archive.
constexpr std::uint64_t frame_bytes = 1 << 20;

constexpr lxw_color_t ink = 0x1F2933, quiet = 0x5F6B78, head_ground = 0xE8ECF0, rule = 0x9AA5B1;

struct Style {
  lxw_format *title = nullptr, *head = nullptr, *head_right = nullptr, *label = nullptr, *text = nullptr;
  lxw_format* seconds = nullptr;       // an instant on a whole second
  lxw_format* milliseconds = nullptr;  // any other
  lxw_format* note = nullptr;
};

// A workbook of which only the row that is being written is in memory. It keeps the first error and does nothing from
// then on. libxlsxwriter keeps nothing outside a workbook, so that many threads may each have one.
class Workbook {
 public:
  Workbook(const Spool& file, const std::filesystem::path& scratch) : folder_(scratch.string()) {
    lxw_workbook_options options{};
    options.constant_memory = 1;
    options.tmpdir = folder_.data();
    options.use_zip64 = 0;
    book_ = workbook_new_opt(file.path().c_str(), &options);
    if (book_) {
      make_style();
    } else {
      note(LXW_ERROR_MEMORY_MALLOC_FAILED);
    }
  }
  ~Workbook() {
    if (book_) lxw_workbook_free(book_);
  }
  Workbook(const Workbook&) = delete;

  const Style& style() const { return style_; }
  const std::optional<Failure>& no() const { return no_; }

  void describe(const Document& document) {
    std::string title = http::as_utf8(document.title).substr(0, property_max);
    std::string company = http::as_utf8(document.organization).substr(0, property_max);
    // A cut may have hit the middle of a character.
    title = xlsx_property(title);
    company = xlsx_property(company);
    std::string author = "Tenure";
    lxw_doc_properties properties{};
    properties.title = title.data();
    properties.company = company.data();
    properties.author = author.data();
    const std::int64_t seconds = document.created.us / 1'000'000;
    properties.created = seconds == 0 ? 1 : seconds;  // 0 would be the clock's
    must(workbook_set_properties(book_, &properties));
  }

  // Ends the sheet before.
  void add_sheet(std::string_view title) {
    end_sheet();
    if (no_) return;
    sheet_ = workbook_add_worksheet(book_, names_.name(title).c_str());
    if (!sheet_) return note(LXW_ERROR_CREATING_TMPFILE);
    worksheet_set_landscape(sheet_);
    worksheet_set_paper(sheet_, 9);  // A4
    worksheet_fit_to_pages(sheet_, 1, 0);
    must(worksheet_set_footer(sheet_, "&L&A&RPage &P of &N"));
    must(worksheet_ignore_errors(sheet_, LXW_IGNORE_NUMBER_STORED_AS_TEXT, "A1:XFD1048576"));
  }
  lxw_worksheet* sheet() { return sheet_; }

  void text(lxw_row_t row, lxw_col_t column, std::string_view text, lxw_format* format) {
    if (no_ || text.empty()) return;
    must(worksheet_write_string(sheet_, row, column, xlsx_text(text).c_str(), format));
  }

  void cell(lxw_row_t row, lxw_col_t column, const Cell& cell) {
    if (no_) return;
    if (const auto* whole = std::get_if<std::int64_t>(&cell); whole && *whole >= -exact_max && *whole <= exact_max) {
      must(worksheet_write_number(sheet_, row, column, static_cast<double>(*whole), style_.text));
    } else if (const auto* decimal = std::get_if<Decimal>(&cell)) {
      must(worksheet_write_number(sheet_, row, column, std::stod(decimal_text(*decimal)),
                                  decimals_[std::min(decimal->places, decimal_places_max)]));
    } else if (const auto* at = std::get_if<Instant>(&cell); at && at->us >= us_1900_03_01) {
      instant(row, column, *at);
    } else if (const auto* yes = std::get_if<bool>(&cell)) {
      must(worksheet_write_boolean(sheet_, row, column, *yes ? 1 : 0, style_.text));
    } else {
      text(row, column, exact_text(cell, "; "), style_.text);
    }
  }

  // What was written so far has reached the disk's buffers; fprintf in the library does not look.
  void must_be_written() {
    if (no_ || !sheet_ || !sheet_->optimize_tmpfile) return;
    if (std::ferror(sheet_->optimize_tmpfile) != 0) note(LXW_ERROR_CREATING_TMPFILE);
  }

  void must(lxw_error error) {
    if (error != LXW_NO_ERROR) note(error);
  }

  // Puts the sheets together; the file is whole then.
  Outcome<void> close() {
    end_sheet();
    // The library copies each sheet once more and does not look whether that was possible.
    struct statvfs disk {};
    const std::uint64_t wanted = 2 * sheet_bytes_ + frame_bytes;
    if (!no_ && ::statvfs(folder_.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < wanted) {
      no_ = fail(FailureCode::disk_full, "The report needs " + std::to_string(wanted >> 20) + " MiB in " + folder_ +
                                             ", where there is less. Free some room and ask for it again.");
    }
    if (no_) return *no_;
    must(workbook_close(std::exchange(book_, nullptr)));
    if (no_) return *no_;
    return {};
  }

 private:
  void make_style() {
    const auto format = [this](std::uint8_t align) {
      lxw_format* made = workbook_add_format(book_);
      format_set_font_color(made, ink);
      format_set_align(made, LXW_ALIGN_VERTICAL_TOP);
      if (align != LXW_ALIGN_NONE) format_set_align(made, align);
      return made;
    };
    style_.title = format(LXW_ALIGN_LEFT);
    format_set_bold(style_.title);
    format_set_font_size(style_.title, 16);
    style_.head = head(format(LXW_ALIGN_LEFT));
    style_.head_right = head(format(LXW_ALIGN_RIGHT));
    style_.label = format(LXW_ALIGN_LEFT);
    format_set_bold(style_.label);
    style_.text = format(LXW_ALIGN_NONE);
    style_.note = format(LXW_ALIGN_LEFT);
    format_set_font_color(style_.note, quiet);
    format_set_italic(style_.note);
    style_.seconds = format(LXW_ALIGN_LEFT);
    format_set_num_format(style_.seconds, "yyyy-mm-dd hh:mm:ss");
    style_.milliseconds = format(LXW_ALIGN_LEFT);
    format_set_num_format(style_.milliseconds, "yyyy-mm-dd hh:mm:ss.000");
    for (std::size_t places = 0; places < decimals_.size(); ++places) {
      decimals_[places] = format(LXW_ALIGN_NONE);
      format_set_num_format(decimals_[places], places == 0 ? "0" : ("0." + std::string(places, '0')).c_str());
    }
  }

  static lxw_format* head(lxw_format* format) {
    format_set_bold(format);
    format_set_bg_color(format, head_ground);
    format_set_bottom(format, LXW_BORDER_THIN);
    format_set_bottom_color(format, rule);
    return format;
  }

  void instant(lxw_row_t row, lxw_col_t column, Instant at) {
    // Whole milliseconds, cut as times are everywhere; a day and its part are each exact enough on their own.
    const std::int64_t ms = at.us >= 0 ? at.us / 1000 : -((-at.us + 999) / 1000);
    const double serial = days_1899_to_1970 + static_cast<double>(ms) / (us_per_day / 1000.0);
    must(worksheet_write_number(sheet_, row, column, serial, ms % 1000 == 0 ? style_.seconds : style_.milliseconds));
  }

  void end_sheet() {
    if (no_ || !sheet_ || !sheet_->optimize_tmpfile) return;
    if (std::fflush(sheet_->optimize_tmpfile) != 0) return note(LXW_ERROR_CREATING_TMPFILE);
    must_be_written();
    const long bytes = std::ftell(sheet_->optimize_tmpfile);
    if (bytes > 0) sheet_bytes_ += static_cast<std::uint64_t>(bytes);
  }

  void note(lxw_error error) {
    const int number = errno;
    if (no_) return;
    const bool full = number == ENOSPC || number == EDQUOT;
    no_ = fail(full ? FailureCode::disk_full : FailureCode::io,
               "The report cannot be written as XLSX in " + folder_ + ": " + lxw_strerror(error) +
                   (number != 0 ? " (" + std::generic_category().message(number) + ")" : ""));
  }

  std::string folder_;
  lxw_workbook* book_ = nullptr;
  lxw_worksheet* sheet_ = nullptr;
  Style style_;
  std::array<lxw_format*, decimal_places_max + 1> decimals_{};
  SheetNames names_;
  std::uint64_t sheet_bytes_ = 0;
  std::optional<Failure> no_;
};

std::size_t width_of(const Column& column) {
  static constexpr std::size_t filter_arrow = 3;
  const std::size_t wanted = column.width > 0               ? column.width
                             : column.kind == Kind::instant ? 20
                             : column.kind == Kind::text    ? 24
                                                            : 10;
  return std::clamp(wanted + 1, std::min(column.title.size() + filter_arrow, width_max), width_max);
}

void head_of(Workbook& book, const Table& table) {
  lxw_worksheet* sheet = book.sheet();
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    const auto at = static_cast<lxw_col_t>(i);
    book.must(worksheet_set_column(sheet, at, at, static_cast<double>(width_of(column)), nullptr));
    book.text(0, at, column.title, column.kind == Kind::number ? book.style().head_right : book.style().head);
  }
  worksheet_freeze_panes(sheet, 1, 0);
  book.must(worksheet_repeat_rows(sheet, 0, 0));
}

void filter(Workbook& book, const Table& table, lxw_row_t last) {
  if (book.no()) return;
  book.must(worksheet_autofilter(book.sheet(), 0, 0, last, static_cast<lxw_col_t>(table.columns.size() - 1)));
}

Outcome<void> add_table(Workbook& book, const Table& table, lxw_row_t rows_a_sheet) {
  PulledRows rows(table);
  book.add_sheet(table.title);
  if (book.no()) return *book.no();
  head_of(book, table);
  lxw_row_t row = 0;
  while (true) {
    const Outcome<bool> more = rows.next();
    if (!more) return more.error();
    if (!*more) break;
    if (row + 1 == rows_a_sheet) {
      filter(book, table, row);
      book.add_sheet(table.title);
      if (book.no()) return *book.no();
      head_of(book, table);
      row = 0;
    }
    ++row;
    for (std::size_t i = 0; i < rows.row().size(); ++i) book.cell(row, static_cast<lxw_col_t>(i), rows.row()[i]);
    book.must_be_written();
    if (book.no()) return *book.no();
  }
  filter(book, table, row);
  if (row == 0) book.text(1, 0, table.when_empty, book.style().note);
  return {};
}

// The figures of charts, as rows that can be charted again.
void add_figures(Workbook& book, const Document& document) {
  book.add_sheet("Charts");
  if (book.no()) return;
  book.must(worksheet_set_column(book.sheet(), 0, 0, 36, nullptr));
  book.must(worksheet_set_column(book.sheet(), 1, 2, 22, nullptr));
  lxw_row_t row = 0;
  for (const Chart& chart : document.charts) {
    book.text(row++, 0, chart.title, book.style().label);
    for (const Bar& bar : chart.bars) {
      book.text(row, 0, bar.label, book.style().text);
      book.cell(row++, 1, bar.value);
    }
    for (const Series& series : chart.series) {
      for (const Point& point : series.points) {
        book.text(row, 0, series.label, book.style().text);
        book.cell(row, 1, point.at);
        book.cell(row++, 2, point.value);
      }
    }
    ++row;
  }
}

void add_facts(Workbook& book, const Document& document) {
  book.add_sheet("Summary");
  if (book.no()) return;
  book.must(worksheet_set_column(book.sheet(), 0, 0, 30, nullptr));
  book.must(worksheet_set_column(book.sheet(), 1, 1, 90, nullptr));
  book.text(0, 0, document.title, book.style().title);
  book.text(1, 0, "Organization", book.style().label);
  book.text(1, 1, document.organization, book.style().text);
  lxw_row_t row = 2;
  for (const Fact& fact : document.facts) {
    book.text(row, 0, fact.label, book.style().label);
    book.cell(row++, 1, fact.value);
  }
  if (!document.summary.empty()) book.text(row++, 1, document.summary, book.style().text);
  book.text(row, 1, "Times are UTC.", book.style().note);
}

}  // namespace

Outcome<void> write_xlsx(const Document& document, const std::filesystem::path& scratch, const Sink& sink,
                         std::uint32_t rows_a_sheet) {
  check(document);
  Outcome<Spool> file = Spool::open(scratch);
  if (!file) return file.error();
  {
    Workbook book(*file, scratch);
    if (book.no()) return *book.no();
    book.describe(document);
    add_facts(book, document);
    for (const Table& table : document.tables) {
      const lxw_row_t most = std::clamp<lxw_row_t>(rows_a_sheet, 2, xlsx_rows_max);
      if (const Outcome<void> added = add_table(book, table, most); !added) return added;
    }
    if (!document.charts.empty()) add_figures(book, document);
    if (const Outcome<void> closed = book.close(); !closed) return closed;
  }
  std::string piece;
  while (true) {
    piece.clear();
    const Outcome<bool> more = file->read(piece);
    if (!more) return more.error();
    if (!*more) return {};
    if (const Outcome<void> taken = sink(piece); !taken) return taken;
  }
}

}  // namespace tenure::reports
