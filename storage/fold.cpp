#include "storage/fold.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>
#include <unicode/ustring.h>

#include <algorithm>
#include <stdexcept>

namespace tenure::storage {

namespace {

constexpr char never_in_utf8 = '\xff';

bool is_utf8(std::string_view text) {
  UErrorCode code = U_ZERO_ERROR;
  std::int32_t units = 0;
  u_strFromUTF8(nullptr, 0, &units, text.data(), static_cast<std::int32_t>(text.size()), &code);
  return code == U_BUFFER_OVERFLOW_ERROR || U_SUCCESS(code);
}

icu::UnicodeString composed(const icu::UnicodeString& text) {
  UErrorCode code = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(code);
  icu::UnicodeString result = U_SUCCESS(code) ? nfc->normalize(text, code) : icu::UnicodeString();
  if (U_FAILURE(code)) throw std::runtime_error("ICU cannot normalize text");
  return result;
}

}  // namespace

void append_folded(std::string& to, std::string_view identity) {
  const bool ascii =
      std::all_of(identity.begin(), identity.end(), [](char c) { return static_cast<signed char>(c) >= 0; });
  if (ascii) {
    const std::size_t start = to.size();
    to += identity;
    std::transform(to.begin() + static_cast<std::ptrdiff_t>(start), to.end(),
                   to.begin() + static_cast<std::ptrdiff_t>(start),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return;
  }
  if (!is_utf8(identity)) {
    to.push_back(never_in_utf8);
    to += identity;
    return;
  }
  icu::UnicodeString text =
      composed(icu::UnicodeString::fromUTF8({identity.data(), static_cast<std::int32_t>(identity.size())}));
  composed(text.foldCase(U_FOLD_CASE_DEFAULT)).toUTF8String(to);
}

}  // namespace tenure::storage
