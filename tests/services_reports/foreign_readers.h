// Readers of XLSX and PDF that are not ours: LibreOffice and poppler, each as a program that is given a file and ended
// after a while. A program that is not there or says no is a std::runtime_error with what it said.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tenure::test {

// A folder for one test, gone with it.
class Desk {
 public:
  Desk();
  ~Desk();
  Desk(const Desk&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path file(const std::string& name, std::string_view bytes) const;

 private:
  std::filesystem::path path_;
};

struct ReadCell {
  std::string text;      // as the reader shows it
  bool is_text = false;  // and not a number, a date or a truth value

  bool operator==(const ReadCell&) const = default;
};
using ReadSheet = std::vector<std::vector<ReadCell>>;

// Every sheet by its name, as LibreOffice shows it.
std::map<std::string, ReadSheet> sheets_of(std::string_view xlsx);

// CSV with its quotes looked at: what stands in them is text. Also for CSV of ours, which quotes only what it must.
ReadSheet rows_of_csv(std::string_view csv);

struct ReadPdf {
  std::vector<std::string> pages;           // the text of each, as pdftotext finds it
  std::map<std::string, std::string> says;  // "Pages", "Title", "CreationDate", "Page size", … of pdfinfo
};
ReadPdf read_pdf(std::string_view pdf);

struct Picture {
  std::size_t width = 0, height = 0;
  std::vector<std::array<std::uint8_t, 3>> dots;

  // How many dots of the part given in points (72 to the inch) are near that colour (0xRRGGBB).
  std::size_t near_to(std::uint32_t colour) const;
};
// Pages as pdftoppm draws them, from `first` (1, 2, …) to `last`.
std::vector<Picture> pictures_of(std::string_view pdf, std::size_t first, std::size_t last, unsigned dots_per_inch);

}  // namespace tenure::test
