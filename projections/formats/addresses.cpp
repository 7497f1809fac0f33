#include "projections/formats/addresses.h"

#include <algorithm>
#include <charconv>

namespace tenure::formats {

bool is_ipv4(std::string_view text) {
  for (int part = 0; part < 4; ++part) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || number > 255 || digits > 3 || (digits > 1 && text.front() == '0')) return false;
    text.remove_prefix(digits);
    if (part == 3) return text.empty();
    if (text.empty() || text.front() != '.') return false;
    text.remove_prefix(1);
  }
  return false;
}

// RFC 4291 section 2.2: eight groups of one to four hex digits; "::" stands for one group of zeros or more, once; the
// last two groups may be written as IPv4.
bool is_ipv6(std::string_view text) {
  int groups = 0;
  bool shortened = false;
  if (text.starts_with("::")) {
    shortened = true;
    text.remove_prefix(2);
    if (text.empty()) return true;
  }
  while (true) {
    const auto digits = std::min(text.find_first_not_of("0123456789abcdefABCDEF"), text.size());
    if (digits < text.size() && text[digits] == '.') {
      groups += 2;
      return is_ipv4(text) && (shortened ? groups < 8 : groups == 8);
    }
    if (digits == 0 || digits > 4 || ++groups > 8) return false;
    text.remove_prefix(digits);
    if (text.empty()) return shortened ? groups < 8 : groups == 8;
    if (text.front() != ':' || text.size() == 1) return false;
    text.remove_prefix(1);
    if (text.front() != ':') continue;
    if (shortened) return false;
    shortened = true;
    text.remove_prefix(1);
    if (text.empty()) return groups < 8;
  }
}

bool is_email(std::string_view text) {
  const auto letter = [](char c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z'); };
  const auto all = [&](std::string_view part, std::string_view also) {
    return !part.empty() && std::all_of(part.begin(), part.end(),
                                        [&](char c) { return letter(c) || also.find(c) != std::string_view::npos; });
  };
  const auto at = text.find('@');
  if (at == std::string_view::npos) return false;
  const auto domain = text.substr(at + 1);
  const auto dot = domain.find('.');
  return dot != std::string_view::npos && all(text.substr(0, at), "!#$%&'*+-/=?^_`{|}~.") &&
         all(domain.substr(0, dot), "-") && all(domain.substr(dot + 1), "-.");
}

}  // namespace tenure::formats
