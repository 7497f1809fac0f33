#include "services/reports/xlsx_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "services/http/utf8.h"

namespace tenure::reports {

namespace {

constexpr std::size_t sheet_name_max = 31;

// Bytes of the character that begins here, in valid UTF-8.
std::size_t bytes_of(char first) {
  const auto byte = static_cast<unsigned char>(first);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

std::size_t units_of(std::string_view text) {
  std::size_t units = 0;
  for (std::size_t at = 0; at < text.size(); at += bytes_of(text[at])) units += bytes_of(text[at]) == 4 ? 2 : 1;
  return units;
}

// The longest start of at most so many units.
std::string_view first_units(std::string_view text, std::size_t most) {
  std::size_t at = 0;
  for (std::size_t units = 0; at < text.size(); at += bytes_of(text[at])) {
    units += bytes_of(text[at]) == 4 ? 2 : 1;
    if (units > most) break;
  }
  return text.substr(0, at);
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  const std::size_t all = units_of(text);
  if (all <= most) return std::string(text);
  const auto note = [all](std::size_t kept) {
    return " … [" + std::to_string(all - kept) +
           " more characters do not fit a cell of XLSX; the report as JSON or CSV has them]";
  };
  const std::string_view start = first_units(text, most - units_of(note(0)));
  return std::string(start) + note(units_of(start));
}

bool looks_escaped(std::string_view text) {
  return text.size() >= 7 && text.starts_with("_x") && text[6] == '_' &&
         std::all_of(text.begin() + 2, text.begin() + 6, [](unsigned char c) { return std::isxdigit(c) != 0; });
}

void append_escape(std::string& out, unsigned unit) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  out += "_x";
  for (int shift = 12; shift >= 0; shift -= 4) out += digits[(unit >> shift) & 0xF];
  out += '_';
}

std::string escaped(const std::string& whole) {
  std::string out;
  out.reserve(whole.size());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    const auto byte = static_cast<unsigned char>(whole[at]);
    const std::string_view rest = std::string_view(whole).substr(at);
    if (byte < 0x20 && byte != '\t' && byte != '\n') {
      append_escape(out, byte);
    } else if (looks_escaped(rest)) {
      append_escape(out, '_');
    } else if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {  // U+FFFE, U+FFFF
      append_escape(out, 0xFF00U | (static_cast<unsigned char>(rest[2]) + 0x40U));
      at += 2;
    } else {
      out += whole[at];
    }
  }
  return out;
}

}  // namespace

std::string xlsx_text(std::string_view text) {
  const std::string valid = http::as_utf8(text);
  // Escapes are longer than what they stand for.
  for (std::size_t most = xlsx_text_max;;) {
    std::string out = escaped(shortened(valid, most));
    const std::size_t units = units_of(out);
    if (units <= xlsx_text_max) return out;
    most -= std::min(most / 2, units - xlsx_text_max);
  }
}

std::string xlsx_property(std::string_view text) {
  std::string clean = http::as_utf8(text);
  for (char& c : clean) {
    if (static_cast<unsigned char>(c) < 0x20) c = ' ';
  }
  for (const std::string_view no_character : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {  // U+FFFE, U+FFFF
    for (std::size_t at = 0; (at = clean.find(no_character, at)) != std::string::npos;) clean.replace(at, 3, " ");
  }
  return clean;
}

std::string SheetNames::name(std::string_view title) {
  std::string clean = http::as_utf8(title);
  for (char& c : clean) {
    if (std::string_view("[]:*?/\\").find(c) != std::string_view::npos || static_cast<unsigned char>(c) < 0x20) c = '-';
  }
  while (clean.starts_with('\'')) clean.erase(0, 1);
  while (clean.ends_with('\'')) clean.pop_back();
  if (clean.empty()) clean = "Sheet";
  for (int number = 1;; ++number) {
    const std::string tail = number == 1 ? "" : " " + std::to_string(number);
    std::string name = std::string(first_units(clean, sheet_name_max - tail.size()));
    while (name.ends_with('\'')) name.pop_back();
    name += tail;
    std::string folded = name;
    std::transform(folded.begin(), folded.end(), folded.begin(), [](unsigned char c) { return std::tolower(c); });
    // Excel keeps "History" for itself.
    if (folded != "history" && taken_.insert(folded).second) return name;
  }
}

}  // namespace tenure::reports
