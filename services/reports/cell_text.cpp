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
