#include "tests/services_reports/foreign_readers.h"

#include <sys/wait.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace tenure::test {

namespace fs = std::filesystem;

namespace {

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("no file " + file.string());
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

// Runs a command of a shell with its output in a file of the desk; only a hang takes five minutes.
std::string run(const Desk& desk, const std::string& command) {
  const fs::path out = desk.path() / "out";
  const std::string line = "timeout -k 5 300 " + command + " >" + out.string() + " 2>&1 </dev/null";
  const int status = std::system(line.c_str());
  if (status != 0) throw std::runtime_error(command + ": " + read_file(out));
  return read_file(out);
}

}  // namespace

Desk::Desk() {
  std::string pattern = (fs::temp_directory_path() / "tenure-desk-XXXXXX").string();
  if (!::mkdtemp(pattern.data())) throw std::runtime_error("no temporary folder");
  path_ = pattern;
}
Desk::~Desk() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}
fs::path Desk::file(const std::string& name, std::string_view bytes) const {
  std::ofstream out(path_ / name, std::ios::binary);
  out << bytes;
  return path_ / name;
}

ReadSheet rows_of_csv(std::string_view csv) {
  ReadSheet rows;
  std::vector<ReadCell> row;
  ReadCell cell;
  for (std::size_t at = 0; at < csv.size(); ++at) {
    if (csv[at] == '"') {
      cell.is_text = true;
      for (++at; at < csv.size(); ++at) {
        if (csv[at] == '"' && (at + 1 == csv.size() || csv[at + 1] != '"')) break;
        if (csv[at] == '"') ++at;
        cell.text += csv[at];
      }
    } else if (csv[at] == ',' || csv[at] == '\n') {
      row.push_back(std::exchange(cell, {}));
      if (csv[at] == '\n') rows.push_back(std::exchange(row, {}));
    } else if (csv[at] != '\r') {
      cell.text += csv[at];
    }
  }
  return rows;
}

std::map<std::string, ReadSheet> sheets_of(std::string_view xlsx) {
  const Desk desk;
  const fs::path book = desk.file("book.xlsx", xlsx);
  // Comma, quote, UTF-8, from line 1, …, quote all texts, as shown, no formulas, every sheet.
  run(desk, "soffice -env:UserInstallation=file://" + (desk.path() / "profile").string() +
                " --headless --norestore --convert-to "
                "'csv:Text - txt - csv (StarCalc):44,34,76,1,,0,true,true,true,false,false,-1' --outdir " +
                (desk.path() / "sheets").string() + " " + book.string());
  std::map<std::string, ReadSheet> sheets;
  for (const auto& entry : fs::directory_iterator(desk.path() / "sheets")) {
    const std::string name = entry.path().stem().string();
    sheets[name.substr(std::string("book-").size())] = rows_of_csv(read_file(entry.path()));
  }
  return sheets;
}

ReadPdf read_pdf(std::string_view pdf) {
  const Desk desk;
  const std::string file = desk.file("report.pdf", pdf).string();
  ReadPdf found;
  std::istringstream about(run(desk, "pdfinfo -isodates " + file));
  for (std::string line; std::getline(about, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    found.says[line.substr(0, colon)] = value == std::string::npos ? "" : line.substr(value);
  }
  run(desk, "pdftotext -enc UTF-8 -layout " + file + " " + (desk.path() / "text").string());
  std::istringstream text(read_file(desk.path() / "text"));
  for (std::string page; std::getline(text, page, '\f');) found.pages.push_back(page);
  return found;
}

std::size_t Picture::near_to(std::uint32_t colour) const {
  static constexpr int tolerance = 12;
  return static_cast<std::size_t>(std::count_if(dots.begin(), dots.end(), [&](const auto& dot) {
    for (unsigned part = 0; part < 3; ++part) {
      const int wanted = static_cast<int>((colour >> (16 - 8 * part)) & 0xFF);
      if (std::abs(static_cast<int>(dot[part]) - wanted) > tolerance) return false;
    }
    return true;
  }));
}

std::vector<Picture> pictures_of(std::string_view pdf, std::size_t first, std::size_t last, unsigned dots_per_inch) {
  const Desk desk;
  const std::string file = desk.file("report.pdf", pdf).string();
  run(desk, "pdftoppm -r " + std::to_string(dots_per_inch) + " -f " + std::to_string(first) + " -l " +
                std::to_string(last) + " " + file + " " + (desk.path() / "page").string());
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(desk.path())) {
    if (entry.path().extension() == ".ppm") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Picture> pictures;
  for (const fs::path& each : files) {
    const std::string ppm = read_file(each);
    std::istringstream head(ppm);
    std::string magic;
    Picture picture;
    unsigned highest = 0;
    head >> magic >> picture.width >> picture.height >> highest;
    if (magic != "P6" || highest != 255) throw std::runtime_error("pdftoppm made something else");
    const std::size_t bytes = picture.width * picture.height * 3;
    const auto* dots = reinterpret_cast<const std::uint8_t*>(ppm.data() + ppm.size() - bytes);
    for (std::size_t i = 0; i < bytes; i += 3) picture.dots.push_back({dots[i], dots[i + 1], dots[i + 2]});
    pictures.push_back(std::move(picture));
  }
  return pictures;
}

}  // namespace tenure::test
