#include "services/reports/csv_cell.h"

namespace tenure::reports {

namespace {

bool is_formula(std::string_view text) {
  if (text.empty()) return false;
  if (std::string_view("=+-@\t\r\n").find(text.front()) != std::string_view::npos) return true;
  // U+FF1D, U+FF0B, U+FF0D, U+FF20
  for (const std::string_view wide : {"\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"}) {
    if (text.starts_with(wide)) return true;
  }
  return false;
}

}  // namespace

void append_csv_text(std::string& out, std::string_view text) {
  const bool formula = is_formula(text);
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) {
    if (formula) out += '\'';
    out += text;
    return;
  }
  out += formula ? "\"'" : "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

}  // namespace tenure::reports
