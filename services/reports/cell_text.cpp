#include "services/reports/cell_text.h"

#include <algorithm>

#include "services/http/utf8.h"

namespace tenure::reports {

namespace {

std::string joined(const Texts& texts, std::string_view between) {
  std::string all;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) all += between;
    all += http::as_utf8(texts[i]);
  }
  return all;
}

// The code of what turns direction, if the text begins with it: U+061C, U+200E and U+200F, U+202A to U+202E, U+2066 to
// U+2069. All but the first are of three bytes in UTF-8.
std::string_view direction_code(std::string_view text, std::size_t& bytes) {
  struct Turn {
    std::string_view bytes, code;
  };
  static constexpr Turn turns[] = {{"\xD8\x9C", "061C"},     {"\xE2\x80\x8E", "200E"}, {"\xE2\x80\x8F", "200F"},
                                   {"\xE2\x80\xAA", "202A"}, {"\xE2\x80\xAB", "202B"}, {"\xE2\x80\xAC", "202C"},
                                   {"\xE2\x80\xAD", "202D"}, {"\xE2\x80\xAE", "202E"}, {"\xE2\x81\xA6", "2066"},
                                   {"\xE2\x81\xA7", "2067"}, {"\xE2\x81\xA8", "2068"}, {"\xE2\x81\xA9", "2069"}};
  for (const Turn& turn : turns) {
    if (!text.starts_with(turn.bytes)) continue;
    bytes = turn.bytes.size();
    return turn.code;
  }
  return {};
}

}  // namespace

std::string decimal_text(Decimal value) {
  const bool negative = value.units < 0;
  std::string digits = std::to_string(value.units).substr(negative ? 1 : 0);
  if (value.places > 0) {
    const std::size_t least = std::size_t{value.places} + 1;
    if (digits.size() < least) digits.insert(0, least - digits.size(), '0');
    digits.insert(digits.size() - value.places, 1, '.');
  }
  return negative ? "-" + digits : digits;
}

std::string exact_text(const Cell& cell, std::string_view between) {
  if (const auto* text = std::get_if<std::string>(&cell)) return http::as_utf8(*text);
  if (const auto* whole = std::get_if<std::int64_t>(&cell)) return std::to_string(*whole);
  if (const auto* decimal = std::get_if<Decimal>(&cell)) return decimal_text(*decimal);
  if (const auto* at = std::get_if<Instant>(&cell)) return format_instant(*at);
  if (const auto* yes = std::get_if<bool>(&cell)) return *yes ? "true" : "false";
  if (const auto* texts = std::get_if<Texts>(&cell)) return joined(*texts, between);
  return {};
}

std::string drawable_text(std::string_view text) {
  const std::string whole = http::as_utf8(text);
  std::string out;
  out.reserve(whole.size());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    const char c = whole[at];
    const auto byte = static_cast<unsigned char>(c);
    std::size_t bytes = 0;
    if (byte == 0xD8 || byte == 0xE2) {
      const std::string_view code = direction_code(std::string_view(whole).substr(at), bytes);
      if (bytes > 0) {
        out.append("\xE2\x80\xB9U+").append(code).append("\xE2\x80\xBA");  // ‹ and ›
        at += bytes - 1;
        continue;
      }
    }
    if (c == '\n' || (byte >= 0x20 && byte != 0x7F)) {
      out += c;
    } else if (c == '\t') {
      out += ' ';
    } else if (c != '\r') {
      out += "\xE2\x90";
      out += static_cast<char>(byte == 0x7F ? 0xA1 : 0x80 + byte);
    }
  }
  return out;
}

std::string printed_text(const Cell& cell, std::string_view between) {
  if (const auto* yes = std::get_if<bool>(&cell)) return *yes ? "yes" : "no";
  std::string text = exact_text(cell, between);
  if (std::holds_alternative<Instant>(cell)) {
    std::replace(text.begin(), text.end(), 'T', ' ');
    text.pop_back();  // the Z
  }
  return text;
}

}  // namespace tenure::reports
