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

// Where a cell may begin for somebody who cuts at other places than commas.
bool is_cut(char c) { return c == ';' || c == '\t' || c == '\r' || c == '\n'; }

bool begins_formula(std::string_view rest) {
  const auto first = rest.find_first_not_of(" \"");
  return first != std::string_view::npos && !is_cut(rest[first]) && is_formula(rest.substr(first));
}

}  // namespace

void append_csv_text(std::string& out, std::string_view text) {
  const bool quoted = text.find_first_of(",;\"\t\r\n") != std::string_view::npos;
  if (quoted) out += '"';
  if (is_formula(text)) out += '\'';
  for (std::size_t at = 0; at < text.size(); ++at) {
    out.append(text[at] == '"' ? 2 : 1, text[at]);
    if (is_cut(text[at]) && begins_formula(text.substr(at + 1))) out += '\'';
  }
  if (quoted) out += '"';
}

}  // namespace tenure::reports
